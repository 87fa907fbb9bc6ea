"""us per sample and the sum of the images: FILE BATCH NUM_BATCHES WORKERS; the bitmaps of loader_images.c, decoded by numpy."""
import sys
import time

import numpy as np
import torch
from accelerate import Accelerator
from torch.utils.data import DataLoader, Dataset

path, (batch, num_batches, workers) = sys.argv[1], map(int, sys.argv[2:5])
SIDE, HEADER = 64, 54
torch.set_num_threads(1)


class Bitmaps(Dataset):
    def __init__(self):
        self.files = np.memmap(path, dtype=np.uint8, mode="r").reshape(-1, HEADER + 3 * SIDE * SIDE)

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        bitmap = self.files[index]
        assert bitmap[0] == ord("B") and bitmap[1] == ord("M")
        image = bitmap[HEADER:].reshape(SIDE, SIDE, 3)[::-1, :, ::-1].transpose(2, 0, 1)
        return {"image": torch.from_numpy(np.divide(image, np.float32(255), dtype=np.float32, order="C"))}


loader = Accelerator(cpu=True).prepare(DataLoader(Bitmaps(), batch_size=batch, num_workers=workers, persistent_workers=workers > 0))
batches = iter(loader)
sums, begin = 0, None
for i in range(num_batches + 10):
    if i == 10:
        begin = time.perf_counter()
    rows = next(batches, None)
    if rows is None:  # the next epoch
        batches = iter(loader)
        rows = next(batches)
    if i < 100:
        sums += int((rows["image"][0] * 255 + 0.5).to(torch.int64).sum())
print((time.perf_counter() - begin) * 1e6 / (num_batches * batch), sums)
