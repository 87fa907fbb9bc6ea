"""Optimizers, schedules and clipping against torch.optim (fused=True) and torch.nn.utils, bit for bit."""

import json
import math
import os
import subprocess
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

PROGRAM = Path(os.environ["OARLOCK_BUILD"]) / "bin" / "internal_optim"
SHAPES = [(64, 33), (7,), (), (3, 5, 2, 2), (10_000,)]
NUM_STEPS = 200


def make_inputs(num_steps=NUM_STEPS, dtypes=(torch.float32,), missing=(), shapes=SHAPES):
    """Parameters and gradients of every step; (step, index) pairs in `missing` have no gradient."""
    generator = torch.Generator().manual_seed(20)
    tensors = {}
    for i, shape in enumerate(shapes):
        dtype = dtypes[i % len(dtypes)]
        tensors[f"param.{i}"] = torch.randn(shape, generator=generator).to(dtype)
        for step in range(num_steps):
            gradient = torch.randn(shape, generator=generator) * 10 ** (step % 3 - 1)
            if (step, i) not in missing:
                tensors[f"grad.{step}.{i}"] = gradient.to(dtype)
    return tensors


class Ours:
    """Runs of ours in one process, which costs more to start than most of them: add all jobs, then ask for results."""

    def __init__(self, folder):
        self.folder, self.jobs, self.inputs, self.errors = folder, {}, {}, None

    def add(self, key, inputs, name, options, num_steps=NUM_STEPS, scheduler=None, clip=None, rate=None, **more):
        """inputs: made once and given again, it is one file."""
        if id(inputs) not in self.inputs:
            path = self.folder / f"in{len(self.inputs)}.safetensors"
            save_file(inputs, path)
            self.inputs[id(inputs)] = path, inputs  # kept: an id is of a living object
        specification = {"num_steps": num_steps, "optimizer": {"name": name, "options": options}, "scheduler": scheduler,
                         "clip": clip, "rate": rate, **more}
        assert key not in self.jobs
        self.jobs[key] = {"input": str(self.inputs[id(inputs)][0]), "specification": specification,
                          "output": str(self.folder / f"out{len(self.jobs)}.safetensors")}

    def result(self, key):
        if self.errors is None:
            (self.folder / "jobs.json").write_text(json.dumps(list(self.jobs.values())))
            done = subprocess.run([PROGRAM, self.folder / "jobs.json"], stderr=subprocess.PIPE, text=True, timeout=300)
            self.errors = f"exit status {done.returncode}: {done.stderr}"
            for path, _ in self.inputs.values():
                path.unlink()  # gradients of every step
        assert Path(self.jobs[key]["output"]).exists(), self.errors
        return load_file(self.jobs[key]["output"])


def run_ours(folder, *job, **more):
    ours = Ours(folder)
    ours.add("only", *job, **more)
    return ours.result("only")


def run_torch(inputs, make_optimizer, num_steps=NUM_STEPS, make_scheduler=None, clip=None):
    parameters = [inputs[f"param.{i}"].clone().requires_grad_(True) for i in range(len(SHAPES))]
    optimizer = make_optimizer(parameters)
    scheduler = make_scheduler(optimizer) if make_scheduler else None
    rates, norms = [], []
    for step in range(num_steps):
        for i, parameter in enumerate(parameters):
            gradient = inputs.get(f"grad.{step}.{i}")
            parameter.grad = None if gradient is None else gradient.clone()
        if clip:
            norms.append(torch.nn.utils.clip_grad_norm_(parameters, clip["max_norm"], float(clip["norm_type"])).item())
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if scheduler:
            scheduler.step()
    result = {f"param.{i}": parameter.detach() for i, parameter in enumerate(parameters)}
    for i, parameter in enumerate(parameters):
        for key, value in optimizer.state[parameter].items():
            if value is not None:
                result[f"state.{i}.{key}"] = value
    result["learning_rates"] = torch.tensor(rates, dtype=torch.float64)
    result["norms"] = torch.tensor(norms, dtype=torch.float64)
    return result


def assert_bitwise(ours, theirs):
    assert ours.keys() - {"momenta", "losses"} == theirs.keys()
    for name, tensor in theirs.items():
        assert ours[name].dtype == tensor.dtype, name
        assert torch.equal(ours[name], tensor), f"{name}: off by {(ours[name].double() - tensor.double()).abs().max()}"


