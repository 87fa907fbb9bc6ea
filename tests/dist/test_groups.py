"""Groups of some ranks: who is in them, what they compute, and that their failures are theirs alone."""
import signal
import time

import pytest

from world import World, run_world

SECOND = 4.0  # the bound of one second, times four
ABORT = 0.4  # of 100 ms, times four

BACKENDS = pytest.mark.parametrize("backend", ["auto", "gloo"])


def own_world(backend):
    return {"OARLOCK_COMM_BACKEND": backend}


@BACKENDS
def test_ranks_of_a_list_compute_apart_from_the_others(backend):
    results = run_world(4, """
with state() as world:
    group = subgroup(world, [3, 1])
    report(member=group is not None, world=sum_of(world, world.rank))
    if group is not None:
        report(rank=group.rank, size=group.size, sum=sum_of(group, 10.0 ** world.rank), ranks=world_ranks(group),
               large=float(sum_of(group, world.rank)), here=translate(group, group.rank, world),
               outside=attempt(lambda: translate(world, 0, group)), back=translate(world, 3, group))
        group.release()
""", env=own_world(backend))
    assert [result["member"] for result in results] == [False, True, False, True]
    assert [result["world"] for result in results] == [6.0] * 4
    assert [results[3]["rank"], results[1]["rank"]] == [0, 1]  # the list's order
    for result in (results[1], results[3]):
        assert result["sum"] == 1010.0 and result["size"] == 2 and result["ranks"] == [3, 1], result.reports
        assert result["here"] == result.rank and result["back"] == 0
        assert result["outside"]["status"] == "OAR_E_NOT_FOUND"


@BACKENDS
def test_split_orders_by_key_and_leaves_out_negative_colors(backend):
    results = run_world(5, """
color, key = [(0, 5), (7, 0), (0, 5), (-1, 0), (0, -2)][int(os.environ["RANK"])]
with state() as world:
    group = split(world, color, key)
    if group is None:
        report(ranks=None)
    else:
        report(ranks=world_ranks(group), rank=group.rank, sum=sum_of(group, 2.0 ** world.rank))
        group.close()
        group.release()
    report(world=sum_of(world, 1))
""", env=own_world(backend))
    assert [result["ranks"] for result in results] == [[4, 0, 2], [1], [4, 0, 2], None, [4, 0, 2]]  # equal keys: rank order
    assert [results[i]["rank"] for i in (4, 0, 2)] == [0, 1, 2]
    assert [results[i]["sum"] for i in (0, 1, 2, 4)] == [1.0 + 4 + 16, 2.0, 21.0, 21.0]
    assert [result["world"] for result in results] == [5.0] * 5


def test_groups_of_groups_and_many_at_once_have_calls_of_their_own():
    results = run_world(4, """
with state() as world:
    half, pairs = split(world, world.rank // 2), split(world, world.rank % 2)
    alone = subgroup(half, [1])
    works = [(name, group, np.full(100000, value, np.float64)) for name, group, value in
             [("half", half, world.rank), ("pairs", pairs, world.rank), ("world", world, 1)] * 3]
    running = [group.all_reduce(array) for _, group, array in works]
    for work in running:
        work.wait().release()
    report(sums=[float(array[-1]) for _, _, array in works], alone=None if alone is None else [world_ranks(alone), sum_of(alone, 5)])
    for group in (half, pairs, alone):  # the parent first
        if group is not None: group.release()
""")
    for result in results:
        rank = result.rank
        half, pair = [1, 1, 5, 5][rank], [2, 4, 2, 4][rank]
        assert result["sums"] == [half, pair, 4] * 3
        assert result["alone"] == (None if rank % 2 == 0 else [[rank], 5.0])


WRONG_LISTS = {
    "empty": ("[]", "OAR_E_ARGUMENT", ["at least one rank"]),
    "out of range": ("[0, 3]", "OAR_E_ARGUMENT", ["ranks[1]", "[0, 3)", "got 3"]),
    "negative": ("[-1]", "OAR_E_ARGUMENT", ["ranks[0]", "got -1"]),
    "twice": ("[2, 0, 2]", "OAR_E_ARGUMENT", ["ranks[0] and ranks[2] are both 2"]),
    "different": ("[0, 1 + (world.rank == 2)]", "OAR_E_MISMATCH", ["rank 0 gives 0, 1", "rank 2 gives 0, 2"]),
    "of one rank only": ("[0, 7] if world.rank == 1 else [0, 1]", "OAR_E_ARGUMENT", ["got 7"]),
}


