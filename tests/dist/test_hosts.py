"""Ranks on several hosts: shared memory inside each, gloo between them."""
import signal
import time

import pytest

from hosts import hosts, world_on

HEARTBEAT = 5.0  # seconds of silence after which a host that answers nothing is given up
SECOND = 1.0


@pytest.mark.parametrize("places", [[0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1]])
def test_collectives_over_hosts_give_what_they_do_on_one(places):
    with hosts(2) as made:
        results = world_on(made, places, """
world = State()
size = world.size
total = size * (size + 1) // 2
for count in (1, 4096, 3_000_000):
    array = np.arange(count, dtype=np.float64) * (world.rank + 1)
    world.all_reduce(array).wait().release()
    assert np.array_equal(array, np.arange(count) * float(total)), count
    array = np.full(count, world.rank, np.int32)
    world.broadcast(array, size - 1).wait().release()
    assert (array == size - 1).all(), count
    mine, everyone = np.full(count, world.rank, np.int32), np.zeros(count * size, np.int32)
    world.all_gather(mine, everyone).wait().release()
    assert np.array_equal(everyone, np.repeat(np.arange(size, dtype=np.int32), count)), count
    world.start("reduce_scatter", everyone, mine, SUM).wait().release()
    assert (mine == world.rank * size).all(), count
world.barrier()
report(place=[world.number("local_rank"), world.number("local_world_size")])
world.close()
""").finish()
    for rank, result in enumerate(results):
        mates = [other for other in range(len(places)) if places[other] == places[rank]]
        assert result["place"] == [mates.index(rank), len(mates)]


def test_a_sum_crosses_the_network_once_per_host():
    """Two leaders exchange an array of B bytes: each sends B in any algorithm that moves the least, B / 2 of sums and B / 2 of
    results. Four ranks in a ring would send 1.5 B over each of the two connections between the hosts."""
    count = 16 << 20
    with hosts(2) as made:
        world = world_on(made, [0, 0, 1, 1], f"""
world = State()
array = np.ones({count}, np.float32)
world.all_reduce(np.ones(100_000, np.float32)).wait().release()  # connects
print("ready", flush=True)
sys.stdin.readline()
world.all_reduce(array).wait().release()
world.barrier()
print("reduced", flush=True)
sys.stdin.readline()
assert (array == 4).all()
world.close()
""")
        for rank in range(4):
            world.wait_for_output(rank, "ready")
        before = [made.sent_bytes(host) for host in range(2)]
        for rank in range(4):
            world.tell(rank, "go\n")
        for rank in range(4):
            world.wait_for_output(rank, "reduced")
        sent = [made.sent_bytes(host) - before[host] for host in range(2)]
        for rank in range(4):
            world.tell(rank, "end\n")
        world.finish()
    for number in sent:
        assert 4 * count * 0.9 < number < 4 * count * 1.2, sent


REDUCES_FOR_EVER = """
world = State(comm_timeout_ms=60_000)
array = np.zeros(16 << 20, np.float32)
def reduce_for_ever():
    while True: world.all_reduce(array).wait().release()
world.all_reduce(array).wait().release()
print("reducing", flush=True)
report(outcome=attempt(reduce_for_ever), ended=time.time())
world.close()
"""


@pytest.mark.parametrize("victim", range(4))
def test_a_rank_that_is_killed_is_named_on_every_host(victim):
    with hosts(2) as made:
        world = world_on(made, [0, 0, 1, 1], REDUCES_FOR_EVER)
        for rank in range(4):
            world.wait_for_output(rank, "reducing")
        world.kill(victim, signal.SIGKILL)
        results = world.finish(check=False)
    for rank in set(range(4)) - {victim}:
        outcome = results[rank]["outcome"]
        assert outcome["status"] == "OAR_E_PEER_LOST" and outcome["rank"] == victim, outcome


def test_a_host_that_is_cut_off_is_lost_within_the_heartbeat():
    """Each side names a rank of the other: rank 0's side one of the host that is gone, that host rank 0."""
    with hosts(2) as made:
        world = world_on(made, [0, 0, 1, 1], REDUCES_FOR_EVER)
        for rank in range(4):
            world.wait_for_output(rank, "reducing")
        cut = time.time()
        made.cut_off(1)
        results = world.finish(check=False)
    for rank, others in ((0, {2, 3}), (1, {2, 3}), (2, {0}), (3, {0})):
        outcome = results[rank]["outcome"]
        assert outcome["status"] == "OAR_E_PEER_LOST" and outcome["rank"] in others, (rank, outcome)
        assert results[rank]["ended"] - cut < HEARTBEAT + 4 * SECOND, (rank, results[rank]["ended"] - cut)


def test_different_calls_are_a_mismatch_on_every_host():
    with hosts(2) as made:
        results = world_on(made, [0, 0, 1, 1], """
world = State()
call = world.barrier if world.rank == 3 else lambda: world.all_reduce(np.zeros(1 << 20, np.float32)).wait()
report(outcome=attempt(call))
world.close()
""").finish()
    for result in results:
        outcome = result["outcome"]
        assert outcome["status"] == "OAR_E_MISMATCH" and outcome["rank"] == 3 and outcome["seconds"] < SECOND, outcome


def test_a_rank_that_saves_alone_is_told_on_every_host(tmp_path):
    with hosts(2) as made:
        results = world_on(made, [0, 0, 1, 1], f"""
world = State()
accelerator = ctypes.c_void_p(call_out(lib.oar_accelerator_create, world.handle, None))
def save_or_reduce():
    if world.rank == 2: return check(lib.oar_accelerator_save(accelerator, {str(tmp_path).encode()!r}, None))
    world.all_reduce(np.zeros(1 << 20, np.float32)).wait()
report(outcome=attempt(save_or_reduce))
lib.oar_accelerator_release(accelerator)
world.close()
""").finish()
    for result in results:
        outcome = result["outcome"]
        assert outcome["status"] == "OAR_E_MISMATCH" and outcome["seconds"] < SECOND, outcome
        assert "rank 2 called all_gather_bytes" in outcome["text"] and " in oar_accelerator_save" in outcome["text"] and "called all_reduce(sum of 1048576 float32)" in outcome["text"], outcome


def test_shared_memory_between_hosts_is_refused():
    with hosts(2) as made:
        results = world_on(made, [0, 1], """
report(outcome=attempt(lambda: State(comm_backend="shm")))
""").finish()
    for result in results:
        assert result["outcome"]["status"] == "OAR_E_ENVIRONMENT" and "comm.backend" in result["outcome"]["text"]
