"""allreduce_*, allgather_*, reducescatter_*, sendrecv_* (there and back): one operation on float32 over ranks of this host, from call to result, through the C API
(collective.c); peer gloo through torch. The size is that of the tensor, of what one rank gives (allgather), of what it gets
(reducescatter). Median and 99th percentile over many calls inside a world, of the slowest rank; processors in use by all ranks. Worlds
of the two sides alternate. Neither side is pinned to cores."""
import os
import pathlib
import statistics
import sys
import tempfile

from rows import alternate, print_row, wanted

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests" / "dist"))
from world import run_world  # noqa: E402

PROGRAM = pathlib.Path(os.environ["OARLOCK_BUILD"]) / "bench" / "collective"
THEIRS = """
import os, torch, torch.distributed as dist
torch.set_num_threads(1)
dist.init_process_group("gloo", init_method="file://{store}", rank=int(os.environ["TEST_RANK"]), world_size={size})
given = torch.full(({numel} * ({size} if "{operation}" == "reduce_scatter" else 1),), float(dist.get_rank() + 1))
got = torch.empty({numel} * ({size} if "{operation}" == "all_gather" else 1))
step = dict(all_reduce=lambda: dist.all_reduce(given), all_gather=lambda: dist.all_gather_into_tensor(got, given),
            reduce_scatter=lambda: dist.reduce_scatter_tensor(got, given),
            send_receive=lambda: (dist.send(given, 1), dist.recv(got, 1)) if dist.get_rank() == 0 else (dist.recv(got, 0), dist.send(got, 0)))["{operation}"]
step()
sum_of_all = {size} * ({size} + 1) / 2
if "{operation}" == "all_gather":
    assert all((part == rank + 1).all() for rank, part in enumerate(got.view({size}, -1)))
elif "{operation}" == "send_receive":
    assert (got == 1).all()
else:
    assert ((given if "{operation}" == "all_reduce" else got) == sum_of_all).all()
given.zero_()
for _ in range({calls} // 10 + 1): step()
dist.barrier()
times = []
used, begin = sum(os.times()[:2]), time.perf_counter()
for _ in range({calls}):
    start = time.perf_counter()
    step()
    times.append(time.perf_counter() - start)
cpu = (sum(os.times()[:2]) - used) / (time.perf_counter() - begin)
report(times=[time * 1e6 for time in times], cpu=cpu)
dist.destroy_process_group()
"""


def figures_of(ranks):
    """ranks: processors in use and times of each -> median and 99th percentile of the slowest rank, processors in use by all"""
    median, p99 = max((statistics.median(times), sorted(times)[len(times) * 99 // 100]) for _, times in ranks)
    return median, p99, sum(cpu for cpu, _ in ranks)


def measure_ours(operation, size, numel, calls, memory):
    command = [str(PROGRAM), operation, str(numel), str(calls), memory]
    results = run_world(size, command=command, timeout=400, env={"OARLOCK_ARMOR": "0"})
    lines = [[float(line) for line in result.stdout.split()] for result in results]
    return figures_of([(cpu, times) for cpu, *times in lines])


def measure_theirs(operation, size, numel, calls):
    with tempfile.TemporaryDirectory() as folder:
        body = THEIRS.format(operation=operation, size=size, numel=numel, calls=calls, store=os.path.join(folder, "store"))
        return figures_of([(result["cpu"], result["times"]) for result in run_world(size, body, timeout=400, bootstrap="none")])


KIB, MIB = 1 << 8, 1 << 18  # elements
CASES = (  # operation, ranks, elements, calls, memory of ours, bar
    ("all_reduce", 2, 1, 2000, "private", "<= 0.02"), ("all_reduce", 2, 64 * KIB, 1000, "private", None),
    ("all_reduce", 2, MIB, 200, "private", None), ("all_reduce", 2, 32 * MIB, 20, "private", "<= 0.25"),
    ("all_reduce", 2, 32 * MIB, 20, "shared", "<= 0.18"), ("all_reduce", 2, 256 * MIB, 4, "private", None),
    ("all_reduce", 4, 1, 2000, "private", "<= 1.0"), ("all_reduce", 4, MIB, 200, "private", "<= 1.0"),
    ("all_reduce", 4, 32 * MIB, 20, "private", "<= 1.0"),
    ("all_reduce", 2, 4 * KIB, 2000, "private", None), ("all_reduce", 4, 64 * KIB, 500, "private", "<= 1.0"),
    ("all_reduce", 4, 256 * MIB, 4, "private", "<= 1.0"),
    ("all_gather", 2, 1, 2000, "private", None), ("all_gather", 2, 4 * KIB, 2000, "private", None),
    ("all_gather", 2, MIB, 200, "private", None), ("all_gather", 2, 32 * MIB, 10, "private", None),
    ("all_gather", 2, 32 * MIB, 10, "shared", None), ("all_gather", 4, MIB, 100, "private", "<= 1.0"),
    ("reduce_scatter", 2, 1, 2000, "private", None), ("reduce_scatter", 2, 4 * KIB, 2000, "private", None),
    ("reduce_scatter", 2, MIB, 200, "private", None), ("reduce_scatter", 2, 32 * MIB, 10, "private", None),
    ("reduce_scatter", 2, 32 * MIB, 10, "shared", None), ("reduce_scatter", 4, MIB, 100, "private", "<= 1.0"),
    ("send_receive", 2, 1, 2000, "private", "<= 0.1"), ("send_receive", 2, 64 * KIB, 1000, "private", None),
    ("send_receive", 2, 4 * MIB, 100, "private", "<= 0.5"))
# On one line: tools/run_bench reads it.
IDS = ("allreduce_4B", "allreduce_64KiB", "allreduce_1MiB", "allreduce_32MiB", "allreduce_32MiB_registered", "allreduce_256MiB", "allreduce_4B_4ranks", "allreduce_1MiB_4ranks", "allreduce_32MiB_4ranks", "allreduce_4KiB", "allreduce_64KiB_4ranks", "allreduce_256MiB_4ranks", "allgather_4B", "allgather_4KiB", "allgather_1MiB", "allgather_32MiB", "allgather_32MiB_registered", "allgather_1MiB_4ranks", "reducescatter_4B", "reducescatter_4KiB", "reducescatter_1MiB", "reducescatter_32MiB", "reducescatter_32MiB_registered", "reducescatter_1MiB_4ranks", "sendrecv_4B", "sendrecv_64KiB", "sendrecv_4MiB")
for bench_id, (operation, size, numel, calls, memory, bar) in zip(IDS, CASES, strict=True):
    if wanted(bench_id):
        ours, theirs = (list(zip(*side)) for side in alternate(lambda: measure_ours(operation, size, numel, calls, memory),
                                                               lambda: measure_theirs(operation, size, numel, calls)))
        print_row(bench_id, "us", ours[0], "gloo through torch", theirs[0], bar, p99=statistics.median(ours[1]),
                  theirs_p99=statistics.median(theirs[1]), cpu=statistics.median(ours[2]), theirs_cpu=statistics.median(theirs[2]))
