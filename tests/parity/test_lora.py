"""Adapters of exported programs against LoRA written by hand in PyTorch; folders as PEFT lays them out; merging."""
import ctypes
import json
import pathlib
import sys

import numpy
import pytest
import torch
from safetensors.torch import load_file, save_file

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import lora_side  # noqa: E402
import oarlock_ctypes  # noqa: E402

torch.set_num_threads(1)
OAR = oarlock_ctypes.load()
LIB = OAR.lib
STATE = OAR.make(LIB.oar_state_create, None)
TOLERANCE = 1e-5  # of design section 13
RANK, ALPHA = 3, 6
OPTIONS = {"rank": RANK, "alpha": ALPHA}


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """The path of a model's program, exported on first use."""
    folder, made = tmp_path_factory.mktemp("programs"), {}

    def path(name, decomposed=False):
        key = (name, decomposed)
        if key not in made:
            made[key] = lora_side.export(name, folder / f"{name}{decomposed}.pt2", decomposed)
        return made[key]

    return path


def load(path):
    return OAR.make(LIB.oar_model_load, STATE, str(path).encode(), None)


def add(model, **options):
    OAR.check(LIB.oar_model_add_lora(model, json.dumps(options).encode()))
    return model


def refusal(call, *arguments):
    with pytest.raises(oarlock_ctypes.OarlockError) as caught:
        call(*arguments)
    return caught.value.code, caught.value.message


def freeze(model, pattern, frozen=1):
    return OAR.number(ctypes.c_int64, LIB.oar_model_freeze, model, pattern.encode(), frozen)


def seed(value):
    OAR.check(LIB.oar_state_seed(STATE, ctypes.c_int64(value)))
    torch.manual_seed(value)


def names_of(modules):
    return [f"{module}.lora_{part}.weight" for module in modules for part in "AB"]


def set_adapters(model, modules, scale=0.2):
    """Values that are not those of the start: B would be zero."""
    generator = torch.Generator().manual_seed(3)
    for name in names_of(modules):
        tensor = OAR.parameter(model, name)
        tensor.copy_(torch.randn(tensor.shape, generator=generator) * scale)


def reference(name, model, dropout):
    """The module with adapters by hand, holding the model's values."""
    modules = lora_side.MODELS[name][3]
    module = lora_side.with_adapters(lora_side.make(name), modules, RANK, ALPHA, dropout)
    parameters = dict(module.named_parameters())
    with torch.no_grad():
        for adapter in names_of(modules):
            parameters[adapter].copy_(OAR.parameter(model, adapter))
    return module, {adapter: parameters[adapter] for adapter in names_of(modules)}


def worst(ours, theirs):
    """Over all tensors, against the largest of theirs."""
    largest = max(tensor.abs().max().item() for tensor in theirs.values())
    return max((ours[name] - theirs[name]).abs().max().item() for name in theirs) / largest


@pytest.mark.parametrize("decomposed", [False, True], ids=["training_ir", "decomposed"])
@pytest.mark.parametrize("dropout", [0.0, 0.1])
@pytest.mark.parametrize("name", lora_side.MODELS)
def test_ten_steps_equal_lora_by_hand(programs, name, dropout, decomposed):
    _, inputs, targets, modules = lora_side.MODELS[name]
    model = add(load(programs(name, decomposed)), targets=targets, dropout=dropout, **OPTIONS)
    set_adapters(model, modules)
    assert OAR.parameter_names(model) == names_of(modules)
    module, adapters = reference(name, model, dropout)
    ours = OAR.make(LIB.oar_optimizer_create, model, b"adamw", b'{"lr": 0.01}')
    theirs = torch.optim.AdamW(adapters.values(), lr=0.01)
    accelerator = OAR.make(LIB.oar_accelerator_create, STATE, None)
    OAR.check(LIB.oar_accelerator_prepare_model(accelerator, model))
    OAR.check(LIB.oar_accelerator_prepare_optimizer(accelerator, ours))
    seed(7)
    state = torch.get_rng_state()
    for step in range(10):
        batch = inputs(seed=step)
        torch.set_rng_state(state)
        tree = OAR.forward_tree(model, batch)
        OAR.check(LIB.oar_accelerator_backward(accelerator, OAR.make(LIB.oar_tree_get_tensor, tree, b"loss")))
        torch.set_rng_state(state)
        loss = module(*batch)["loss"]
        theirs.zero_grad()
        loss.backward()
        state = torch.get_rng_state()
        assert abs(OAR.value(tree)["loss"].item() - loss.item()) <= TOLERANCE * max(1, abs(loss.item()))
        gradients = {adapter: parameter.grad for adapter, parameter in adapters.items()}
        assert worst({adapter: OAR.gradient(model, adapter) for adapter in adapters}, gradients) <= TOLERANCE
        OAR.check(LIB.oar_accelerator_step(accelerator, ours, None))
        theirs.step()
    assert worst({adapter: OAR.parameter(model, adapter) for adapter in adapters},
                 {adapter: parameter.detach() for adapter, parameter in adapters.items()}) <= TOLERANCE


