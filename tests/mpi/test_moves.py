"""Data between hosts by MPI: every collective and every dtype, with 2 and 4 ranks of mpirun on 2 hosts, against torch and numpy, and
proof that MPI carried the bytes: they are counted on their way (moves.c).

A rank's line in FOLDER/jobs_0_RANK: op dtype element reduce_op root, two shapes of two numbers (input, output; -1 rows: none), and two
lists, each with its length first (rows, received rows). FOLDER/in_JOB_RANK has the input's bytes; out_JOB_RANK gets the output's, or
the input's where the result is there."""
import pathlib
import re
import tempfile

import pytest
import torch
from mpi_programs import HERE, mpirun_on_hosts, site  # noqa: F401

SUM, AVERAGE, MAX, MIN, PRODUCT, BITWISE_XOR = 1, 2, 3, 4, 5, 8
DTYPES = {  # the numbers of oarlock/types.h
    torch.bool: 1, torch.uint8: 2, torch.int8: 3, torch.int16: 4, torch.int32: 5, torch.int64: 6, torch.float16: 7, torch.bfloat16: 8,
    torch.float32: 9, torch.float64: 10, torch.uint16: 11, torch.uint32: 12, torch.uint64: 13, torch.complex64: 14,
    torch.complex128: 15, torch.float8_e4m3fn: 16, torch.float8_e5m2: 17}
MOVED_ONLY = {torch.uint16, torch.uint32, torch.uint64, torch.float8_e4m3fn, torch.float8_e5m2}
COLUMNS = 16_411


