"""Runs optimizers in torch, then in Oarlock, then in torch again, by state dicts, beside one that stays in torch.

    torch_states.py <cases.json>: prints `ok` or what is wrong, a line for each case.
"""
import json
import sys
import traceback

import numpy
import oarlock
import torch
from transformers.optimization import Adafactor

SHAPES = [(7, 5), (5, 3), (4, 4)]
STEPS, TURN, BACK = 24, 8, 16
generator = numpy.random.default_rng(3)
START = [generator.standard_normal(shape).astype(numpy.float32) for shape in SHAPES]
GRADIENTS = [[generator.standard_normal(shape).astype(numpy.float32) for shape in SHAPES] for _ in range(STEPS)]
state = oarlock.State()


class Ours:
    def __init__(self, name, options, groups, schedule):
        self.values = [array.copy() for array in START]
        self.model = oarlock.Model.foreign(state, {str(i): array for i, array in enumerate(self.values)})
        self.accelerator = oarlock.Accelerator(state)
        self.optimizer = oarlock.Optimizer(self.model, name, options, **({"groups": groups} if groups else {}))
        self.scheduler = oarlock.Scheduler(self.optimizer, *schedule)
        self.accelerator.prepare(self.model, self.optimizer, self.scheduler)

    def step(self, step):
        self.accelerator.apply_gradients(self.model, {str(i): g.copy() for i, g in enumerate(GRADIENTS[step])})
        self.accelerator.step(self.optimizer, self.scheduler)


class Theirs:
    def __init__(self, make, groups, schedule):
        self.values = [torch.from_numpy(array.copy()).requires_grad_(True) for array in START]
        parts = [self.values] if groups is None else [[self.values[2]], self.values[:2]]
        extra = [{}] if groups is None else [{"lr": groups[0]["lr"]}, {}]
        self.optimizer = make([{"params": part, **more} for part, more in zip(parts, extra)])
        self.scheduler = schedule(self.optimizer)

    def step(self, step):
        for value, gradient in zip(self.values, GRADIENTS[step]):
            value.grad = torch.from_numpy(gradient.copy())
        self.optimizer.step()
        self.scheduler.step()


def copy(to, of):
    for mine, other in zip(to.values, of.values):
        if isinstance(mine, torch.Tensor):
            mine.data.copy_(torch.from_numpy(other))
        else:
            mine[...] = other.detach().numpy()


def as_torch(value):
    if isinstance(value, dict):
        return {key: as_torch(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_torch(item) for item in value]
    return torch.from_dlpack(value).clone() if isinstance(value, oarlock.Tensor) else value


L = torch.optim.lr_scheduler
SCHEDULES = {"step": lambda o: L.StepLR(o, 5, 0.5), "linear": lambda o: L.LambdaLR(o, lambda n: max(0.0, (30 - n) / 30)),
            "cosine_annealing_warm_restarts": lambda o: L.CosineAnnealingWarmRestarts(o, 5, 2),
            "one_cycle": lambda o: L.OneCycleLR(o, 0.01, 40), "cyclic": lambda o: L.CyclicLR(o, 0.001, 0.01, 4)}


def make_theirs(case):
    def make(groups):
        if case["class"] == "Adafactor_transformers":
            return Adafactor(groups, **case["theirs"])
        return getattr(torch.optim, case["class"])(groups, **case["theirs"])

    return Theirs(make, case["groups"], SCHEDULES[case["schedule"][0]])


def make_ours(case):
    return Ours(case["name"], case["ours"], case["groups"], case["schedule"])


def run(case):
    whole, first, second, third = make_theirs(case), make_theirs(case), make_ours(case), make_theirs(case)
    for step in range(STEPS):
        whole.step(step)
        if step == TURN:  # from torch to ours
            copy(second, first)
            second.optimizer.load_state_dict(first.optimizer.state_dict())
            second.scheduler.load_state_dict(first.scheduler.state_dict())
        if step == BACK:  # and back
            copy(third, second)
            third.optimizer.load_state_dict(as_torch(second.optimizer.state_dict()))
            third.scheduler.load_state_dict(second.scheduler.state_dict())
            ours, torchs = second.optimizer.state_dict(), third.optimizer.state_dict()
            assert ours["param_groups"][0].keys() == torchs["param_groups"][0].keys(), (ours["param_groups"][0], torchs["param_groups"][0])
            again = make_ours(case)
            again.optimizer.load_state_dict(ours)
            assert again.optimizer.param_groups == second.optimizer.param_groups
        runner = first if step < TURN else second if step < BACK else third
        runner.step(step)
        for mine, expected in zip(runner.values, whole.values):
            mine = mine.detach().numpy() if isinstance(mine, torch.Tensor) else mine
            assert numpy.allclose(mine, expected.detach().numpy(), rtol=1e-6, atol=1e-6), (step, abs(mine - expected.detach().numpy()).max())
    expected = [group["lr"] for group in whole.optimizer.param_groups]
    assert numpy.allclose([group["lr"] for group in third.optimizer.param_groups], expected, rtol=1e-12)


for case in json.loads(sys.argv[1]):
    try:
        run(case)
        print("ok")
    except Exception as failure:
        traceback.print_exc()
        print(f"{type(failure).__name__}: {failure}".replace("\n", " "))
state.close()
