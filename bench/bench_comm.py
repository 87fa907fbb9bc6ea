"""allreduce_*, allgather_*, reducescatter_*, sendrecv_* (there and back): one operation on float32 over ranks of this host, from call to
result, through the C API (collective.c); peer gloo through torch. The size is that of the tensor, of what one rank gives (allgather), of
what it gets (reducescatter). Median and 99th percentile over many calls inside a world, of the slowest rank; processors in use by all
ranks. Worlds of the two sides alternate. Two ranks have all cores, four (_4ranks) two cores; no rank has a core of its own."""
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
SIZES = {"4B": 1, "64B": 16, "1KiB": KIB, "4KiB": 4 * KIB, "64KiB": 64 * KIB, "1MiB": MIB, "4MiB": 4 * MIB, "32MiB": 32 * MIB, "256MiB": 256 * MIB}
OPERATIONS = {"allreduce": "all_reduce", "allgather": "all_gather", "reducescatter": "reduce_scatter", "sendrecv": "send_receive"}
COLLECTIVE_BARS = {"4B": "<= 0.02", "32MiB": "<= 0.25"}  # of two ranks; four are no worse than gloo at any size
BARS = {"allreduce": COLLECTIVE_BARS, "allgather": COLLECTIVE_BARS, "reducescatter": COLLECTIVE_BARS,
        "sendrecv": {"4B": "<= 0.1", "4MiB": "<= 0.5"}}
REGISTERED_BAR = "<= 0.18"
# On one line: tools/run_bench reads it.
IDS = ("allreduce_4B", "allreduce_64B", "allreduce_1KiB", "allreduce_4KiB", "allreduce_64KiB", "allreduce_1MiB", "allreduce_4MiB", "allreduce_32MiB", "allreduce_32MiB_registered", "allreduce_256MiB", "allreduce_4B_4ranks", "allreduce_64B_4ranks", "allreduce_1KiB_4ranks", "allreduce_4KiB_4ranks", "allreduce_64KiB_4ranks", "allreduce_1MiB_4ranks", "allreduce_4MiB_4ranks", "allreduce_32MiB_4ranks", "allreduce_256MiB_4ranks", "allgather_4B", "allgather_4KiB", "allgather_64KiB", "allgather_1MiB", "allgather_32MiB", "allgather_32MiB_registered", "allgather_256MiB", "allgather_4B_4ranks", "allgather_4KiB_4ranks", "allgather_64KiB_4ranks", "allgather_1MiB_4ranks", "allgather_32MiB_4ranks", "allgather_256MiB_4ranks", "reducescatter_4B", "reducescatter_4KiB", "reducescatter_64KiB", "reducescatter_1MiB", "reducescatter_32MiB", "reducescatter_32MiB_registered", "reducescatter_256MiB", "reducescatter_4B_4ranks", "reducescatter_4KiB_4ranks", "reducescatter_64KiB_4ranks", "reducescatter_1MiB_4ranks", "reducescatter_32MiB_4ranks", "reducescatter_256MiB_4ranks", "sendrecv_4B", "sendrecv_64KiB", "sendrecv_4MiB")


def case(bench_id):
    """-> operation, ranks, elements, calls in a world, memory of ours, bar"""
    operation, size, *ending = bench_id.split("_")
    ranks = 4 if ending == ["4ranks"] else 2
    calls = max(4, min(2000 if ranks == 2 else 300, 320 * MIB // SIZES[size] // ranks))
    if ending == ["registered"]:
        return OPERATIONS[operation], ranks, SIZES[size], calls, "shared", REGISTERED_BAR
    return OPERATIONS[operation], ranks, SIZES[size], calls, "private", "<= 1.0" if ranks == 4 else BARS[operation].get(size)


CORES = os.sched_getaffinity(0)
for bench_id in IDS:
    if not wanted(bench_id):
        continue
    operation, ranks, numel, calls, memory, bar = case(bench_id)
    os.sched_setaffinity(0, sorted(CORES)[:2] if ranks == 4 else CORES)  # what is started inherits it
    ours, theirs = (list(zip(*side)) for side in alternate(lambda: measure_ours(operation, ranks, numel, calls, memory),
                                                           lambda: measure_theirs(operation, ranks, numel, calls)))
    print_row(bench_id, "us", ours[0], "gloo through torch", theirs[0], bar, p99=statistics.median(ours[1]),
              theirs_p99=statistics.median(theirs[1]), cpu=statistics.median(ours[2]), theirs_cpu=statistics.median(theirs[2]))
