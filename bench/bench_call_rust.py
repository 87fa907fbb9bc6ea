"""What does a call through the Rust crate cost over the same call in C? Nanoseconds per call, medians of runs that take turns:
oar_state_rank, and a blocking all_reduce of one float in a world of one rank. Armor off, as in production."""
IDS = ("call_rust", "call_rust_all_reduce")
import os
import pathlib
import subprocess

import rows

SOURCE, BUILD = (pathlib.Path(os.environ[name]) for name in ("OARLOCK_SOURCE", "OARLOCK_BUILD"))
PROGRAMS = (BUILD / "bindings/rust/bin/call_overhead", BUILD / "bench/call_overhead")
KINDS = {"call_rust": ("noop", 20_000_000), "call_rust_all_reduce": ("all_reduce", 1_000_000)}


def nanoseconds(program, kind, calls):
    environment = {key: value for key, value in os.environ.items() if key != "OARLOCK_ARMOR"}
    run = subprocess.run([program, kind, str(calls)], capture_output=True, text=True, check=True, timeout=300, env=environment)
    return float(run.stdout)


subprocess.run([SOURCE / "bindings/rust/build", BUILD], check=True, timeout=600)  # nothing to do after the tests
for bench_id, (kind, calls) in KINDS.items():
    if rows.wanted(bench_id):
        rust, c = rows.alternate(*(lambda program=program: nanoseconds(program, kind, calls) for program in PROGRAMS), repeats=7)
        rows.print_row(bench_id, "ns", [ours - theirs for ours, theirs in zip(rust, c)], bar="<= 50 ns")
