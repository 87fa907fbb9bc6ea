"""The collectives of parts, rows, lists and pairs against closed forms: worlds of one to four ranks, both backends, small and large,
asynchronous and waiting."""
import pytest

from world import run_world

SIZES = pytest.mark.parametrize("size", [1, 2, 3, 4])
BACKENDS = pytest.mark.parametrize("backend", ["shm", "gloo"])

PARTS = """
import itertools
MOVED = ["bool", "uint8", "int16", "int64", "float16", "bfloat16", "float8_e4m3fn", "float32", "float64", "complex64", "complex128"]
STORED = {"bfloat16": "uint16", "float8_e4m3fn": "uint8"}  # moved as bytes, so any bits do
SHAPES = [(0,), (3,), (2, 0), (4, 3), (40, 7, 11)]
wrong = []

def part_of(dtype, rank, shape=(3,)):
    values = np.arange(int(np.prod(shape))).reshape(shape) % 5 + 10 * rank + 1
    if dtype == "bool": values = (values + values // 10) % 2
    return np.array(values, STORED.get(dtype, dtype))

def check_equal(what, got, want):
    if not (got.shape == want.shape and np.array_equal(got, want)): wrong.append([what, str(got)[:200], str(want)[:200]])

def each():
    return itertools.product(MOVED, SHAPES)
"""


@SIZES
@BACKENDS
def test_gather_scatter_and_all_to_all_move_every_dtype(size, backend):
    results = run_world(size, PARTS + """
with state(comm_inline_bytes=256) as world:
    n, me = world.size, world.rank
    for dtype, shape in each():
        parts = [part_of(dtype, rank, shape) for rank in range(n)]
        whole = np.concatenate(parts)
        root = (shape[0] + 1) % n
        got = np.zeros_like(whole) if me == root else None
        world.run("gather", parts[me], got, root, dtype=dtype)
        if me == root: check_equal(["gather", dtype, shape], got, whole)
        mine = np.zeros_like(parts[me])
        world.run("scatter", whole if me == root else None, mine, root, dtype=dtype)
        check_equal(["scatter", dtype, shape], mine, parts[me])
        sent = np.concatenate([part_of(dtype, me * n + to, shape) for to in range(n)])
        got = np.zeros_like(sent)
        world.run("all_to_all", sent, got, dtype=dtype)
        check_equal(["all_to_all", dtype, shape], got, np.concatenate([part_of(dtype, by * n + me, shape) for by in range(n)]))
    report(wrong=wrong)
""", env={"OARLOCK_COMM_BACKEND": backend})
    assert [result["wrong"] for result in results] == [[]] * size


@SIZES
@BACKENDS
def test_reduce_and_reduce_scatter_equal_numpy(size, backend):
    results = run_world(size, PARTS + """
import functools
FUNCTIONS = {SUM: np.add, MAX: np.maximum, MIN: np.minimum, PRODUCT: np.multiply, AND: np.bitwise_and, OR: np.bitwise_or,
             XOR: np.bitwise_xor}
with state(comm_inline_bytes=256) as world:
    n, me = world.size, world.rank
    for dtype, shape in itertools.product(["bool", "uint8", "int16", "int32", "int64", "float16", "float32", "float64"], SHAPES):
        taken = [MAX, AND, XOR] if dtype == "bool" else [SUM, MIN, OR, XOR] if "int" in dtype else [SUM, AVERAGE, MAX, PRODUCT]
        for op in taken:
            inputs = [np.concatenate([part_of(dtype, rank + to, shape) for to in range(n)]) for rank in range(n)]
            inputs = [np.array(part % 4, part.dtype) for part in inputs]  # products stay small
            want = functools.reduce(FUNCTIONS[SUM if op == AVERAGE else op], inputs)
            if op == AVERAGE: want = want / np.asarray(n, want.dtype)
            output = np.zeros_like(inputs[0][:shape[0]])
            kept = inputs[me].copy()
            world.run("reduce_scatter", inputs[me], output, op)
            close = np.allclose(output.astype("float64"), want[me * shape[0]:][:shape[0]].astype("float64"), rtol=2e-3)
            if not close or not np.array_equal(kept, inputs[me]): wrong.append(["reduce_scatter", dtype, shape, op])
            root = op % n
            world.run("reduce", inputs[me], root, op)
            close = np.allclose(inputs[me].astype("float64"), want.astype("float64"), rtol=2e-3)
            if not (close if me == root else np.array_equal(inputs[me], kept)): wrong.append(["reduce", dtype, shape, op])
    report(wrong=wrong)
""", env={"OARLOCK_COMM_BACKEND": backend})
    assert [result["wrong"] for result in results] == [[]] * size