@pytest.mark.parametrize("case", WRONG_LISTS)
def test_a_wrong_list_fails_on_every_rank_and_the_parent_lives(case):
    ranks, status, parts = WRONG_LISTS[case]
    results = run_world(3, f"""
with state() as world:
    report(outcome=attempt(lambda: subgroup(world, {ranks})), sum=sum_of(world, 1))
""")
    for result in results:
        assert result["outcome"]["status"] == status, result.reports
        assert all(part in result["outcome"]["text"] for part in parts), result["outcome"]
        assert result["sum"] == 3
    if case == "of one rank only":
        assert results[0]["outcome"]["rank"] == 1 and "rank 1 failed" in results[0]["outcome"]["text"]


def test_groups_made_in_different_orders_are_refused_on_every_rank():
    results = run_world(3, """
with state() as world:
    make = [lambda: subgroup(world, [0, 1]), lambda: subgroup(world, [1, 2])]
    report(outcome=attempt(make[world.rank == 2]), other=attempt(lambda: split(world, 0) if world.rank == 1 else make[0]()),
           sum=sum_of(world, 1))
""")
    for result in results:
        assert result["outcome"]["status"] == "OAR_E_MISMATCH" and "rank 2 gives 1, 2" in result["outcome"]["text"]
        assert result["other"]["status"] == "OAR_E_MISMATCH" and "split" in result["other"]["text"], result.reports
        assert result["sum"] == 3


@BACKENDS
def test_a_mismatch_in_a_group_names_the_ranks_of_the_world_and_kills_that_group_only(backend):
    results = run_world(4, """
with state() as world:
    group = split(world, world.rank // 2)
    if world.rank < 2:
        report(sums=[sum_of(group, 1) for _ in range(3)])
    else:
        report(outcome=attempt(lambda: sum_of(group, 1) if world.rank == 2 else group.barrier()), later=attempt(group.barrier))
    report(world=sum_of(world, 1))
    group.release()
""", env=own_world(backend))
    for result in results[2:]:
        assert result["outcome"]["status"] == "OAR_E_MISMATCH" and result["outcome"]["seconds"] < SECOND
        assert "rank 0 called" in result["outcome"]["text"] and "ranks 0, 1 are ranks 2, 3 of the world" in result["outcome"]["text"]
        assert result["later"]["status"] == "OAR_E_ABORTED" and "of the world" in result["later"]["text"]
    assert all(result["sums"] == [2.0] * 3 for result in results[:2])
    assert all(result["world"] == 4 for result in results)


def test_a_group_has_a_time_out_of_its_own():
    results = run_world(3, """
with state() as world:
    group = subgroup(world, [0, 2], own_ms=300)
    if world.rank == 0:
        report(outcome=attempt(group.barrier))
    world.barrier()
    report(sum=sum_of(world, 1))
""")
    outcome = results[0]["outcome"]
    assert outcome["status"] == "OAR_E_TIMEOUT" and 0.3 <= outcome["seconds"] < 0.3 + SECOND
    assert outcome["rank"] == 1 and "ranks 0, 1 are ranks 0, 2 of the world" in outcome["text"]
    assert all(result["sum"] == 3 for result in results)


@BACKENDS
def test_a_warning_inside_a_group_names_the_ranks_of_the_world(backend):
    results = run_world(3, """
with state(comm_late_ms=100) as world:
    group = subgroup(world, [0, 2])
    if world.rank == 0: attempt(lambda: group.barrier(timeout_ms=400))
    world.barrier()
""", env={"OARLOCK_COMM_BACKEND": backend})
    said = [line for line in results[0].stderr.splitlines() if "1 of 2 ranks wait" in line]
    assert said and "rank 1 did not call operation 1, barrier" in said[0], results[0].stderr
    assert said[0].endswith("(in a group of 2: its ranks 0, 1 are ranks 0, 2 of the world)"), said


