"""Units: values on the way, units on their own, policies, profiles; against eager modules."""
import ctypes
import json
import pathlib
import sys

import pytest
import torch

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import oarlock_ctypes  # noqa: E402
import programs  # noqa: E402
from unit_models import (ACCELERATOR, CASES, OAR, STATE, Loss, Stack, assert_same, exporter, load, profile, rows,
                         set_units, text)  # noqa: E402


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    return exporter(tmp_path_factory.mktemp("units"))


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


@pytest.mark.parametrize("name", ["mlp", "autocast"])  # alone, and out of an open region
@pytest.mark.parametrize("training", [0, 1])
def test_a_unit_runs_on_its_own_as_the_eager_module_does(exported, name, training):
    path, _ = exported(name)
    model = load(path)
    set_units(model, classes=["Feed"])
    OAR.check(OAR.lib.oar_model_set_training(model, training))
    unit = next(unit for unit in describe(model)["units"] if unit["name"] == "body.layers.1")
    assert unit["class"].endswith("Feed") and len(unit["inputs"]) == len(unit["outputs"]) == 1
    x = rows(seed=7)
    OAR.check(OAR.lib.oar_state_seed(STATE, ctypes.c_int64(3)))
    ours = forward_unit(model, "body.layers.1", {unit["inputs"][0]: x})[unit["outputs"][0]]
    eager = programs.seeded(lambda: Loss(CASES[name][0]())).train(bool(training)).body.layers[1]
    torch.manual_seed(3)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=name == "autocast"):
        theirs = eager(x).detach()
    assert torch.equal(ours, theirs)


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


def test_a_profile_counts_calls_and_allocations(prepared, tmp_path):
    batch = 4096
    events, table = profile(prepared("mlp"), torch.randn(batch, 16, generator=torch.Generator().manual_seed(1)), tmp_path / "trace.json")
    # What a Feed computes out of place, in floats per row: 16 by norm, down, dropout and the sum, 64 by up and gelu. Of the same
    # order is what it may need besides (the mask, the statistics of the norm), and nothing more.
    outputs = batch * 4 * (4 * 16 + 2 * 64)
    for event in events:
        if event["cat"] == "forward" and event["name"] != "(model)":
            assert outputs <= event["args"]["allocated_bytes"] < 1.5 * outputs
            assert 0 < event["args"]["peak_bytes"] <= event["args"]["allocated_bytes"]
    for line in table.splitlines()[1:]:
        name, _, forwards, _, _, backwards, _, _, allocated, peak = line.split()
        mine = [event["args"] for event in events if event["name"] == name]
        assert forwards == backwards == "2" and len(mine) == 4
        assert allocated == f"{sum(args['allocated_bytes'] for args in mine) / 2**20:.3f}"
        assert peak == f"{max(args['peak_bytes'] for args in mine) / 2**20:.3f}"
    for phase in ("forward", "backward"):
        sums = {whole: sum(e["args"]["allocated_bytes"] for e in events if e["cat"] == phase and (e["name"] == "(model)") == whole)
                for whole in (True, False)}
        assert sums[True] >= sums[False] > 0


def test_units_are_chosen_before_a_model_is_prepared(prepared):
    with pytest.raises(oarlock_ctypes.OarlockError) as error:
        set_units(prepared("mlp"), paths=["body.layers.*"])
    assert error.value.code == oarlock_ctypes.E_STATE


def test_foreign_models_have_no_units():
    model = OAR.make(OAR.lib.oar_model_create_foreign, STATE)
    with pytest.raises(oarlock_ctypes.OarlockError, match="oar_model_set_units needs a program") as error:
        set_units(model, min_parameters=1)
    assert error.value.code == oarlock_ctypes.E_UNSUPPORTED
