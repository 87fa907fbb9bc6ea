"""us per sample and the sum of the tokens: FILE SEQUENCE BATCH NUM_BATCHES WORKERS; a memory-mapped file, windows as int64."""
import sys
import time

import numpy as np
import torch
from accelerate import Accelerator
from torch.utils.data import DataLoader, Dataset

path, (sequence, batch, num_batches, workers) = sys.argv[1], map(int, sys.argv[2:6])
torch.set_num_threads(1)


class Windows(Dataset):
    def __init__(self):
        self.tokens = np.memmap(path, dtype=np.uint16, mode="r")

    def __len__(self):
        return len(self.tokens) // sequence

    def __getitem__(self, index):
        return torch.from_numpy(self.tokens[index * sequence:(index + 1) * sequence].astype(np.int64))


loader = Accelerator(cpu=True).prepare(DataLoader(Windows(), batch_size=batch, num_workers=workers))
batches = iter(loader)
sums, begin = 0, None
for i in range(num_batches + 10):
    if i == 10:
        begin = time.perf_counter()
    rows = next(batches)
    if i < 100:
        sums += int(rows[0].sum())
print((time.perf_counter() - begin) * 1e6 / (num_batches * batch), sums)
