"""Models with forward and backward callbacks: gradients against PyTorch's, accumulation, and every way to misuse them."""
import ctypes
import json
import pathlib
import sys

import numpy as np
import pytest
import torch
from torch.nn import functional as F

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import oarlock_ctypes  # noqa: E402

torch.set_num_threads(1)
OAR = oarlock_ctypes.load()
LIB = OAR.lib
STATE = OAR.make(LIB.oar_state_create, None)
FORWARD = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p)
BACKWARD = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
E_CALLBACK = 16


def read(handle):
    """The tensors of a tree that a callback was lent."""
    OAR.check(LIB.oar_tree_retain(ctypes.c_void_p(handle)))
    return OAR.value(oarlock_ctypes.Handle(handle, LIB.oar_tree_release))


def seeded(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


class Network:
    """Two layers with ReLU and cross entropy, in numpy; what a test changes is a method."""

    def __init__(self, accelerator):
        self.accelerator, self.calls, self.keep = accelerator, [], []
        values = {"w1": seeded(6, 4), "b1": seeded(6, seed=1), "w2": seeded(3, 6, seed=2), "b2": seeded(3, seed=3)}
        self.values = {name: value.numpy().copy() for name, value in values.items()}
        self.model = OAR.make(LIB.oar_model_create_foreign, STATE)
        for name, value in self.values.items():
            tensor = OAR.tensor_from_torch(torch.from_numpy(value))
            OAR.check(LIB.oar_model_register_parameter(self.model, name.encode(), tensor))
        self.functions = FORWARD(self._forward), BACKWARD(self._backward)
        OAR.check(LIB.oar_model_set_forward(self.model, self.functions[0], None, None))
        OAR.check(LIB.oar_model_set_backward(self.model, self.functions[1], None, None))
        OAR.check(LIB.oar_accelerator_prepare_model(accelerator, self.model))

    def _forward(self, _model, inputs, outputs, _data):
        batch = read(inputs)
        self.x, self.y = batch["x"].numpy().copy(), batch["y"].numpy().copy()
        v = self.values
        self.hidden = np.maximum(self.x @ v["w1"].T + v["b1"], 0)
        logits = self.hidden @ v["w2"].T + v["b2"]
        exponents = np.exp(logits - logits.max(1, keepdims=True))
        self.probabilities = exponents / exponents.sum(1, keepdims=True)
        loss = -np.log(self.probabilities[np.arange(len(self.y)), self.y]).mean()
        tree = OAR.tree({"loss": torch.tensor(loss, dtype=torch.float32), "logits": torch.from_numpy(logits),
                         "labels": torch.from_numpy(self.y)})
        outputs[0], tree.pointer = tree.pointer, None
        return 0

    def _backward(self, _model, gradients, _data):
        self.calls.append(read(gradients))
        try:
            return self.backward(self.calls[-1])
        except oarlock_ctypes.OarlockError:
            return 7

    def backward(self, gradients):
        back = np.zeros_like(self.probabilities)
        if gradients["loss"] is not None:
            back = self.probabilities.copy()
            back[np.arange(len(self.y)), self.y] -= 1
            back *= gradients["loss"].item() / len(self.y)
        if gradients["logits"] is not None:
            back = back + gradients["logits"].numpy()
        self.give("b2", back.sum(0))
        self.give("w2", back.T @ self.hidden)
        back = (back @ self.values["w2"]) * (self.hidden > 0)
        self.give("b1", back.sum(0))
        self.give("w1", back.T @ self.x)
        return 0

    def give(self, name, gradient):
        tensor = OAR.tensor_from_torch(torch.from_numpy(np.ascontiguousarray(gradient, np.float32)))
        OAR.check(LIB.oar_accelerator_gradient_ready(self.accelerator, self.model, name.encode(), tensor))

    def forward(self, seed=0, rows=5):
        self.batch = {"x": seeded(rows, 4, seed=seed), "y": torch.randint(0, 3, (rows,), generator=torch.Generator().manual_seed(seed))}
        return OAR.forward_tree(self.model, self.batch)

    def gradients(self):
        return {name: OAR.gradient(self.model, name) for name in self.values}


def accelerator(**options):
    config = OAR.make(LIB.oar_config_create)
    OAR.check(LIB.oar_config_merge_json(config, json.dumps(options).encode()))
    return OAR.make(LIB.oar_accelerator_create, STATE, config)


@pytest.fixture
def network():
    return Network(accelerator())


def take(tree, name):
    return OAR.make(LIB.oar_tree_get_tensor, tree, name.encode())


def backward(network, tree, name="loss"):
    OAR.check(LIB.oar_accelerator_backward(network.accelerator, take(tree, name)))


def refusal(call, *arguments):
    with pytest.raises(oarlock_ctypes.OarlockError) as caught:
        call(*arguments)
    return caught.value.code, caught.value.message


def eager(values, batches, scale=1.0):
    """PyTorch's gradients of the mean losses, summed."""
    leaves = {name: torch.from_numpy(value.copy()).requires_grad_() for name, value in values.items()}
    for batch in batches:
        hidden = torch.relu(F.linear(batch["x"], leaves["w1"], leaves["b1"]))
        (F.cross_entropy(F.linear(hidden, leaves["w2"], leaves["b2"]), batch["y"]) * scale).backward()
    return {name: leaf.grad for name, leaf in leaves.items()}


def assert_close(ours, theirs):
    largest = max(gradient.abs().max() for gradient in theirs.values())
    assert max((ours[name] - theirs[name]).abs().max() for name in theirs) <= 1e-5 * largest


def test_gradients_equal_pytorchs(network):
    backward(network, network.forward())
    assert_close(network.gradients(), eager(network.values, [network.batch]))


def test_the_callback_gets_the_outputs_structure(network):
    backward(network, network.forward())
    gradients, = network.calls
    assert gradients["loss"].item() == 1.0
    assert gradients["logits"] is None and gradients["labels"] is None


def test_gradients_are_scaled_once_in_an_accumulation():
    network = Network(accelerator(accelerator={"gradient_accumulation_steps": 4}))
    batches = []
    for seed in range(4):
        backward(network, network.forward(seed))
        batches.append(network.batch)
    assert [call["loss"].item() for call in network.calls] == [0.25] * 4
    assert_close(network.gradients(), eager(network.values, batches, 0.25))


def test_evaluation_has_no_backward(network):
    OAR.check(LIB.oar_model_set_training(network.model, 0))
    code, text = refusal(backward, network, network.forward())
    assert code == oarlock_ctypes.E_STATE and "no graph" in text and network.calls == []


def test_a_nonzero_return_ends_the_backward(network):
    network.backward = lambda gradients: 42
    code, text = refusal(backward, network, network.forward())
    assert code == E_CALLBACK and "backward" in text and "42" in text
    del network.backward
    backward(network, network.forward())  # and the next one is right
    assert_close(network.gradients(), eager(network.values, [network.batch]))


def test_what_went_wrong_inside_is_in_the_text(network):
    network.backward = lambda gradients: network.give("w3", np.ones(1))
    code, text = refusal(backward, network, network.forward())
    assert code == E_CALLBACK and "w3" in text


def test_missing_gradients_are_named(network):
    network.backward = lambda gradients: network.give("b2", np.ones(3)) or 0
    code, text = refusal(backward, network, network.forward())
    assert code == oarlock_ctypes.E_STATE and "3 of 4 parameters got no gradient" in text and "w1" in text


def test_a_gradient_is_given_once(network):
    def twice(gradients):
        network.give("b2", np.ones(3))
        network.give("b2", np.ones(3))
    network.backward = twice
    code, text = refusal(backward, network, network.forward())
    assert code == E_CALLBACK and "already" in text


def test_a_backward_inside_the_backward_is_refused(network):
    tree = network.forward()
    inner = []

    def nested(gradients):
        inner.append(refusal(backward, network, tree))
        inner.append(refusal(lambda: OAR.check(LIB.oar_accelerator_accumulate_begin(network.accelerator, None))))
        return Network.backward(network, gradients)
    network.backward = nested
    backward(network, tree)
    assert [code for code, _ in inner] == [oarlock_ctypes.E_STATE] * 2 and "a backward is running" in inner[0][1]
    assert_close(network.gradients(), eager(network.values, [network.batch]))


def test_the_end_is_implied(network):
    def ends_itself(gradients):
        Network.backward(network, gradients)
        OAR.check(LIB.oar_accelerator_gradients_done(network.accelerator, network.model))
        return 0
    network.backward = ends_itself
    backward(network, network.forward())
    assert_close(network.gradients(), eager(network.values, [network.batch]))


def test_only_the_last_forward_can_be_gone_back_through(network):
    first = network.forward(0)
    second = network.forward(1)
    code, text = refusal(backward, network, first)
    assert code == oarlock_ctypes.E_STATE and "ran forward again" in text
    backward(network, second)
    assert_close(network.gradients(), eager(network.values, [network.batch]))


def test_an_evaluation_in_between_is_none_of_them(network):
    tree = network.forward(1)
    kept = dict(vars(network))
    OAR.check(LIB.oar_model_set_training(network.model, 0))
    network.forward(2)
    OAR.check(LIB.oar_model_set_training(network.model, 1))
    vars(network).update({name: kept[name] for name in ("x", "y", "hidden", "probabilities", "batch")})
    backward(network, tree)
    assert_close(network.gradients(), eager(network.values, [network.batch]))


def test_a_second_backward_for_one_forward_is_refused(network):
    tree = network.forward()
    backward(network, tree)
    code, text = refusal(backward, network, tree)
    assert code == oarlock_ctypes.E_STATE and "twice for one forward" in text and len(network.calls) == 1


def test_gradients_handed_over_without_the_callback_are_as_before(network):
    OAR.check(LIB.oar_model_set_backward(network.model, None, None, None))
    network.forward()
    Network.backward(network, {"loss": torch.tensor(1.0), "logits": None})
    OAR.check(LIB.oar_accelerator_gradients_done(network.accelerator, network.model))
    assert_close(network.gradients(), eager(network.values, [network.batch]))


def test_the_release_runs_once_with_the_last_use(network):
    released = []
    release = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(released.append)
    OAR.check(LIB.oar_model_set_backward(network.model, network.functions[1], ctypes.c_void_p(5), release))
    tree = network.forward()
    OAR.check(LIB.oar_model_set_backward(network.model, network.functions[1], None, None))
    assert released == []
    tree.release()
    OAR.check(LIB.oar_model_set_training(network.model, 1))
    assert released == [5]
    program = next((pathlib.Path(__file__).parents[2] / "examples").rglob("*.pt2"))
    graph = OAR.make(LIB.oar_model_load, STATE, str(program).encode(), None)
    code, _ = refusal(lambda: OAR.check(LIB.oar_model_set_backward(graph, network.functions[1], ctypes.c_void_p(6), release)))
    assert code == oarlock_ctypes.E_UNSUPPORTED and released == [5, 6]


@pytest.mark.parametrize("again", [True, False])
def test_a_backward_that_is_replaced_still_ends_the_forward_before(again):
    network = Network(accelerator(accelerator={"gradient_accumulation_steps": 4}))
    tree = network.forward()
    OAR.check(LIB.oar_model_set_backward(network.model, network.functions[1] if again else BACKWARD(), None, None))
    backward(network, tree)
    assert_close(network.gradients(), eager(network.values, [network.batch], 0.25))


class Value(ctypes.Structure):
    _fields_ = [("size", ctypes.c_int32), ("kind", ctypes.c_int32), ("integer", ctypes.c_int64), ("real", ctypes.c_double),
                ("data", ctypes.c_void_p), ("name", ctypes.c_char_p)]


def operator(name, *tensors):
    """The only result of an operator of tensors."""
    values = (Value * len(tensors))(*[Value(ctypes.sizeof(Value), 1, 0, 0, tensor.pointer, None) for tensor in tensors])
    result, count = (ctypes.c_void_p * 1)(), ctypes.c_size_t(1)
    OAR.check(LIB.oar_op_call(STATE, name, values, ctypes.c_size_t(len(tensors)), result, ctypes.byref(count)))
    return oarlock_ctypes.Handle(result[0], LIB.oar_tensor_release)


def test_a_loss_of_two_models_goes_back_through_both():
    both = accelerator()
    first, second = Network(both), Network(both)
    losses = [take(network.forward(seed), "loss") for seed, network in enumerate((first, second))]
    OAR.check(LIB.oar_accelerator_backward(both, operator(b"aten::add.Tensor", *losses)))
    for network in (first, second):
        assert len(network.calls) == 1
        assert_close(network.gradients(), eager(network.values, [network.batch]))


def test_a_loss_computed_by_operators_gives_the_outputs_gradients(network):
    tree = network.forward()
    labels = OAR.tensor_from_torch(network.batch["y"])
    OAR.check(LIB.oar_accelerator_backward(network.accelerator, operator(b"aten::cross_entropy_loss", take(tree, "logits"), labels)))
    assert network.calls[0]["loss"] is None and network.calls[0]["logits"].shape == (5, 3)
    assert_close(network.gradients(), eager(network.values, [network.batch]))
