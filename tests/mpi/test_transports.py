"""Which way data between hosts goes and how it fails, case by case (transports.c): two ranks on two hosts, four on two."""
import re

import pytest
from mpi_programs import HERE, mpirun, mpirun_on_hosts, site  # noqa: F401

CASES = re.findall(r'^  \{"(\w+)",', (HERE / "transports.c").read_text(), re.M)
ONE_HOST = [case for case in CASES if "one_host" in case]


@pytest.fixture(scope="module")
def transports(site):  # noqa: F811
    return site.compile("mpicc", HERE / "transports.c")


@pytest.mark.parametrize("places", [[0, 1], [0, 0, 1, 1]], ids=str)
@pytest.mark.parametrize("case", sorted(set(CASES) - set(ONE_HOST)))
def test_on_two_hosts(transports, case, places):
    mpirun_on_hosts(places, transports, case)


@pytest.mark.parametrize("num_ranks", [2, 4])
@pytest.mark.parametrize("case", ONE_HOST)
def test_on_one_host(transports, case, num_ranks):
    mpirun(num_ranks, transports, case)
