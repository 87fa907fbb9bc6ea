"""LocalSGD against accelerate.local_sgd, DiLoCo against its paper's algorithm in PyTorch, and both through a checkpoint."""
import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import torch

from training_rows import rows
from world import clean_environment, run_world

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "parity"))
import programs  # noqa: E402

RANKS, STEPS, LOCAL_STEPS, LR = 2, 11, 4, 0.05  # two means and a rest

OURS = """
from training import *
def train(training, begin, steps, end=True):
    begin(training)
    met = []
    for step in steps:
        training.micro_batch(rows("local", 100 * world.rank + step, 8))
        met.append(call_out(lib.oar_accelerator_local_step, training.accelerator, kind=ctypes.c_int32))
    if end:
        training.call("local_end")
    return met
def local_sgd(training):
    training.call("local_sgd_begin", training.model, INT64({local}))
def diloco(training):
    training.call("diloco_begin", training.model, INT64({local}), DOUBLE(0.7), DOUBLE(0.9), 1)
def new():
    return Training(world, {program!r}, {{}}, "sgd", {{"lr": {lr}, "momentum": 0.9}})
with state() as world:
    for begin in (local_sgd, diloco):
        training = new()
        met = train(training, begin, range({steps}))
        report(**{{begin.__name__: training.parameters(), "met " + begin.__name__: met}})
        training.release()

        folder = {folder!r} + "/" + begin.__name__
        first = new()
        train(first, begin, range(6), end=False)
        check(lib.oar_accelerator_save(first.accelerator, folder.encode(), None))
        first.release()
        rest = new()
        outside = attempt(lambda: check(lib.oar_accelerator_load(rest.accelerator, folder.encode())))
        def go_on(training):
            begin(training)
            check(lib.oar_accelerator_load(training.accelerator, folder.encode()))
        train(rest, go_on, range(6, {steps}))
        report(**{{"resumed " + begin.__name__: rest.parameters(), "outside " + begin.__name__: outside}})
        rest.release()
    alone = new()
    report(sent=sent(world, lambda: train(alone, local_sgd, range(3), end=False)), twice=attempt(lambda: local_sgd(alone)))
"""

# One process per rank under the reference; its parameters as bytes of safetensors would need one more import.
THEIRS = """
import json, pathlib, sys
import torch
from accelerate import Accelerator
from accelerate.local_sgd import LocalSGD
sys.path[:0] = [{dist!r}, {parity!r}]
import programs
from training_rows import rows
torch.set_num_threads(1)
accelerator = Accelerator()
model = programs.seeded(programs.Mlp)
optimizer = torch.optim.SGD(model.parameters(), lr={lr}, momentum=0.9)
model, optimizer = accelerator.prepare(model, optimizer)
with LocalSGD(accelerator=accelerator, model=model, local_sgd_steps={local}, enabled=True) as local_sgd:
    for step in range({steps}):
        batch = rows("local", 100 * accelerator.process_index + step, 8)
        loss = model(torch.tensor(batch["x"]), torch.tensor(batch["y"]))["loss"]
        optimizer.zero_grad()
        accelerator.backward(loss)
        optimizer.step()
        local_sgd.step()
values = [parameter.detach().flatten().tolist() for parameter in accelerator.unwrap_model(model).parameters()]
pathlib.Path({out!r} + "/" + str(accelerator.process_index)).write_text(json.dumps(values))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("local")
    programs.export_mlp(folder / "mlp.pt2")
    return folder


@pytest.fixture(scope="module")
def ours(folder):
    return run_world(RANKS, OURS.format(program=str(folder / "mlp.pt2"), folder=str(folder), local=LOCAL_STEPS, steps=STEPS, lr=LR))


@pytest.fixture(scope="module")
def theirs(folder):
    here = pathlib.Path(__file__).parent
    script = folder / "theirs.py"
    script.write_text(THEIRS.format(dist=str(here), parity=str(here.parent / "parity"), lr=LR, local=LOCAL_STEPS, steps=STEPS, out=str(folder)))
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no",
              "--num_processes", str(RANKS), "--main_process_port", "0", "--multi_gpu", str(script)]
    environment = clean_environment(ACCELERATE_USE_CPU="true", CUDA_VISIBLE_DEVICES="")
    run = subprocess.run(launch, capture_output=True, text=True, timeout=300, env=environment)
    assert run.returncode == 0, run.stderr[-3000:]
    return [json.loads((folder / str(rank)).read_text()) for rank in range(RANKS)]


def diloco():
    """Algorithm 1 of arXiv 2311.08105 with torch's own SGD outside; all ranks in this process."""
    outer = programs.seeded(programs.Mlp)
    optimizer = torch.optim.SGD(outer.parameters(), lr=0.7, momentum=0.9, nesterov=True)
    workers = [programs.seeded(programs.Mlp) for _ in range(RANKS)]
    inner = [torch.optim.SGD(worker.parameters(), lr=LR, momentum=0.9) for worker in workers]

    def meet():
        for parameter, *locals_ in zip(outer.parameters(), *(worker.parameters() for worker in workers)):
            parameter.grad = parameter.detach() - sum(local.detach() for local in locals_) / RANKS
        optimizer.step()
        for worker in workers:
            worker.load_state_dict(outer.state_dict())

    for step in range(STEPS):
        for rank, (worker, each) in enumerate(zip(workers, inner)):
            batch = rows("local", 100 * rank + step, 8)
            each.zero_grad()
            worker(torch.tensor(batch["x"]), torch.tensor(batch["y"]))["loss"].backward()
            each.step()
        if (step + 1) % LOCAL_STEPS == 0:
            meet()
    meet()
    return [parameter.detach().flatten().tolist() for parameter in outer.parameters()]


def assert_close(ours, theirs, tolerance=1e-6):
    for values, expected in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(values, expected, rtol=0, atol=tolerance)


def test_local_sgd_equals_that_of_accelerate(ours, theirs):
    for rank in range(RANKS):
        assert_close(ours[rank]["local_sgd"], theirs[rank])


def test_diloco_equals_the_algorithm_of_its_paper(ours):
    expected = diloco()
    for rank in ours:
        assert_close(rank["diloco"], expected)


@pytest.mark.parametrize("kind", ["local_sgd", "diloco"])
def test_the_ranks_meet_every_so_many_steps_and_are_equal_at_the_end(ours, kind):
    assert ours[0][f"met {kind}"] == [int((step + 1) % LOCAL_STEPS == 0) for step in range(STEPS)]
    assert ours[0][kind] == ours[1][kind]


@pytest.mark.parametrize("kind", ["local_sgd", "diloco"])
def test_a_run_that_is_resumed_between_two_meetings_equals_the_one_that_was_not_stopped(ours, kind):
    for rank in ours:
        assert rank[f"resumed {kind}"] == rank[kind]


@pytest.mark.parametrize("kind", ["local_sgd", "diloco"])
def test_such_a_checkpoint_is_refused_outside_of_a_local_training(ours, kind):
    for rank in ours:
        told = rank[f"outside {kind}"]
        assert told["status"] == "OAR_E_STATE" and "begin it" in told["text"], told


def test_between_two_meetings_nothing_is_sent(ours):
    for rank in ours:
        assert rank["sent"] == []
        assert rank["twice"]["status"] == "OAR_E_STATE"