def test_a_is_drawn_as_torch_draws_it_and_b_is_zero(programs):
    model = load(programs("mlp"))
    seed(11)
    state = torch.get_rng_state()
    add(model, targets=["first"], **OPTIONS)
    torch.set_rng_state(state)
    expected = torch.nn.init.kaiming_uniform_(torch.empty(RANK, 16), a=5 ** 0.5)
    assert torch.equal(OAR.parameter(model, "first.lora_A.weight"), expected)
    assert torch.equal(OAR.parameter(model, "first.lora_B.weight"), torch.zeros(24, RANK))


def test_new_adapters_change_no_result(programs):
    plain, adapted = load(programs("llama")), load(programs("llama"))
    add(adapted, targets=["*"], **OPTIONS)
    batch = lora_side.tokens()
    assert torch.equal(OAR.forward(adapted, batch)["logits"], OAR.forward(plain, batch)["logits"])


def test_evaluation_leaves_dropout_out(programs):
    model = add(load(programs("mlp")), targets=["*"], dropout=0.9, **OPTIONS)
    set_adapters(model, ["first", "middle", "out"])
    OAR.check(LIB.oar_model_set_training(model, 0))
    batch, state = lora_side.rows(), torch.get_rng_state()
    first, again = OAR.forward(model, batch)["logits"], OAR.forward(model, batch)["logits"]
    assert torch.equal(first, again) and torch.equal(torch.get_rng_state(), state)


def weights_file(model, path):
    OAR.check(LIB.oar_model_save_weights(model, str(path).encode()))
    return load_file(path)


@pytest.mark.parametrize("name", lora_side.MODELS)
def test_merged_weights_are_the_exact_ones_rounded_once(programs, name, tmp_path):
    modules = lora_side.MODELS[name][3]
    model = add(load(programs(name)), targets=lora_side.MODELS[name][2], dropout=0.1, **OPTIONS)
    set_adapters(model, modules)
    before = weights_file(model, tmp_path / "before.safetensors")
    OAR.check(LIB.oar_model_set_training(model, 0))
    batch = lora_side.MODELS[name][1](seed=4)
    unmerged = OAR.forward(model, batch)["logits"]
    OAR.check(LIB.oar_model_merge_lora(model))
    after = weights_file(model, tmp_path / "after.safetensors")
    assert set(after) == set(dict(lora_side.make(name).state_dict()))
    for weight in after:
        module = weight.rpartition(".")[0]
        if module not in modules or not weight.endswith(".weight"):
            assert torch.equal(after[weight], before[weight]), weight
            continue
        a, b = (before[f"{module}.lora_{part}.weight"].double().numpy() for part in "AB")
        change = ALPHA / RANK * (b @ a)
        base = before[weight].double().numpy()
        exact = base + (change if change.shape == base.shape and name != "gpt2" or module == "lm_head" else change.T)
        assert numpy.array_equal(after[weight].numpy(), exact.astype(numpy.float32)), weight
    merged = OAR.forward(model, batch)["logits"]
    assert (merged - unmerged).abs().max() <= 1e-6 * unmerged.abs().max()
    plain = lora_side.make(name).eval()
    plain.load_state_dict(after)
    with torch.no_grad():
        assert (plain(*batch)["logits"] - merged).abs().max() <= 1e-6 * unmerged.abs().max()


