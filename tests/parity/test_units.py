"""Units: activation checkpointing, values on the way, units on their own, profiles; against eager modules.

One thread, same seed. With recomputing, loss, gradients and buffers are bitwise what they are without.
"""

import ctypes
import json
import pathlib
import sys

import pytest
import torch
from torch import nn
from torch.nn import functional as F

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import oarlock_ctypes  # noqa: E402
import programs  # noqa: E402

torch.set_num_threads(1)
OAR = oarlock_ctypes.load()
STATE = OAR.make(OAR.lib.oar_state_create, None)
ACCELERATOR = OAR.make(OAR.lib.oar_accelerator_create, STATE, None)


class Feed(nn.Module):
    """Linear, dropout, residual."""

    def __init__(self, width=16):
        super().__init__()
        self.norm, self.up, self.down = nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.drop = nn.Dropout(0.2)

    def forward(self, x):
        return x + self.drop(self.down(F.gelu(self.up(self.norm(x)))))


class Stack(nn.Module):
    def __init__(self, depth=3, width=16):
        super().__init__()
        self.layers = nn.ModuleList(Feed(width) for _ in range(depth))
        self.head = nn.Linear(width, 4)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.head(x)


class Convolution(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs)
        self.drop = nn.Dropout2d(0.2)

    def forward(self, x):
        return self.drop(torch.relu(self.norm(self.conv(x))))


