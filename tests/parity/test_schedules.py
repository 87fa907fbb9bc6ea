"""Every schedule against torch.optim.lr_scheduler and transformers over 200 steps, with parameter groups, momentum
where a schedule moves it, and a resume in the middle."""

import json
import math

import pytest
import torch
from torch.optim import lr_scheduler as L
from transformers import optimization as T

from test_optim import Ours, make_inputs

STEPS = 200
SHAPES = [(1,)] * 5
W, N = {"num_warmup_steps": 13}, {"num_warmup_steps": 13, "num_training_steps": 150}


def hf(make, **arguments):
    return lambda optimizer: make(optimizer, **arguments)


def torch_lr(make, **arguments):
    return lambda optimizer: make(optimizer, **arguments)


def sequential(optimizer):
    parts = [L.LinearLR(optimizer, 0.1, 1.0, 20), L.ExponentialLR(optimizer, 0.97), L.CosineAnnealingLR(optimizer, 60)]
    return L.SequentialLR(optimizer, parts, [20, 70])


def chained(optimizer):
    parts = [L.ConstantLR(optimizer, 0.1, 20), L.ExponentialLR(optimizer, 0.99), L.MultiStepLR(optimizer, [30, 90], 0.5)]
    return L.ChainedScheduler(parts, optimizer)