def test_a_merged_model_that_nothing_was_made_of_can_be_thawed(programs):
    model = add(load(programs("mlp")), targets=["first"], **OPTIONS)
    OAR.check(LIB.oar_model_merge_lora(model))
    assert OAR.parameter_names(model) == []
    assert freeze(model, "*", 0) == 5
    assert OAR.parameter_names(model) == ["first.weight", "first.bias", "middle.weight", "middle.bias", "out.weight"]
    assert refusal(lambda: OAR.check(LIB.oar_model_merge_lora(model)))[0] == oarlock_ctypes.E_STATE


def test_a_unit_inside_an_adapter_goes_with_it(programs):
    """It kept the merge from ending, after the weights were changed and the adapters zeroed."""
    model = add(load(programs("mlp")), targets=["*"], **OPTIONS)
    set_adapters(model, ["first", "middle", "out"])
    OAR.check(LIB.oar_model_set_units(model, b'{"paths": ["first.lora", "middle"]}'))
    expected = OAR.forward(model, lora_side.rows())["logits"]
    OAR.check(LIB.oar_model_merge_lora(model))
    assert torch.allclose(OAR.forward(model, lora_side.rows())["logits"], expected, atol=1e-5)
    assert OAR.number(ctypes.c_int64, LIB.oar_model_num_units, model) == 2
    add(model, targets=["*"])


@pytest.mark.parametrize("recompute", [0, 1])
def test_weights_that_are_merged_between_forward_and_backward_are_the_hosts_mistake(programs, recompute):
    model = add(load(programs("mlp")), targets=["*"], **OPTIONS)
    OAR.check(LIB.oar_model_set_units(model, b'{"paths": ["*"]}'))
    OAR.check(LIB.oar_model_set_recompute(model, b"*", recompute))
    accelerator = OAR.make(LIB.oar_accelerator_create, STATE, None)
    OAR.check(LIB.oar_accelerator_prepare_model(accelerator, model))
    tree = OAR.forward_tree(model, lora_side.rows())
    OAR.check(LIB.oar_model_merge_lora(model))
    loss = OAR.make(LIB.oar_tree_get_tensor, tree, b"loss")
    code, text = refusal(lambda: OAR.check(LIB.oar_accelerator_backward(accelerator, loss)))
    assert code == oarlock_ctypes.E_STATE and "changed before the backward" in text and "run the forward again" in text


def test_frozen_parameters_have_no_gradient_and_no_optimizer_state(programs, tmp_path):
    model = load(programs("mlp"))
    assert freeze(model, "*.bias") == 2
    assert freeze(model, "nothing*") == 0
    trained = ["first.weight", "middle.weight", "out.weight"]
    assert OAR.parameter_names(model) == trained
    optimizer = OAR.make(LIB.oar_optimizer_create, model, b"adamw", b"{}")
    accelerator = OAR.make(LIB.oar_accelerator_create, STATE, None)
    OAR.check(LIB.oar_accelerator_prepare_model(accelerator, model))
    OAR.check(LIB.oar_accelerator_prepare_optimizer(accelerator, optimizer))
    tree = OAR.forward_tree(model, lora_side.rows())
    OAR.check(LIB.oar_accelerator_backward(accelerator, OAR.make(LIB.oar_tree_get_tensor, tree, b"loss")))
    assert OAR.gradient(model, "first.bias") is None and OAR.gradient(model, "first.weight") is not None
    OAR.check(LIB.oar_accelerator_step(accelerator, optimizer, None))
    OAR.check(LIB.oar_accelerator_save(accelerator, str(tmp_path / "checkpoint").encode(), None))
    assert set(load_file(tmp_path / "checkpoint/model.safetensors")) == set(lora_side.make("mlp").state_dict())
    states = load_file(tmp_path / "checkpoint/optimizer_0.safetensors")
    assert {key.rpartition(".")[0] for key in states} == set(trained)
    code, text = refusal(freeze, model, "*.weight")
    assert code == oarlock_ctypes.E_STATE and "*.weight" in text


def test_checkpoints_hold_adapters_and_weights(programs, tmp_path):
    model = add(load(programs("mlp")), targets=["middle"], **OPTIONS)
    set_adapters(model, ["middle"])
    accelerator = OAR.make(LIB.oar_accelerator_create, STATE, None)
    OAR.check(LIB.oar_accelerator_prepare_model(accelerator, model))
    OAR.check(LIB.oar_accelerator_save(accelerator, str(tmp_path / "checkpoint").encode(), None))
    saved = load_file(tmp_path / "checkpoint/model.safetensors")
    assert set(saved) == set(lora_side.make("mlp").state_dict()) | set(names_of(["middle"]))
    values = {name: OAR.parameter(model, name).clone() for name in names_of(["middle"])}
    for name in values:
        OAR.parameter(model, name).zero_()
    OAR.check(LIB.oar_accelerator_load(accelerator, str(tmp_path / "checkpoint").encode()))
    assert all(torch.equal(OAR.parameter(model, name), value) for name, value in values.items())


