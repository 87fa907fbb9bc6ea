"""Every collective against numpy, over worlds of one to four ranks, through both ways that bytes take (rank 0, gloo)."""
import pytest

from world import World, run_world

OPERATIONS = """
def expected_of(op, parts):
    if op == SUM: return sum(parts[1:], parts[0])
    if op == AVERAGE: return sum(parts[1:], parts[0]) / np.asarray(len(parts), parts[0].dtype)
    function = {MAX: np.maximum, MIN: np.minimum, PRODUCT: np.multiply}[op]
    out = parts[0]
    for part in parts[1:]: out = function(out, part)
    return out

def part_of(dtype, rank, shape):
    values = np.arange(int(np.prod(shape))).reshape(shape) % 5 + rank + 1
    if dtype == "bool": values = values % 2
    if dtype.startswith("complex"): values = values + 1j * rank
    return np.array(values, dtype)
"""


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_all_reduce_equals_numpy(size):
    results = run_world(size, OPERATIONS + """
with state(comm_inline_bytes=256) as world:
    wrong = []
    for dtype in ["uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "complex64", "complex128", "bool"]:
        operators = [SUM, AVERAGE, MAX, MIN, PRODUCT]
        if dtype.startswith("complex"): operators = [SUM, AVERAGE, PRODUCT]
        elif "int" in dtype: operators = [SUM, MAX, MIN, PRODUCT]
        elif dtype == "bool": operators = [MAX, MIN]
        for op in operators:
            for shape in [(), (0,), (3,), (5, 7, 11)]:
                mine = part_of(dtype, world.rank, shape)
                want = expected_of(op, [part_of(dtype, r, shape) for r in range(world.size)])
                world.all_reduce(mine, op).wait().release()
                if not np.allclose(mine, want, rtol=1e-3 if dtype == "float16" else 1e-6): wrong.append([dtype, op, shape])
    report(wrong=wrong)
""")
    assert [result["wrong"] for result in results] == [[]] * size


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_broadcast_and_all_gather_equal_numpy(size):
    results = run_world(size, OPERATIONS + """
with state(comm_inline_bytes=256) as world:
    wrong = []
    for dtype in ["uint8", "int64", "float16", "float32", "float64", "complex128", "bool"]:
        for shape in [(), (0,), (3,), (2, 0), (5, 7, 11)]:
            for root in range(world.size):
                mine = part_of(dtype, world.rank, shape)
                world.broadcast(mine, root).wait().release()
                if not np.array_equal(mine, part_of(dtype, root, shape)): wrong.append(["broadcast", dtype, shape, root])
            mine = part_of(dtype, world.rank, shape)
            parts = [part_of(dtype, r, shape) for r in range(world.size)]
            want = np.stack(parts) if shape == () else np.concatenate(parts)
            output = np.zeros_like(want)
            world.all_gather(mine, output).wait().release()
            if not np.array_equal(output, want): wrong.append(["all_gather", dtype, shape])
    report(wrong=wrong)
""")
    assert [result["wrong"] for result in results] == [[]] * size


def test_bfloat16_is_reduced_in_bfloat16():
    # 1 + 2^-7 is the next number above 1; the sum 2 + 2^-6 is exact in bfloat16.
    results = run_world(2, """
with state(comm_inline_bytes=64) as world:
    for count in (4, 1000):
        bits = np.full(count, 0x3f81, np.uint16)
        world.all_reduce(bits, SUM, dtype="bfloat16").wait().release()
        report(**{f"n{count}": sorted(set(bits.tolist()))})
""")
    for result in results:
        assert result["n4"] == result["n1000"] == [0x4001]


def test_strided_memory_is_read_and_written_in_place():
    results = run_world(2, """
with state(comm_inline_bytes=64) as world:
    right = []
    for count in (4, 300):
        whole = np.zeros((count, 6), np.float32)
        column = whole[:, 2]
        column[:] = np.arange(count) + world.rank
        world.all_reduce(column, SUM).wait().release()
        right.append(bool((column == 2 * np.arange(count) + 1).all() and whole[:, [0, 1, 3, 4, 5]].sum() == 0))
        fortran = np.asfortranarray(np.arange(count * 6, dtype=np.int64).reshape(count, 6) * (world.rank + 1))
        world.broadcast(fortran, 1).wait().release()
        right.append(bool((fortran == np.arange(count * 6).reshape(count, 6) * 2).all()))
        output = np.zeros((6, 2 * count), np.int64).T
        world.all_gather(np.full((count, 6), world.rank, np.int64), output).wait().release()
        right.append(bool((output[:count] == 0).all() and (output[count:] == 1).all()))
    report(right=right)
""")
    assert all(result["right"] == [True] * 6 for result in results)