ADAMW = [
    {},
    {"lr": 0.01, "weight_decay": 0.1},
    {"lr": 0.01, "betas": [0.8, 0.95], "eps": 1e-6},
    {"amsgrad": True},
    {"maximize": True, "weight_decay": 0.0},
]
SGD = [
    {},
    {"lr": 0.01, "weight_decay": 0.1},
    {"lr": 0.01, "momentum": 0.9},
    {"lr": 0.01, "momentum": 0.9, "dampening": 0.3},
    {"lr": 0.01, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    {"lr": 0.01, "momentum": 0.9, "maximize": True},
]


@pytest.mark.parametrize("options", ADAMW, ids=json.dumps)
def test_adamw_is_torchs_fused_adamw(tmp_path, options):
    inputs = make_inputs()
    theirs = run_torch(inputs, lambda p: torch.optim.AdamW(p, fused=True, **options))
    assert_bitwise(run_ours(tmp_path, inputs, "adamw", options), theirs)


@pytest.mark.parametrize("options", SGD, ids=json.dumps)
def test_sgd_is_torchs_fused_sgd(tmp_path, options):
    inputs = make_inputs()
    theirs = run_torch(inputs, lambda p: torch.optim.SGD(p, fused=True, **options))
    assert_bitwise(run_ours(tmp_path, inputs, "sgd", options), theirs)


def test_adamw_is_near_torchs_default_loop(tmp_path):
    inputs = make_inputs()
    theirs = run_torch(inputs, lambda p: torch.optim.AdamW(p, lr=0.01))
    ours = run_ours(tmp_path, inputs, "adamw", {"lr": 0.01})
    for i in range(len(SHAPES)):
        torch.testing.assert_close(ours[f"param.{i}"], theirs[f"param.{i}"], rtol=1e-6, atol=1e-6)


MIXED = (torch.float16, torch.float32, torch.float64)


@pytest.mark.parametrize("dtypes", [(torch.float64,), (torch.bfloat16,), MIXED], ids=str)
def test_other_and_mixed_dtypes(tmp_path, dtypes):
    inputs = make_inputs(50, dtypes)
    theirs = run_torch(inputs, lambda p: torch.optim.AdamW(p, fused=True), 50)
    assert_bitwise(run_ours(tmp_path, inputs, "adamw", {}, 50), theirs)


def test_parameters_without_a_gradient_are_skipped(tmp_path):
    missing = {(0, 1), (5, 0), (5, 3), (9, 1)} | {(step, 2) for step in range(30)}  # 1 starts late, 2 never
    inputs = make_inputs(30, missing=missing)
    theirs = run_torch(inputs, lambda p: torch.optim.AdamW(p, fused=True), 30)
    assert_bitwise(run_ours(tmp_path, inputs, "adamw", {}, 30), theirs)


def test_momentum_that_starts_late(tmp_path):
    missing = {(0, 1), (1, 1), (5, 0)}
    inputs = make_inputs(30, missing=missing)
    options = {"lr": 0.01, "momentum": 0.9}
    theirs = run_torch(inputs, lambda p: torch.optim.SGD(p, foreach=True, **options), 30)  # the fused one raises here
    ours = run_ours(tmp_path, inputs, "sgd", options, 30)
    for i in range(len(SHAPES)):
        torch.testing.assert_close(ours[f"param.{i}"], theirs[f"param.{i}"], rtol=1e-6, atol=1e-6)


# transformers.optimization, get_*_schedule_with_warmup: the lambdas as printed there.
def linear(step, warmup, total):
    if step < warmup:
        return float(step) / float(max(1, warmup))
    return max(0.0, float(total - step) / float(max(1, total - warmup)))


def cosine(step, warmup, total, num_cycles=0.5):
    if step < warmup:
        return float(step) / float(max(1, warmup))
    progress = float(step - warmup) / float(max(1, total - warmup))
    return max(0.0, 0.5 * (1.0 + math.cos(math.pi * float(num_cycles) * 2.0 * progress)))


def constant(step, warmup):
    return float(step) / float(max(1.0, warmup)) if step < warmup else 1.0


def lambda_lr(function):
    return lambda optimizer: torch.optim.lr_scheduler.LambdaLR(optimizer, function)


SCHEDULES = [
    ({"name": "linear", "options": {"total_steps": 100}}, lambda_lr(lambda n: linear(n, 0, 100))),
    ({"name": "linear", "options": {"total_steps": 80, "warmup_steps": 13}}, lambda_lr(lambda n: linear(n, 13, 80))),
    ({"name": "cosine", "options": {"total_steps": 100, "warmup_steps": 10}}, lambda_lr(lambda n: cosine(n, 10, 100))),
    ({"name": "cosine", "options": {"total_steps": 100, "num_cycles": 1.5}},
     lambda_lr(lambda n: cosine(n, 0, 100, 1.5))),
    ({"name": "constant", "options": {"warmup_steps": 7}}, lambda_lr(lambda n: constant(n, 7))),
    ({"name": "step", "options": {"step_size": 9, "gamma": 0.7}},
     lambda optimizer: torch.optim.lr_scheduler.StepLR(optimizer, step_size=9, gamma=0.7)),
]


@pytest.mark.parametrize("ours, theirs", SCHEDULES, ids=[json.dumps(ours) for ours, _ in SCHEDULES])
def test_schedules_follow_transformers_and_torch(tmp_path, ours, theirs):
    inputs = make_inputs(100)
    rates = run_ours(tmp_path, inputs, "adamw", {"lr": 0.003}, 100, scheduler=ours)["learning_rates"]
    expected = run_torch(inputs, lambda p: torch.optim.AdamW(p, lr=0.003), 100, theirs)["learning_rates"]
    torch.testing.assert_close(rates, expected, rtol=1e-12, atol=1e-18)


def test_a_schedule_starts_from_the_rate_that_was_set_before_it(tmp_path):
    def adamw(parameters):
        optimizer = torch.optim.AdamW(parameters, lr=0.003)
        optimizer.param_groups[0]["lr"] = 0.1
        return optimizer

    inputs = make_inputs(10)
    ours, theirs = SCHEDULES[1]
    rates = run_ours(tmp_path, inputs, "adamw", {"lr": 0.003}, 10, scheduler=ours, rate=0.1)["learning_rates"]
    torch.testing.assert_close(rates, run_torch(inputs, adamw, 10, theirs)["learning_rates"], rtol=1e-12, atol=1e-18)


@pytest.mark.parametrize("norm_type", [2.0, "Infinity", 1.0, 3.0])
@pytest.mark.parametrize("max_norm", [0.5, 100.0, 1e9])
def test_clipping_is_torchs(tmp_path, max_norm, norm_type):
    inputs = make_inputs(20)
    clip = {"max_norm": max_norm, "norm_type": norm_type}
    theirs = run_torch(inputs, lambda p: torch.optim.SGD(p, lr=0.1, fused=True), 20,
                       clip={"max_norm": max_norm, "norm_type": float(norm_type)})
    assert_bitwise(run_ours(tmp_path, inputs, "sgd", {"lr": 0.1}, 20, clip=clip), theirs)