def save(model, path):
    OAR.check(LIB.oar_model_save_lora(model, str(path).encode()))
    return path


def load_lora(model, path):
    OAR.check(LIB.oar_model_load_lora(model, str(path).encode()))
    return model


@pytest.fixture
def adapted(programs, tmp_path):
    """A model with adapters, and their folder."""
    model = add(load(programs("gpt2")), targets=["*.c_attn"], dropout=0.1, **OPTIONS)
    set_adapters(model, ["h.0.c_attn", "h.1.c_attn"])
    return model, save(model, tmp_path / "adapter")


def test_a_folder_is_laid_out_as_peft_does(adapted):
    assert sorted(path.name for path in adapted[1].iterdir()) == ["adapter_config.json", "adapter_model.safetensors"]
    config = json.loads((adapted[1] / "adapter_config.json").read_text())
    assert (config["peft_type"], config["r"], config["lora_alpha"], config["lora_dropout"]) == ("LORA", RANK, ALPHA, 0.1)
    assert config["target_modules"] == ["h.0.c_attn", "h.1.c_attn"] and config["fan_in_fan_out"] is True
    tensors = load_file(adapted[1] / "adapter_model.safetensors")
    assert {name: list(tensor.shape) for name, tensor in tensors.items()} == {
        f"base_model.model.h.{i}.c_attn.lora_{part}.weight": shape for i in range(2)
        for part, shape in (("A", [RANK, 32]), ("B", [96, RANK]))}


def test_a_saved_adapter_comes_back_into_a_new_model(programs, adapted):
    fresh = load_lora(load(programs("gpt2")), adapted[1])
    assert OAR.parameter_names(fresh) == OAR.parameter_names(adapted[0])
    for model in (fresh, adapted[0]):
        OAR.check(LIB.oar_model_set_training(model, 0))
    batch = lora_side.tokens()
    assert torch.equal(OAR.forward(fresh, batch)["logits"], OAR.forward(adapted[0], batch)["logits"])


def test_values_are_replaced_where_the_model_has_adapters(adapted):
    model, folder = adapted
    OAR.make(LIB.oar_optimizer_create, model, b"sgd", b"{}")  # too late for new adapters, not for new values
    expected = OAR.parameter(model, "h.1.c_attn.lora_B.weight").clone()
    OAR.parameter(model, "h.1.c_attn.lora_B.weight").zero_()
    load_lora(model, folder)
    assert torch.equal(OAR.parameter(model, "h.1.c_attn.lora_B.weight"), expected)


