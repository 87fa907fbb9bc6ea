"""What does a call cost from Python over the same call from C? Through the package as users write it: `state.rank`, and a blocking
`group.all_reduce(tensor)` of one float in a world of one rank. Each side times a loop in its own process, in turn. Armor off."""
IDS = ("call_python", "call_python_all_reduce")
import os
import pathlib
import subprocess

import rows

BUILD = pathlib.Path(os.environ["OARLOCK_BUILD"])
SOURCE = pathlib.Path(os.environ["OARLOCK_SOURCE"])
C = [BUILD / "bench/call_overhead"]
PYTHON = [BUILD / "bindings/python/bin/python", SOURCE / "bench/call_python.py"]
CALLS = {"noop": 300_000, "all_reduce": 100_000}
REPEATS = 7


def measure(command, kind):
    environment = {key: value for key, value in os.environ.items() if key != "OARLOCK_ARMOR"}
    run = subprocess.run([str(part) for part in (*command, kind, CALLS[kind])], capture_output=True, text=True, check=True, timeout=120,
                         env={**environment, "OMP_NUM_THREADS": "1"})
    return float(run.stdout)


for bench_id, kind in zip(IDS, CALLS):
    if rows.wanted(bench_id):
        subprocess.run([str(SOURCE / "bindings/python/build"), str(BUILD)], check=True, timeout=300)
        in_python, in_c = rows.alternate(lambda: measure(PYTHON, kind), lambda: measure(C, kind), repeats=REPEATS)
        rows.print_row(bench_id, "ns", [ours - theirs for ours, theirs in zip(in_python, in_c)], bar="<= 1500 ns")
