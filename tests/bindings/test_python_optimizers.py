"""Optimizers and schedules of Python's own, and runs that go on in torch and come back: states as torch has them, both ways."""
import json
import subprocess

import pytest
from languages import SOURCE, environment
from python_program import PYTHON, output, two_ranks

GROUPS = [{"params": ["2"], "lr": 0.005}]


def case(name, torchs, theirs=None, ours=None, groups=None, schedule=("step", {"step_size": 5, "gamma": 0.5})):
    theirs = {"lr": 0.01} if theirs is None else theirs
    return {"name": name, "class": torchs, "theirs": theirs, "ours": ours or theirs, "groups": groups, "schedule": schedule}


CASES = [
    case("adamw", "AdamW", groups=GROUPS),
    case("adamw", "AdamW", {"lr": 0.01, "amsgrad": True, "weight_decay": 0.1}, schedule=("linear", {"total_steps": 30})),
    case("adam", "Adam", schedule=("cosine_annealing_warm_restarts", {"t_0": 5, "t_mult": 2})),
    case("adamw", "AdamW", schedule=("one_cycle", {"max_lr": 0.01, "total_steps": 40})),
    case("sgd", "SGD", {"lr": 0.01, "momentum": 0.9}, schedule=("cyclic", {"base_lr": 0.001, "max_lr": 0.01, "step_size_up": 4})),
    case("sgd", "SGD"),
    case("sgd", "SGD", {"lr": 0.01, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}, groups=GROUPS),
    case("adagrad", "Adagrad"), case("rmsprop", "RMSprop", {"lr": 0.01, "momentum": 0.5, "centered": True}),
    case("adadelta", "Adadelta"), case("nadam", "NAdam"), case("radam", "RAdam"), case("adamax", "Adamax"), case("asgd", "ASGD"),
    case("rprop", "Rprop", {"lr": 0.001}), case("adafactor", "Adafactor"), case("muon", "Muon", groups=GROUPS),
    case("adafactor_transformers", "Adafactor_transformers", {"lr": 0.001, "relative_step": False, "scale_parameter": False}),
]


IDS = [f"{given['name']}-{given['schedule'][0]}-{index}" for index, given in enumerate(CASES)]


@pytest.fixture(scope="module")
def outcomes():
    run = subprocess.run([PYTHON, SOURCE / "tests/bindings/torch_states.py", json.dumps(CASES)], capture_output=True, text=True,
                         timeout=300, env=environment())
    lines = run.stdout.splitlines()
    assert len(lines) == len(CASES), run.stderr
    return dict(zip(IDS, lines))


@pytest.mark.parametrize("name", IDS)
def test_a_run_goes_on_in_ours_and_back_in_torch(outcomes, name):
    assert outcomes[name] == "ok"


CLOSURE = """
    import json, numpy, oarlock
    generator = numpy.random.default_rng(4)
    matrix, target = generator.standard_normal((2, 20, 6)), generator.standard_normal((2, 20))
    state = oarlock.State()
    x = numpy.zeros(6)
    model = oarlock.Model.foreign(state, {"x": x})
    accelerator = oarlock.Accelerator(state)
    optimizer = oarlock.Optimizer(model, "lbfgs", line_search_fn="strong_wolfe", max_iter=4)
    accelerator.prepare(model, optimizer)
    calls = 0

    def closure():
        global calls
        calls += 1
        if calls == {fails_at} and state.rank == 1:
            raise ValueError("no data")
        rest = matrix[state.rank] @ x - target[state.rank]
        root = numpy.sqrt(1 + rest**2)
        accelerator.apply_gradients(model, {"x": matrix[state.rank].T @ (rest / root) / 20})
        return root.mean()
"""


