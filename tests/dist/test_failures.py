"""What ranks learn when something goes wrong among them: code, culprit, within how long; and that nobody dies of it.

Times asserted are four times the bounds of the design.
"""
import signal
import time

import pytest

from world import World, run_world

SECOND = 4.0  # the bound of one second, times four


def outcomes(results, key="outcome"):
    return [result[key] for result in results]


MISMATCHES = {
    "count": "lambda: world.all_reduce(np.zeros(1000 + world.rank, np.float32)).wait()",
    "count of large tensors": "lambda: world.all_reduce(np.zeros(1_000_000 * (1 + world.rank), np.float32)).wait()",
    "dtype": "lambda: world.all_reduce(np.zeros(8, [np.float32, np.float64][world.rank % 2])).wait()",
    "reduction": "lambda: world.all_reduce(np.zeros(8, np.float32), [SUM, MAX][world.rank % 2]).wait()",
    "root": "lambda: world.broadcast(np.zeros(8, np.float32), world.rank % 2).wait()",
    "operation": "(lambda: world.barrier()) if world.rank % 2 else (lambda: world.broadcast_bytes(b'x'))",
    "order": "lambda: [world.barrier(), world.all_gather_bytes(b'')] if world.rank % 2"
             " else [world.all_gather_bytes(b''), world.barrier()]",
    "tag": "lambda: (check(lib.oar_group_set_tag(world.group, [b'loss', b'gradient'][world.rank % 2])),"
           " world.all_reduce(np.zeros(8, np.float32)).wait())",
}


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("difference", MISMATCHES)
def test_different_calls_are_a_mismatch_on_every_rank(difference, size):
    results = run_world(size, f"""
with state() as world:
    report(outcome=attempt({MISMATCHES[difference]}), later=attempt(world.barrier), rank=world.rank)
""")
    texts = {outcome["text"] for outcome in outcomes(results)}
    for outcome in outcomes(results):
        assert outcome["status"] == "OAR_E_MISMATCH" and outcome["seconds"] < SECOND, outcome
        assert outcome["text"].count(" called ") == 2, outcome  # both sides are named
    assert len(texts) == 1, texts
    for later in outcomes(results, "later"):
        assert later["status"] == "OAR_E_ABORTED" and "ranks made different calls" in later["text"], later


@pytest.mark.parametrize("size,victim", [(2, 1), (2, 0), (3, 1), (3, 0)])
def test_a_killed_rank_is_named_by_every_survivor(size, victim):
    world = World(size, f"""
world = State()
report(ready=True)
array = np.zeros(16 << 20, np.float32)
def reduce_for_ever():
    while True: world.all_reduce(array).wait().release()
world.all_reduce(array).wait().release()
print("reducing", flush=True)
report(outcome=attempt(reduce_for_ever), killed=time.time(), later=attempt(world.barrier))
world.close()
""")
    for rank in range(size):
        world.wait_for_output(rank, "reducing")
    killed_at = time.time()
    world.kill(victim)
    results = world.finish(check=False)
    for rank, result in enumerate(results):
        if rank == victim:
            assert result.returncode == -signal.SIGKILL
            continue
        outcome = result["outcome"]
        assert outcome["status"] == "OAR_E_PEER_LOST" and outcome["rank"] == victim, outcome
        assert f"rank {victim} (process {world.processes[victim].pid}" in outcome["text"], outcome
        assert "all_reduce(sum of 16777216 float32)" in outcome["text"], outcome
        assert result["killed"] - killed_at < SECOND
        assert result["later"]["status"] == "OAR_E_ABORTED"
        assert result.returncode == 0


def test_a_killed_rank_is_named_though_a_forked_child_of_it_lives():
    world = World(2, """
world = State()
world.barrier()
if world.rank == 1:
    if os.fork() == 0:
        print("child runs", flush=True)
        sys.stdin.read()  # until the test ends
        os._exit(0)
    threading.Event().wait()
report(outcome=attempt(world.barrier))
""")
    world.wait_for_output(1, "child runs")
    world.kill(1)
    outcome = world.finish(check=False)[0]["outcome"]
    assert outcome["status"] == "OAR_E_PEER_LOST" and outcome["rank"] == 1 and outcome["seconds"] < SECOND, outcome


def test_a_forked_child_may_end_without_a_word():
    results = run_world(2, """
with state() as world:
    world.barrier()
    child = os.fork()
    if child == 0: sys.exit(0)  # as a worker of the host does, with all of Python's clean-up
    os.waitpid(child, 0)
    world.barrier()
    report(done=True)
""")
    assert [result["done"] for result in results] == [True, True]


