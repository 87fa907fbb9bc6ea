"""allreduce_<size>_mpi, allgather_, reducescatter_, sendrecv_ (there and back): one operation on float32 over the ranks of mpirun on this host, from call to result;
peer OpenMPI's in the same processes, in turns (openmpi_collective.c). The size as in bench_comm.py. Two ranks but where the id says four.
Neither side is pinned to cores.

allreduce_<size>_2hosts_mpi, _gloo: what moves the data between hosts. The two ranks are on two, which are two names of this one (as in
tests/mpi), and OpenMPI's messages go by TCP, both ours and its own, as gloo's do."""
import os
import pathlib
import subprocess
import sys

from rows import print_row, wanted

PROGRAM = pathlib.Path(os.environ["OARLOCK_BUILD"]) / "bench" / "openmpi_collective"
ROUNDS = 5


def measure(operation, num_ranks, numel, calls, between_hosts=None):
    """-> per side its turns: median in us, 99th percentile in us, processors in use"""
    mpirun = ["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "--timeout", "400", "-n", num_ranks]
    settings = {"OMP_NUM_THREADS": "1"}
    if between_hosts is not None:
        mpirun += ["--mca", "btl", "tcp,self", "unshare", "--uts", "sh", "-ec", 'hostname node$OMPI_COMM_WORLD_RANK; exec "$@"', "sh"]
        settings |= {"OARLOCK_COMM_BETWEEN_HOSTS": between_hosts, "OARLOCK_COMM_ADDRESS": "127.0.0.1"}
    command = [*mpirun, PROGRAM, operation, numel, calls, ROUNDS]
    run = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, text=True, timeout=500, check=True,
                         env={**os.environ, **settings})
    turns = {"ours": [], "theirs": []}
    for line in run.stdout.splitlines():
        side, *figures = line.split()
        turns[side].append([float(figure) for figure in figures])
    return turns


def print_rows(bench_id, operation, num_ranks, numel, calls, bar, between_hosts=None):
    turns = measure(operation, num_ranks, numel, calls, between_hosts)
    (ours, our_p99, our_cpu), (theirs, their_p99, their_cpu) = (list(zip(*turns[side])) for side in ("ours", "theirs"))
    print_row(bench_id, "us", list(ours), "OpenMPI", list(theirs), bar, p99=max(our_p99), theirs_p99=max(their_p99),
              cpu=max(our_cpu), theirs_cpu=max(their_cpu))


# On one line: tools/run_bench reads it.
IDS = ("allreduce_4B_mpi", "allreduce_64KiB_mpi", "allreduce_1MiB_mpi", "allreduce_32MiB_mpi", "allreduce_256MiB_mpi", "allreduce_4B_mpi_4ranks", "allreduce_32MiB_mpi_4ranks", "allgather_4B_mpi", "allgather_4KiB_mpi", "allgather_1MiB_mpi", "allgather_32MiB_mpi", "reducescatter_4B_mpi", "reducescatter_4KiB_mpi", "reducescatter_1MiB_mpi", "reducescatter_32MiB_mpi", "sendrecv_4B_mpi", "sendrecv_4MiB_mpi", "allreduce_1MiB_2hosts_mpi", "allreduce_1MiB_2hosts_gloo", "allreduce_32MiB_2hosts_mpi", "allreduce_32MiB_2hosts_gloo")
CASES = (  # operation, ranks, elements, calls in a turn, bar, comm.between_hosts on two hosts
    ("all_reduce", 2, 1, 2000, "<= 1.0"), ("all_reduce", 2, 1 << 14, 1000, None), ("all_reduce", 2, 1 << 18, 200, None),
    ("all_reduce", 2, 8 << 20, 20, "<= 0.35"), ("all_reduce", 2, 64 << 20, 4, None), ("all_reduce", 4, 1, 2000, None),
    ("all_reduce", 4, 8 << 20, 20, None),
    ("all_gather", 2, 1, 2000, None), ("all_gather", 2, 1 << 10, 2000, None), ("all_gather", 2, 1 << 18, 200, None),
    ("all_gather", 2, 8 << 20, 10, None),
    ("reduce_scatter", 2, 1, 2000, None), ("reduce_scatter", 2, 1 << 10, 2000, None), ("reduce_scatter", 2, 1 << 18, 200, None),
    ("reduce_scatter", 2, 8 << 20, 10, None),
    ("send_receive", 2, 1, 2000, None), ("send_receive", 2, 1 << 20, 100, None),
    ("all_reduce", 2, 1 << 18, 200, None, "mpi"), ("all_reduce", 2, 1 << 18, 200, None, "gloo"),
    ("all_reduce", 2, 8 << 20, 10, None, "mpi"), ("all_reduce", 2, 8 << 20, 10, None, "gloo"))
if not PROGRAM.exists():
    print("  no MPI was found when this was built: *_mpi are left out", file=sys.stderr)
else:
    for bench_id, case in zip(IDS, CASES, strict=True):
        if wanted(bench_id):
            print_rows(bench_id, *case)