@BACKENDS
@pytest.mark.parametrize("aborter", [0, 3])
def test_an_abort_of_the_state_frees_calls_of_its_groups_on_all_ranks(aborter, backend):
    world = World(4, f"""
world = State()
group = split(world, world.rank % 2)
inner = subgroup(group, [0, 1])
world.barrier()
report(ready=True)
if world.rank == {aborter}:
    sys.stdin.readline()
    world.abort("the disk is on fire")
    report(aborted=time.time())
else:  # two of the ranks are in no group with the aborter, and wait for each other in different groups
    waits_in = group if world.rank == (2 if {aborter} else 3) else inner
    report(outcome=attempt(waits_in.barrier), ended=time.time())
sys.stdin.readline()  # until all have heard: a call that two ranks make before that may complete
report(later=attempt(inner.barrier))
world.close()
""", env=own_world(backend))
    for rank in range(4):
        world.wait_for_output(rank, "ready")
    time.sleep(0.3)  # the barriers wait
    world.tell(aborter, "\n")
    for rank in range(4):
        world.wait_for_output(rank, "aborted" if rank == aborter else "ended")
    for rank in range(4):
        world.tell(rank, "\n")
    results = world.finish()
    start = results[aborter]["aborted"]
    for result in results:
        if result.rank != aborter:
            assert result["outcome"]["status"] == "OAR_E_ABORTED" and "the disk is on fire" in result["outcome"]["text"]
            assert result["ended"] - start < ABORT, result["ended"] - start
        assert result["later"]["status"] == "OAR_E_ABORTED", result.reports


@BACKENDS
def test_a_killed_rank_ends_the_groups_that_have_it_and_no_others(backend):
    world = World(4, """
world = State()
group = split(world, world.rank // 2)
report(sum=sum_of(group, 1))
if world.rank == 3:
    time.sleep(60)
if world.rank == 2:
    report(outcome=attempt(group.barrier))
else:
    sys.stdin.readline()
    report(sums=[sum_of(group, 1) for _ in range(3)], world=attempt(world.barrier))
group.close()
world.close()
""", env=own_world(backend))
    for rank in range(4):
        world.wait_for_output(rank, "sum")
    world.kill(3, signal.SIGKILL)
    for rank in range(2):
        world.tell(rank, "\n")
    results = world.finish(check=False)
    outcome = results[2]["outcome"]
    assert outcome["status"] == "OAR_E_PEER_LOST" and outcome["rank"] == 1, outcome
    assert "ranks 0, 1 are ranks 2, 3 of the world" in outcome["text"]
    for result in results[:2]:
        assert result["sums"] == [2.0] * 3 and result["world"]["status"] == "OAR_E_PEER_LOST", result.reports


def test_closing_a_group_leaves_the_parent_open_and_closing_the_state_closes_all():
    results = run_world(2, """
world = State()
first, second = subgroup(world, [0, 1]), subgroup(world, [1, 0])
first.close()
first.close()
report(closed=attempt(first.barrier), second=sum_of(second, 1), world=sum_of(world, 1),
       wrong=attempt(lambda: check(lib.oar_group_close(world.group))))
world.close()
report(after=attempt(second.barrier))
world.release()
second.release()
first.release()
""")
    for result in results:
        assert result["closed"]["status"] == "OAR_E_STATE" and result["after"]["status"] == "OAR_E_STATE"
        assert result["second"] == 2 and result["world"] == 2
        assert result["wrong"]["status"] == "OAR_E_ARGUMENT"


def test_a_group_outlives_the_handles_of_state_and_parent():
    results = run_world(3, """
world = State()
parent = split(world, 0)
group = subgroup(parent, [0, 2])
world.release()
parent.release()
if group is not None:
    report(sum=sum_of(group, 1))
    group.release()
""")
    assert [results[0]["sum"], results[2]["sum"]] == [2.0, 2.0]


def test_a_world_of_one_rank_makes_groups_too():
    results = run_world(1, """
with state() as world:
    group, none = subgroup(world, [0]), split(world, -1)
    inner = split(group, 3, 3)
    report(sum=sum_of(inner, 4), ranks=world_ranks(inner), none=none is None, wrong=attempt(lambda: subgroup(world, [1])))
    world.abort("over")
    report(ended=attempt(inner.barrier))
""")
    assert results[0]["sum"] == 4 and results[0]["ranks"] == [0] and results[0]["none"]
    assert results[0]["wrong"]["status"] == "OAR_E_ARGUMENT" and results[0]["ended"]["status"] == "OAR_E_ABORTED"
