"""allreduce_4B, allreduce_32MiB: one all_reduce of float32 over two ranks of this host, from call to result; peer gloo
through torch. Median over many calls inside a world; worlds of the two sides alternate. Bars belong to the shared-memory
backend; gloo under our checks is reported without one."""
import os
import pathlib
import sys
import tempfile

from rows import alternate, print_row, wanted

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests" / "dist"))
from world import run_world  # noqa: E402

OURS = """
import statistics
with state() as world:
    handle, data = ctypes.c_void_p(), ctypes.c_void_p()
    check(lib.oar_tensor_zeros(DTYPES["float32"], (ctypes.c_int64 * 1)({numel}), ctypes.c_size_t(1), ctypes.byref(handle)))
    check(lib.oar_tensor_data(handle, ctypes.byref(data)))
    array = np.ctypeslib.as_array(ctypes.cast(data, ctypes.POINTER(ctypes.c_float)), ({numel},))
    array[:] = world.rank + 1
    def step():
        work = ctypes.c_void_p()
        check(lib.oar_group_all_reduce(world.group, handle, SUM, ctypes.c_int64(0), ctypes.byref(work)))
        check(lib.oar_work_wait(work, ctypes.c_int64(0)))
        lib.oar_work_release(work)
    step()
    assert (array == 3).all()
    array[:] = 0
    for _ in range({calls} // 10): step()
    world.barrier()
    times = []
    for _ in range({calls}):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    report(median=statistics.median(times))
"""

THEIRS = """
import datetime, statistics, torch, torch.distributed as dist
dist.init_process_group("gloo", init_method="file://{store}", rank=int(os.environ["TEST_RANK"]), world_size=2)
tensor = torch.full(({numel},), float(dist.get_rank() + 1))
dist.all_reduce(tensor)
assert (tensor == 3).all()
tensor.zero_()
for _ in range({calls} // 10): dist.all_reduce(tensor)
dist.barrier()
times = []
for _ in range({calls}):
    start = time.perf_counter()
    dist.all_reduce(tensor)
    times.append(time.perf_counter() - start)
report(median=statistics.median(times))
dist.destroy_process_group()
"""


def median_of(results):
    return max(result["median"] for result in results) * 1e6


def measure_ours(numel, calls):
    return median_of(run_world(2, OURS.format(numel=numel, calls=calls), timeout=400))


def measure_theirs(numel, calls):
    with tempfile.TemporaryDirectory() as folder:
        body = THEIRS.format(numel=numel, calls=calls, store=os.path.join(folder, "store"))
        return median_of(run_world(2, body, timeout=400, bootstrap="none"))


IDS = ("allreduce_4B", "allreduce_32MiB")
for bench_id, numel, calls in (("allreduce_4B", 1, 2000), ("allreduce_32MiB", 8 << 20, 20)):
    if wanted(bench_id):
        ours, theirs = alternate(lambda: measure_ours(numel, calls), lambda: measure_theirs(numel, calls))
        print_row(bench_id, "us", ours, "gloo through torch", theirs)
