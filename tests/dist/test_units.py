"""Recomputed units under data parallelism: two ranks get the gradients that they get without, bit for bit."""
import pathlib
import sys

import pytest
import safetensors.torch
import torch

from world import run_world

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "parity"))
import programs  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("units")
    programs.export_mlp(folder / "mlp.pt2", dropout=0.3)
    x, y = programs.mlp_inputs(160)
    safetensors.torch.save_file({"x": x, "y": y}, folder / "mlp.safetensors")
    return folder


TWO_MICRO_BATCHES = """
with state(accelerator_gradient_accumulation_steps=2, ddp_bucket_cap_mb=0.01) as world:
    check(lib.oar_state_seed(world.handle, ctypes.c_int64(7 + world.rank)))
    accelerator = ctypes.c_void_p(call_out(lib.oar_accelerator_create, world.handle, None))
    model = ctypes.c_void_p(call_out(lib.oar_model_load, world.handle, {program!r}.encode(), None))
    check(lib.oar_model_set_units(model, b'{{"paths": ["fc1", "drop", "fc2"]}}'))
    check(lib.oar_model_set_recompute(model, b"*", {recompute}))
    check(lib.oar_accelerator_prepare_model(accelerator, model))
    dataset = ctypes.c_void_p(call_out(lib.oar_dataset_from_safetensors, {data!r}.encode(), None, ctypes.c_size_t(0)))
    loader = ctypes.c_void_p(call_out(lib.oar_loader_create, dataset, b'{{"batch_size": 16}}'))
    check(lib.oar_accelerator_prepare_loader(accelerator, loader))
    gradients = []
    for micro in range(2):
        batch = ctypes.c_void_p(call_out(lib.oar_loader_next, loader))
        check(lib.oar_accelerator_accumulate_begin(accelerator, model))
        outputs = ctypes.c_void_p(call_out(lib.oar_model_forward, model, batch))
        loss = ctypes.c_void_p(call_out(lib.oar_tree_get_tensor, outputs, b"loss"))
        check(lib.oar_accelerator_backward(accelerator, loss))
        for name, count in ((b"fc1.weight", 4096), (b"fc1.bias", 64), (b"fc2.weight", 640), (b"fc2.bias", 10)):
            gradient = ctypes.c_void_p(call_out(lib.oar_model_gradient, model, name))
            data = ctypes.cast(call_out(lib.oar_tensor_data, gradient), ctypes.POINTER(ctypes.c_float))
            gradients += data[:count]
        check(lib.oar_accelerator_accumulate_end(accelerator))
    report(gradients=gradients)
"""


def gradients(folder, recompute):
    body = TWO_MICRO_BATCHES.format(program=str(folder / "mlp.pt2"), data=str(folder / "mlp.safetensors"), recompute=recompute)
    return [torch.tensor(rank["gradients"]) for rank in run_world(2, body)]


def test_recomputed_units_give_both_ranks_the_same_averages(folder):
    plain, recomputed = gradients(folder, 0), gradients(folder, 1)
    averages = slice(len(plain[0]) // 2, None)  # of the second micro-batch, which synchronises
    assert torch.equal(recomputed[0][averages], recomputed[1][averages])
    for rank in range(2):
        assert torch.equal(recomputed[rank], plain[rank])