def test_a_rank_that_was_killed_between_operations_is_named_by_the_next():
    world = World(2, """
world = State()
world.barrier()
print("ready", flush=True)
if world.rank == 1: threading.Event().wait()
sys.stdin.readline()  # the test has seen rank 1 end
report(outcome=attempt(world.barrier), later=attempt(world.barrier))
""")
    world.wait_for_output(1, "ready")
    world.kill(1)
    world.processes[1].wait(30)
    world.tell(0, "go on\n")
    result = world.finish(check=False)[0]
    assert result["outcome"]["status"] == "OAR_E_PEER_LOST" and result["outcome"]["rank"] == 1, result["outcome"]
    assert result["later"]["status"] == "OAR_E_ABORTED"


def test_a_rank_that_leaves_early_is_named():
    results = run_world(3, """
world = State()
world.barrier()
if world.rank != 1: report(outcome=attempt(lambda: world.all_reduce(np.zeros(4, np.float32)).wait()))
world.close()
""")
    for rank in (0, 2):
        outcome = results[rank]["outcome"]
        assert outcome["status"] == "OAR_E_PEER_LOST" and outcome["rank"] == 1 and outcome["seconds"] < SECOND, outcome
        assert "rank 1 closed it after operation 1" in outcome["text"] and "operation 2, all_reduce" in outcome["text"], outcome


def test_a_rank_that_exits_without_a_word_is_named():
    results = run_world(2, """
world = State()
world.barrier()
if world.rank == 1: os._exit(0)
report(outcome=attempt(world.barrier))
""")
    outcome = results[0]["outcome"]
    assert outcome["status"] == "OAR_E_PEER_LOST" and outcome["rank"] == 1 and outcome["seconds"] < SECOND, outcome


@pytest.mark.parametrize("late", [0, 2])
def test_a_time_out_names_the_late_rank(late):
    world = World(3, f"""
world = State(comm_late_ms=100)
world.barrier()
if world.rank == {late}: sys.stdin.readline()  # the fault under test: a rank that is late
report(outcome=attempt(lambda: world.barrier(timeout_ms=500)))
world.close()
""")
    for rank in range(3):
        if rank != late:
            world.wait_for_output(rank, "outcome")
    world.tell(late, "go on\n")
    results = world.finish()
    # The first that waits decides for all; one that came after it has waited less.
    assert max(results[rank]["outcome"]["seconds"] for rank in range(3) if rank != late) >= 0.5, results
    for rank in range(3):
        outcome = results[rank]["outcome"]
        if rank == late:
            assert outcome["status"] in ("OAR_E_TIMEOUT", "OAR_E_ABORTED"), outcome
            continue
        assert outcome["status"] == "OAR_E_TIMEOUT" and outcome["rank"] == late and outcome["seconds"] < 0.5 + SECOND, outcome
        assert f"rank {late} did not call operation 2, barrier" in outcome["text"], outcome
        assert f"rank {late} did not call operation 2, barrier, after 0.1 s" in results[rank].stderr


@pytest.mark.parametrize("stopped", [0, 1])
def test_a_stopped_process_is_a_time_out(stopped):
    world = World(2, f"""
world = State()
world.barrier()
print("ready", flush=True)
if world.rank == {stopped}: threading.Event().wait()
report(outcome=attempt(lambda: world.barrier(timeout_ms=1000)))
world.close()
""")
    world.wait_for_output(stopped, "ready")
    world.kill(stopped, signal.SIGSTOP)
    other = 1 - stopped
    world.processes[other].wait(30)
    world.kill(stopped)
    outcome = world.finish(check=False)[other]["outcome"]
    assert outcome["status"] == "OAR_E_TIMEOUT" and outcome["rank"] == stopped and outcome["seconds"] < 1 + SECOND, outcome


@pytest.mark.parametrize("stopped", [0, 1, 2])
def test_a_process_stopped_in_the_middle_of_a_transfer_is_named(stopped, tmp_path):
    world = World(3, f"""
import json
world = State(comm_timeout_ms=1500)
array = np.zeros(32 << 20, np.float32)
def is_moving():
    path = {str(tmp_path)!r} + f"/{{world.rank}}.json"
    check(lib.oar_state_dump(world.handle, path.encode()))
    return "moving data" in [operation["state"] for operation in json.load(open(path))["groups"][0]["operations"]]
world.barrier()
for _ in range(500):  # so many that the stop falls into one of them
    work = world.all_reduce(array, timeout_ms=20_000 if world.rank == {stopped} else 1500)
    while world.rank == {stopped} and not work.is_done():
        if is_moving(): os.kill(os.getpid(), 19)
    outcome = attempt(work.wait)
    if outcome["status"] != "OAR_OK": break
report(outcome=outcome)
world.close()
""")
    others = [rank for rank in range(3) if rank != stopped]
    for rank in others:
        world.wait_for_output(rank, "outcome")
    world.kill(stopped)
    results = world.finish(check=False)
    for rank in others:
        outcome = results[rank]["outcome"]
        assert outcome["status"] == "OAR_E_TIMEOUT" and outcome["rank"] == stopped, outcome
        assert f"rank {stopped} gave no " in outcome["text"] and outcome["operation"] == "all_reduce", outcome
        assert outcome["seconds"] < 1.5 + 2 * SECOND, outcome


