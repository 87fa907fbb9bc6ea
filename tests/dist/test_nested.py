"""Operations on whole trees when a rank ends, is late or makes another call: every rank learns it, with the rank to blame."""
from world import run_world

TREE = """
def tree_of(array):
    tree, tensor = ctypes.c_void_p(call_out(lib.oar_tree_create_list)), Tensor(array)
    check(lib.oar_tree_append_tensor(tree, tensor.handle))
    return tree

def gather_tree(timeout_ms=0):
    return call_out(lib.oar_group_gather_tree, world.group, tree_of(np.ones(3, np.float32)), ctypes.c_int64(timeout_ms))

def reduce_tree():
    return call_out(lib.oar_group_reduce_tree, world.group, tree_of(np.ones(3, np.float32)), SUM, ctypes.c_int64(0))
"""


def test_a_rank_that_ended_is_named():
    ranks = run_world(2, TREE + """
with state() as world:
    gather_tree()
    if world.rank == 1:
        os._exit(0)
    report(lost=attempt(gather_tree))
""")
    assert ranks[0]["lost"]["status"] == "OAR_E_PEER_LOST" and ranks[0]["lost"]["rank"] == 1, ranks[0]["lost"]
    assert ranks[0]["lost"]["seconds"] < 4


def test_a_rank_that_does_not_come_is_named_when_the_time_is_up():
    ranks = run_world(2, TREE + """
with state() as world:
    if world.rank == 0:
        report(late=attempt(lambda: gather_tree(300)))
    else:
        time.sleep(1)  # plays a rank that is late
        report(late=attempt(gather_tree))
""")
    assert ranks[0]["late"]["status"] == "OAR_E_TIMEOUT" and "rank 1" in ranks[0]["late"]["text"], ranks[0]["late"]
    assert ranks[1]["late"]["status"] in ("OAR_E_TIMEOUT", "OAR_E_ABORTED") and "rank 1" in ranks[1]["late"]["text"], ranks[1]["late"]


def test_an_operation_on_tensors_beside_one_on_trees_is_a_mismatch_on_both():
    ranks = run_world(2, TREE + """
with state() as world:
    array = np.ones(3, np.float32)
    calls = [gather_tree, lambda: world.all_reduce(array).wait()]
    report(met=attempt(calls[world.rank]))
""")
    for rank in ranks:
        assert rank["met"]["status"] == "OAR_E_MISMATCH", rank["met"]
        assert "all_reduce(sum of 3 float32)" in rank["met"]["text"] and "all_gather_bytes" in rank["met"]["text"]


def test_different_operations_on_trees_are_named_and_the_ranks_go_on():
    ranks = run_world(2, TREE + """
with state() as world:
    met = attempt([gather_tree, reduce_tree][world.rank])
    report(met=met, after=attempt(gather_tree))
""")
    for rank in ranks:
        assert rank["met"]["status"] == "OAR_E_MISMATCH", rank["met"]
        assert "rank 0: gather_tree(); rank 1: reduce_tree(sum)" in rank["met"]["text"]
        assert rank["after"]["status"] == "OAR_OK", rank["after"]
