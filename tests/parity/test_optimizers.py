"""Every optimizer against torch.optim, or the paper's formula where torch has none, in float32 and float64, with
groups, weight decay and maximize; states against torch's, and a resume against not having stopped."""

import functools
import json

import pytest
import torch

from test_optim import Ours, make_inputs

STEPS = 200
SHAPES = [(16, 9), (7,), (), (3, 5, 2, 2), (300,)]


class Reference:
    """An optimizer of the formula's own, for one parameter group; `update(parameter, gradient, state, group)`."""

    def __init__(self, groups, update, defaults):
        self.param_groups = [{**defaults, **group} for group in groups]
        self.state, self.update = {}, update

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    sign = -1 if group.get("maximize") else 1
                    self.update(parameter, sign * parameter.grad, self.state.setdefault(parameter, {}), group)


# Chen et al. 2023, program 1.
def lion(parameter, gradient, state, group):
    beta1, beta2 = group["betas"]
    moment = state.setdefault("exp_avg", torch.zeros_like(parameter))
    parameter.mul_(1 - group["lr"] * group["weight_decay"])
    parameter.sub_(group["lr"] * torch.sign(beta1 * moment + (1 - beta1) * gradient))
    moment.copy_(beta2 * moment + (1 - beta2) * gradient)


# Defazio et al. 2024, algorithm 1, written with x, y and z; torch sees y.
def schedule_free(parameter, gradient, state, group):
    beta1, beta2 = group["betas"]
    if not state:
        state.update(z=parameter.clone(), x=parameter.clone(), exp_avg_sq=torch.zeros_like(parameter), k=0, total=0.0,
                     largest=0.0)
    state["k"] += 1
    k = state["k"]
    lr = group["lr"] * min(1.0, k / group["warmup_steps"]) if group["warmup_steps"] else group["lr"]
    state["exp_avg_sq"].mul_(beta2).add_((1 - beta2) * gradient**2)
    denominator = (state["exp_avg_sq"] / (1 - beta2**k)).sqrt() + group["eps"]
    direction = gradient / denominator + group["weight_decay"] * parameter
    state["largest"] = max(state["largest"], lr)
    weight = k ** group["r"] * state["largest"] ** group["weight_lr_power"]
    state["total"] += weight
    state["z"].sub_(lr * direction)
    share = weight / state["total"] if state["total"] else 0.0
    state["x"].mul_(1 - share).add_(share * state["z"])
    parameter.copy_((1 - beta1) * state["z"] + beta1 * state["x"])


def reference(update, **defaults):
    return lambda groups, **options: Reference(groups, update, {**defaults, **options})


LION = reference(lion, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0)
SCHEDULE_FREE = reference(schedule_free, lr=0.0025, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, warmup_steps=0,
                          r=0.0, weight_lr_power=2.0)


def fused(make):
    return lambda groups, **options: make(groups, fused=True, **options)


def foreach(make):
    return lambda groups, **options: make(groups, foreach=True, **options)


def adafactor(groups, **options):
    pair = (options.pop("eps1", None), options.pop("eps2", 1e-3))
    return torch.optim.Adafactor(groups, eps=pair, foreach=True, **options)


def adafactor_transformers(groups, **options):
    from transformers.optimization import Adafactor

    return Adafactor(groups, **options)