@pytest.mark.parametrize("aborting", [0, 1])
def test_abort_from_another_thread_frees_every_rank(aborting):
    world = World(2, f"""
world = State()
world.barrier()
freed = []
if world.rank == {aborting}:
    def abort_soon():
        while not waiting.is_set(): pass
        freed.append(time.monotonic())
        world.abort("the operator said so")
    waiting = threading.Event()
    thread = threading.Thread(target=abort_soon)
    thread.start()
    array = np.zeros(4, np.float32)
    work = world.all_reduce(array)
    waiting.set()
    outcome = attempt(work.wait)
    outcome["freed_after"] = time.monotonic() - freed[0]
    thread.join()
    print("aborted", flush=True)
else:
    sys.stdin.readline()  # the test has seen the abort
    outcome = attempt(world.barrier)
report(outcome=outcome, later=attempt(world.barrier))
world.close()
world.close()
world.release()
""")
    world.wait_for_output(aborting, "aborted")
    world.tell(1 - aborting, "go on\n")
    results = world.finish()
    for outcome in outcomes(results):
        assert outcome["status"] == "OAR_E_ABORTED" and outcome["rank"] == aborting, outcome
        assert f"rank {aborting} aborted the group" in outcome["text"] and "the operator said so" in outcome["text"], outcome
    assert results[aborting]["outcome"]["freed_after"] < 0.4


def test_releasing_everything_without_a_close_ends_the_process():
    results = run_world(2, """
world = State()
array = np.ones(500_000, np.float32)
work = world.all_reduce(array)
work.wait()
world.release()
work.release()
report(sum=float(array[0]))
""")
    assert outcomes(results, "sum") == [2.0, 2.0]


def test_a_program_that_a_rank_starts_inherits_nothing():
    results = run_world(2, """
import fcntl
def descriptors():
    found = {}
    for fd in os.listdir("/proc/self/fd"):
        try: found[int(fd), os.readlink(f"/proc/self/fd/{fd}")] = fcntl.fcntl(int(fd), fcntl.F_GETFD) & fcntl.FD_CLOEXEC
        except OSError: pass  # that of the directory itself
    return found
before = descriptors()
with state() as world:
    world.barrier()
    new = {key: flag for key, flag in descriptors().items()
           if key not in before or str(key[0]) == os.environ.get("OARLOCK_LISTEN_FD")}
    report(count=len(new), inheritable=[key for key, flag in new.items() if not flag])
with state() as world:  # and the launcher's socket is still there
    world.barrier()
""")
    for result in results:
        assert result["count"] > 1 and result["inheritable"] == [], result["inheritable"]


def test_after_close_calls_are_refused_and_the_process_can_meet_again():
    results = run_world(2, """
world = State()
world.barrier()
world.close()
report(outcome=attempt(world.barrier))
world.release()
again = State()
again.barrier()
again.close()
""")
    assert [outcome["status"] for outcome in outcomes(results)] == ["OAR_E_STATE"] * 2


@pytest.mark.parametrize("backend", ["shm", "gloo"])
def test_a_mismatch_says_where_each_rank_called_from(backend, tmp_path):
    """Rank 0 alone saves (what a program that saves on rank 0 only gets wrong), the other one has tagged its call."""
    results = run_world(2, f"""
with state(comm_backend={backend!r}) as world:
    accelerator = ctypes.c_void_p(call_out(lib.oar_accelerator_create, world.handle, None))
    def diverge():
        if world.rank == 0: return check(lib.oar_accelerator_save(accelerator, {str(tmp_path).encode()!r}, None))
        check(lib.oar_group_set_tag(world.group, b"validation loss"))
        world.all_reduce(np.zeros(8, np.float32)).wait()
    report(outcome=attempt(diverge))
    lib.oar_accelerator_release(accelerator)
""")
    for outcome in outcomes(results):
        assert outcome["status"] == "OAR_E_MISMATCH", outcome
        assert " in oar_accelerator_save, rank 1 called all_reduce(sum of 8 float32) tagged 'validation loss'" in outcome["text"], outcome
