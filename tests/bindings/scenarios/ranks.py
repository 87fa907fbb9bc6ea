"""Two ranks: collective operations, bytes, meeting over an exchange, mismatches, a rank that dies."""
import os
import signal
import time
from pathlib import Path

import numpy
import oarlock
from scene import raises, scenario

LIMIT_S = 60


@scenario
def all_reduce(folder):
    with oarlock.State() as state:
        group, mine = state.group, state.rank + 1.0
        assert (group.rank, group.size) == (state.rank, 2)
        for op, value in (("sum", 3.0), ("mean", 1.5), ("max", 2.0)):
            array = numpy.full(3, mine, numpy.float32)
            assert group.all_reduce(array, op) is array and array.tolist() == [value] * 3
            tensor = oarlock.as_tensor([mine])
            work = group.all_reduce(tensor, op, async_op=True)
            work.wait(LIMIT_S)
            assert work.is_done and work.error is None and tensor.item() == value
        array = numpy.full(2, mine)
        assert group.broadcast(array, 1).tolist() == [2.0, 2.0]
        assert group.all_gather(numpy.array([[mine, -mine]])).tolist() == [[1.0, -1.0], [2.0, -2.0]]
        with raises(oarlock.InvalidArgument, "median"):
            group.all_reduce(array, "median")
        with raises(oarlock.InvalidArgument, "99"):
            group.all_reduce(array, 99)
        state.barrier(LIMIT_S)


@scenario
def parts_and_pairs(folder):
    with oarlock.State() as state:
        group, rank = state.group, state.rank
        mine = rank + 1.0
        assert group.reduce(numpy.array([mine]), 1).tolist() == [[1.0], [3.0]][rank]
        assert group.reduce_scatter(numpy.array([mine, 10 * mine])).tolist() == [[3.0], [30.0]][rank]
        gathered = group.gather(numpy.array([mine]), root=1)
        assert gathered is None if rank == 0 else gathered.tolist() == [1.0, 2.0]
        assert group.scatter(numpy.array([5.0, 6.0]) if rank == 0 else None, numpy.zeros(1)).tolist() == [5.0 + rank]
        assert group.all_to_all(numpy.array([10 * rank, 10 * rank + 1])).tolist() == [rank, 10 + rank]
        rows, received = [([0, 2], [0, 1]), ([1, 0], [2, 0])][rank]
        given = numpy.array([[7.0, 8.0], [9.0]][rank])
        assert group.all_to_all(given, rows=rows, received_rows=received).tolist() == [[9.0], [7.0, 8.0]][rank]
        assert group.all_gather_rows(numpy.full(rank + 1, mine), [1, 2]).tolist() == [1.0, 2.0, 2.0]
        one, ten = numpy.array([mine]), numpy.array([10 * mine, 0.0])
        assert [array.tolist() for array in group.all_gather_coalesced([one, ten])] == [[1.0, 2.0], [10.0, 0.0, 20.0, 0.0]]
        group.all_reduce_coalesced([one, ten])
        assert (one.tolist(), ten.tolist()) == ([3.0], [30.0, 0.0])
        one[0] += rank
        group.broadcast_coalesced([one, ten], 1)
        assert (one.tolist(), ten.tolist()) == ([4.0], [30.0, 0.0])
        (part,) = group.reduce_scatter_coalesced([ten])
        assert part.tolist() == [[60.0], [0.0]][rank]
        assert group.all_reduce(numpy.array([rank + 1]), "xor").tolist() == [3]
        sent = numpy.full(3, mine)
        work = group.send(sent, 1 - rank, async_op=True)
        assert group.receive(numpy.zeros(3), 1 - rank).tolist() == [2.0 - rank] * 3
        work.wait(LIMIT_S)
        with raises(oarlock.InvalidArgument, "peer"):
            group.send(sent, rank)
        state.barrier(LIMIT_S)


@scenario
def gather_bytes(folder):
    with oarlock.State() as state:
        assert state.group.all_gather_bytes(b"ab\0c" * state.rank) == [b"", b"ab\0c"]
        assert state.group.broadcast_bytes(b"from one" if state.rank == 1 else None, 1) == b"from one"
        assert oarlock.Accelerator(state).reduce_mean(0.1 + state.rank) == (0.1 + 1.1) / 2
        state.barrier(LIMIT_S)