SHORT = {"warmup_steps": 13, "total_steps": 150}
# name, options, theirs, steps after which ours stays (None: never)
CASES = [
    ("constant", {}, hf(T.get_constant_schedule), None),
    ("constant", {"warmup_steps": 13}, hf(T.get_constant_schedule_with_warmup, **W), None),
    ("linear", SHORT, hf(T.get_linear_schedule_with_warmup, **N), None),
    ("cosine", SHORT, hf(T.get_cosine_schedule_with_warmup, **N), 150),
    ("cosine", {**SHORT, "num_cycles": 1.25, "min_lr_ratio": 0.1},
     hf(T.get_cosine_with_min_lr_schedule_with_warmup, **N, num_cycles=1.25, min_lr_rate=0.1), 150),
    ("cosine_warmup_with_min_lr", {**SHORT, "min_lr_ratio": 0.1},
     hf(T.get_cosine_with_min_lr_schedule_with_warmup_lr_rate, **N, min_lr_rate=0.1), 149),
    ("cosine_warmup_with_min_lr", {**SHORT, "min_lr_ratio": 0.1, "warmup_lr_ratio": 0.2},
     hf(T.get_cosine_with_min_lr_schedule_with_warmup_lr_rate, **N, min_lr_rate=0.1, warmup_lr_rate=0.2), 149),
    ("cosine_with_restarts", {**SHORT, "num_cycles": 3},
     hf(T.get_cosine_with_hard_restarts_schedule_with_warmup, **N, num_cycles=3), None),
    ("polynomial", {**SHORT, "lr_end": 1e-5, "power": 2.5},
     hf(T.get_polynomial_decay_schedule_with_warmup, **N, lr_end=1e-5, power=2.5), None),
    ("inverse_sqrt", {"warmup_steps": 13}, hf(T.get_inverse_sqrt_schedule, **W), None),
    ("inverse_sqrt", {"timescale": 40}, hf(T.get_inverse_sqrt_schedule, num_warmup_steps=0, timescale=40), None),
    ("warmup_stable_decay", {"warmup_steps": 13, "decay_steps": 60, "total_steps": 150},
     hf(T.get_wsd_schedule, num_warmup_steps=13, num_decay_steps=60, num_training_steps=150), None),
    ("warmup_stable_decay",
     {"warmup_steps": 20, "stable_steps": 50, "decay_steps": 70, "warmup_type": "1-sqrt", "decay_type": "1-sqrt",
      "min_lr_ratio": 0.1},
     hf(T.get_wsd_schedule, num_warmup_steps=20, num_stable_steps=50, num_decay_steps=70, warmup_type="1-sqrt",
        decay_type="1-sqrt", min_lr_ratio=0.1), None),
    ("warmup_stable_decay",
     {"warmup_steps": 20, "stable_steps": 50, "decay_steps": 70, "warmup_type": "cosine", "decay_type": "linear"},
     hf(T.get_wsd_schedule, num_warmup_steps=20, num_stable_steps=50, num_decay_steps=70, warmup_type="cosine",
        decay_type="linear"), None),
    ("step", {"step_size": 17, "gamma": 0.7}, torch_lr(L.StepLR, step_size=17, gamma=0.7), None),
    ("multistep", {"milestones": [20, 20, 110], "gamma": 0.3},
     torch_lr(L.MultiStepLR, milestones=[20, 20, 110], gamma=0.3), None),
    ("exponential", {"gamma": 0.98}, torch_lr(L.ExponentialLR, gamma=0.98), None),
    ("constant_lr", {"factor": 0.25, "total_iters": 40}, torch_lr(L.ConstantLR, factor=0.25, total_iters=40), None),
    ("linear_lr", {"start_factor": 0.2, "end_factor": 0.9, "total_iters": 70},
     torch_lr(L.LinearLR, start_factor=0.2, end_factor=0.9, total_iters=70), None),
    ("linear_lr", {}, torch_lr(L.LinearLR), None),
    ("polynomial_lr", {"total_iters": 120, "power": 1.5}, torch_lr(L.PolynomialLR, total_iters=120, power=1.5), None),
    ("cosine_annealing", {"t_max": 80, "eta_min": 1e-4}, torch_lr(L.CosineAnnealingLR, T_max=80, eta_min=1e-4), None),
    ("cosine_annealing_warm_restarts", {"t_0": 15, "eta_min": 1e-5},
     torch_lr(L.CosineAnnealingWarmRestarts, T_0=15, eta_min=1e-5), None),
    ("cosine_annealing_warm_restarts", {"t_0": 10, "t_mult": 3},
     torch_lr(L.CosineAnnealingWarmRestarts, T_0=10, T_mult=3), None),
    ("one_cycle", {"max_lr": 0.1, "total_steps": 200}, torch_lr(L.OneCycleLR, max_lr=0.1, total_steps=200), None),
    ("one_cycle",
     {"max_lr": [0.1, 0.2], "total_steps": 210, "three_phase": True, "anneal_strategy": "linear", "pct_start": 0.25,
      "div_factor": 10, "final_div_factor": 100, "base_momentum": 0.7, "max_momentum": 0.9},
     torch_lr(L.OneCycleLR, max_lr=[0.1, 0.2], total_steps=210, three_phase=True, anneal_strategy="linear",
              pct_start=0.25, div_factor=10, final_div_factor=100, base_momentum=0.7, max_momentum=0.9), None),
    ("one_cycle", {"max_lr": 0.1, "total_steps": 200, "cycle_momentum": False},
     torch_lr(L.OneCycleLR, max_lr=0.1, total_steps=200, cycle_momentum=False), None),
    ("cyclic", {"base_lr": 0.001, "max_lr": [0.1, 0.05], "step_size_up": 17, "step_size_down": 23},
     torch_lr(L.CyclicLR, base_lr=0.001, max_lr=[0.1, 0.05], step_size_up=17, step_size_down=23), None),
    ("cyclic", {"base_lr": 0.001, "max_lr": 0.1, "step_size_up": 20, "mode": "triangular2"},
     torch_lr(L.CyclicLR, base_lr=0.001, max_lr=0.1, step_size_up=20, mode="triangular2"), None),
    ("cyclic", {"base_lr": 0.001, "max_lr": 0.1, "step_size_up": 20, "mode": "exp_range", "gamma": 0.99},
     torch_lr(L.CyclicLR, base_lr=0.001, max_lr=0.1, step_size_up=20, mode="exp_range", gamma=0.99), None),
    ("sequential",
     {"milestones": [20, 70],
      "schedules": [{"name": "linear_lr", "start_factor": 0.1, "end_factor": 1.0, "total_iters": 20},
                    {"name": "exponential", "gamma": 0.97}, {"name": "cosine_annealing", "t_max": 60}]}, sequential, None),
    ("chained",
     {"schedules": [{"name": "constant_lr", "factor": 0.1, "total_iters": 20}, {"name": "exponential", "gamma": 0.99},
                    {"name": "multistep", "milestones": [30, 90], "gamma": 0.5}]}, chained, None),
]
IDS = [f"{name}-{json.dumps(options)[:60]}" for name, options, _, _ in CASES]
OPTIONS = {"lr": 0.05, "groups": [{"params": ["1", "3"], "lr": 0.02}]}


