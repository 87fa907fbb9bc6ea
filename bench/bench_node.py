"""node_overhead: what the interpreter adds to a node of the graph: microseconds per node of a forward without recording, less those
of the same operators as typed C++ calls. Taken between chains of 1,200 and 200 nodes, so that what a call costs once drops out."""
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "tests/parity")]
import programs  # noqa: E402
import torch  # noqa: E402
from rows import print_row, wanted  # noqa: E402

IDS = ("node_overhead",)
LENGTHS = (200, 1200)


class Chain(torch.nn.Module):
    def __init__(self, length):
        super().__init__()
        self.length = length

    def forward(self, x):
        for _ in range(self.length):
            x = x + 1
        return (x,)


def measure(folder):
    longer = []
    for length in LENGTHS:
        command = [os.path.join(os.environ["OARLOCK_BUILD"], "bench/node_overhead"), folder / f"{length}.pt2", str(length)]
        longer.append(float(subprocess.run(command, capture_output=True, text=True, check=True, timeout=120,
                                           env={**os.environ, "OMP_NUM_THREADS": "1"}).stdout))
    return (longer[1] - longer[0]) / (LENGTHS[1] - LENGTHS[0])


def main():
    if not wanted("node_overhead"):
        return
    with tempfile.TemporaryDirectory() as folder:
        for length in LENGTHS:
            programs.export_program(Chain(length), [torch.zeros(1)], pathlib.Path(folder) / f"{length}.pt2")
        measure(pathlib.Path(folder))  # warm-up
        print_row("node_overhead", "us", [measure(pathlib.Path(folder)) for _ in range(7)], bar="<= 0.1 us")


main()
