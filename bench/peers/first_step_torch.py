"""The peer of first_step: a plain PyTorch script that trains one step of the same model."""
import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
optimizer = torch.optim.AdamW(model.parameters(), fused=True)
x, y = torch.rand(32, 64) * 2 - 1, torch.arange(32) % 10
loss = nn.functional.cross_entropy(model(x), y)
loss.backward()
optimizer.step()
optimizer.zero_grad()
loss.item()
print("first step", flush=True)
