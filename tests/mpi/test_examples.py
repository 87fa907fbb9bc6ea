"""examples/mpi: half of the ranks train, or sum, among themselves; the ranks meet by the program's own all-gather."""
import re

import pytest
from mpi_programs import EXAMPLES, mpirun, require_fortran, run, site  # noqa: F401


def halves(num_ranks):
    """World ranks of the two halves, plus one: what the programs give to each rank."""
    return [rank + 1 for rank in range(0, num_ranks, 2)], [rank + 1 for rank in range(1, num_ranks, 2)]


@pytest.mark.parametrize("num_ranks", [2, 4])
def test_half_of_the_ranks_train_and_the_others_simulate(site, num_ranks):  # noqa: F811
    printed = mpirun(num_ranks, site.compile("mpicc", EXAMPLES / "sub_communicator.c"))
    trainers, simulators = halves(num_ranks)
    mean = sum(trainers) / len(trainers)
    fitted = mean * (1 - 0.5**10)  # w <- w - (w - mean) / 2, ten times from 0
    expected = [f"trainer {rank} of {len(trainers)}: w = {fitted:.6f}" for rank in range(len(trainers))]
    assert sorted(re.findall("trainer.*", printed)) == expected
    assert re.findall("simulator.*", printed) == [f"simulator: sum = {sum(simulators)}"] * len(simulators)


@pytest.mark.parametrize("num_ranks", [2, 4])
def test_fortran_sums_over_half_of_the_ranks(site, num_ranks):  # noqa: F811
    require_fortran()
    printed = mpirun(num_ranks, site.compile("mpifort", EXAMPLES / "sub_communicator.f90"))
    first, second = halves(num_ranks)
    one_rank = 1000 * 1001 / 2  # of 1 to 1000
    expected = [f"oarlock rank {rank}: sum of all = {sum(first) * one_rank:12.1f}" for rank in range(len(first))]
    assert sorted(re.findall("oarlock.*", printed)) == expected
    assert re.findall("mpi.*", printed) == [f"mpi: sum of all = {sum(second) * one_rank:12.1f}"] * len(second)


@pytest.mark.parametrize("num_ranks", [2, 4])
def test_the_ranks_meet_by_an_all_gather_of_the_program(site, num_ranks):  # noqa: F811
    program = site.compile("mpicc", EXAMPLES / "host_exchange.c")
    printed = mpirun(num_ranks, program)
    total, half = num_ranks * (num_ranks + 1) // 2, num_ranks / 2
    assert sorted(printed.splitlines()) == [f"rank {rank} of {num_ranks}: {total} and {half:g}" for rank in range(num_ranks)]
