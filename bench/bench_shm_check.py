"""check_cost_shm: what comparing the ranks' calls adds to a round of two ranks that share memory (shm_check_cost.cpp), microseconds.
The rounds with and without alternate in one pair of processes; the two are not pinned to cores."""
import os
import pathlib
import subprocess

from rows import print_row, wanted

IDS = ("check_cost_shm",)
PROGRAM = pathlib.Path(os.environ["OARLOCK_BUILD"]) / "bench" / "shm_check_cost"

if wanted("check_cost_shm"):
    run = subprocess.run([PROGRAM, "9", "64000"], capture_output=True, text=True, check=True, timeout=300)
    blocks = [[float(figure) / 1000 for figure in line.split()] for line in run.stdout.splitlines()]
    print_row("check_cost_shm", "us", [checked - bare for checked, bare in blocks], bar="<= 0.3 us", round_us=min(bare for _, bare in blocks))