def test_a_list_that_would_mean_other_layers_becomes_a_pattern(tmp_path):
    """PEFT takes every module whose path ends in ".0"."""
    class Outer(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.add_module("0", torch.nn.Linear(4, 4))
            self.rest = torch.nn.Sequential(torch.nn.Linear(4, 4))

        def forward(self, x):
            return self.rest(self.get_submodule("0")(x))

    torch.export.save(torch.export.export(Outer(), (torch.ones(2, 4),)), tmp_path / "outer.pt2")
    model = add(load(tmp_path / "outer.pt2"), targets=["0"], rank=1)
    config = json.loads((save(model, tmp_path / "adapter") / "adapter_config.json").read_text())
    assert config["target_modules"] == "0"
    add_all = add(load(tmp_path / "outer.pt2"), targets=["*"], rank=1)
    config = json.loads((save(add_all, tmp_path / "all") / "adapter_config.json").read_text())
    assert config["target_modules"] == ["0", "rest.0"]


BAD_OPTIONS = (  # options, words of the text
    ({}, ["targets"]),
    ({"targets": []}, ["targets"]),
    ({"targets": ["*.q_prj"]}, ["'*.q_prj'", "did you mean '*.q_proj'?", "h.0.q_proj"]),
    ({"targets": ["q_proj"]}, ["'q_proj'", "did you mean '*.q_proj'?"]),
    ({"targets": ["wte"]}, ["'wte'"]),  # an embedding multiplies nothing
    ({"targets": ["*"], "rank": 0}, ["rank", "0"]),
    ({"targets": ["*"], "dropout": 1}, ["dropout", "[0, 1)"]),
    ({"targets": ["*"], "alfa": 1}, ["'alfa'", "'alpha'"]),
    ({"targets": "*.q_proj"}, ["targets", "list"]),
    ({"targets": [1]}, ["targets"]),
)


@pytest.mark.parametrize("options,words", BAD_OPTIONS)
def test_a_bad_option_is_named_and_changes_nothing(programs, options, words):
    model = load(programs("llama"))
    before = OAR.parameter_names(model)
    code, text = refusal(lambda: add(model, **options))
    assert code == oarlock_ctypes.E_ARGUMENT
    assert [word for word in words if word not in text] == [], text
    assert OAR.parameter_names(model) == before


def test_a_weight_that_is_used_elsewhere_too_has_no_adapter(tmp_path):
    module = lora_side.Decoder(lora_side.LlamaBlock, tied=True)
    torch.export.save(torch.export.export(module, lora_side.tokens()), tmp_path / "tied.pt2")
    model = load(tmp_path / "tied.pt2")
    code, text = refusal(lambda: add(model, targets=["*.q_proj", "lm_head"]))
    if code == oarlock_ctypes.E_ARGUMENT:  # the exported graph calls the tied weight by the embedding's name
        code, text = refusal(lambda: add(model, targets=["*.q_proj", "wte"]))
    assert code == oarlock_ctypes.E_UNSUPPORTED and "wte" in text and "merged" in text
    add(model, targets=["*.q_proj"])


def test_a_weight_that_a_branch_uses_too_has_no_adapter(tmp_path):
    class Branches(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = torch.nn.Linear(4, 4)

        def forward(self, x):
            y = self.fc(x)
            return torch.cond(x.sum() > 0, lambda y, w: y @ w, lambda y, w: y - w, (y, self.fc.weight)).sum()

    torch.export.save(torch.export.export(Branches().train(), (torch.ones(4, 4),)), tmp_path / "branches.pt2")
    code, text = refusal(lambda: add(load(tmp_path / "branches.pt2"), targets=["fc"]))
    assert code == oarlock_ctypes.E_UNSUPPORTED and "fc.weight" in text and "could not be merged" in text


class OfTwoNames(torch.nn.Module):
    """A weight under two names: of one module that is called by both, or of two modules."""

    def __init__(self, is_one_module):
        super().__init__()
        self.a = torch.nn.Linear(4, 4)
        self.b = self.a if is_one_module else torch.nn.Linear(4, 4)
        self.b.weight = self.a.weight  # the biases stay two

    def forward(self, x):
        return self.b(self.a(x)).sum()


def test_a_module_of_two_names_has_one_adapter_under_the_first(tmp_path):
    torch.export.save(torch.export.export(OfTwoNames(True).train(), (torch.ones(4, 4),)), tmp_path / "one.pt2")
    model = add(load(tmp_path / "one.pt2"), targets=["*"])
    assert OAR.parameter_names(model) == names_of(["a"])  # named_modules() of the module has no "b"


def test_two_modules_of_one_weight_have_no_adapters(tmp_path):
    """PEFT would give each its own; one for both, saved as one's, would be another model there."""
    torch.export.save(torch.export.export(OfTwoNames(False).train(), (torch.ones(4, 4),)), tmp_path / "two.pt2")
    code, text = refusal(lambda: add(load(tmp_path / "two.pt2"), targets=["*"]))
    assert code == oarlock_ctypes.E_UNSUPPORTED and "the weight of a" in text and "used by b too" in text, text


def test_layers_without_inputs_and_complex_parameters_are_no_exceptions(tmp_path):
    class Odd(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.none, self.wave = torch.nn.Linear(0, 4), torch.nn.Parameter(torch.ones(4, 4, dtype=torch.complex64))

        def forward(self, x):
            return (self.none(x).to(torch.complex64) @ self.wave).abs().sum()

    torch.export.save(torch.export.export(Odd().train(), (torch.ones(2, 0),)), tmp_path / "odd.pt2")
    assert OAR.parameter_names(add(load(tmp_path / "odd.pt2"), targets=["none"])) == names_of(["none"])
    model = load(tmp_path / "odd.pt2")
    assert freeze(model, "*") == 3 and OAR.parameter_names(model) == []


def test_adapters_come_once_and_before_training(programs):
    model = add(load(programs("mlp")), targets=["first"])
    assert "already" in refusal(lambda: add(model, targets=["out"]))[1]
    late = load(programs("mlp"))
    OAR.make(LIB.oar_optimizer_create, late, b"sgd", b"{}")
    assert refusal(lambda: add(late, targets=["out"]))[0] == oarlock_ctypes.E_STATE


def test_without_freeze_everything_is_trained(programs):
    model = add(load(programs("mlp")), targets=["out"], freeze=False)
    assert OAR.parameter_names(model) == ["first.weight", "first.bias", "middle.weight", "middle.bias", "out.weight",
                                          *names_of(["out"])]


def test_saving_needs_adapters_and_a_new_name(programs, adapted, tmp_path):
    assert refusal(save, load(programs("mlp")), tmp_path / "none")[0] == oarlock_ctypes.E_STATE
    before = (adapted[1] / "adapter_model.safetensors").read_bytes()
    assert refusal(save, adapted[0], adapted[1])[0] == oarlock_ctypes.E_EXISTS
    assert (adapted[1] / "adapter_model.safetensors").read_bytes() == before
    assert [path.name for path in adapted[1].parent.iterdir() if "incomplete" in path.name] == []


def test_a_folder_that_does_not_fit_is_refused_by_name(programs, adapted, tmp_path):
    folder = adapted[1]
    tensors, config = load_file(folder / "adapter_model.safetensors"), json.loads((folder / "adapter_config.json").read_text())

    def attempt(name, change_config=None, change_tensors=None, model="gpt2"):
        path = tmp_path / name
        path.mkdir()
        (path / "adapter_config.json").write_text(json.dumps({**config, **(change_config or {})}))
        save_file(change_tensors(dict(tensors)) if change_tensors else tensors, path / "adapter_model.safetensors")
        return refusal(load_lora, load(programs(model)), path)

    def renamed(old):
        return {name.replace("c_attn", "c_atn"): tensor for name, tensor in old.items()}

    def without_one(old):
        del old["base_model.model.h.1.c_attn.lora_B.weight"]
        return old

    first = "base_model.model.h.0.c_attn.lora_A.weight"
    cases = {
        "dora": (attempt("dora", {"use_dora": True}), oarlock_ctypes.E_UNSUPPORTED, "use_dora"),
        "pattern": (attempt("pattern", {"rank_pattern": {"x": 4}}), oarlock_ctypes.E_UNSUPPORTED, "rank_pattern"),
        "kind": (attempt("kind", {"peft_type": "IA3"}), oarlock_ctypes.E_UNSUPPORTED, "IA3"),
        "bias": (attempt("bias", {"bias": "all"}), oarlock_ctypes.E_UNSUPPORTED, "bias"),
        "rank": (attempt("rank", {"r": 4}), oarlock_ctypes.E_ARGUMENT, "h.0.c_attn"),
        "text": (attempt("text", {"r": "many"}), oarlock_ctypes.E_CORRUPT, "r"),
        "module": (attempt("module", None, renamed), oarlock_ctypes.E_ARGUMENT, "c_atn"),
        "other": (attempt("other", None, None, "llama"), oarlock_ctypes.E_ARGUMENT, "h.0.c_attn"),
        "half": (attempt("half", None, without_one), oarlock_ctypes.E_CORRUPT, "lora_B"),
        "dtype": (attempt("dtype", None, lambda old: {**old, first: old[first].half()}), oarlock_ctypes.E_ARGUMENT, "float16"),
        "more": (attempt("more", None, lambda old: {**old, "x": old[first].clone()}), oarlock_ctypes.E_UNSUPPORTED, "tensor x"),
    }
    assert {name: code for name, ((code, _), _, _) in cases.items()} == {name: wanted for name, (_, wanted, _) in cases.items()}
    assert {name: text for name, ((_, text), _, word) in cases.items() if word not in text} == {}
    assert refusal(load_lora, load(programs("gpt2")), tmp_path / "nowhere")[0] == oarlock_ctypes.E_NOT_FOUND