def run_theirs(make, optimizer_of=torch.optim.AdamW, metrics=None, **options):
    tensors = [torch.zeros(1, requires_grad=True) for _ in range(5)]
    groups = [{"params": [tensors[1], tensors[3]], "lr": 0.02}, {"params": [tensors[0], tensors[2], tensors[4]]}]
    optimizer = optimizer_of(groups, lr=0.05, **options)
    scheduler = make(optimizer)
    rates, momenta = [], []
    for step in range(STEPS):
        group = optimizer.param_groups[0]
        rates.append([group["lr"] for group in optimizer.param_groups])
        momenta.append(group["betas"][0] if "betas" in group else group["momentum"])
        optimizer.step()
        scheduler.step(*([] if metrics is None else [metrics[step]]))
    return torch.tensor(rates, dtype=torch.float64), torch.tensor(momenta, dtype=torch.float64)


def assert_rates(ours, rates, momenta, end=None):
    torch.testing.assert_close(ours["learning_rates"][:end], rates[:end], rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(ours["momenta"], momenta, rtol=1e-12, atol=1e-14)
    if end:
        assert (ours["learning_rates"][end:] == ours["learning_rates"][end]).all()


METRICS = [math.exp(-step / 20) + 0.05 * math.sin(step * 1.7) for step in range(STEPS)]
PLATEAU = [
    {},
    {"factor": 0.5, "patience": 2, "cooldown": 3, "threshold": 0.01},
    {"mode": "max", "patience": 4, "threshold_mode": "abs", "min_lr": [0.001, 0.01], "factor": 0.3},
    {"patience": 0, "eps": 0.001},
]
RESUMES = (1, 90)
OF_SGD = (25, 27)  # one_cycle and cyclic


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    runs, inputs = Ours(tmp_path_factory.mktemp("ours")), make_inputs(1, shapes=SHAPES)
    for case, (name, options, _, _) in enumerate(CASES):
        scheduler = {"name": name, "options": options}
        runs.add(case, inputs, "adamw", OPTIONS, STEPS, scheduler=scheduler)
        for at in RESUMES:
            runs.add((case, at), inputs, "adamw", OPTIONS, STEPS, scheduler=scheduler, resume_at=at)
        if case in OF_SGD:
            runs.add(("sgd", case), inputs, "sgd", {**OPTIONS, "momentum": 0.9}, STEPS, scheduler=scheduler)
    for case, options in enumerate(PLATEAU):
        more = {"scheduler": {"name": "plateau", "options": options}, "metrics": METRICS}
        runs.add(("plateau", case), inputs, "adamw", OPTIONS, STEPS, **more)
        runs.add(("plateau", case, 77), inputs, "adamw", OPTIONS, STEPS, resume_at=77, **more)
    return runs


@pytest.mark.parametrize("case", range(len(CASES)), ids=IDS)
def test_rates_of_two_hundred_steps_are_the_originals(ours, case):
    name, _, make, end = CASES[case]
    if name == "polynomial":  # transformers takes the default rate for every group
        make_all = make

        def make(optimizer):
            optimizer.defaults["lr"] = 0.05
            return make_all(optimizer)

    rates, momenta = run_theirs(make)
    whole = ours.result(case)
    for at in RESUMES:
        resumed = ours.result((case, at))
        assert torch.equal(resumed["learning_rates"], whole["learning_rates"])
        assert torch.equal(resumed["momenta"], whole["momenta"])
    if name == "polynomial":
        whole["learning_rates"], rates = whole["learning_rates"][:, 1:], rates[:, 1:]
    assert_rates(whole, rates, momenta, end)


@pytest.mark.parametrize("case", OF_SGD, ids=["one_cycle", "cyclic"])
def test_cycles_move_the_momentum_of_sgd(ours, case):
    rates, momenta = run_theirs(CASES[case][2], torch.optim.SGD, momentum=0.9)
    assert_rates(ours.result(("sgd", case)), rates, momenta)


@pytest.mark.parametrize("case", range(len(PLATEAU)), ids=[json.dumps(options) for options in PLATEAU])
def test_plateau_is_torchs(ours, case):
    rates, momenta = run_theirs(lambda optimizer: L.ReduceLROnPlateau(optimizer, **PLATEAU[case]), metrics=METRICS)
    assert len(set(rates[:, 0].tolist())) > 2
    whole = ours.result(("plateau", case))
    assert_rates(whole, rates, momenta)
    assert torch.equal(ours.result(("plateau", case, 77))["learning_rates"], whole["learning_rates"])
