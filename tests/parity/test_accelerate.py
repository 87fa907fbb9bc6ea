"""The losses of 100 optimizer steps equal those of Hugging Face Accelerate 1.15, case by case, rank by rank."""
import itertools
import json
import os
import pathlib
import subprocess
import sys

import accelerate
import pytest
import safetensors.torch
import torch

import programs
from train_steps import train_steps

HERE = pathlib.Path(__file__).resolve().parent
TOLERANCE = 1e-5  # |d| <= TOLERANCE * max(1, |loss|), design section 13
STEPS = 100
NUM_SAMPLES, BATCH = 230, 16  # a short last batch with one rank, repeated samples with two
RANKS = (1, 2)
OPTIMIZERS = {"adamw": {"lr": 0.002, "weight_decay": 0.01}, "sgd": {"lr": 0.05, "momentum": 0.9}}


def name_of(ranks, accumulation, optimizer, dropout):
    return f"{ranks}ranks-accumulate{accumulation}-{optimizer}-dropout{dropout}"


VARIANTS = list(itertools.product((1, 4), OPTIMIZERS, (0.0, 0.25)))


BF16_TOLERANCE = 2e-2  # the bar, for the same sense
BF16_VARIANTS = [(1, "adamw", 0.25), (4, "adamw", 0.0), (1, "sgd", 0.0)]


def case_of(ranks, accumulation, optimizer, dropout, folder, precision="no"):
    name = name_of(ranks, accumulation, optimizer, dropout) + ("" if precision == "no" else f"-{precision}")
    return {"name": name, "precision": precision, "program": str(folder / f"digits-{dropout}.pt2"),
            "data": str(folder / "data.safetensors"), "accumulation": accumulation, "optimizer": optimizer,
            "micro": STEPS * accumulation, "batch": BATCH, "seed": 7, "shuffle_seed": 42, "clip": 1.0,
            "schedule_steps": 3 * STEPS, **OPTIMIZERS[optimizer]}


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parity")
    for dropout in (0.0, 0.25):
        programs.export_digits(folder / f"digits-{dropout}.pt2", dropout)
    images, labels = programs.digits_inputs(NUM_SAMPLES)
    safetensors.torch.save_file({"images": images, "labels": labels}, folder / "data.safetensors")
    return folder


@pytest.fixture(scope="session", params=RANKS, ids=lambda ranks: f"{ranks}ranks")
def reference(request, folder):
    """All variants for one number of ranks, in one run of the reference: its imports take seconds."""
    ranks = request.param
    cases = [case_of(ranks, *variant, folder) for variant in VARIANTS]
    cases += [case_of(ranks, *variant, folder, "bf16") for variant in BF16_VARIANTS]
    (folder / f"cases-{ranks}.json").write_text(json.dumps(cases))
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--num_machines", "1", "--mixed_precision", "no",
              "--dynamo_backend", "no", "--num_processes", str(ranks), "--main_process_port", "0"]
    launch += ["--multi_gpu"] if ranks > 1 else ["--cpu"]
    environment = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    run = subprocess.run([*launch, str(HERE / "accelerate_side.py"), str(folder / f"cases-{ranks}.json"), str(folder)],
                         capture_output=True, text=True, timeout=600, env=environment)
    assert run.returncode == 0, run.stderr[-4000:]
    return {case["name"]: [json.loads((folder / f"{case['name']}-{rank}.json").read_text()) for rank in range(ranks)]
            for case in cases}, ranks


def ours(case, ranks, out):
    options = {key: case[key] for key in OPTIMIZERS[case["optimizer"]]}
    return train_steps(
        out, ranks, program=case["program"], data=case["data"], micro=case["micro"], clip=case["clip"], seed=case["seed"],
        loader={"batch_size": case["batch"], "shuffle": True, "seed": case["shuffle_seed"]},
        optimizer=case["optimizer"], optimizer_json=options,
        scheduler="linear", scheduler_json={"total_steps": case["schedule_steps"]},
        config={"compat": "accelerate", "accelerator": {"gradient_accumulation_steps": case["accumulation"],
                                                        "mixed_precision": case["precision"]}})


def worst_difference(ours, theirs):
    assert len(ours) == len(theirs) and all(len(a) == len(b) for a, b in zip(ours, theirs))
    return max(abs(a - b) / max(1.0, abs(b)) for mine, other in zip(ours, theirs) for a, b in zip(mine, other))


def test_the_reference_is_the_pinned_one():
    assert (accelerate.__version__, torch.__version__.split("+")[0]) == ("1.15.0", "2.11.0")


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: f"accumulate{v[0]}-{v[1]}-dropout{v[2]}")
def test_losses_equal_those_of_accelerate(reference, folder, tmp_path, variant):
    losses, ranks = reference
    case = case_of(ranks, *variant, folder)
    theirs = losses[case["name"]]
    difference = worst_difference(ours(case, ranks, tmp_path), theirs)
    print(f"{case['name']}: worst relative difference {difference:.3g}")
    assert difference <= TOLERANCE
    assert not any(loss != loss for rank in theirs for loss in rank), "the reference diverged: the case shows nothing"


@pytest.mark.parametrize("variant", BF16_VARIANTS, ids=lambda v: f"accumulate{v[0]}-{v[1]}-dropout{v[2]}")
def test_losses_under_bf16_equal_those_of_accelerate(reference, folder, tmp_path, variant):
    losses, ranks = reference
    case = case_of(ranks, *variant, folder, "bf16")
    difference = worst_difference(ours(case, ranks, tmp_path), losses[case["name"]])
    print(f"{case['name']}: worst relative difference {difference:.3g}")
    assert difference <= BF16_TOLERANCE
    plain = case_of(ranks, *variant, folder)
    assert worst_difference(losses[case["name"]], losses[plain["name"]]) > 1e-4, "bf16 changed nothing: the case shows nothing"


def test_another_seed_gives_other_losses(reference, folder, tmp_path):
    """The comparison can fail: dropout masks of another seed are seen."""
    losses, ranks = reference
    case = case_of(ranks, 1, "adamw", 0.25, folder)
    assert worst_difference(ours({**case, "seed": 8}, ranks, tmp_path), losses[case["name"]]) > 100 * TOLERANCE
