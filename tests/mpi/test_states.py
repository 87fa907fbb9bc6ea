"""oar_state_create_with_mpi, case by case (states.c), with two and four ranks."""
import pathlib
import re

import pytest
from mpi_programs import HERE, mpirun, site  # noqa: F401

CASES = re.findall(r'^  \{"(\w+)",', (HERE / "states.c").read_text(), re.M)


@pytest.fixture(scope="module")
def states(site):  # noqa: F811
    return site.compile("mpicc", HERE / "states.c")


@pytest.mark.parametrize("num_ranks", [2, 4])
@pytest.mark.parametrize("case", CASES)
def test_states(states, case, num_ranks):
    mpirun(num_ranks, states, case)
