"""Programs that a later torch wrote (schema 8.20 of torch 2.15), run here: what they gave there, within the tolerance of the design.

later_release/make.py made them.
"""

import json
import pathlib
import sys
import zipfile

import pytest
import torch

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import oarlock_ctypes  # noqa: E402

torch.set_num_threads(1)
OAR = oarlock_ctypes.load()
STATE = OAR.make(OAR.lib.oar_state_create, None)
FOLDER = HERE / "later_release"


def close(ours, theirs, scale):
    return (ours - theirs).abs().max().item() <= 1e-5 * scale


@pytest.mark.parametrize("name", ["classifier", "branches"])
def test_a_program_of_a_later_release_gives_what_it_gave_there(name):
    with zipfile.ZipFile(FOLDER / f"{name}.pt2") as archive:
        document = json.loads(archive.read(next(n for n in archive.namelist() if n.endswith("models/model.json"))))
    assert document["schema_version"] == {"major": 8, "minor": 20}
    expected = json.loads((FOLDER / f"{name}.json").read_text())
    model = OAR.make(OAR.lib.oar_model_load, STATE, str(FOLDER / f"{name}.pt2").encode(), None)
    tree = OAR.forward_tree(model, [torch.tensor(values) for values in expected["inputs"]])
    outputs = OAR.value(tree)
    for key, values in expected["outputs"].items():
        theirs = torch.tensor(values)
        assert close(outputs[key], theirs, max(1, theirs.abs().max().item())), key
    accelerator = OAR.make(OAR.lib.oar_accelerator_create, STATE, None)
    OAR.check(OAR.lib.oar_accelerator_backward(accelerator, OAR.make(OAR.lib.oar_tree_get_tensor, tree, b"loss")))
    gradients = {n: torch.tensor(values) for n, values in expected["gradients"].items()}
    largest = max(g.abs().max().item() for g in gradients.values())
    assert largest > 0
    for parameter, theirs in gradients.items():
        assert close(OAR.gradient(model, parameter), theirs, largest), parameter
