"""What do the checks cost over gloo itself? One all_reduce of float32 by Oarlock over gloo, from call to result; peer the same gloo
without a check, in the same processes, in turns (gloo_collective.cpp). Two ranks, on one host (check_cost_gloo_*) or on two, network
namespaces joined by a bridge (check_cost_hosts_*), whose rows are left out where none can be made. Memory of libtorch's allocator on
both sides; staging_*: ours of the program, which gloo is never given. Neither side is pinned to cores."""
import os
import pathlib
import sys
import tempfile

from rows import print_row, wanted

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests" / "dist"))
from hosts import can_make_hosts, hosts, program_on  # noqa: E402
from world import run_world  # noqa: E402

PROGRAM = pathlib.Path(os.environ["OARLOCK_BUILD"]) / "bench" / "gloo_collective"
ENVIRONMENT = {"OARLOCK_ARMOR": "0", "OARLOCK_COMM_BACKEND": "gloo"}
ROUNDS = 9


def command(numel, calls, memory, store, *address):
    return list(map(str, (PROGRAM, numel, calls, ROUNDS, memory, store, *address)))


def measure(is_spread, numel, calls, memory):
    """-> by side its turns: median in us, 99th percentile in us, processors in use"""
    with tempfile.TemporaryDirectory() as folder:
        store = os.path.join(folder, "store")
        if is_spread:
            with hosts(2) as made:
                commands = [command(numel, calls, memory, store, made.address(host)) for host in range(2)]
                results = program_on(made, [0, 1], commands, env=ENVIRONMENT).finish(400)
        else:
            results = run_world(2, command=command(numel, calls, memory, store), timeout=400, env=ENVIRONMENT)
    turns = {"ours": [], "theirs": []}
    for line in results[0].stdout.splitlines():
        side, *figures = line.split()
        turns[side].append([float(figure) for figure in figures])
    return turns


KIB, MIB = 1 << 8, 1 << 18  # elements
CASES = (  # on two hosts, elements, calls in a turn, memory of ours, bar
    (False, 4 * KIB, 500, "owned", "<= 1.03"), (False, 4 * MIB, 40, "owned", None), (False, 4 * MIB, 40, "host", "<= 1.1"),
    (True, 4 * KIB, 500, "owned", "<= 1.7"), (True, 4 * MIB, 40, "owned", "<= 1.03"), (True, 4 * MIB, 40, "host", None))
# On one line: tools/run_bench reads it.
IDS = ("check_cost_gloo_4KiB", "check_cost_gloo_4MiB", "staging_gloo_4MiB", "check_cost_hosts_4KiB", "check_cost_hosts_4MiB", "staging_hosts_4MiB")
for bench_id, (is_spread, *case, bar) in zip(IDS, CASES, strict=True):
    if not wanted(bench_id):
        continue
    if is_spread and not can_make_hosts():
        print(f"  no network namespace can be made here (they need root and iproute2): {bench_id} is left out", file=sys.stderr)
        continue
    turns = measure(is_spread, *case)
    (ours, p99, cpu), (theirs, their_p99, their_cpu) = (list(zip(*turns[side])) for side in ("ours", "theirs"))
    print_row(bench_id, "us", list(ours), "gloo without a check", list(theirs), bar, p99=max(p99), theirs_p99=max(their_p99),
              cpu=max(cpu), theirs_cpu=max(their_cpu))
