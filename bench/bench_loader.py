"""Batches of token windows and of images, and the first batch of a resume at batch 10^6, beside Accelerate's prepared DataLoader at
the best of 0, 1 and 2 workers, and with 2 on both sides. Both sides' batches must agree first."""
import os
import pathlib
import statistics
import struct
import subprocess
import sys
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE)]
import rows  # noqa: E402

IDS = ("loader_tokens", "loader_tokens_2workers", "loader_images", "loader_images_2workers", "loader_first_batch", "loader_resume_1M")
BUILD = pathlib.Path(os.environ["OARLOCK_BUILD"])
NUM_TOKENS, SEQUENCE, BATCH = 1 << 29, 512, 32  # 1 GiB of uint16
NUM_BATCHES = 2000
NUM_IMAGES, IMAGE_SIDE, NUM_IMAGE_BATCHES = 4096, 64, 500


def run(command):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True, timeout=600).stdout.split()


def figures(command):
    """us per sample, and the sum of the tokens given."""
    us_per_sample, total = run(command)[:2]
    return float(us_per_sample), int(total)


def write_tokens(path):
    block = np.random.default_rng(0).integers(0, 50257, 1 << 24).astype(np.uint16)
    with open(path, "wb") as file:
        for _ in range(NUM_TOKENS // block.size):
            block.tofile(file)


def write_images(path):
    """Bitmaps of 24 bits, one behind the other: the header of 54 bytes, then rows from the bottom up, blue first."""
    pixels = IMAGE_SIDE * IMAGE_SIDE * 3
    header = struct.pack("<2sIHHI IiiHHIIiiII", b"BM", 54 + pixels, 0, 0, 54, 40, IMAGE_SIDE, IMAGE_SIDE, 1, 24, 0, pixels, 2835, 2835, 0, 0)
    images = np.random.default_rng(1).integers(0, 256, (NUM_IMAGES, pixels), dtype=np.uint8)
    with open(path, "wb") as file:
        for image in images:
            file.write(header + image.tobytes())


def measure(bench_id, ours_command, peers):
    """The row with the best of the peers, and that with 2 workers on both sides."""
    best = min(peers, key=lambda command: statistics.median(figures(command)[0] for _ in range(2)))
    for row, peer, bar in ((bench_id, best, "<= 0.5"), (f"{bench_id}_2workers", peers[2], "<= 0.1")):
        if rows.wanted(row):
            mine, theirs = rows.alternate(lambda: figures(ours_command)[0], lambda: figures(peer)[0])
            rows.print_row(row, "us/sample", mine, f"accelerate, {peer[-1]} workers", theirs, bar)


def same_batches(commands, place):
    """With a tenth of the batches, whose number stands at `place`."""
    check = [figures([*command[:place], NUM_IMAGE_BATCHES // 4, *command[place + 1:]])[1] for command in commands]
    assert len(set(check)) == 1, f"the sums of the first batches differ: {check}"


def loader_tokens(path):
    ours_command = [BUILD / "bench/loader_tokens", path, SEQUENCE, BATCH, NUM_BATCHES, 2]
    peers = [[sys.executable, HERE / "peers/loader_tokens_accelerate.py", path, SEQUENCE, BATCH, NUM_BATCHES // 10, workers]
             for workers in (0, 1, 2)]
    same_batches((ours_command, *peers), -2)
    measure("loader_tokens", ours_command, peers)


def loader_images(path):
    ours_command = [BUILD / "bench/loader_images", path, BATCH, NUM_IMAGE_BATCHES, 2]
    peers = [[sys.executable, HERE / "peers/loader_images_accelerate.py", path, BATCH, NUM_IMAGE_BATCHES // 2, workers]
             for workers in (0, 1, 2)]
    same_batches((ours_command, *peers), -2)
    if rows.wanted("loader_first_batch"):
        rows.print_row("loader_first_batch", "ms", [float(run(ours_command)[2]) for _ in range(5)], bar="<= 50 ms")
    measure("loader_images", ours_command, peers)


def loader_resume(path):
    """Shuffled, 1 token per sample so that there are 10^6 batches; from oar_loader_load_state to the batch."""
    rows.print_row("loader_resume_1M", "ms", [float(run([BUILD / "bench/loader_tokens", path, "resume"])[0]) for _ in range(5)],
                   bar="<= 50 ms")


def main():
    with tempfile.TemporaryDirectory() as folder:
        tokens, images = pathlib.Path(folder) / "tokens.bin", pathlib.Path(folder) / "images.bmps"
        if any(map(rows.wanted, ("loader_tokens", "loader_tokens_2workers", "loader_resume_1M"))):
            write_tokens(tokens)
        if any(map(rows.wanted, ("loader_tokens", "loader_tokens_2workers"))):
            loader_tokens(tokens)
        if any(map(rows.wanted, ("loader_images", "loader_images_2workers", "loader_first_batch"))):
            write_images(images)
            loader_images(images)
        if rows.wanted("loader_resume_1M"):
            loader_resume(tokens)


main()
