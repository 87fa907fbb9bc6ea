"""Optimizers and schedules of Python's own, and runs that go on in torch and come back: states as torch has them, both ways."""
import json
import subprocess

import pytest
from languages import SOURCE, environment
from python_program import PYTHON, output

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
