"""Batches of token windows, and the first batch of a resume at batch 10^6, beside Accelerate's prepared DataLoader at the best of
0, 1 and 2 workers. Both sides' batches must agree first."""
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE)]
import rows  # noqa: E402

BUILD = pathlib.Path(os.environ["OARLOCK_BUILD"])
NUM_TOKENS, SEQUENCE, BATCH = 1 << 29, 512, 32  # 1 GiB of uint16
NUM_BATCHES = 2000
IDS = ("loader_tokens", "loader_resume_1M")


def run(command):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True, timeout=600).stdout.split()


def figures(command):
    """us per sample, and the sum of the tokens given."""
    us_per_sample, total = run(command)
    return float(us_per_sample), int(total)


def write_tokens(path):
    block = np.random.default_rng(0).integers(0, 50257, 1 << 24).astype(np.uint16)
    with open(path, "wb") as file:
        for _ in range(NUM_TOKENS // block.size):
            block.tofile(file)


def loader_tokens(path):
    ours_command = [BUILD / "bench/loader_tokens", path, SEQUENCE, BATCH, NUM_BATCHES, 2]
    peers = [[sys.executable, HERE / "peers/loader_tokens_accelerate.py", path, SEQUENCE, BATCH, NUM_BATCHES // 10, workers]
             for workers in (0, 1, 2)]
    check = [figures([*command[:-2], NUM_BATCHES // 10, command[-1]])[1] for command in (ours_command, *peers)]
    assert len(set(check)) == 1, f"the sums of the first batches differ: {check}"
    best = min(peers, key=lambda command: statistics.median(figures(command)[0] for _ in range(2)))
    mine, theirs = rows.alternate(lambda: figures(ours_command)[0], lambda: figures(best)[0])
    rows.print_row("loader_tokens", "us/sample", mine, f"accelerate, {best[-1]} workers", theirs, "<= 0.5")


def loader_resume(path):
    """Shuffled, 1 token per sample so that there are 10^6 batches; from oar_loader_load_state to the batch."""
    rows.print_row("loader_resume_1M", "ms", [float(run([BUILD / "bench/loader_tokens", path, "resume"])[0]) for _ in range(5)],
                   bar="<= 50 ms")


def main():
    if not any(map(rows.wanted, IDS)):
        return
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "tokens.bin"
        write_tokens(path)
        if rows.wanted("loader_tokens"):
            loader_tokens(path)
        if rows.wanted("loader_resume_1M"):
            loader_resume(path)


main()
