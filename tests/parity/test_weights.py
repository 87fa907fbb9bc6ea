"""Weights beside the program: tied names, programs exported without weights, and the record that our exporter adds."""

import json
import pathlib
import sys

import pytest
import torch
from safetensors.torch import save_file, save_model
from torch import nn

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import oarlock_ctypes as oc  # noqa: E402

torch.set_num_threads(1)
OAR = oc.load()
STATE = OAR.make(OAR.lib.oar_state_create, None)
TOKENS = torch.tensor([[1, 2, 3], [4, 5, 6]])
TIED = ["embed.weight", "head.weight"]


class Lm(nn.Module):
    def __init__(self, tied=True):
        super().__init__()
        self.embed, self.head = nn.Embedding(8, 4), nn.Linear(4, 8, bias=False)
        self.norm = nn.BatchNorm1d(3)
        if tied:
            self.head.weight = self.embed.weight

    def forward(self, tokens):
        logits = self.head(self.norm(self.embed(tokens)))
        return {"loss": logits.logsumexp(-1).mean(), "logits": logits}


def lm(tied=True, seed=0):
    torch.manual_seed(seed)
    return Lm(tied).train()


def save(path, module, extra=None):
    program = torch.export.export(module, (TOKENS.to(next(module.parameters()).device),))
    text = {} if extra is None else {"oarlock.json": extra if isinstance(extra, str) else json.dumps(extra)}
    torch.export.save(program, path, extra_files=text)
    return path


def load(path, **options):
    return OAR.make(OAR.lib.oar_model_load, STATE, str(path).encode(), json.dumps(options).encode())


def refusal(path, **options):
    with pytest.raises(oc.OarlockError) as caught:
        load(path, **options)
    return caught.value


def gradients(model):
    """After one backward."""
    accelerator = OAR.make(OAR.lib.oar_accelerator_create, STATE, None)
    tree = OAR.forward_tree(model, [TOKENS])
    OAR.check(OAR.lib.oar_accelerator_backward(accelerator, OAR.make(OAR.lib.oar_tree_get_tensor, tree, b"loss")))
    return {name: OAR.gradient(model, name) for name in TIED}


def test_names_that_export_split_are_one_tensor_again(tmp_path):
    """The archive has two equal tensors; the record says that they were one."""
    split, module = lm(tied=False), lm()
    split.load_state_dict(module.state_dict())
    model = load(save(tmp_path / "a.pt2", split, {"format": 1, "tied": [TIED]}))
    module(TOKENS)["loss"].backward()
    assert len([name for name in OAR.parameter_names(model) if name in TIED]) == 1
    for gradient in gradients(model).values():
        assert torch.equal(gradient, module.embed.weight.grad)


def test_equal_names_without_a_record_stay_apart(tmp_path):
    split = lm(tied=False)
    with torch.no_grad():
        split.head.weight.copy_(split.embed.weight)
    ours = gradients(load(save(tmp_path / "a.pt2", split)))
    split(TOKENS)["loss"].backward()
    assert torch.equal(ours["embed.weight"], split.embed.weight.grad)
    assert torch.equal(ours["head.weight"], split.head.weight.grad)


def test_tied_names_that_differ_in_the_archive_are_corrupt(tmp_path):
    error = refusal(save(tmp_path / "a.pt2", lm(tied=False), {"format": 1, "tied": [TIED]}))
    assert error.code == oc.E_CORRUPT and "embed.weight and head.weight were one tensor" in error.message


@pytest.mark.parametrize("extra, code, part", [
    ({"format": 2}, oc.E_VERSION, "format 2"), ({}, oc.E_CORRUPT, "format"), ("{", oc.E_CORRUPT, "oarlock.json"),
    ({"format": 1, "tied": "x"}, oc.E_CORRUPT, "tied"), ({"format": 1, "tied": [[1]]}, oc.E_CORRUPT, "tied"),
    ({"format": 1, "loss": "nowhere"}, oc.E_CORRUPT, "the loss is nowhere, and the program returns loss, logits"),
    ({"format": 1, "modules": {"head": 3}}, oc.E_CORRUPT, "head"),
])
def test_a_malformed_record_is_refused(tmp_path, extra, code, part):
    error = refusal(save(tmp_path / "a.pt2", lm(), extra))
    assert error.code == code and part in error.message, error.message


def test_unknown_members_of_the_record_are_for_later_releases(tmp_path):
    extra = {"format": 1, "loss": "loss", "dynamic": {"tokens": {"0": "batch"}}, "modules": {"": "Lm"}, "of_tomorrow": [1]}
    assert OAR.forward(load(save(tmp_path / "a.pt2", lm(), extra)), [TOKENS])["loss"].isfinite()


def weightless(path, extra=None):
    with torch.device("meta"):
        module = Lm().train()
    return save(path, module, extra)


@pytest.mark.parametrize("one_name", [False, True], ids=["both names", "one of the tied names"])
def test_a_program_without_weights_takes_them_from_a_file(tmp_path, one_name):
    module = lm(seed=3)
    if one_name:
        save_model(module, str(tmp_path / "w.safetensors"))
    else:
        save_file({name: tensor.clone() for name, tensor in module.state_dict().items()}, str(tmp_path / "w.safetensors"))
    path = weightless(tmp_path / "a.pt2", {"format": 1, "tied": [TIED]})
    model = load(path, weights=str(tmp_path / "w.safetensors"))
    theirs = module(TOKENS)
    theirs["loss"].backward()
    for gradient in gradients(model).values():
        assert torch.equal(gradient, module.embed.weight.grad)
    assert torch.equal(OAR.parameter(model, "norm.running_mean"), module.norm.running_mean)
    assert torch.equal(OAR.forward(model, [TOKENS])["logits"], module(TOKENS)["logits"].detach())


def test_a_program_without_weights_ties_nothing_by_itself(tmp_path):
    """Every name of such a program points to one empty record."""
    names = OAR.parameter_names(load(weightless(tmp_path / "a.pt2"), weights=str(weights_of(lm(tied=False), tmp_path))))
    assert sorted(names) == sorted(["norm.weight", "norm.bias", *TIED])


def weights_of(module, folder):
    save_file({name: tensor.clone() for name, tensor in module.state_dict().items()}, str(folder / "w.safetensors"))
    return folder / "w.safetensors"


def test_missing_weights_of_a_program_without_them_are_listed(tmp_path):
    error = refusal(weightless(tmp_path / "a.pt2"))
    assert error.code == oc.E_UNSUPPORTED and "model.weights" in error.message
    tensors = lm().state_dict()
    save_file({name: tensors[name].clone() for name in ("embed.weight", "norm.bias")}, str(tmp_path / "w.safetensors"))
    error = refusal(tmp_path / "a.pt2", weights=str(tmp_path / "w.safetensors"))
    assert error.code == oc.E_ARGUMENT
    assert "missing" in error.message and "head.weight" in error.message and "norm.running_mean" in error.message