@scenario
def nested_trees(folder):
    with oarlock.State() as state:
        group, rank = state.group, state.rank
        held = {"loss": numpy.array(rank + 1.0), "rows": (numpy.full(rank + 1, 10.0 * rank),)}
        mean = group.reduce_tree({"loss": held["loss"]}, "mean")
        assert type(mean) is dict and mean["loss"].item() == 1.5
        with raises(oarlock.Mismatch, "'rows.0'", "rank 0: float64 [1]; rank 1: float64 [2]"):
            group.gather_tree(held, timeout=LIMIT_S)
        gathered = group.gather_tree(group.pad_tree(held, value=-1))
        assert type(gathered["rows"]) is tuple and gathered["rows"][0].tolist() == [0.0, -1.0, 10.0, 10.0]
        assert group.gather_objects([rank] * (rank + 1)) == [0, 1, 1]
        assert group.copy_tree({"of": ["one", None]} if rank == 1 else None) == {"of": ["one", None]}
        assert group.broadcast_object({"seed": 7} if rank == 0 else None) == {"seed": 7}
        zeros = {"x": numpy.full(2, float(rank))}
        assert group.broadcast_tree(zeros, 1) is zeros and zeros["x"].tolist() == [1.0, 1.0]
        accelerator = oarlock.Accelerator(state)
        if rank == 1:
            accelerator.set_trigger()
        assert [accelerator.check_trigger(), accelerator.check_trigger()] == [True, False]
        metrics = accelerator.gather_tree_for_metrics({"names": ["zero", "one"][rank:], "loss": held["loss"]})
        assert metrics["names"] == ["zero", "one", "one"] and metrics["loss"].tolist() == [1.0, 2.0]
        state.barrier(LIMIT_S)


def exchange_in(folder, rank, fail=False):
    """All ranks' bytes through files."""
    def exchange(mine):
        mine_at = folder / f"{rank}"
        mine_at.with_suffix(".part").write_bytes(mine)
        mine_at.with_suffix(".part").rename(mine_at)
        if fail:
            raise LookupError("the exchange failed")
        end = time.monotonic() + LIMIT_S
        while not all((folder / str(other)).exists() for other in range(2)):
            assert time.monotonic() < end, "the other rank gave no bytes"
            time.sleep(0.005)
        return [(folder / str(other)).read_bytes() for other in range(2)]
    return exchange


@scenario
def exchange_callback(folder):
    rank = int(os.environ["RANK"])
    for name in ("good", "bad"):
        (folder / name).mkdir(exist_ok=True)
    with oarlock.State(exchange=exchange_in(folder / "good", rank), rank=rank, world_size=2) as state:
        assert (state.rank, state.world_size) == (rank, 2)
        assert state.group.all_reduce(numpy.ones(1)).tolist() == [2.0]
        state.barrier(LIMIT_S)
    options = {"comm": {"connect_timeout_ms": 3000}}
    if rank == 1:
        with raises(LookupError, "the exchange failed"):
            oarlock.State(options, exchange=exchange_in(folder / "bad", rank, fail=True), rank=rank, world_size=2)
        return
    start = time.monotonic()
    with raises((oarlock.TimedOut, oarlock.PeerLost)):
        oarlock.State(options, exchange=exchange_in(folder / "bad", rank), rank=rank, world_size=2)
    assert time.monotonic() - start < LIMIT_S / 2


@scenario
def mismatch_named(folder):
    state = oarlock.State()
    with raises(oarlock.Mismatch, "sum of 2 float32", "sum of 3 float32") as caught:
        state.group.all_reduce(numpy.zeros(2 + state.rank, numpy.float32), timeout=LIMIT_S)
    assert caught[0].name == "MISMATCH" and state.rank == int(os.environ["RANK"])
    state.close()


@scenario
def lost_rank_named(folder):
    state = oarlock.State()
    state.barrier(LIMIT_S)
    if state.rank == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    with raises(oarlock.PeerLost, "rank 1") as caught:
        state.barrier(LIMIT_S)
    assert caught[0].rank == 1 and isinstance(caught[0], ConnectionError)
    with raises(oarlock.PeerLost, "1 of 2 came"):
        state.shrink(2, timeout=LIMIT_S)
    with state.shrink(timeout=LIMIT_S) as smaller:
        assert isinstance(smaller, oarlock.State) and smaller.world_size == 1
        smaller.barrier(LIMIT_S)
    state.release()
