"""Ranks that go on after one of them was killed: a new process takes its place, and all meet under the next generation."""
import signal

import pytest

from world import World

SURVIVES = """
world = State()
world.all_reduce(np.ones(4)).wait().release()
print("met", flush=True)
outcome = attempt(lambda: [world.barrier() for _ in range(10**9)])
report(lost=outcome)
world.close()
world.release()
again = State(state_generation=1)
array = np.full(3_000_000, 10.0 ** again.rank)
again.all_reduce(array).wait().release()
report(sum=[array.min(), array.max()])
again.close()
"""
JOINS = SURVIVES[SURVIVES.index("again = "):]


@pytest.mark.parametrize("victim", [1, 0])
@pytest.mark.parametrize("backend", ["shm", "gloo"])
def test_a_restarted_rank_joins_the_survivors(victim, backend):
    world = World(3, SURVIVES, env={"OARLOCK_COMM_BACKEND": backend})
    for rank in range(3):
        world.wait_for_output(rank, "met")
    world.kill(victim, signal.SIGKILL)
    world.restart(victim, JOINS)
    for result in world.finish():
        assert result["sum"] == [111.0, 111.0]
        if result.rank != victim:
            assert result["lost"]["status"] == "OAR_E_PEER_LOST" and result["lost"]["rank"] == victim, result["lost"]


def test_ranks_of_different_generations_do_not_meet():
    world = World(3, """
late = int(os.environ["RANK"]) == 2
report(outcome=attempt(lambda: State(state_generation=0 if late else 1, comm_connect_timeout_ms=2000)))
""")
    results = world.finish()
    assert results[2]["outcome"]["status"] == "OAR_E_ENVIRONMENT" and "generation 1" in results[2]["outcome"]["text"]
    for rank in (0, 1):
        outcome = results[rank]["outcome"]
        assert outcome["status"] == "OAR_E_TIMEOUT" and outcome["rank"] == 2, outcome


def test_a_generation_below_zero_is_refused():
    results = World(2, "report(outcome=attempt(lambda: State(state_generation=-1)))").finish()
    for result in results:
        assert result["outcome"]["status"] == "OAR_E_ARGUMENT" and "state.generation" in result["outcome"]["text"]
