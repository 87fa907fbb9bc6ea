"""Recomputed units under data parallelism: two ranks get the gradients that they get without, bit for bit."""
import pathlib
import sys

import pytest
import torch

from micro_batches import gradients_of_two_micro_batches, save_rows

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "parity"))
import programs  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("units")
    programs.export_mlp(folder / "mlp.pt2", dropout=0.3)
    save_rows(programs.mlp_inputs(160), folder / "mlp.safetensors")
    return folder


UNITS = """check(lib.oar_model_set_units(model, b'{"paths": ["fc1", "drop", "fc2"]}')); check(lib.oar_model_set_recompute(model, b"*", %d))"""


def test_recomputed_units_give_both_ranks_the_same_averages(folder):
    plain, recomputed = (gradients_of_two_micro_batches(folder, UNITS % enabled, ddp_bucket_cap_mb=0.01) for enabled in (0, 1))
    assert torch.equal(recomputed[0][1], recomputed[1][1])  # of the second micro-batch, which synchronises
    for rank in range(2):
        assert torch.equal(recomputed[rank], plain[rank])
