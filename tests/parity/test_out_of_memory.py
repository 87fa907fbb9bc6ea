"""A forward that runs out of memory: its code, what it leaves as it was, and that the next one works."""
import pytest
import torch
from torch import nn

import programs
from precision_side import OAR, Training

E_OUT_OF_MEMORY = 11


class Greedy(nn.Module):
    """Running statistics first; then, from 8 rows on, more memory than an address space has."""

    def __init__(self):
        super().__init__()
        self.norm, self.fc = nn.BatchNorm1d(4), nn.Linear(4, 2)

    def forward(self, x):
        y = self.norm(x)
        kept = torch.zeros((x.shape[0] // 8) * 2**50 + 3)
        return {"loss": self.fc(y).pow(2).mean() + kept[0]}


@pytest.fixture(scope="module")
def greedy(tmp_path_factory):
    path = tmp_path_factory.mktemp("memory") / "greedy.pt2"
    programs.export_program(programs.seeded(Greedy), (torch.randn(5, 4),), path, ({0: "b"},))
    return path


BUFFERS = ("norm.running_mean", "norm.running_var", "norm.num_batches_tracked")


@pytest.mark.parametrize("precision", ["no", "bf16", "fp16"])
def test_a_failed_forward_leaves_everything_as_it_was_and_a_smaller_one_works(greedy, precision):
    ours, fresh = Training(greedy, precision), Training(greedy, precision)
    before = {**ours.weights(), **{name: OAR.parameter(ours.model, name).clone() for name in BUFFERS}}
    with pytest.raises(Exception, match="norm|zeros") as failed:
        ours.forward((torch.randn(8, 4),))
    assert failed.value.code == E_OUT_OF_MEMORY, failed.value
    for name, tensor in before.items():
        assert torch.equal(OAR.parameter(ours.model, name), tensor), name
    small = torch.randn(6, 4)
    losses = []
    for training in (ours, fresh):
        losses.append(training.backward(training.forward((small,))))
        training.step()
    assert torch.equal(*losses)
    for name in (*before,):
        assert torch.equal(OAR.parameter(ours.model, name), OAR.parameter(fresh.model, name)), name