# name, the original, whether bitwise, options
O = torch.optim
CASES = [
    ("adam", fused(O.Adam), True, {}),
    ("adam", fused(O.Adam), True, {"lr": 0.01, "weight_decay": 0.1, "amsgrad": True, "maximize": True}),
    ("adam", fused(O.Adam), True, {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("adamw", fused(O.AdamW), True, {"weight_decay": 0.1, "maximize": True}),
    ("sgd", fused(O.SGD), True, {"lr": 0.01, "momentum": 0.9, "weight_decay": 0.1, "nesterov": True}),
    ("adagrad", fused(O.Adagrad), True, {}),
    ("adagrad", fused(O.Adagrad), True, {"lr": 0.1, "lr_decay": 0.01, "weight_decay": 0.1, "maximize": True,
                                         "initial_accumulator_value": 0.5}),
    ("rmsprop", foreach(O.RMSprop), True, {}),
    ("rmsprop", foreach(O.RMSprop), True, {"centered": True, "momentum": 0.9, "weight_decay": 0.1, "alpha": 0.9}),
    ("rmsprop", foreach(O.RMSprop), True, {"lr": 0.001, "maximize": True}),
    ("adadelta", foreach(O.Adadelta), True, {}),
    ("adadelta", foreach(O.Adadelta), True, {"rho": 0.8, "eps": 1e-5, "weight_decay": 0.1, "maximize": True}),
    ("nadam", foreach(O.NAdam), True, {}),
    ("nadam", foreach(O.NAdam), True, {"weight_decay": 0.1, "decoupled_weight_decay": True, "momentum_decay": 0.01}),
    ("nadam", foreach(O.NAdam), True, {"weight_decay": 0.1, "maximize": True}),
    ("radam", foreach(O.RAdam), True, {}),
    ("radam", foreach(O.RAdam), True, {"weight_decay": 0.1, "maximize": True, "betas": [0.8, 0.9]}),
    ("radam", foreach(O.RAdam), True, {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("adamax", foreach(O.Adamax), True, {}),
    ("adamax", foreach(O.Adamax), True, {"weight_decay": 0.1, "maximize": True}),
    ("asgd", foreach(O.ASGD), False, {}),
    ("asgd", foreach(O.ASGD), False, {"t0": 50, "weight_decay": 0.1, "maximize": True, "lambd": 0.01}),
    ("rprop", foreach(O.Rprop), True, {}),
    ("rprop", foreach(O.Rprop), True, {"etas": [0.4, 1.3], "step_sizes": [1e-5, 1.0], "maximize": True}),
    ("adafactor", adafactor, True, {}),
    ("adafactor", adafactor, True, {"weight_decay": 0.1, "maximize": True, "d": 2.0, "eps1": 1e-5, "eps2": 0.01}),
    ("adafactor_transformers", adafactor_transformers, False, {}),
    ("adafactor_transformers", adafactor_transformers, False, {"beta1": 0.9, "weight_decay": 0.1, "warmup_init": True}),
    ("adafactor_transformers", adafactor_transformers, False,
     {"lr": 0.001, "relative_step": False, "scale_parameter": False}),
    ("lion", LION, False, {"lr": 0.001}),
    ("lion", LION, False, {"lr": 0.001, "weight_decay": 0.1, "betas": [0.95, 0.98], "maximize": True}),
    ("schedule_free_adamw", SCHEDULE_FREE, False, {}),
    ("schedule_free_adamw", SCHEDULE_FREE, False, {"weight_decay": 0.1, "warmup_steps": 20, "r": 1.0}),
    ("muon", O.Muon, True, {}),
    ("muon", O.Muon, True, {"nesterov": False, "weight_decay": 0.3, "adjust_lr_fn": "match_rms_adamw"}),
]
IDS = [f"{name}-{json.dumps(options)}" for name, _, _, options in CASES]


@functools.cache
def inputs_for(name, dtype, steps=STEPS):
    if name != "muon":
        return all_shapes(dtype, steps)
    inputs = all_shapes(dtype, steps)
    # It takes matrices only: a tall one and a wide one.
    matrix = {"param.0": inputs["param.0"], "param.1": inputs["param.0"].T.contiguous()}
    for step in range(steps):
        matrix[f"grad.{step}.0"] = inputs[f"grad.{step}.0"]
        matrix[f"grad.{step}.1"] = inputs[f"grad.{step}.0"].T.contiguous() * 0.5
    return matrix


@functools.cache
def all_shapes(dtype, steps):
    return make_inputs(steps, (dtype,), shapes=SHAPES)


DTYPES = {"fp32": torch.float32, "fp64": torch.float64}
RESUME_STEPS, GROUP_STEPS = 20, 50
GROUPED = [index for index, case in enumerate(CASES) if case[0] not in ("muon", "adafactor_transformers")][::2]


def group_options(name):
    return {"lr": 0.05} if name == "rprop" else {"lr": 0.05, "weight_decay": 0.2}


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    runs = Ours(tmp_path_factory.mktemp("ours"))
    for case, (name, _, _, options) in enumerate(CASES):
        inputs = inputs_for(name, torch.float32, RESUME_STEPS)
        runs.add(("whole", case), inputs, name, options, RESUME_STEPS)
        runs.add(("resumed", case), inputs, name, options, RESUME_STEPS, resume_at=13)
        for kind, dtype in DTYPES.items():
            runs.add((kind, case), inputs_for(name, dtype), name, options, STEPS)
            if case in GROUPED:
                groups = [{"params": ["1", "3"], **group_options(name)}, {"params": ["0"], "lr": 0.0}]
                runs.add(("groups", kind, case), inputs_for(name, dtype, GROUP_STEPS), name,
                         {**options, "groups": groups}, GROUP_STEPS, resume_at=20)
    return runs


def run_theirs(inputs, make, options, groups=None, steps=STEPS):
    """groups: (indices, options) pairs; None: one of all."""
    count = sum(name.startswith("param.") for name in inputs)
    parameters = [inputs[f"param.{i}"].clone().requires_grad_(True) for i in range(count)]
    groups = groups or [(range(count), {})]
    optimizer = make([{"params": [parameters[i] for i in members], **more} for members, more in groups], **options)
    for step in range(steps):
        for i, parameter in enumerate(parameters):
            parameter.grad = inputs[f"grad.{step}.{i}"].clone()
        optimizer.step()
    return parameters, optimizer


def assert_near(ours, parameters, bitwise, tolerance=1e-6):
    for i, parameter in enumerate(parameters):
        mine, other = ours[f"param.{i}"], parameter.detach()
        assert torch.isfinite(other).all()
        if bitwise:
            assert torch.equal(mine, other), f"param.{i}: off by {(mine - other).abs().max()}"
        torch.testing.assert_close(mine, other, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("kind", DTYPES)
@pytest.mark.parametrize("case", range(len(CASES)), ids=IDS)
def test_two_hundred_steps_are_the_originals(ours, case, kind):
    name, make, bitwise, options = CASES[case]
    parameters, optimizer = run_theirs(inputs_for(name, DTYPES[kind]), make, dict(options))
    result = ours.result((kind, case))
    assert_near(result, parameters, bitwise)
    states = {key for key in result if key.startswith("state.")}
    for i, parameter in enumerate(parameters):
        for key, value in optimizer.state[parameter].items():
            if not torch.is_tensor(value) or key in ("x", "RMS"):
                continue  # the oracle's own, or recomputed in every step
            mine = result[f"state.{i}.{key}"]
            states.discard(f"state.{i}.{key}")
            assert mine.shape == value.shape and mine.dtype == value.dtype, key
            torch.testing.assert_close(mine, value, rtol=1e-5, atol=1e-6)
    assert name == "adafactor_transformers" or not states  # its step is a plain number


@pytest.mark.parametrize("case", range(len(CASES)), ids=IDS)
def test_a_resume_is_bitwise_not_having_stopped(ours, case):
    whole, resumed = ours.result(("whole", case)), ours.result(("resumed", case))
    assert whole.keys() == resumed.keys()
    for key, value in whole.items():
        assert torch.equal(value, resumed[key]), key


@pytest.mark.parametrize("kind", DTYPES)
@pytest.mark.parametrize("case", GROUPED, ids=[IDS[case] for case in GROUPED])
def test_groups_have_rates_of_their_own(ours, case, kind):
    name, make, bitwise, options = CASES[case]
    theirs = [([1, 3], group_options(name)), ([0], {"lr": 0.0}), ([2, 4], {})]
    inputs = inputs_for(name, DTYPES[kind], GROUP_STEPS)
    parameters, _ = run_theirs(inputs, make, dict(options), theirs, GROUP_STEPS)
    assert_near(ours.result(("groups", kind, case)), parameters, bitwise)
