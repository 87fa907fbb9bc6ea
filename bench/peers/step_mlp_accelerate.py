"""The peer of step_mlp_* and rss_rank: the same steps under Hugging Face Accelerate. Arguments: WARM_UP STEPS."""
import sys
import time

import torch
from accelerate import Accelerator
from torch import nn


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(64, 64), nn.Linear(64, 10)

    def forward(self, x, y):
        logits = self.fc2(torch.relu(self.fc1(x)))
        return {"loss": nn.functional.cross_entropy(logits, y), "logits": logits}


def step(accelerator, model, optimizer, x, y):
    loss = model(x, y)["loss"]
    accelerator.backward(loss)
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


def main():
    warm_up, steps = int(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(1)
    torch.manual_seed(0)
    accelerator = Accelerator()
    model = Mlp()
    model, optimizer = accelerator.prepare(model, torch.optim.AdamW(model.parameters(), fused=True))
    x, y = torch.rand(32, 64) * 2 - 1, torch.arange(32) % 10
    for _ in range(warm_up):
        first = step(accelerator, model, optimizer, x, y)
    accelerator.wait_for_everyone()
    begin = time.perf_counter()
    for _ in range(steps):
        last = step(accelerator, model, optimizer, x, y)
    us = 1e6 * (time.perf_counter() - begin) / steps
    if accelerator.is_main_process:
        hwm = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM:"))
        print(f"us_per_step {us:.3f}\nvm_hwm_kib {hwm}\nlosses {first:.6f} {last:.6f}", flush=True)
    accelerator.end_training()


main()
