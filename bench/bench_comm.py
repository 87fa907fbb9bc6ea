"""allreduce_*: one all_reduce of float32 over ranks of this host, from call to result, through the C API (all_reduce.c); peer gloo
through torch. Median and 99th percentile over many calls inside a world; worlds of the two sides alternate. Neither side is pinned to
cores."""
import os
import pathlib
import statistics
import sys
import tempfile

from rows import alternate, print_row, wanted

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests" / "dist"))
from world import run_world  # noqa: E402

PROGRAM = pathlib.Path(os.environ["OARLOCK_BUILD"]) / "bench" / "all_reduce"
THEIRS = """
import torch, torch.distributed as dist
torch.set_num_threads(1)
dist.init_process_group("gloo", init_method="file://{store}", rank=int(os.environ["TEST_RANK"]), world_size={size})
tensor = torch.full(({numel},), float(dist.get_rank() + 1))
dist.all_reduce(tensor)
assert (tensor == {size} * ({size} + 1) / 2).all()
tensor.zero_()
for _ in range({calls} // 10): dist.all_reduce(tensor)
dist.barrier()
times = []
for _ in range({calls}):
    start = time.perf_counter()
    dist.all_reduce(tensor)
    times.append(time.perf_counter() - start)
report(times=[time * 1e6 for time in times])
dist.destroy_process_group()
"""


def figures_of(times_of_ranks):
    """-> median and 99th percentile of the slowest rank"""
    return max((statistics.median(times), sorted(times)[len(times) * 99 // 100]) for times in times_of_ranks)


def measure_ours(size, numel, calls, memory):
    results = run_world(size, command=[str(PROGRAM), str(numel), str(calls), memory], timeout=400, env={"OARLOCK_ARMOR": "0"})
    return figures_of([[float(line) for line in result.stdout.split()] for result in results])


def measure_theirs(size, numel, calls):
    with tempfile.TemporaryDirectory() as folder:
        body = THEIRS.format(size=size, numel=numel, calls=calls, store=os.path.join(folder, "store"))
        return figures_of([result["times"] for result in run_world(size, body, timeout=400, bootstrap="none")])


CASES = (  # ranks, elements, calls, memory of ours, bar
    (2, 1, 2000, "private", "<= 0.02"), (2, 1 << 14, 1000, "private", None), (2, 1 << 18, 200, "private", None),
    (2, 8 << 20, 20, "private", "<= 0.25"), (2, 8 << 20, 20, "shared", "<= 0.18"), (2, 64 << 20, 4, "private", None),
    (4, 1, 2000, "private", "<= 1.0"), (4, 1 << 18, 200, "private", "<= 1.0"), (4, 8 << 20, 20, "private", "<= 1.0"))
IDS = ("allreduce_4B", "allreduce_64KiB", "allreduce_1MiB", "allreduce_32MiB", "allreduce_32MiB_registered", "allreduce_256MiB", "allreduce_4B_4ranks", "allreduce_1MiB_4ranks", "allreduce_32MiB_4ranks")
for bench_id, (size, numel, calls, memory, bar) in zip(IDS, CASES):
    if wanted(bench_id):
        ours, theirs = alternate(lambda: measure_ours(size, numel, calls, memory), lambda: measure_theirs(size, numel, calls))
        print_row(bench_id, "us", [median for median, _ in ours], "gloo through torch", [median for median, _ in theirs], bar,
                  p99=statistics.median(p99 for _, p99 in ours), theirs_p99=statistics.median(p99 for _, p99 in theirs))