def test_ranks_step_as_one_by_the_mean_of_their_losses():
    import torch

    script = CLOSURE.replace("{fails_at}", "0") + """
    losses = [accelerator.step(optimizer, closure=closure) for _ in range(5)]
    print(json.dumps([losses, x.tolist(), calls]))
    state.close()
"""
    first, second = (json.loads(rank.stdout) for rank in two_ranks(script).finish(timeout=60))
    assert first == second  # bit for bit, and as many evaluations
    import numpy

    generator = numpy.random.default_rng(4)
    matrix, target = (torch.from_numpy(generator.standard_normal(shape)) for shape in ((2, 20, 6), (2, 20)))
    x = torch.zeros(6, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([x], line_search_fn="strong_wolfe", max_iter=4)

    def closure():
        optimizer.zero_grad()
        loss = ((matrix @ x - target) ** 2 + 1).sqrt().mean()
        loss.backward()
        return loss

    losses = [float(optimizer.step(closure)) for _ in range(5)]
    assert first[0] == pytest.approx(losses, rel=1e-9)
    assert first[1] == pytest.approx(x.tolist(), rel=1e-6, abs=1e-9)


def test_a_closure_that_fails_on_one_rank_ends_the_step_on_all():
    script = CLOSURE.replace("{fails_at}", "3") + """
    try:
        accelerator.step(optimizer, closure=closure)
    except ValueError as failure:
        print("own", failure, x.tolist() == [0] * 6)
    except oarlock.Error as failure:
        print(type(failure).__name__, "no data" in str(failure), x.tolist() == [0] * 6)
"""
    first, second = (rank.stdout.strip() for rank in two_ranks(script).finish(timeout=60))
    assert second == "own no data True"
    assert first.endswith("True") and first.split()[0] in ("Aborted", "CallbackFailed"), first


# What the reference's AcceleratedScheduler makes of a schedule that N ranks share: N steps for each step of the optimizer, of
# one_cycle not beyond its end. Its adjust_scheduler, "true by default", is never told to it and so off.
REFERENCE_SCHEDULES = {
    "linear": ({"total_steps": 20}, lambda L, o: L.LambdaLR(o, lambda n: max(0.0, (20 - n) / 20))),
    "one_cycle": ({"max_lr": 0.5, "total_steps": 20}, lambda L, o: L.OneCycleLR(o, 0.5, 20)),
}


def reference_rates(make, world_size, accumulation, monkeypatch):
    import torch
    from accelerate import scheduler as module
    from accelerate.state import GradientState
    from types import SimpleNamespace

    monkeypatch.setattr(module, "AcceleratorState", lambda: SimpleNamespace(num_processes=world_size))
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1, momentum=0.9)
    optimizer.step_was_skipped = False
    scheduler = module.AcceleratedScheduler(make(torch.optim.lr_scheduler, optimizer), optimizer, step_with_optimizer=True)
    gradients, rates = GradientState(), []
    for micro_batch in range(1, 17):
        gradients._set_sync_gradients(micro_batch % accumulation == 0)
        if gradients.sync_gradients:
            optimizer.step()
        scheduler.step()
        rates.append(optimizer.param_groups[0]["lr"])
    gradients._set_sync_gradients(True)
    return rates


@pytest.mark.parametrize("accumulation", [1, 2])
@pytest.mark.parametrize("world_size", [1, 2])
@pytest.mark.parametrize("name", REFERENCE_SCHEDULES)
def test_compat_steps_a_schedule_as_the_reference_does(name, world_size, accumulation, monkeypatch):
    options, make = REFERENCE_SCHEDULES[name]
    script = f"""
    import json, numpy, oarlock
    state = oarlock.State(compat="accelerate", accelerator={{"gradient_accumulation_steps": {accumulation}}})
    model = oarlock.Model.foreign(state, {{"x": numpy.zeros(1, numpy.float32)}})
    accelerator = oarlock.Accelerator(state)
    optimizer = oarlock.Optimizer(model, "sgd", lr=0.1, momentum=0.9)
    scheduler = oarlock.Scheduler(optimizer, "{name}", {options})
    accelerator.prepare(model, optimizer, scheduler)
    rates = []
    for _ in range(16):
        with accelerator.accumulate(model):
            accelerator.apply_gradients(model, {{"x": numpy.ones(1, numpy.float32)}})
            accelerator.step(optimizer, scheduler)
        rates.append(optimizer.lr)
    print(json.dumps(rates))
    state.close()
"""
    text = output(script)[0] if world_size == 1 else two_ranks(script).finish(timeout=60)[0].stdout
    assert json.loads(text) == pytest.approx(reference_rates(make, world_size, accumulation, monkeypatch), rel=1e-12)
