"""The files of examples/digits are what their script makes: same graph, shapes and weights; and nothing of a machine inside."""

import json
import os
import pathlib
import re
import subprocess
import sys
import zipfile

import pytest
import torch
from safetensors import safe_open

FOLDER = pathlib.Path(os.environ["OARLOCK_SOURCE"]) / "examples/digits"
FILES = ("digits.pt2", "train.safetensors", "test.safetensors")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits")
    subprocess.run([sys.executable, FOLDER / "export_digits.py", folder], check=True, timeout=300)
    return folder


def graph(path):
    with zipfile.ZipFile(path) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/models/model.json"))
        return json.loads(archive.read(name))["graph_module"]["graph"]


def test_the_graph_is_the_scripts(made):
    def described(path):
        """Nodes with every argument, by name or as a constant; what they make; what goes in and out."""
        found = graph(path)
        nodes = [(node["target"], node["inputs"], node["outputs"]) for node in found["nodes"]]
        sizes = {name: (meta["dtype"], ["as_int" in size and size["as_int"] for size in meta["sizes"]])
                 for name, meta in found["tensor_values"].items()}
        return nodes, found["inputs"], found["outputs"], sizes

    ours, theirs = described(FOLDER / "digits.pt2"), described(made / "digits.pt2")
    assert len(ours[0]) > 10 and ours == theirs


def test_the_weights_are_the_scripts(made):
    ours, theirs = (torch.export.load(str(folder / "digits.pt2")).state_dict for folder in (FOLDER, made))
    assert list(ours) == list(theirs)
    for name, tensor in ours.items():
        torch.testing.assert_close(tensor, theirs[name], rtol=0, atol=1e-6)


@pytest.mark.parametrize("split, rows", [("train", 1437), ("test", 360)])
def test_the_images_are_the_scripts(made, split, rows):
    with safe_open(FOLDER / f"{split}.safetensors", "pt") as ours, safe_open(made / f"{split}.safetensors", "pt") as theirs:
        assert ours.metadata() == theirs.metadata()
        assert ours.metadata()["licence"] == "CC BY 4.0" and "UCI" in ours.metadata()["source"]
        images, labels = ours.get_tensor("images"), ours.get_tensor("labels")
        assert torch.equal(images, theirs.get_tensor("images")) and torch.equal(labels, theirs.get_tensor("labels"))
    assert images.dtype == torch.uint8 and images.shape == (rows, 8, 8) and images.max() == 16
    assert labels.dtype == torch.int64
    # Stratified: every class has its share of the 1,797 to within one image.
    shares = torch.bincount(labels, minlength=10) * 1797 / rows
    assert (shares - torch.tensor([178, 182, 177, 183, 181, 182, 181, 179, 174, 180])).abs().max() <= 1797 / rows


def test_the_batch_is_dynamic():
    program = torch.export.load(str(FOLDER / "digits.pt2"))
    outputs = program.module()(torch.zeros(5, 8, 8, dtype=torch.uint8), torch.zeros(5, dtype=torch.int64))
    assert list(outputs) == ["loss", "logits"] and outputs["logits"].shape == (5, 10)


@pytest.mark.parametrize("name", FILES)
def test_nothing_of_a_machine_is_inside(name):
    data = (FOLDER / name).read_bytes()
    assert len(data) < 250_000
    assert not [part for part in (b"stack_trace", b"File \"", b".py") if part in data]
    assert not re.search(rb"\"/[a-z]+/", data), "a path of the machine that exported it"