def test_large_tensors_have_equal_bits_on_all_ranks():
    results = run_world(3, """
import hashlib
with state() as world:
    mine = np.random.default_rng(world.rank).standard_normal(3_000_001).astype(np.float32)
    want = sum(np.random.default_rng(r).standard_normal(3_000_001).astype(np.float32).astype(np.float64) for r in range(3))
    world.all_reduce(mine, AVERAGE).wait().release()
    report(close=bool(np.allclose(mine, want / 3, atol=1e-6)), digest=hashlib.sha256(mine.tobytes()).hexdigest())
""")
    assert all(result["close"] for result in results)
    assert len({result["digest"] for result in results}) == 1


def test_small_sums_are_taken_in_rank_order():
    # Only ((1e8 + 1) - 1e8) in this order, in float32, gives 0.
    results = run_world(3, """
with state() as world:
    mine = np.array([[1e8, 1.0, -1e8][world.rank]], np.float32)
    world.all_reduce(mine, SUM).wait().release()
    report(sum=float(mine[0]))
""")
    assert [result["sum"] for result in results] == [0.0, 0.0, 0.0]


def test_operations_run_in_order_while_the_caller_goes_on():
    results = run_world(2, """
with state() as world:
    arrays = [np.full(200_000 if i % 2 else 8, i + world.rank, np.float32) for i in range(20)]
    works = [world.all_reduce(array) for array in arrays]
    world.barrier()  # comes after all of them
    done = all(work.is_done() for work in works)
    for work in works: work.wait().release()
    report(done=done, right=all((array == 2 * i + 1).all() for i, array in enumerate(arrays)).__bool__())
""")
    assert all(result["done"] and result["right"] for result in results)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_bytes_of_any_length(size):
    results = run_world(size, """
with state() as world:
    right = []
    for unit in (0, 1, 100_000):
        parts = world.all_gather_bytes(bytes([world.rank]) * unit * world.rank)
        right.append(parts == [bytes([r]) * unit * r for r in range(world.size)])
        for root in range(world.size):
            got = world.broadcast_bytes(bytes([root]) * unit if world.rank == root else None, root)
            right.append(got == bytes([root]) * unit)
    report(right=all(right))
""")
    assert all(result["right"] for result in results)


def test_too_little_room_for_the_sizes_is_told_before_anything_is_sent():
    """On one rank only: its peer waits, and gets what the next call with enough room sends."""
    results = run_world(2, """
with state() as world:
    if world.rank == 1:
        asked = world.all_gather_bytes_into(None, b"lost?")
        short = world.all_gather_bytes_into(1, b"lost?")
        report(asked=[asked[1], asked[2].value, asked[3]], short=[list(short[0]), short[1], short[2].value, short[3]])
    sizes, count, out, status = world.all_gather_bytes_into(3, b"kept" * world.rank)
    report(sizes=list(sizes), count=count, bytes=take_bytes(out).decode(), status=status)
""")
    assert results[1]["asked"] == [2, None, 0]
    assert results[1]["short"] == [[0], 2, None, 1]
    for result in results:
        assert (result["sizes"], result["count"], result["bytes"], result["status"]) == ([0, 4, 0], 2, "kept", 0)


def test_bad_arguments_are_refused_before_anything_is_sent():
    results = run_world(2, """
with state() as world:
    half, whole = np.zeros(2, np.int64), np.zeros(4, np.int64)
    expanded = np.lib.stride_tricks.as_strided(np.zeros(1, np.float32), (4,), (0,))
    tries = {
        "average of integers": lambda: world.all_reduce(whole, AVERAGE),
        "reduction": lambda: world.all_reduce(whole, 9),
        "sum of bool": lambda: world.all_reduce(np.zeros(2, bool), SUM),
        "order of complex": lambda: world.all_reduce(np.zeros(2, np.complex64), MAX),
        "root": lambda: world.broadcast(whole, 2),
        "negative root": lambda: world.broadcast(whole, -1),
        "shape": lambda: world.all_gather(half, half.copy()),
        "dtype": lambda: world.all_gather(half, whole.astype(np.float64)),
        "overlap": lambda: world.all_gather(whole[:2], whole),
        "time-out": lambda: world.all_reduce(whole, SUM, timeout_ms=-1),
        "expanded": lambda: world.all_reduce(expanded, SUM),
    }
    report(outcomes={name: attempt(call)["status"] for name, call in tries.items()})
    world.barrier()  # the group is as good as before
""")
    for result in results:
        assert set(result["outcomes"].values()) == {"OAR_E_ARGUMENT"}, result["outcomes"]


