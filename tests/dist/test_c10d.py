"""c10d.hpp: c10d's ProcessGroup, functional collectives and Reducer over a group of Oarlock, in C++ (tests/programs/torch_c10d.cpp)."""
import os
import pathlib

import pytest

from world import World

PROGRAM = pathlib.Path(os.environ["OARLOCK_BUILD"]) / "bin/program_torch_c10d"


def passes(case, size, backend="auto", ending_early=()):
    world = World(size, "", command=[str(PROGRAM), case], env={"OARLOCK_COMM_BACKEND": backend})
    for rank in world.finish(check=False):
        assert rank.returncode == 0, rank
        assert rank.stdout == ("" if rank.rank in ending_early else "passed\n")


@pytest.mark.parametrize("size,backend", [(1, "auto"), (2, "shm"), (3, "shm"), (2, "gloo")])
@pytest.mark.parametrize("case", ["one_tensor", "parts", "all_to_all", "lists"])
def test_collectives_through_the_dispatcher_equal_closed_forms(case, size, backend):
    passes(case, size, backend)


@pytest.mark.parametrize("size,backend", [(2, "shm"), (3, "gloo")])
def test_transfers_around_a_ring(size, backend):
    passes("transfers", size, backend)


@pytest.mark.parametrize("backend", ["shm", "gloo"])
def test_futures_end_without_anybody_waiting(backend):
    passes("futures", 2, backend)


@pytest.mark.parametrize("size", [2, 3])
def test_the_reducer_averages_gradients(size):
    passes("reducer", size)


def test_functional_collectives_find_the_group_by_name():
    passes("functional", 2)


def test_wrong_calls_throw_and_the_group_lives():
    passes("wrong_calls", 2)


def test_a_mismatch_is_an_exception_on_both_ranks():
    passes("mismatch", 2)


def test_a_lost_peer_fails_the_future():
    passes("lost_peer", 2, ending_early=(1,))


def test_abort_and_release_end_what_waits():
    passes("abort_and_release", 2)
