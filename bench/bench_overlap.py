"""overlap_ddp: a data-parallel training step over a network with an injected latency (overlap_ddp.cpp): two ranks, sixteen layers, a
bucket each, whose latencies take 0.45 of the computing. Peer: the longer of computing and communication, each measured alone. The
row tells their sum too, which is what it would take without overlap."""
import os
import pathlib
import sys

from rows import print_row, wanted

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests" / "dist"))
from world import run_world  # noqa: E402

IDS = ("overlap_ddp",)
REPEATS, STEPS = 5, 9


def measure():
    """-> microseconds of computing, communication, and a step of both"""
    program = pathlib.Path(os.environ["OARLOCK_BUILD"]) / "bench" / "overlap_ddp"
    return tuple(map(float, run_world(2, command=[str(program), str(STEPS)], timeout=300)[0].stdout.split()))


if wanted("overlap_ddp"):
    figures = [measure() for _ in range(REPEATS)]
    sums = sorted(computing + communication for computing, communication, _ in figures)
    print_row("overlap_ddp", "us", [both for *_, both in figures], "the longer of computing and communication alone",
              [max(computing, communication) for computing, communication, _ in figures], "<= 1.15", without_overlap=sums[len(sums) // 2])