def test_a_stop_asked_of_one_rank_reaches_all_at_the_same_call():
    results = run_world(3, """
import signal
with state() as world:
    signal.signal(signal.SIGUSR1, lambda *_: lib.oar_state_request_stop(world.handle))
    answers = [world.should_stop()]
    if world.rank == 1: os.kill(os.getpid(), signal.SIGUSR1)
    answers += [world.should_stop(), world.should_stop()]
    report(answers=answers)
""")
    assert [result["answers"] for result in results] == [[0, 1, 1]] * 3


def test_places_and_print():
    results = run_world(3, """
with state() as world:
    report(place=[world.number(name) for name in ("rank", "world_size", "local_rank", "local_world_size", "is_main_process",
                                                  "is_local_main_process", "is_last_process")])
    check(lib.oar_state_print(world.handle, "hello from rank {}".format(world.rank).encode()))
    lines = []
    sink = PRINT(lambda text, _: lines.append(text.decode()) or 0)
    check(lib.oar_state_set_print_callback(world.handle, sink, None, None))
    check(lib.oar_state_print(world.handle, b"again"))
    report(lines=lines)
""")
    assert [result["place"] for result in results] == [[0, 3, 0, 3, 1, 1, 0], [1, 3, 1, 3, 0, 0, 0], [2, 3, 2, 3, 0, 0, 1]]
    assert [result["lines"] for result in results] == [["again"], [], []]
    assert ["hello from rank" in result.stdout for result in results] == [True, False, False]


def test_print_to_a_full_disk_or_nobody_is_an_error():
    result = run_world(1, """
def print_to(fd):
    kept = os.dup(1)
    os.dup2(fd, 1)
    outcome = attempt(lambda: check(lib.oar_state_print(world.handle, b"a line")))
    os.dup2(kept, 1)
    return outcome
with state() as world:
    full = os.open("/dev/full", os.O_WRONLY)
    reader, writer = os.pipe()
    os.close(reader)
    report(full=print_to(full), nobody=print_to(writer))
""", bootstrap="none")[0]
    assert result["full"]["status"] == "OAR_E_NO_SPACE" and "standard output" in result["full"]["text"], result["full"]
    assert result["nobody"]["status"] == "OAR_E_IO", result["nobody"]


def test_an_unknown_log_level_is_refused():
    result = run_world(1, """
report(option=attempt(lambda: State(log_level="loud")), variable=attempt(State))
""", bootstrap="none", env={"OARLOCK_LOG_LEVEL": "verbose"})[0]
    for key, value in {"option": "loud", "variable": "verbose"}.items():
        assert result[key]["status"] == "OAR_E_ARGUMENT" and "OARLOCK_LOG_LEVEL" in result[key]["text"], result[key]
        assert f"got '{value}'" in result[key]["text"], result[key]


def test_the_option_sets_the_level_of_the_log():
    world = World(2, """
world = State(comm_late_ms=100, log_level="error")
if world.rank == 1: sys.stdin.readline()  # the fault: a late rank, which is warned of
report(outcome=attempt(lambda: world.barrier(timeout_ms=500)))
world.close()
""")
    world.wait_for_output(0, "outcome")
    world.tell(1, "go on\n")
    assert "did not call" not in world.finish()[0].stderr


def test_the_flight_recorder_is_written_as_json(tmp_path):
    run_world(2, f"""
import json
with state() as world:
    world.barrier()
    world.all_reduce(np.zeros(3, np.float32)).wait().release()
    path = {str(tmp_path)!r} + f"/rank{{world.rank}}.json"
    check(lib.oar_state_dump(world.handle, path.encode()))
    dump = json.load(open(path))
    assert [entry["call"] for entry in dump["groups"][0]["operations"]] == ["barrier", "all_reduce(sum of 3 float32)"], dump
    assert [entry["state"] for entry in dump["groups"][0]["operations"]] == ["done", "done"], dump
    assert [entry["sequence"] for entry in dump["groups"][0]["operations"]] == [1, 2], dump
    outcome = attempt(lambda: check(lib.oar_state_dump(world.handle, b"/nonexistent/folder/file")))
    assert outcome["status"] == "OAR_E_NOT_FOUND", outcome
""")
