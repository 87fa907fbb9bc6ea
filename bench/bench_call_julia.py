"""What does the Julia binding cost per call? Nanoseconds of a call through its idiomatic layer less those of the same call from C,
each in a loop of its own process, in turn. Armor off, as in production. No peer: nobody else has such calls.

call_julia: oar_state_rank. call_julia_all_reduce: the blocking sum of one float over a world of one rank."""
IDS = ("call_julia", "call_julia_all_reduce")
import os
import pathlib
import subprocess
import sys

import rows

SOURCE = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ["OARLOCK_BUILD"])
JULIA = BUILD / "bindings/julia"
PROGRAMS = {"julia": [JULIA / "bin/julia", f"--project={JULIA / 'environment'}", SOURCE / "bench/call_overhead.jl"],
            "c": [BUILD / "bench/call_overhead"]}
CALLS = {"noop": 3_000_000, "all_reduce": 300_000}


def measure(language, what):
    environment = {key: value for key, value in os.environ.items() if key != "OARLOCK_ARMOR"}
    command = [str(part) for part in (*PROGRAMS[language], what, CALLS[what])]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, timeout=120, env=environment).stdout)


def compare(bench_id, what):
    ours, theirs = rows.alternate(lambda: measure("julia", what), lambda: measure("c", what), repeats=7)
    print(f"  {bench_id}: Julia {sorted(ours)} C {sorted(theirs)} ns", file=sys.stderr)
    rows.print_row(bench_id, "ns", [a - b for a, b in zip(ours, theirs)], bar="<= 100 ns")


if any(map(rows.wanted, IDS)):
    subprocess.run([SOURCE / "bindings/julia/build", BUILD], check=True, timeout=600, stdout=sys.stderr)
    for bench_id, what in zip(IDS, CALLS):
        if rows.wanted(bench_id):
            compare(bench_id, what)