@SIZES
@BACKENDS
def test_ragged_rows_land_in_rank_order(size, backend):
    results = run_world(size, PARTS + """
with state(comm_inline_bytes=256) as world:
    n, me = world.size, world.rank
    for dtype, unit in itertools.product(["bool", "float16", "float8_e4m3fn", "int64"], [1, 30]):
        rows = [unit * (rank * 2 % 3) for rank in range(n)]
        parts = [part_of(dtype, rank, (rows[rank], 5)) for rank in range(n)]
        got = np.zeros((sum(rows), 5), parts[0].dtype)
        world.run("all_gather_rows", parts[me], got, rows, dtype=dtype)
        check_equal(["all_gather_rows", dtype, unit], got, np.concatenate(parts))
        count = lambda by, to: unit * ((by + 2 * to) % 3)
        sent = [part_of(dtype, me * n + to, (count(me, to), 5)) for to in range(n)]
        want = np.concatenate([part_of(dtype, by * n + me, (count(by, me), 5)) for by in range(n)])
        got = np.zeros_like(want)
        world.run("all_to_all_rows", np.concatenate(sent), got, [count(me, to) for to in range(n)], [count(by, me) for by in range(n)],
                  dtype=dtype)
        check_equal(["all_to_all_rows", dtype, unit], got, want)
    report(wrong=wrong)
""", env={"OARLOCK_COMM_BACKEND": backend})
    assert [result["wrong"] for result in results] == [[]] * size


@SIZES
@BACKENDS
def test_lists_are_one_operation_whatever_their_strides(size, backend):
    results = run_world(size, PARTS + """
with state(comm_inline_bytes=256) as world:
    n, me = world.size, world.rank
    for scale in (1, 50):
        parts = [[part_of("float32", rank, shape) for shape in ((3 * scale,), (2, scale), (0,), (1,))] for rank in range(n)]
        parts[me][1] = np.asfortranarray(parts[me][1])
        gathered = [np.zeros((part.shape[0] * n,) + part.shape[1:], np.float32) for part in parts[me]]
        world.run("all_gather_coalesced", parts[me], gathered)
        for i, got in enumerate(gathered): check_equal(["all_gather", i], got, np.concatenate([parts[rank][i] for rank in range(n)]))
        scattered = [np.zeros_like(part) for part in parts[me]]
        world.run("reduce_scatter_coalesced", gathered, scattered, SUM)
        for i, got in enumerate(scattered): check_equal(["reduce_scatter", i], got, parts[me][i] * np.float32(n))
        given = [part.copy() for part in parts[me]]
        world.run("all_reduce_coalesced", given, MAX)
        for i, got in enumerate(given): check_equal(["all_reduce", i], got, parts[n - 1][i])
        given = [part.copy() for part in parts[me]]
        world.run("broadcast_coalesced", given, n // 2)
        for i, got in enumerate(given): check_equal(["broadcast", i], got, parts[n // 2][i])
    report(wrong=wrong)
""", env={"OARLOCK_COMM_BACKEND": backend})
    assert [result["wrong"] for result in results] == [[]] * size


@pytest.mark.parametrize("size", [2, 3, 4])
@BACKENDS
def test_every_pair_of_ranks_exchanges_tensors(size, backend):
    results = run_world(size, PARTS + """
with state(comm_inline_bytes=256) as world:
    n, me = world.size, world.rank
    for dtype, shape in each():
        works, got = [], {}
        for to in range(n):
            if to != me: works.append(world.start("send", part_of(dtype, me * n + to, shape), to, dtype=dtype))
        for by in reversed(range(n)):
            if by == me: continue
            got[by] = np.zeros_like(part_of(dtype, 0, shape))
            works.append(world.start("receive", got[by], by, dtype=dtype))
        for work in works: work.wait().release()
        world.barrier()  # rank 0 matches the others' transfers and may not leave before
        for by, array in got.items(): check_equal(["receive", dtype, shape, by], array, part_of(dtype, by * n + me, shape))
    report(wrong=wrong)
""", env={"OARLOCK_COMM_BACKEND": backend})
    assert [result["wrong"] for result in results] == [[]] * size


@BACKENDS
def test_a_send_does_not_wait_behind_collectives(backend):
    results = run_world(2, """
with state() as world:
    array = np.full(3, 7.0 + world.rank)
    if world.rank == 0:
        work = world.start("barrier")  # rank 1 comes to it after the transfer
        world.start("send", array, 1, waits=True)
        work.wait().release()
    else:
        world.start("receive", array, 0, waits=True)
        world.barrier()
    report(value=array.tolist())
""", env={"OARLOCK_COMM_BACKEND": backend})
    assert [result["value"] for result in results] == [[7.0] * 3] * 2


@BACKENDS
def test_failures_leave_the_tensors_of_a_list_as_they_were(backend):
    results = run_world(2, """
with state() as world:
    arrays = [np.full(3, 1.0), np.full(2 + world.rank, 2.0)]
    outcome = attempt(lambda: world.run("all_reduce_coalesced", arrays, SUM, timeout_ms=10000))
    report(status=outcome["status"], text=outcome["text"], values=[array.tolist() for array in arrays])
""", env={"OARLOCK_COMM_BACKEND": backend})
    for rank, result in enumerate(results):
        assert result["status"] == "OAR_E_MISMATCH" and "in 2 tensors" in result["text"]
        assert result["values"] == [[1.0] * 3, [2.0] * (2 + rank)]
