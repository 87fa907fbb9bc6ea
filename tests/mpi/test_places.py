"""Programs without MPI find their place under mpirun, by its variables."""
import re

import pytest
from mpi_programs import HERE, environment, mpirun, run, site  # noqa: F401


@pytest.fixture(scope="module")
def place(site):  # noqa: F811
    return site.compile("cc", HERE / "place.c")


@pytest.mark.parametrize("num_ranks", [1, 2, 4])
def test_ranks_of_mpirun_find_each_other(place, num_ranks):
    expected = [f"rank {rank} of {num_ranks}, local {rank} of {num_ranks}, last sent {num_ranks}" for rank in range(num_ranks)]
    assert sorted(mpirun(num_ranks, place).splitlines()) == expected


def test_variables_by_hand_win(place):
    assert mpirun(2, place, WORLD_SIZE="1").splitlines() == ["rank 0 of 1, local 0 of 1, last sent 1"] * 2


def test_what_mpirun_does_not_tell_is_asked_for(place):
    """A rank whose peer is on another host."""
    told = environment(OMPI_COMM_WORLD_RANK="1", OMPI_COMM_WORLD_SIZE="2", OMPI_COMM_WORLD_LOCAL_RANK="0",
                       OMPI_COMM_WORLD_LOCAL_SIZE="1")
    assert re.match("refused: Open MPI tells .* 1 of 2 ranks are on this host; set MASTER_ADDR", run(place, env=told))