def part_rows(dtype):
    """Of a part, so that it is above comm.inline_bytes."""
    return max(1, 4 // dtype.itemsize)


def numbers(dtype, rows, seed):
    """Whole numbers of 0 to 7, whose sums, products and means over 4 ranks every dtype has exactly."""
    made = torch.randint(0, 2 if dtype == torch.bool else 8, (rows, COLUMNS), generator=torch.Generator().manual_seed(seed))
    return made.to(torch.float32).to(dtype) if dtype in MOVED_ONLY else made.to(dtype)


def bytes_of(tensor):
    return tensor.contiguous().view(torch.uint8).numpy().tobytes() if tensor.numel() else b""


class Job:
    """inputs, outputs: by rank; an output None: this rank gets none, and its input stays. In place, outputs are the inputs after it."""

    def __init__(self, op, dtype, inputs, outputs, in_place=False, reduce_op=0, root=0, rows=None, received=None):
        self.op, self.dtype, self.inputs, self.outputs, self.in_place = op, dtype, inputs, outputs, in_place
        self.reduce_op, self.root, self.rows, self.received = reduce_op, root, rows, received

    def line(self, rank):
        def shape(tensor):
            return "-1 0" if tensor is None else f"{tensor.shape[0]} {tensor.shape[1]}"

        def listed(rows):
            return " ".join(map(str, [len(rows[rank]), *rows[rank]])) if rows else "0"
        out = None if self.in_place else self.outputs[rank]
        return (f"{self.op} {DTYPES[self.dtype]} {self.dtype.itemsize} {self.reduce_op} {self.root} {shape(self.inputs[rank])} "
                f"{shape(out)} {listed(self.rows)} {listed(self.received)}\n")


def reduced(inputs, reduce_op):
    """Over the ranks, in float64, complex128 or int64, where all of it is exact."""
    dtype = inputs[0].dtype
    wide = torch.complex128 if dtype.is_complex else torch.float64 if dtype.is_floating_point else torch.int64
    stack = torch.stack([each.to(wide) for each in inputs])
    if reduce_op in (SUM, AVERAGE):
        result = stack.sum(0) / (len(inputs) if reduce_op == AVERAGE else 1)
    elif reduce_op == BITWISE_XOR:
        result = stack[0]
        for each in stack[1:]:
            result = result ^ each
    else:
        result = {MAX: lambda: stack.amax(0), MIN: lambda: stack.amin(0), PRODUCT: lambda: stack.prod(0)}[reduce_op]()
    return result.to(dtype)


def reductions_of(dtype):
    if dtype in MOVED_ONLY:
        return []
    if dtype == torch.bool:
        return [MAX, BITWISE_XOR]
    if dtype.is_complex:
        return [SUM]
    return [SUM, AVERAGE] if dtype.is_floating_point else [SUM, BITWISE_XOR]


def reducing_jobs(dtype, size, reduce_op):
    rows = part_rows(dtype)
    inputs = [numbers(dtype, rows, rank) for rank in range(size)]
    result = reduced(inputs, reduce_op)
    yield Job("all_reduce", dtype, inputs, [result] * size, in_place=True, reduce_op=reduce_op)
    root = size - 1
    yield Job("reduce", dtype, inputs, inputs[:-1] + [result], in_place=True, reduce_op=reduce_op, root=root)
    whole = [numbers(dtype, rows * size, 10 + rank) for rank in range(size)]
    yield Job("reduce_scatter", dtype, whole, list(reduced(whole, reduce_op).split(rows)), reduce_op=reduce_op)


def moving_jobs(dtype, size):
    part = part_rows(dtype)
    inputs = [numbers(dtype, part, rank) for rank in range(size)]
    everyone = torch.cat([each.view(torch.uint8) for each in inputs]).view(dtype)
    root, none = size - 1, [None] * (size - 1)
    yield Job("broadcast", dtype, inputs, [inputs[root]] * size, in_place=True, root=root)
    yield Job("all_gather", dtype, inputs, [everyone] * size)
    yield Job("gather", dtype, inputs, none + [everyone], root=root)
    yield Job("scatter", dtype, none + [everyone], inputs, root=root)
    ragged = [numbers(dtype, rank * part, rank) for rank in range(size)]
    gathered = torch.cat([each.view(torch.uint8) for each in ragged]).view(dtype)
    yield Job("all_gather_rows", dtype, ragged, [gathered] * size, rows=[[rank * part for rank in range(size)]] * size)
    # Part p of rank r's input becomes part r of rank p's output.
    yield from swapping_jobs(dtype, size)


def swapping_jobs(dtype, size):
    def swapped(rows_of, op, **more):
        parts = [[numbers(dtype, rows_of(giver, taker), 100 * giver + taker).view(torch.uint8) for taker in range(size)]
                 for giver in range(size)]
        inputs = [torch.cat(parts[giver]).view(dtype) for giver in range(size)]
        outputs = [torch.cat([parts[giver][taker] for giver in range(size)]).view(dtype) for taker in range(size)]
        return Job(op, dtype, inputs, outputs, **more)
    part = part_rows(dtype)
    yield swapped(lambda giver, taker: part, "all_to_all")

    def rows_of(giver, taker):
        return part * ((giver + 2 * taker) % 3)
    yield swapped(rows_of, "all_to_all_rows", rows=[[rows_of(giver, taker) for taker in range(size)] for giver in range(size)],
                  received=[[rows_of(giver, taker) for giver in range(size)] for taker in range(size)])


def jobs_of(size):
    jobs = []
    for dtype in DTYPES:
        jobs += moving_jobs(dtype, size)
        for reduce_op in reductions_of(dtype):
            jobs += reducing_jobs(dtype, size, reduce_op)
    for reduce_op in (MAX, MIN, PRODUCT):
        jobs += reducing_jobs(torch.float32, size, reduce_op)
    return jobs


def crossing_bytes(job, places):
    """What has to cross from one host to another at the least, whatever the algorithm: counted of MPI's sends, it cannot have come by
    anything else."""
    ranks, hosts = range(len(places)), len(set(places))
    away = [rank for rank in ranks if places[rank] != places[job.root]]
    if job.op in ("all_reduce", "reduce", "broadcast"):  # partial sums leave each host but one, and results come back
        return (hosts - 1) * job.inputs[0].nbytes * (2 if job.op == "all_reduce" else 1)
    if job.op == "reduce_scatter":
        return sum(job.outputs[rank].nbytes for rank in ranks) * (hosts - 1)
    if job.op in ("all_gather", "all_gather_rows"):
        return sum(given.nbytes for given in job.inputs) * (hosts - 1)
    if job.op in ("gather", "scatter"):
        return sum((job.inputs if job.op == "gather" else job.outputs)[rank].nbytes for rank in away)
    row = COLUMNS * job.dtype.itemsize
    return sum(job.rows[giver][taker] * row if job.rows else part_rows(job.dtype) * row
               for giver in ranks for taker in ranks if places[giver] != places[taker])


@pytest.fixture(scope="module")
def moves(site):  # noqa: F811
    return site.compile("mpicc", HERE / "moves.c")


@pytest.mark.parametrize("places", [[0, 1], [0, 0, 1, 1], [0, 1, 0, 1]], ids=str)
def test_every_collective_and_dtype(moves, places):
    with tempfile.TemporaryDirectory() as folder:
        check_collectives(moves, places, pathlib.Path(folder))


def check_collectives(moves, places, folder):
    size = len(places)
    jobs = jobs_of(size)
    for rank in range(size):
        (folder / f"jobs_0_{rank}").write_text("".join(job.line(rank) for job in jobs))
        for number, job in enumerate(jobs):
            given = job.inputs[rank]
            (folder / f"in_{number}_{rank}").write_bytes(b"" if given is None else bytes_of(given))
    printed = mpirun_on_hosts(places, moves, folder)
    given = {(int(job), int(rank)): int(number) for job, rank, number in re.findall(r"job (\d+) rank (\d+) gave (\d+)", printed)}
    assert len(given) == len(jobs) * size
    for number, job in enumerate(jobs):
        name = f"{number}: {job.op} of {job.dtype}, reduction {job.reduce_op}"
        for rank in range(size):
            if job.outputs[rank] is not None:
                assert (folder / f"out_{number}_{rank}").read_bytes() == bytes_of(job.outputs[rank]), (name, rank)
        assert sum(given[number, rank] for rank in range(size)) >= crossing_bytes(job, places) > 0, name
