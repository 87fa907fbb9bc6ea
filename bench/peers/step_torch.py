"""The peer of step_*_eager, step_decoder_tiny, step_compute, step_memory_* and recompute_memory_*: the same steps in plain PyTorch.
Arguments: MODEL WARM_UP STEPS [--recompute].

Under bench/memory_count.c it also tells, in bytes, what is live between steps and the most that was live above that in a step.
"""
import ctypes
import pathlib
import sys
import time

import torch

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent)]
import models  # noqa: E402


def step(model, optimizer, batch):
    loss = model(**batch)["loss"]
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


def main():
    name, warm_up, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(1)
    model, batch = models.make(name)
    model.recompute = "--recompute" in sys.argv
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    losses = [step(model, optimizer, batch) for _ in range(warm_up)][:10]
    begin = time.perf_counter()
    for _ in range(steps):
        last = step(model, optimizer, batch)
    us = 1e6 * (time.perf_counter() - begin) / steps
    counter = ctypes.CDLL(None)
    if hasattr(counter, "memory_count_mark"):
        counter.memory_count_live.restype = counter.memory_count_peak.restype = ctypes.c_longlong
        between = counter.memory_count_live()
        counter.memory_count_mark()
        last = step(model, optimizer, batch)
        print("memory_bytes", between, counter.memory_count_peak() - between)
    print(f"us_per_step {us:.3f}\nlosses", *(f"{loss:.9g}" for loss in [*losses, last]), flush=True)


main()