class Convolutions(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(Convolution(3, 4), Convolution(4, 4))

    def forward(self, x):
        return self.layers(x).mean((2, 3))


class InPlace(nn.Module):
    """A block that writes into what it was given: it must keep its activations."""

    def __init__(self):
        super().__init__()
        self.first, self.layers = nn.Linear(16, 16), nn.ModuleList([InPlaceBlock()])

    def forward(self, x):
        return self.layers[0](self.first(x) * 2)


class InPlaceBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(16, 16)

    def forward(self, x):
        return self.fc(F.relu(x, inplace=True))


class Autocast(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([Feed(), Feed()])

    def forward(self, x):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            for layer in self.layers:
                x = layer(x)
        return x.float()


class Twice(nn.Module):
    """One block with running statistics, called twice."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([Normalised()])

    def forward(self, x):
        return self.layers[0](self.layers[0](x))


class Normalised(nn.Module):
    """Sizes that it computes itself, a counter of its own, and the counter of BatchNorm."""

    def __init__(self):
        super().__init__()
        self.fc, self.norm, self.drop = nn.Linear(16, 16), nn.BatchNorm1d(16), nn.Dropout(0.3)
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x):
        self.calls += 1
        y = self.drop(self.norm(self.fc(x)))
        return y.reshape(x.shape[0], 4, 4).transpose(1, 2).reshape(x.shape[0], 16) + self.calls


class Cond(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([CondBlock()])

    def forward(self, x):
        return self.layers[0](x)


class CondBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(16, 16)

    def forward(self, x):
        y = self.fc(x)
        return torch.cond(y.sum() > 0, lambda a: a * 2, lambda a: a - 1, (y,))


class Language(nn.Module):
    """A decoder of transformers with tied weights, dropout on."""

    def __init__(self, kind):
        super().__init__()
        import transformers

        sizes = {"vocab_size": 64, "use_cache": False}
        if kind == "gpt2":
            config = transformers.GPT2Config(n_layer=2, n_embd=32, n_head=2, n_positions=16, **sizes)
            self.model = transformers.GPT2LMHeadModel(config)
        else:
            config = transformers.LlamaConfig(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
                                              num_key_value_heads=1, max_position_embeddings=16, **sizes)
            self.model = transformers.LlamaForCausalLM(config)

    def forward(self, x):
        return self.model(input_ids=x).logits


class Loss(nn.Module):
    def __init__(self, body):
        super().__init__()
        self.body = body

    def forward(self, x):
        return {"loss": self.body(x).float().pow(2).mean()}


def rows(seed=1):
    return torch.randn(6, 16, generator=torch.Generator().manual_seed(seed))


def images(seed=1):
    return torch.randn(4, 3, 6, 6, generator=torch.Generator().manual_seed(seed))


def tokens(seed=1):
    return torch.randint(0, 64, (3, 8), generator=torch.Generator().manual_seed(seed))


# name: (body, inputs, paths of the units)
CASES = {
    "mlp": (Stack, rows, "body.layers.*"),
    "conv": (Convolutions, images, "body.layers.*"),
    "autocast": (Autocast, rows, "body.layers.*"),
    "called_twice": (Twice, rows, "body.layers.*"),
    "cond": (Cond, rows, "body.layers.*"),
    "in_place": (InPlace, rows, "body.layers.*"),
    "gpt2": (lambda: Language("gpt2"), tokens, "body.model.transformer.h.*"),
    "llama": (lambda: Language("llama"), tokens, "body.model.model.layers.*"),
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder, made = tmp_path_factory.mktemp("units"), {}

    def get(name):
        if name not in made:
            make, inputs, _ = CASES[name]
            module = programs.seeded(lambda: Loss(make()))
            programs.export_program(module, (inputs(),), folder / f"{name}.pt2", ({0: "n"},))
            made[name] = (folder / f"{name}.pt2", module)
        return made[name]

    return get


def load(path):
    return OAR.make(OAR.lib.oar_model_load, STATE, str(path).encode(), None)


def set_units(model, **policy):
    OAR.check(OAR.lib.oar_model_set_units(model, json.dumps(policy).encode()))


def set_recompute(model, pattern="*", enabled=1):
    OAR.check(OAR.lib.oar_model_set_recompute(model, pattern.encode(), enabled))


def text(function, *arguments):
    handle = OAR.make(function, *arguments)
    data, size = ctypes.c_void_p(), ctypes.c_size_t()
    OAR.check(OAR.lib.oar_bytes_view(handle, ctypes.byref(data), ctypes.byref(size)))
    return ctypes.string_at(data.value, size.value).decode()


OAR._release_of = lambda name, inner=OAR._release_of: {
    "oar_model_describe": OAR.lib.oar_bytes_release, "oar_model_profile_table": OAR.lib.oar_bytes_release,
    "oar_model_forward_unit": OAR.lib.oar_tree_release}.get(name) or inner(name)


def step(model, x, seed=3):
    OAR.check(OAR.lib.oar_state_seed(STATE, ctypes.c_int64(seed)))
    tree = OAR.forward_tree(model, [x])
    loss = OAR.make(OAR.lib.oar_tree_get_tensor, tree, b"loss")
    OAR.check(OAR.lib.oar_accelerator_backward(ACCELERATOR, loss))
    return OAR.tensor_to_torch(loss).clone()


def gradients(model):
    return {name: OAR.gradient(model, name).clone() for name in OAR.parameter_names(model)}


def buffers(model, module):
    return {name: OAR.parameter(model, name).clone() for name, _ in module.named_buffers()
            if "inv_freq" not in name and "bias" not in name}


def assert_same(ours, theirs):
    assert ours.keys() == theirs.keys()
    assert [name for name in theirs if not torch.equal(ours[name], theirs[name])] == []


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


def names_array(names):
    return (ctypes.c_char_p * len(names))(*[name.encode() for name in names])


def forward_with_values(model, inputs, names):
    outputs, values = ctypes.c_void_p(), ctypes.c_void_p()
    OAR.check(OAR.lib.oar_model_forward_with_values(model, OAR.tree(inputs), names_array(names), ctypes.c_size_t(len(names)),
                                                    ctypes.byref(outputs), ctypes.byref(values)))
    handles = [oarlock_ctypes.Handle(p.value, OAR.lib.oar_tree_release) for p in (outputs, values)]
    return [OAR.value(handle) for handle in handles]


@pytest.mark.parametrize("training", [0, 1])
def test_values_of_modules_are_those_of_eager_hooks(exported, training):
    path, _ = exported("mlp")
    model, x, names = load(path), rows(seed=2), ["body.layers.0", "body.layers.1.up", "body.head"]
    OAR.check(OAR.lib.oar_model_set_training(model, training))
    OAR.check(OAR.lib.oar_state_seed(STATE, ctypes.c_int64(3)))
    outputs, values = forward_with_values(model, [x], names)
    eager = programs.seeded(lambda: Loss(Stack())).train(bool(training))
    seen = {}
    for name in names:
        eager.get_submodule(name).register_forward_hook(lambda _, __, y, name=name: seen.__setitem__(name, y.detach()))
    torch.manual_seed(3)
    assert torch.equal(outputs["loss"], eager(x)["loss"].detach())
    assert_same(values, seen)


def test_unknown_values_are_refused_with_the_nearest(exported):
    model = load(exported("mlp")[0])
    with pytest.raises(oarlock_ctypes.OarlockError, match="did you mean 'body.head'") as error:
        forward_with_values(model, [rows()], ["body.heat"])
    assert error.value.code == oarlock_ctypes.E_NOT_FOUND


def describe(model):
    return json.loads(text(OAR.lib.oar_model_describe, model))


def forward_unit(model, unit, inputs):
    return OAR.value(OAR.make(OAR.lib.oar_model_forward_unit, model, unit.encode(), OAR.tree(inputs)))


@pytest.mark.parametrize("training", [0, 1])
def test_a_unit_runs_on_its_own_as_the_eager_module_does(exported, training):
    path, _ = exported("mlp")
    model = load(path)
    set_units(model, classes=["Feed"])
    OAR.check(OAR.lib.oar_model_set_training(model, training))
    unit = next(unit for unit in describe(model)["units"] if unit["name"] == "body.layers.1")
    assert unit["class"].endswith("Feed") and len(unit["inputs"]) == len(unit["outputs"]) == 1
    x = rows(seed=7)
    OAR.check(OAR.lib.oar_state_seed(STATE, ctypes.c_int64(3)))
    ours = forward_unit(model, "body.layers.1", {unit["inputs"][0]: x})[unit["outputs"][0]]
    eager = programs.seeded(lambda: Loss(Stack())).train(bool(training)).body.layers[1]
    torch.manual_seed(3)
    assert torch.equal(ours, eager(x).detach())


@pytest.mark.parametrize("training", [0, 1])
def test_a_unit_that_writes_in_place_leaves_the_callers_input_alone(exported, training):
    model = load(exported("in_place")[0])
    set_units(model, classes=["InPlaceBlock"])
    OAR.check(OAR.lib.oar_model_set_training(model, training))
    unit = describe(model)["units"][1]
    x = rows()
    kept = x.clone()
    forward_unit(model, unit["name"], {unit["inputs"][0]: x})
    assert torch.equal(x, kept)


def test_a_unit_that_is_called_twice_does_not_run_alone(exported):
    model = load(exported("called_twice")[0])
    set_units(model, paths=["body.layers.0"])
    with pytest.raises(oarlock_ctypes.OarlockError, match="2 separate parts") as error:
        forward_unit(model, "body.layers.0", {})
    assert error.value.code == oarlock_ctypes.E_UNSUPPORTED


def test_units_have_names_and_own_what_only_they_use(exported):
    model = load(exported("gpt2")[0])
    set_units(model, classes=["GPT2Block"])
    count = OAR.number(ctypes.c_int64, OAR.lib.oar_model_num_units, model)
    names = [OAR.text(OAR.lib.oar_model_unit_name, model, ctypes.c_int64(i)) for i in range(count)]
    assert names == ["", "body.model.transformer.h.0", "body.model.transformer.h.1"]
    described = describe(model)
    root, first = described["units"][0], described["units"][1]
    assert all(name.startswith("body.model.transformer.h.0.") for name in first["parameters"])
    assert len(first["parameters"]) == 12
    shared = [name for name in root["parameters"] if "wte" in name or "lm_head" in name]
    assert len(shared) == 1  # tied: one tensor, the root's
    assert {"inputs", "outputs", "parameters", "units", "nodes", "symbols"} == set(described)
    assert described["inputs"][0]["dtype"] == "int64"


@pytest.mark.parametrize("policy, message", [
    ({"classes": ["GPT2Blok"]}, "did you mean 'GPT2Block'"),
    ({"paths": ["body.model.transformer.x.*"]}, "no module of the program has the path"),
    ({"sizes": 3}, "has no key 'sizes'"),
])
def test_policies_that_fit_nothing_are_refused(exported, policy, message):
    model = load(exported("gpt2")[0])
    with pytest.raises(oarlock_ctypes.OarlockError, match=message) as error:
        set_units(model, **policy)
    assert error.value.code == oarlock_ctypes.E_ARGUMENT


def profile(model, x, path, steps=2):
    OAR.check(OAR.lib.oar_model_profile_start(model))
    for _ in range(steps):
        step(model, x)
    OAR.check(OAR.lib.oar_model_profile_stop(model))
    OAR.check(OAR.lib.oar_model_profile_save_trace(model, str(path).encode()))
    return json.loads(path.read_text())["traceEvents"], text(OAR.lib.oar_model_profile_table, model)


@pytest.fixture()
def prepared(exported):
    """A model that the accelerator knows, so that backwards are counted too."""

    def get(name):
        model = load(exported(name)[0])
        set_units(model, paths=[CASES[name][2]])
        OAR.check(OAR.lib.oar_accelerator_prepare_model(ACCELERATOR, model))
        return model

    return get


def test_a_profile_nests_and_its_sums_fit(prepared, tmp_path):
    events, table = profile(prepared("mlp"), rows(), tmp_path / "trace.json")
    for phase in ("forward", "backward"):
        whole = [e for e in events if e["cat"] == phase and e["name"] == "(model)"]
        parts = [e for e in events if e["cat"] == phase and e["name"] != "(model)"]
        assert len(whole) == 2 and len(parts) == 2 * 3
        assert all(e["ph"] == "X" and e["dur"] > 0 and e["ts"] >= 0 for e in whole + parts)
        for outer in whole:
            inside = [e for e in parts if outer["ts"] <= e["ts"] and e["ts"] + e["dur"] <= outer["ts"] + outer["dur"] + 0.002]
            assert len(inside) == 3
            assert sum(e["dur"] for e in inside) <= outer["dur"] + 0.01
            inside.sort(key=lambda e: e["ts"])
            assert all(a["ts"] + a["dur"] <= b["ts"] + 0.002 for a, b in zip(inside, inside[1:]))
    lines = table.splitlines()
    assert len(lines) == 1 + 4 and len({len(line) for line in lines}) == 1
    assert lines[1].startswith("(model)")
    totals = [float(line.split()[4]) + float(line.split()[7]) for line in lines[1:]]
    assert totals == sorted(totals, reverse=True)


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


def test_units_are_chosen_before_a_model_is_prepared(prepared):
    with pytest.raises(oarlock_ctypes.OarlockError) as error:
        set_units(prepared("mlp"), paths=["body.layers.*"])
    assert error.value.code == oarlock_ctypes.E_STATE


def test_foreign_models_have_no_units():
    model = OAR.make(OAR.lib.oar_model_create_foreign, STATE)
    with pytest.raises(oarlock_ctypes.OarlockError, match="oar_model_set_units needs a program") as error:
        set_units(model, min_parameters=1)
    assert error.value.code == oarlock_ctypes.E_UNSUPPORTED
