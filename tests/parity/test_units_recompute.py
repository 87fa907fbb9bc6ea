"""Activation checkpointing: one thread, same seed; loss, gradients and buffers are bitwise what they are without."""
import pathlib
import sys

import pytest
import torch
from torch import nn

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import oarlock_ctypes  # noqa: E402
import programs  # noqa: E402
from unit_models import (ACCELERATOR, CASES, OAR, Feed, Loss, assert_same, exporter, images, load, profile, rows,
                         set_recompute, set_units, step)  # noqa: E402


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    return exporter(tmp_path_factory.mktemp("units"))


def gradients(model):
    return {name: OAR.gradient(model, name).clone() for name in OAR.parameter_names(model)}


def buffers(model, module):
    return {name: OAR.parameter(model, name).clone() for name, _ in module.named_buffers()
            if "inv_freq" not in name and "bias" not in name}


@pytest.mark.parametrize("name", CASES)
def test_recomputed_units_give_the_same_gradients_and_buffers(exported, name, capfd):
    path, module = exported(name)
    plain, recomputed, x = load(path), load(path), CASES[name][1](seed=2)
    set_units(recomputed, paths=[CASES[name][2]])
    set_recompute(recomputed)
    assert ("keeps its activations" in capfd.readouterr().err) == (name == "in_place")
    for seed in (3, 4):  # the second accumulates into the first's gradients
        assert torch.equal(step(plain, x, seed), step(recomputed, x, seed))
        assert all(gradient.abs().sum() > 0 for gradient in gradients(plain).values() if gradient.ndim > 1)
        assert_same(gradients(recomputed), gradients(plain))
        assert_same(buffers(recomputed, module), buffers(plain, module))


@pytest.mark.parametrize("name", ["mlp", "conv", "gpt2"])
def test_recomputed_units_give_eager_gradients(exported, name):
    path, module = exported(name)
    model, x = load(path), CASES[name][1](seed=2)
    set_units(model, paths=[CASES[name][2]])
    set_recompute(model)
    step(model, x)
    eager = programs.seeded(lambda: Loss(CASES[name][0]()))
    torch.manual_seed(3)
    eager(x)["loss"].backward()
    ours = gradients(model)
    for parameter, tensor in eager.named_parameters():
        assert torch.allclose(ours[parameter], tensor.grad, rtol=1e-5, atol=1e-6), parameter


@pytest.mark.parametrize("name", ["mlp", "conv"])
def test_the_generator_is_after_a_recomputed_step_where_it_is_after_a_plain_one(exported, name):
    path, _ = exported(name)
    draws = []
    for recompute in (0, 1):
        model = load(path)
        set_units(model, paths=[CASES[name][2]])
        set_recompute(model, enabled=recompute)
        step(model, CASES[name][1]())
        draws.append(step(model, CASES[name][1](), seed=5))
    assert torch.equal(*draws)


def test_a_unit_that_writes_over_its_border_says_why_it_keeps_its_activations(exported, capfd):
    model = load(exported("in_place")[0])
    set_units(model, paths=["body.layers.0"])
    set_recompute(model)
    assert "unit 'body.layers.0' keeps its activations: node relu" in capfd.readouterr().err


def test_recomputing_can_be_turned_off_between_steps(exported):
    model, x = load(exported("mlp")[0]), rows()
    set_units(model, classes=["Feed"])
    losses = []
    for enabled in (1, 0, 1):
        set_recompute(model, enabled=enabled)
        losses.append(step(model, x))
    assert torch.equal(losses[0], losses[1]) and torch.equal(losses[0], losses[2])


def test_evaluation_is_not_affected(exported):
    model, x = load(exported("conv")[0]), images()
    OAR.check(OAR.lib.oar_model_set_training(model, 0))
    plain = OAR.forward(model, [x])["loss"]
    set_units(model, paths=["body.layers.*"])
    set_recompute(model)
    assert torch.equal(OAR.forward(model, [x])["loss"], plain)


class Deep(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(Feed(64) for _ in range(6))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


def test_recomputing_drops_the_activations(tmp_path):
    x = torch.randn(256, 64)
    programs.export_program(programs.seeded(lambda: Loss(Deep())), (x,), tmp_path / "deep.pt2", ({0: "n"},))
    peaks = []
    for recompute in (0, 1):
        model = load(tmp_path / "deep.pt2")
        set_units(model, paths=["body.layers.*"])
        set_recompute(model, enabled=recompute)
        OAR.check(OAR.lib.oar_accelerator_prepare_model(ACCELERATOR, model))
        step(model, x)  # gradients exist
        events, _ = profile(model, x, tmp_path / "trace.json", steps=1)
        peaks.append(max(e["args"]["peak_bytes"] for e in events if e["name"] == "(model)" and e["cat"] == "forward"))
    # A layer keeps at least its two wide activations of 256 x 256 floats; recomputed, one narrow input. The forward's
    # peak then is one layer's activations and six inputs.
    assert peaks[0] >= 6 * 2 * 256 * 256 * 4
    assert peaks[1] <= 0.4 * peaks[0]


class Scale(nn.Module):
    """No parameter that would tell autograd of the change."""

    def __init__(self):
        super().__init__()
        self.register_buffer("factor", torch.full((16,), 2.0))

    def forward(self, x):
        return (x * self.factor).sin()


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.offset, self.layers = nn.Parameter(torch.zeros(16)), nn.Sequential(Scale(), Scale())

    def forward(self, x):
        return self.layers(x + self.offset)


@pytest.mark.parametrize("recompute", [0, 1])
def test_buffers_that_are_loaded_between_forward_and_backward_are_the_hosts_mistake(tmp_path, recompute):
    """The second run would compute with other numbers than the first, and the gradients be of neither."""
    programs.export_program(programs.seeded(lambda: Loss(Scaled())), (rows(),), tmp_path / "scaled.pt2", ({0: "n"},))
    model = load(tmp_path / "scaled.pt2")
    set_units(model, paths=["body.layers.*"])
    set_recompute(model, enabled=recompute)
    weights = str(tmp_path / "weights.safetensors").encode()
    OAR.check(OAR.lib.oar_model_save_weights(model, weights))
    loss = OAR.make(OAR.lib.oar_tree_get_tensor, OAR.forward_tree(model, [rows()]), b"loss")
    OAR.check(OAR.lib.oar_model_load_weights(model, weights))
    with pytest.raises(oarlock_ctypes.OarlockError, match="changed before the backward.*; run the forward again") as error:
        OAR.check(OAR.lib.oar_accelerator_backward(ACCELERATOR, loss))
    assert error.value.code == oarlock_ctypes.E_STATE
    step(model, rows())
