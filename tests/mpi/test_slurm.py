"""Programs without MPI find their place under a real SLURM, by its variables; its nodes are two names of this host."""
import re

import pytest
from mpi_programs import HERE, environment, run, site  # noqa: F401
from slurm import slurm  # noqa: F401


@pytest.fixture(scope="module")
def place(site):  # noqa: F811
    return site.compile("cc", HERE / "place.c")


@pytest.fixture
def srun(slurm, place):  # noqa: F811
    """srun of place.c with options -> what the ranks print, sorted."""
    def printed(*options, program=place, **settings):
        told = environment(**slurm.settings, **settings)
        return sorted(run("srun", "--time=1", *options, program, env=told, cwd=slurm.folder).splitlines())
    return printed


def world(num_ranks):
    return [f"rank {rank} of {num_ranks}, local {rank} of {num_ranks}, last sent {num_ranks}" for rank in range(num_ranks)]


@pytest.mark.parametrize("num_ranks", [2, 4])
def test_ranks_of_srun_on_one_node_find_each_other(srun, num_ranks):
    assert srun("-N1", f"-n{num_ranks}") == world(num_ranks)


def test_ranks_of_srun_with_pmi_find_each_other(srun):
    assert srun("--mpi=pmi2", "-N1", "-n2") == world(2)


def test_with_two_nodes_rank_zero_is_looked_for_on_the_first(srun):
    lines = srun("-N2", "-n2", OARLOCK_COMM_CONNECT_TIMEOUT_MS="2000")
    assert len(lines) == 2 and all(re.match(r"refused: .* at first:\d+ within 2.0 s", line) for line in lines), lines


def test_an_address_by_hand_wins(srun):
    lines = srun("-N2", "-n2", "--ntasks-per-node=1", MASTER_ADDR="127.0.0.1")
    assert [line.partition(",")[0] for line in lines] == ["rank 0 of 2", "rank 1 of 2"]


def test_two_steps_at_once_meet_apart(slurm, place):  # noqa: F811
    step = f"srun --overlap -N1 -n2 {place}"
    both = run("salloc", "--quiet", "--time=1", "-N1", "-n4", "sh", "-c", f"{step} & {step} & wait", env=environment(**slurm.settings),
               cwd=slurm.folder)
    assert sorted(both.splitlines()) == sorted(world(2) * 2)


def test_each_task_for_itself(srun):
    assert srun("-N1", "-n2", WORLD_SIZE="1") == world(1) * 2


def test_a_batch_script_is_one_process(slurm, place):  # noqa: F811
    script = slurm.folder / "script"
    script.write_text(f"#!/bin/sh\n{place}\n")
    run("sbatch", "--wait", "--time=1", "-N1", "-n4", "--output=printed", script, env=environment(**slurm.settings), cwd=slurm.folder)
    assert (slurm.folder / "printed").read_text().splitlines() == world(1)


def test_the_shell_of_an_allocation_is_one_process(slurm, place):  # noqa: F811
    printed = run("salloc", "--quiet", "--time=1", "-N1", "-n4", place, env=environment(**slurm.settings), cwd=slurm.folder)
    assert printed.splitlines() == world(1)
