"""OPTIMIZER OPTIONS STEPS: ms per step of torch.optim with fused=True (median and least) on optim_step.c's parameters and
gradients, and the sum of one matrix afterwards."""
import json
import statistics
import sys
import time

import numpy as np
import torch

WIDTH, VOCABULARY, LAYERS, WARM_UP = 512, 50257, 24, 2
LAYER = [(3 * WIDTH, WIDTH), (3 * WIDTH,), (WIDTH, WIDTH), (WIDTH,), (4 * WIDTH, WIDTH), (4 * WIDTH,), (WIDTH, 4 * WIDTH),
         (WIDTH,), (WIDTH,), (WIDTH,), (WIDTH,), (WIDTH,)]


def make(shape, period, unit):
    numbers = np.arange(np.prod(shape)) % period - period // 2
    return torch.from_numpy((numbers * unit).astype(np.float32).reshape(shape)).clone()


make_optimizer = {"adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}[sys.argv[1]]
parameters = [make(shape, 97, 1e-3).requires_grad_(True) for shape in [(VOCABULARY, WIDTH), *LAYER * LAYERS]]
for parameter in parameters:
    parameter.grad = make(parameter.shape, 89, 1e-4)
optimizer = make_optimizer(parameters, fused=True, **json.loads(sys.argv[2]))
ms = []
for step in range(-WARM_UP, int(sys.argv[3])):
    begin = time.perf_counter()
    optimizer.step()
    if step >= 0:
        ms.append(1e3 * (time.perf_counter() - begin))
print(statistics.median(ms), min(ms), parameters[1].detach().numpy().astype(np.float64).sum())
