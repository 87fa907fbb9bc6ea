"""Units of a program: recomputed, looked into, measured."""
import json

import oarlock
from programs import load
from scene import digits, raises, scenario

UNITS = ["fc1", "fc2"]


@scenario
def recompute_same_gradients(folder):
    found = []
    for recompute in (False, True):
        with oarlock.State() as state:
            model = load(state).train()
            with raises(oarlock.InvalidArgument, "fc9"):
                model.set_units(paths=["fc9"])
            model.set_units(paths=UNITS)
            assert model.units == ["", *UNITS]
            model.set_recompute("*", recompute)
            accelerator = oarlock.Accelerator(state)
            accelerator.prepare(model)
            state.seed(5)
            accelerator.backward(model(digits()[:8])["loss"])
            found.append(model.gradient("fc1.weight").numpy().copy())
    assert (found[0] == found[1]).all() and found[0].any()


@scenario
def intermediate_values(folder):
    with oarlock.State() as state:
        model = load(state)
        model.set_units({"paths": UNITS})
        outputs, values = model.forward_with_values(digits()[:8], ["fc2", "relu_2"])
        logits = outputs["logits"].numpy()
        assert (values["fc2"].numpy() == logits).all()
        given = model.forward_unit("fc2", {"relu_2": values["relu_2"]})
        assert (given["linear_1"].numpy() == logits).all()
        with raises(oarlock.NotFound, "fc9"):
            model.forward_with_values(digits()[:8], ["fc9"])
        [unit] = [unit for unit in model.describe()["units"] if unit["name"] == "fc2"]
        assert unit["inputs"] == ["relu_2"] and unit["outputs"] == ["linear_1"]


@scenario
def profile_table(folder):
    with oarlock.State() as state:
        model = load(state)
        model.set_units(paths=UNITS)
        with model.profile() as profile:
            model(digits()[:8])
        assert all(unit in profile.table for unit in UNITS) and str(profile) == profile.table
        profile.save_trace(folder / "trace.json")
        assert json.loads((folder / "trace.json").read_text())
