"""The model zoo: small random configurations of many architectures, exported, trained by Oarlock, and compared with Python.

Per architecture: the loss and every gradient with dropout under a seed, at other sizes than exported; ten steps of AdamW; and
evaluation. Compared with the eager module where the exported program equals it bitwise, else with the exported program run by
Python, which then must be within the same tolerance of the eager module (design section 13: 1e-5).

A run takes five architectures in turn, or all of them with OARLOCK_TEST_FULL=1. OARLOCK_ZOO_SEED repeats a run: the tests' names
hold the seed. A full run with OARLOCK_ZOO_TABLE=docs/model-zoo.md writes that table.
"""

import ctypes
import functools
import json
import os
import pathlib
import random
import re
import sys
import time

import pytest
import torch

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import oarlock_ctypes  # noqa: E402
import programs  # noqa: E402
from model_zoo_by_hand import ARCHITECTURES  # noqa: E402
from model_zoo_refused import REFUSED, refusal  # noqa: E402
from model_zoo_table import table  # noqa: E402

torch.set_num_threads(1)
torch.backends.mha.set_fastpath_enabled(False)  # the fused inference path of Python has other rounding
TOLERANCE, STEPS, SAMPLE, LEARNING_RATE, WEIGHT_DECAY = 1e-5, 10, 5, 1e-3, 0.01
FULL = os.environ.get("OARLOCK_TEST_FULL") == "1"
SEED = int(os.environ.get("OARLOCK_ZOO_SEED") or time.time() // 60 % 10**6)
TURN = [list(ARCHITECTURES)[(SEED * SAMPLE + i) % len(ARCHITECTURES)] for i in range(SAMPLE)]
NAMES = list(ARCHITECTURES) if FULL else TURN
RESULTS = {}  # name -> what the table tells
OAR = oarlock_ctypes.load()
STATE = OAR.make(OAR.lib.oar_state_create, None)


def each_architecture(test):
    return pytest.mark.parametrize("name", NAMES, ids=[f"{name}-seed{SEED}" for name in NAMES])(test)


def seed(value):
    OAR.check(OAR.lib.oar_state_seed(STATE, ctypes.c_int64(value)))
    torch.manual_seed(value)


class Subject:
    """One architecture in one configuration, exported."""

    def __init__(self, name, folder):
        self.case = ARCHITECTURES[name].draw(random.Random(f"{name} {SEED}"))
        example, self.path = self.inputs(4, 8, 1), folder / f"{name}.pt2"
        started = time.perf_counter()
        self.program = programs.load_exporter().export_program(self.module(), {**example, **self.case.constants}, self.path,
                                                               loss=self.case.loss, dynamic=self.case.dynamic,
                                                               other_inputs=self.inputs(5, 9, 0) if self.case.related else None)
        self.start = {name: value.detach().clone() for name, value in self.program.state_dict.items()}
        self.model = self.load()
        RESULTS[name] = {"nodes": sum(node.op == "call_function" for node in self.program.graph.nodes), "dynamic": self.case.dynamic,
                         "export_s": time.perf_counter() - started}

    def load(self):
        return OAR.make(OAR.lib.oar_model_load, STATE, str(self.path).encode(), None)

    def exported(self):
        """The program run by Python, from the weights and buffers that it began with. (Loaded from the file, weights are not tied.)"""
        with torch.no_grad():
            for name, value in self.start.items():
                self.program.state_dict[name].copy_(value)
        return self.program.module()

    def module(self):
        return programs.seeded(self.case.make, SEED)

    def inputs(self, batch, length, number):
        generator = torch.Generator().manual_seed(1000 * SEED + number)
        return self.case.inputs(batch, self.case.length or length, generator)

    def loss(self, module, inputs):
        """Of the eager module, or of the exported program."""
        outputs = module(**inputs, **self.case.constants)
        return self.case.loss(outputs) if self.case.loss and "loss" not in outputs else outputs["loss"]

    def has_zero_gradient(self, name):
        return any(re.search(pattern, name) for pattern in self.case.zero_gradient)


@pytest.fixture(scope="module")
def subject(tmp_path_factory):
    return functools.cache(lambda name: Subject(name, tmp_path_factory.mktemp(name)))


def gradients(module, loss):
    module.zero_grad()
    loss.backward()
    return {name: parameter.grad.clone() for name, parameter in module.named_parameters() if parameter.grad is not None}


def largest(tensors):
    return max(tensor.abs().max().item() for tensor in tensors.values())


def reference(subject, inputs):
    """("eager" | "program", module) to compare with, and its loss and gradients; both are within the tolerance of eager."""
    eager = subject.module()
    seed(7)
    loss = subject.loss(eager, inputs)
    found = loss.item(), gradients(eager, loss)
    exported = subject.exported()
    seed(7)
    loss = subject.loss(exported, inputs)
    other = loss.item(), gradients(exported, loss)
    if other[0] == found[0] and all(torch.equal(other[1][name], gradient) for name, gradient in found[1].items()):
        return "eager", *found
    assert abs(other[0] - found[0]) <= TOLERANCE * max(1.0, abs(found[0]))
    difference = largest({name: other[1][name] - gradient for name, gradient in found[1].items()})
    assert difference <= TOLERANCE * largest(found[1]), "the exported program, run by Python, is not the module"
    return "program", *other


def our_step(subject, model, accelerator, inputs):
    outputs = OAR.forward_tree(model, inputs)
    loss = OAR.make(OAR.lib.oar_tree_get_tensor, outputs, b"loss")
    OAR.check(OAR.lib.oar_accelerator_backward(accelerator, loss))
    return OAR.tensor_to_torch(loss).item()


@each_architecture
def test_the_loss_and_every_gradient(subject, name):
    it = subject(name)
    inputs = it.inputs(3, 11, 2)
    kind, loss, theirs = reference(it, inputs)
    accelerator = OAR.make(OAR.lib.oar_accelerator_create, STATE, None)
    seed(7)
    ours_loss = our_step(it, it.model, accelerator, inputs)
    ours = {parameter: OAR.gradient(it.model, parameter) for parameter in theirs}
    assert [parameter for parameter, gradient in ours.items() if gradient is None] == []
    difference = largest({parameter: ours[parameter] - gradient for parameter, gradient in theirs.items()})
    scale = largest(theirs)
    RESULTS[name].update(reference=kind, parameters=len(theirs), loss_difference=abs(ours_loss - loss), gradient_difference=difference / scale)
    assert abs(ours_loss - loss) <= TOLERANCE * max(1.0, abs(loss))
    assert difference <= TOLERANCE * scale
    listed = {parameter: gradient for parameter, gradient in theirs.items() if it.has_zero_gradient(parameter)}
    assert not listed or largest(listed) <= 1e-5 * scale, "a gradient that the table calls zero is not"


@each_architecture
def test_ten_steps_of_adamw(subject, name):
    it = subject(name)
    model = it.load()
    accelerator = OAR.make(OAR.lib.oar_accelerator_create, STATE, None)
    options = json.dumps({"lr": LEARNING_RATE, "weight_decay": WEIGHT_DECAY}).encode()
    ours = OAR.make(OAR.lib.oar_optimizer_create, model, b"adamw", options)
    OAR.check(OAR.lib.oar_accelerator_prepare_model(accelerator, model))
    OAR.check(OAR.lib.oar_accelerator_prepare_optimizer(accelerator, ours))
    module = it.module() if reference(it, it.inputs(3, 11, 2))[0] == "eager" else it.exported()
    theirs = torch.optim.AdamW(module.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True)
    differences = []
    for step in range(STEPS):
        inputs = it.inputs(3 + step % 2, 7 + step, 10 + step)
        seed(step)
        loss = it.loss(module, inputs)
        theirs.zero_grad()
        loss.backward()
        theirs.step()
        seed(step)
        our_loss = our_step(it, model, accelerator, inputs)
        OAR.check(OAR.lib.oar_accelerator_step(accelerator, ours, None))
        differences.append(abs(our_loss - loss.item()) / max(1.0, abs(loss.item())))
    expected = {parameter: value.detach() for parameter, value in module.named_parameters() if not it.has_zero_gradient(parameter)}
    difference = largest({parameter: OAR.parameter(model, parameter) - value for parameter, value in expected.items()}) / largest(expected)
    assert max((value - it.start[n]).abs().max().item() for n, value in expected.items() if n in it.start) > 0.5 * LEARNING_RATE
    RESULTS[name].update(steps_difference=max(differences), weights_difference=difference)
    assert max(differences) <= TOLERANCE and difference <= TOLERANCE
    buffers = {buffer: value for buffer, value in module.named_buffers() if buffer in it.program.state_dict and value.is_floating_point()}
    wrong = [buffer for buffer, value in buffers.items() if not torch.allclose(OAR.parameter(model, buffer), value, rtol=TOLERANCE, atol=TOLERANCE)]
    assert wrong == []


@each_architecture
def test_evaluation(subject, name):
    it = subject(name)
    inputs = it.inputs(3, 11, 2)
    fresh = {buffer: OAR.parameter(it.model, buffer).clone() for buffer, _ in it.module().named_buffers() if buffer in it.program.state_dict}
    module = it.module()
    module.load_state_dict({n: OAR.parameter(it.model, n).clone() for n in it.program.state_dict}, strict=False)
    OAR.check(OAR.lib.oar_model_set_training(it.model, 0))
    seed(3)
    ours = OAR.forward(it.model, inputs)["loss"].item()
    OAR.check(OAR.lib.oar_model_set_training(it.model, 1))
    seed(3)
    with torch.no_grad():
        theirs = it.loss(module.eval(), inputs).item()
    RESULTS[name]["evaluation_difference"] = abs(ours - theirs)
    assert abs(ours - theirs) <= TOLERANCE * max(1.0, abs(theirs))
    assert [buffer for buffer, value in fresh.items() if not torch.equal(OAR.parameter(it.model, buffer), value)] == []


@each_architecture
def test_weights_from_a_safetensors_file(subject, name, tmp_path):
    """A graph without weights and the file of export_weights are together what the program with its weights is."""
    it, exporter = subject(name), programs.load_exporter()
    exporter.export_program(it.module(), {**it.inputs(4, 8, 1), **it.case.constants}, tmp_path / "graph.pt2", loss=it.case.loss,
                            dynamic=it.case.dynamic, weights=False, check=False)
    exporter.export_weights(it.module(), tmp_path / "weights.safetensors")
    options = json.dumps({"weights": str(tmp_path / "weights.safetensors")}).encode()
    model = OAR.make(OAR.lib.oar_model_load, STATE, str(tmp_path / "graph.pt2").encode(), options)
    whole = it.load()
    assert OAR.parameter_names(model) == OAR.parameter_names(whole), "tied weights are one"
    values = []
    for each in (model, whole):
        seed(5)
        values.append(OAR.forward(each, it.inputs(3, 11, 2))["loss"])
    assert torch.equal(*values)


# What does not export -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", REFUSED if FULL else [list(REFUSED)[SEED % len(REFUSED)]])
def test_what_the_table_says_not_to_export_is_refused_for_that_reason(name):
    text = refusal(name)
    for part in REFUSED[name].told:
        assert re.search(part, text), text


# The table ----------------------------------------------------------------------------------------------------------------------
DOCUMENT = pathlib.Path(os.environ["OARLOCK_SOURCE"]) / "docs/model-zoo.md"


@pytest.mark.skipif("OARLOCK_ZOO_TABLE" not in os.environ, reason="OARLOCK_ZOO_TABLE names no file")
def test_the_table_is_written():
    assert list(RESULTS) == list(ARCHITECTURES) and all("evaluation_difference" in row for row in RESULTS.values()), "not a full run"
    pathlib.Path(os.environ["OARLOCK_ZOO_TABLE"]).write_text(table(ARCHITECTURES, RESULTS, REFUSED, SEED, STEPS))


def test_the_table_in_the_documentation_has_all_architectures():
    rows = re.findall(r"^\| `(\w+)` \|", DOCUMENT.read_text(), re.M)
    assert rows == [*ARCHITECTURES, *REFUSED], "make it anew: OARLOCK_TEST_FULL=1 OARLOCK_ZOO_TABLE=docs/model-zoo.md, then this test"
