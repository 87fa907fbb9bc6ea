"""run_mlp: a forward in situ, from and into the caller's arrays, against typed C++ calls of the same operators; one process
takes both in turns, after it has found their results equal bit for bit."""
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE)]
import models  # noqa: E402
import rows  # noqa: E402

IDS = ("run_mlp",)
REPEATS = 5


def measure(program):
    command = [os.path.join(os.environ["OARLOCK_BUILD"], "bench/run_mlp"), program]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True,
                         env={**os.environ, "OMP_NUM_THREADS": "1", "OARLOCK_ARMOR": "0"})
    return [tuple(map(float, line.split())) for line in run.stdout.splitlines()]


def main():
    if not rows.wanted("run_mlp"):
        return
    with tempfile.TemporaryDirectory() as folder:
        program, _ = models.export("mlp", folder)
        figures = [pair for _ in range(REPEATS) for pair in measure(program)]
        rows.print_row("run_mlp", "us", [mine / 1000 for mine, _ in figures], "typed C++ calls",
                       [theirs / 1000 for _, theirs in figures], "<= 1.1")


main()
