"""N ranks equal one rank (design section 13), and a resumed run equals the run that was not stopped. Bit for bit."""
import math

import pytest
import safetensors.torch
import torch

import programs
from train_steps import train_steps, weights

BATCH = 16


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("equal")
    programs.export_digits(folder / "digits.pt2", dropout=0.25)
    images, labels = programs.digits_inputs(12 * BATCH)  # no rest for 1, 2 and 4 ranks
    safetensors.torch.save_file({"images": images, "labels": labels}, folder / "data.safetensors")
    images, labels = programs.digits_inputs(9 * BATCH + 5)  # a rest
    safetensors.torch.save_file({"images": images, "labels": labels}, folder / "rest.safetensors")
    programs.export_centred(folder / "centred.pt2")
    images, labels = programs.centred_inputs(10 * BATCH)
    safetensors.torch.save_file({"images": images, "labels": labels}, folder / "vectors.safetensors")
    return folder


def keys(folder, data="data", **more):
    return {"program": folder / "digits.pt2", "data": folder / f"{data}.safetensors", "optimizer": "adamw",
            "loader": {"batch_size": BATCH, "shuffle": True, "seed": 42}, **more}


def accumulate(steps):
    return {"accelerator": {"gradient_accumulation_steps": steps}}


def trainable(out):
    tensors = safetensors.torch.load_file(out / "weights.safetensors")
    # Running statistics are rank 0's alone, by rule.
    return {name: tensor for name, tensor in tensors.items() if "running_" not in name and "num_batches" not in name}


def run_many_and_one(folder, tmp_path, ranks, accumulation):
    """Micro-batch i of one rank is rank i mod ranks'; each draws its dropout from a seed of its own (seed_each).

    With more than two ranks sums go through rank 0, which adds in rank order; gloo's algorithms for large tensors do not.
    """
    common = {"seed_each": 1, **keys(folder)}
    in_rank_order = {"comm": {"inline_bytes": 1 << 24}} if ranks > 2 else {}
    many = train_steps(tmp_path / "many", ranks, micro=24, config={**accumulate(accumulation), **in_rank_order}, **common)
    one = train_steps(tmp_path / "one", 1, micro=24 * ranks, config=accumulate(ranks * accumulation), **common)
    return [loss for losses in zip(*many) for loss in losses], one[0]


@pytest.mark.parametrize("ranks", (2, 4))
def test_ranks_equal_one_that_accumulates_their_micro_batches(folder, tmp_path, ranks):
    many, one = run_many_and_one(folder, tmp_path, ranks, 1)
    assert many == one
    ours, theirs = trainable(tmp_path / "many"), trainable(tmp_path / "one")
    assert ours.keys() == theirs.keys() and len(ours) == 10
    for name in ours:
        assert torch.equal(ours[name], theirs[name]), name


def test_two_ranks_that_accumulate_equal_one_up_to_the_order_of_the_sum(folder, tmp_path):
    """(a + c) + (b + d) against ((a + b) + c) + d: no order of one rank's micro-batches gives a sum of sums."""
    two, one = run_many_and_one(folder, tmp_path, 2, 2)
    assert max(abs(a - b) / max(1.0, abs(b)) for a, b in zip(two, one)) <= 1e-5


@pytest.mark.parametrize("ranks", (1, 2))
@pytest.mark.parametrize("accumulation", (1, 4))
@pytest.mark.parametrize("save_at", (3, 10, 13), ids=("mid-epoch", "10", "a-later-epoch"))
def test_a_resumed_run_equals_the_run_that_was_not_stopped(folder, tmp_path, ranks, accumulation, save_at):
    """Dropout on; an accumulation of four is stopped in its middle (its gradients are part of the checkpoint)."""
    common = keys(folder, "rest", scheduler="cosine", scheduler_json={"total_steps": 40, "warmup_steps": 3},
                  config=accumulate(accumulation))
    whole = train_steps(tmp_path / "whole", ranks, micro=23, **common)
    first = train_steps(tmp_path / "first", ranks, micro=23, save=tmp_path / "saved", save_at=save_at, **common)
    rest = train_steps(tmp_path / "rest", ranks, micro=23 - save_at, seed=999, load=tmp_path / "saved", **common)
    assert [a + b for a, b in zip(first, rest)] == whole
    assert weights(tmp_path / "rest") == weights(tmp_path / "whole")


@pytest.mark.parametrize("config", ({}, accumulate(4), {"ddp": {"broadcast_buffers": False}}),
                         ids=("plain", "mid-accumulation", "own-buffers"))
def test_a_resumed_run_has_each_ranks_own_buffers(folder, tmp_path, config):
    """The forward reads a buffer that it updates, so that ranks whose buffers were mixed up differ in the next loss."""
    common = {**keys(folder, "vectors", config=config), "program": folder / "centred.pt2", "optimizer": "sgd"}
    whole = train_steps(tmp_path / "whole", 2, micro=16, **common)
    first = train_steps(tmp_path / "first", 2, micro=16, save=tmp_path / "saved", save_at=6, **common)
    rest = train_steps(tmp_path / "rest", 2, micro=10, seed=999, load=tmp_path / "saved", **common)
    assert [a + b for a, b in zip(first, rest)] == whole
    assert weights(tmp_path / "rest") == weights(tmp_path / "whole")


def test_a_checkpoint_of_two_ranks_is_loaded_by_one(folder, tmp_path):
    common = keys(folder)
    train_steps(tmp_path / "two", 2, micro=5, save=tmp_path / "saved", save_at=3, **common)
    losses = train_steps(tmp_path / "one", 1, micro=0, load=tmp_path / "saved", **common)
    saved = safetensors.torch.load_file(tmp_path / "saved/model.safetensors")
    loaded = safetensors.torch.load_file(tmp_path / "one/weights.safetensors")
    assert losses == [[]] and loaded.keys() == saved.keys()
    for name in saved:
        assert torch.equal(loaded[name], saved[name]), name


def test_one_rank_goes_on_from_a_checkpoint_of_two(folder, tmp_path):
    common = keys(folder)
    train_steps(tmp_path / "two", 2, micro=5, save=tmp_path / "saved", save_at=3, **common)
    one = train_steps(tmp_path / "one", 1, micro=1, load=tmp_path / "saved", **common)
    assert math.isfinite(one[0][0])
    before = safetensors.torch.load_file(tmp_path / "saved/model.safetensors")
    after = safetensors.torch.load_file(tmp_path / "one/weights.safetensors")
    assert any(not torch.equal(before[name], after[name]) for name in before), "it does not train"
