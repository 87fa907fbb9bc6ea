"""Calls that differ between ranks: every rank learns both sides at once, whatever the operations are."""
import pytest

from world import run_world

# The calls of ranks 0 and 1, and what both texts hold.
MISMATCHES = {
    "operation": ('"reduce", f(4), 0, SUM', '"all_to_all", f(4), f(4)', "reduce(sum of 4 float32 to rank 0)", "all_to_all(4 float32 per rank)"),
    "operator": ('"reduce", f(4), 0, SUM', '"reduce", f(4), 0, MAX', "reduce(sum of", "reduce(max of"),
    "bits": ('"all_reduce", i(4), AND', '"all_reduce", i(4), XOR', "bitwise and of 4 int64", "bitwise xor of 4 int64"),
    "dtype": ('"gather", f(4), f(8), 0', '"gather", i(4), None, 0', "gather(4 float32 per rank", "gather(4 int64 per rank"),
    "count": ('"reduce_scatter", f(4), f(2), SUM', '"reduce_scatter", f(6), f(3), SUM', "sum of 2 float32 per rank", "sum of 3 float32 per rank"),
    "root": ('"scatter", f(4), f(2), 0', '"scatter", f(4), f(2), 1', "per rank from rank 0", "per rank from rank 1"),
    "rows": ('"all_gather_rows", f(1), f(3), [1, 2]', '"all_gather_rows", f(1), f(3), [2, 1]', "all_gather(3 float32 in all, rows by rank #", "rank 1 called"),
    "rows of a pair": ('"all_to_all_rows", f(3), f(3), [1, 2], [1, 2]', '"all_to_all_rows", f(4), f(4), [1, 3], [1, 3]', "rank 0 sends 2 rows to rank 1", "which receives 1"),
    "lists": ('"all_reduce_coalesced", [f(2), f(1)], SUM', '"all_reduce_coalesced", [f(1), f(2)], SUM', "sum of 3 float32 in 2 tensors", "rank 1 called all_reduce"),
    "list or not": ('"all_reduce_coalesced", [f(3)], SUM', '"all_reduce", f(3), SUM', "in 1 tensors", "rank 1 called all_reduce(sum of 3 float32)"),
    "order": ('"gather", f(1), f(2), 0', '"scatter", None, f(1), 0', "gather(", "scatter("),
    "elements of a send": ('"send", f(4), 1', '"receive", f(5), 0', "rank 0 called send(4 float32 to rank 1)", "rank 1 called receive(5 float32 from rank 0)"),
    "dtype of a send": ('"receive", f(4), 1', '"send", i(4), 0', "rank 1 called send(4 int64 to rank 0)", "rank 0 called receive(4 float32 from rank 1)"),
}


@pytest.mark.parametrize("kind", MISMATCHES)
@pytest.mark.parametrize("backend", ["shm", "gloo"])
def test_both_sides_are_named_on_both_ranks(kind, backend):
    zero, one, *texts = MISMATCHES[kind]
    results = run_world(2, f"""
f, i = lambda n: np.zeros(n, np.float32), lambda n: np.zeros(n, np.int64)
world = State()
world.barrier()
calls = [lambda: world.run({zero}, timeout_ms=20000), lambda: world.run({one}, timeout_ms=20000)]
report(**attempt(calls[world.rank]))
report(later=attempt(world.barrier)["status"])
world.close(); world.release()
""", env={"OARLOCK_COMM_BACKEND": backend})
    for result in results:
        assert result["status"] == "OAR_E_MISMATCH" and result["seconds"] < 1, result.reports
        assert all(text in result["text"] for text in texts), result["text"]
        assert result["later"] == "OAR_E_ABORTED"


def test_a_send_that_nobody_receives_names_the_peer_when_its_time_is_over():
    results = run_world(3, """
world = State()
world.barrier()
if world.rank == 0: report(**attempt(lambda: world.run("send", np.zeros(4), 2, timeout_ms=300)))
else: report(**attempt(world.barrier))
world.close(); world.release()
""")
    for result in results:
        assert result["status"] == "OAR_E_TIMEOUT" and result["rank"] == 2
        assert "rank 0 waited" in result["text"] and "rank 2 did not receive it" in result["text"]
    assert 0.25 < results[0]["seconds"] < 1.5


def test_a_receive_from_a_rank_that_has_left_is_a_lost_peer():
    results = run_world(3, """
world = State()
world.barrier()
if world.rank == 1: world.close()
else: report(**attempt(lambda: world.run("receive", np.zeros(4), 1, timeout_ms=20000)))
world.close(); world.release()
""")
    for result in (results[0], results[2]):
        assert result["status"] == "OAR_E_PEER_LOST" and result["rank"] == 1 and result["seconds"] < 1
