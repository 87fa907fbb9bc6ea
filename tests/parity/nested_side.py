"""The reference's side of test_nested_operations.py: one rank of two, the real functions of Accelerate 1.15 over gloo.

    nested_side.py OUT     writes OUT/theirs-<rank>.pt
"""
import pathlib
import sys

import accelerate
import torch
from accelerate import utils
from nested_values import BATCH, BROADCAST, GATHERED, NUM_SAMPLES, PADDED, REDUCED, objects, ragged


def metrics():
    """What every round of an epoch gives for metrics, as tensors and as objects."""
    accelerator = accelerate.Accelerator(cpu=True)
    data = [{"id": torch.tensor(i)} for i in range(NUM_SAMPLES)]
    loader = accelerator.prepare(torch.utils.data.DataLoader(data, batch_size=BATCH))
    return [{"tensors": accelerator.gather_for_metrics((batch["id"], {"twice": 2 * batch["id"]})),
             "objects": accelerator.gather_for_metrics([f"sample {i}" for i in batch["id"].tolist()])} for batch in loader]


def main():
    torch.set_num_threads(1)
    state = accelerate.PartialState(cpu=True)
    rank, theirs = state.process_index, {}
    assert (state.num_processes, state.backend) == (2, "gloo"), (state.num_processes, state.backend)
    for name, values in GATHERED.items():
        theirs[f"gather {name}"] = utils.gather(values(rank))
    for name, (values, reduction) in REDUCED.items():
        theirs[f"reduce {name}"] = utils.reduce(values(rank), reduction)
    for name, values in BROADCAST.items():
        theirs[f"broadcast {name}"] = utils.broadcast(utils.recursively_apply(torch.clone, values(rank)), 1)
    for name, (dim, value, first) in PADDED.items():
        theirs[f"pad {name}"] = utils.pad_across_processes(ragged(rank), dim, value, first)
    theirs["pad fraction"] = utils.pad_across_processes(ragged(rank), 1, 0.5)
    theirs["gather_object"] = utils.gather_object(objects(rank))
    theirs["broadcast_object"] = utils.broadcast_object_list([objects(rank), rank], 1)
    theirs["metrics"] = metrics()
    torch.save(theirs, pathlib.Path(sys.argv[1]) / f"theirs-{rank}.pt")


main()
