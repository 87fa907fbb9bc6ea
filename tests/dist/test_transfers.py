"""Sends and receives between processes of one host: the two ranks alone, and what becomes of them when the peer fails."""
import signal
import time

import pytest

from world import World, run_world

BOUND = 4 * 0.05  # a lost rank is named within 50 ms on one host; tests allow four times the bound


def test_two_ranks_exchange_while_rank_0_is_stopped():
    world = World(3, """
world = State()
world.barrier()
print("ready", flush=True)
if world.rank == 0: threading.Event().wait()
sys.stdin.readline()
peer = 3 - world.rank
for numel in (0, 1, 5000, 3_000_000):
    mine, got = np.arange(numel, dtype=np.float32) * world.rank, np.zeros(numel, np.float32)
    work = world.start("send", mine, peer)
    world.start("receive", got, peer, waits=True)
    work.wait().release()
    assert (got == np.arange(numel, dtype=np.float32) * peer).all(), numel
report(exchanged=True)
os._exit(0)  # rank 0 would be waited for
""")
    for rank in range(3):
        world.wait_for_output(rank, "ready")
    world.kill(0, signal.SIGSTOP)
    for rank in (1, 2):
        world.tell(rank, "go on\n")
    for rank in (1, 2):
        world.processes[rank].wait(60)
    world.kill(0)
    results = world.finish(check=False)
    assert all(results[rank]["exchanged"] for rank in (1, 2))


@pytest.mark.parametrize("killed", [0, 1, 2])
@pytest.mark.parametrize("is_started", [False, True])
def test_a_killed_peer_is_named_at_once(killed, is_started):
    world = World(3, f"""
world = State()
world.barrier()
print("ready", flush=True)
if world.rank == {killed}: threading.Event().wait()
peer = {killed} if world.rank == min({{0, 1, 2}} - {{{killed}}}) else min({{0, 1, 2}} - {{{killed}}})
array = np.zeros(1 << 20, np.float32)
def transfer():
    if {is_started}: return world.start("send" if world.rank % 2 else "receive", array, peer).wait()
    world.run("send" if world.rank % 2 else "receive", array, peer)
outcome = attempt(transfer)
report(outcome=outcome, at=time.monotonic())
world.close()
""")
    for rank in range(3):
        world.wait_for_output(rank, "ready")
    start = time.monotonic()
    world.kill(killed)
    results = world.finish(check=False)
    for rank in {0, 1, 2} - {killed}:
        outcome = results[rank]["outcome"]
        assert outcome["status"] == "OAR_E_PEER_LOST" and outcome["rank"] == killed, outcome
        assert results[rank]["at"] - start < BOUND, results[rank]["at"] - start


def test_an_abort_frees_both_sides():
    results = run_world(3, """
world = State()
world.barrier()
if world.rank == 2:
    check(lib.oar_state_abort(world.handle, b"enough"))
    report(at=time.monotonic())
else:
    outcome = attempt(lambda: world.run("send", np.zeros(4), 2) if world.rank else world.run("receive", np.zeros(4), 1))
    report(at=time.monotonic(), outcome=outcome)
world.close()
""")
    for result in results[:2]:
        assert result["outcome"]["status"] == "OAR_E_ABORTED" and "enough" in result["outcome"]["text"], result["outcome"]
        assert result["at"] - results[2]["at"] < 0.4


def test_a_late_peer_is_told_as_a_warning():
    world = World(2, """
world = State(comm_late_ms=100)
world.barrier()
array = np.zeros(100_000)
if world.rank == 1: sys.stdin.readline()  # the fault under test: a rank that is late
world.run("send" if world.rank else "receive", array, 1 - world.rank)
world.barrier()
world.close()
""")
    deadline = time.monotonic() + 30
    while "has not called the other side" not in world.read(0)[1]:
        assert time.monotonic() < deadline, world.read(0)
    world.tell(1, "go on\n")
    results = world.finish()
    assert "rank 0 waits in receive(100000 float64 from rank 1) for 0.1 s, and rank 1 has not called the other side of it" in results[0].stderr


def test_a_peer_that_is_stopped_while_data_moves_is_named():
    world = World(2, """
world = State()
world.barrier()
array = np.zeros(64 << 20, np.uint8)
if world.rank == 1:
    work = world.start("receive", array, 0)
    while array[0] == 0: pass  # some has come
    os.kill(os.getpid(), 19)
else:
    array[:] = 1
    report(outcome=attempt(lambda: world.run("send", array, 1, timeout_ms=1000)))
    world.close()
""")
    world.wait_for_output(0, "outcome")
    world.kill(1)
    outcome = world.finish(check=False)[0]["outcome"]
    assert outcome["status"] == "OAR_E_TIMEOUT" and outcome["rank"] == 1 and outcome["seconds"] < 1 + 4, outcome
    assert "for data in send(67108864 uint8 to rank 1)" in outcome["text"]


def test_more_ranks_than_cores_all_send_to_all():
    results = run_world(12, """
world = State()
n, me = world.size, world.rank
for numel in (1, 100, 60_000):
    got = [np.zeros(numel, np.float32) for _ in range(n)]
    works = [world.start("receive", got[by], by) for by in range(n) if by != me]
    for step in range(1, n):
        world.run("send", np.full(numel, me * n + (me + step) % n, np.float32), (me + step) % n)
    for work in works: work.wait().release()
    assert all((got[by] == by * n + me).all() for by in range(n) if by != me), numel
world.barrier()
report(done=True)
world.close()
""")
    assert all(result["done"] for result in results)
