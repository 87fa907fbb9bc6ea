"""Graphs without weights, and export_weights beside safetensors itself."""
import os
import pathlib
import sys
import zipfile

import pytest
import safetensors.torch
import torch
from torch import nn

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent)]
from exported import WORDS, ExportError, Tied, export_program, export_weights, net, record, x  # noqa: E402


def graph_without_weights(module, inputs, path, **options):
    export_program(module, inputs, path, **options)
    with zipfile.ZipFile(path) as archive:
        return sum(info.file_size for info in archive.infolist() if "/weights/weight_" in info.filename)


@pytest.mark.parametrize("kind", ["real", "meta", "fake"])
def test_a_graph_without_weights(tmp_path, kind):
    if kind == "meta":
        with torch.device("meta"):
            module = Tied()
    elif kind == "fake":
        with torch._subclasses.FakeTensorMode():
            module = Tied()
    else:
        module = net(Tied)
    options = {"weights": False} if kind == "real" else {}
    assert graph_without_weights(module, WORDS, tmp_path / "graph.pt2", dynamic={"words": ("batch", "length")}, **options) == 0
    assert record(tmp_path / "graph.pt2")["tied"] == [["embed.weight", "head.weight"]]
    assert graph_without_weights(net(Tied), WORDS, tmp_path / "whole.pt2") > 0


def test_buffers_that_no_state_dict_brings_need_values(tmp_path):
    class Rotary(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(8, 8)
            self.register_buffer("angles", torch.ones(8), persistent=False)

        def forward(self, x):
            return (self.fc(x) * self.angles).mean()

    with torch.device("meta"):
        module = Rotary()
    with pytest.raises(ExportError, match="no values and are in no state dict that could bring them: angles; make the model with real"):
        export_program(module, x(), tmp_path / "graph.pt2")
    assert graph_without_weights(net(Rotary), x(), tmp_path / "graph.pt2", weights=False) == 0


class Weights(Tied):
    def __init__(self):
        super().__init__()
        for dtype in (torch.bfloat16, torch.float16, torch.int64, torch.uint8, torch.bool, torch.float64):
            self.register_buffer(f"of_{str(dtype)[6:]}", torch.arange(3).to(dtype))
        self.register_buffer("empty", torch.zeros(0, 4))
        self.register_buffer("columns", torch.arange(6.0).reshape(2, 3).t())
        self.register_buffer("number", torch.tensor(7))
        self.register_buffer("not_saved", torch.ones(2), persistent=False)


def test_weights_are_what_safetensors_would_save(tmp_path):
    module = net(Weights)
    export_weights(module, tmp_path / "ours.safetensors")
    safetensors.torch.save_model(module, str(tmp_path / "theirs.safetensors"), metadata={"format": "pt"})
    ours, theirs = (safetensors.torch.load_file(tmp_path / f"{name}.safetensors") for name in ("ours", "theirs"))
    assert sorted(ours) == sorted(theirs) and "head.weight" not in ours
    for name, tensor in theirs.items():
        assert torch.equal(ours[name], tensor) and ours[name].dtype == tensor.dtype
    with safetensors.safe_open(tmp_path / "ours.safetensors", "pt") as a, safetensors.safe_open(tmp_path / "theirs.safetensors", "pt") as b:
        assert a.metadata() == b.metadata() == {"format": "pt", "head.weight": "embed.weight"}
    other = net(Weights, seed=5)
    assert safetensors.torch.load_model(other, str(tmp_path / "ours.safetensors")) == (set(), [])
    assert torch.equal(other.head.weight, module.head.weight)


def test_what_is_no_tensor_is_told_by_name(tmp_path):
    class Extra(nn.Linear):
        def get_extra_state(self):
            return {"version": 1}

        def set_extra_state(self, state):
            pass

    with pytest.warns(UserWarning, match=r"'_extra_state' \(a dict\) of the state dict is no tensor, and not in the file"):
        export_weights(Extra(8, 4), tmp_path / "w.safetensors")
    assert sorted(safetensors.torch.load_file(tmp_path / "w.safetensors")) == ["bias", "weight"]
    export_program(Extra(8, 4), x(), tmp_path / "net.pt2")
    with pytest.raises(ExportError, match=r"holds tensors, but not 'epoch' \(a int\), 'model' \(a dict\); give the mapping of the tensors alone"):
        export_weights({"a": torch.ones(2), "epoch": 3, "model": {}}, tmp_path / "checkpoint.safetensors")


def test_values_that_are_conjugated_or_negated_when_they_are_read_are_saved_as_they_read(tmp_path):
    numbers = torch.tensor([1 + 2j, 3 - 4j])
    export_weights({"a": numbers.conj(), "b": numbers.conj().imag}, tmp_path / "w.safetensors")
    saved = safetensors.torch.load_file(tmp_path / "w.safetensors")
    assert saved["a"].tolist() == [1 - 2j, 3 + 4j] and saved["b"].tolist() == [-2, 4]


def test_weights_without_values_are_refused(tmp_path):
    with torch.device("meta"):
        module = Tied()
    with pytest.raises(ExportError, match="tensor 'block.0.bias' has no values"):
        export_weights(module, tmp_path / "w.safetensors")
    assert os.listdir(tmp_path) == []
