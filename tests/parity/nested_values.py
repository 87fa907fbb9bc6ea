"""The nested data of test_nested_operations.py, the same for the reference's side and ours: a function of the rank."""
import torch

NUM_SAMPLES, BATCH = 21, 4  # two ranks: the last round repeats three samples


def rows(rank, *shape, dtype=torch.float32):
    numel = 1
    for size in shape:
        numel *= size
    return (torch.arange(numel) + 100 * rank + 1).reshape(shape).to(dtype)


def equal_shapes(rank):
    """Every container, dtypes, a tensor without dimensions, one that is not contiguous, one too large to be packed."""
    return {
        "loss": torch.tensor(0.1 + rank),
        "list": [rows(rank, 2, 3, dtype=torch.bfloat16), (rows(rank, 4), {"deep": rows(rank, 1, 1, 2, dtype=torch.float64)})],
        "turned": rows(rank, 3, 2).t(),
        "half": rows(rank, 2, dtype=torch.float16),
        "none": rows(rank, 0, 3),
        "large": rows(rank, 300, 100),
    }


def integers(rank):
    return (rows(rank, 3, dtype=torch.int64), {"small": rows(rank, 2, 2, dtype=torch.uint8), "scalar": torch.tensor(5 - rank)})


def ragged(rank):
    """Sizes that differ between ranks in every dimension, rank 0 the longer one in some."""
    return {"rows": rows(rank, 2 + rank, 3), "columns": [rows(rank, 2, 4 - rank, dtype=torch.int64)],
            "both": rows(rank, 1 + 2 * rank, 3 - rank), "one": rows(rank, 2), "scalar": torch.tensor(1.5)}


def flags(rank):
    return {"mask": torch.tensor([True, rank == 0]), "bytes": rows(rank, 2, dtype=torch.int8)}


def objects(rank):
    return [{"name": f"rank {rank}", "values": [rank, 0.5, None, True]}, "text"][: 1 + rank]


GATHERED = {"equal": equal_shapes, "integers": integers, "flags": flags}
REDUCED = {"equal-sum": (equal_shapes, "sum"), "equal-mean": (equal_shapes, "mean"), "equal-max": (equal_shapes, "max"),
           "integers-sum": (integers, "sum"), "integers-max": (integers, "max")}
BROADCAST = {"equal": equal_shapes, "integers": integers, "flags": flags}
# dim, value, first. A float on integers is another matter: see test_a_fraction_makes_integers_float_on_every_rank.
PADDED = {"dim0": (0, 0, False), "dim1": (1, -100, False), "first": (0, 7, True), "from-the-end": (-1, 3, True),
          "no-such-dim": (2, 1, False)}
