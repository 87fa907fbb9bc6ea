"""Adapters and recomputed units under data parallelism, when something goes wrong among the ranks."""
import pathlib
import signal
import sys
import time

import pytest
import safetensors.torch

from world import World, run_world

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "parity"))
import programs  # noqa: E402

SECOND = 4.0  # the bound of one second, times four


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("adapters")
    programs.export_mlp(folder / "mlp.pt2", dropout=0.3)
    x, y = programs.mlp_inputs(32)
    safetensors.torch.save_file({"x": x, "y": y}, folder / "mlp.safetensors")
    return folder


PREPARED = """
world = State()
options = {options}
accelerator = ctypes.c_void_p(call_out(lib.oar_accelerator_create, world.handle, None))
model = ctypes.c_void_p(call_out(lib.oar_model_load, world.handle, {program!r}.encode(), None))
check(lib.oar_model_set_units(model, b'{{"paths": ["fc1", "drop", "fc2"]}}'))
check(lib.oar_model_set_recompute(model, b"*", 1))
check(lib.oar_model_add_lora(model, options[world.rank % len(options)]))
prepared = attempt(lambda: check(lib.oar_accelerator_prepare_model(accelerator, model)))
dataset = ctypes.c_void_p(call_out(lib.oar_dataset_from_safetensors, {data!r}.encode(), None, ctypes.c_size_t(0)))
loader = ctypes.c_void_p(call_out(lib.oar_loader_create, dataset, b'{{"batch_size": 32}}'))
batch = ctypes.c_void_p(call_out(lib.oar_loader_next, loader))
def forward():
    outputs = ctypes.c_void_p(call_out(lib.oar_model_forward, model, batch))
    loss = ctypes.c_void_p(call_out(lib.oar_tree_get_tensor, outputs, b"loss"))
    lib.oar_tree_release(outputs)
    return loss
def step():
    loss = forward()
    try:
        check(lib.oar_accelerator_backward(accelerator, loss))
    finally:
        lib.oar_tensor_release(loss)
"""


def body(folder, rest, options=('{"targets": ["*"], "rank": 4}',)):
    encoded = [option.encode() for option in options]
    return PREPARED.format(options=encoded, program=str(folder / "mlp.pt2"), data=str(folder / "mlp.safetensors")) + rest


@pytest.mark.parametrize("victim", [0, 1])
def test_a_rank_that_is_killed_while_it_recomputes_is_named(folder, victim):
    world = World(2, body(folder, """
def train():
    while True: step()
step()
print("training", flush=True)
report(outcome=attempt(train), ended=time.time(), later=attempt(step))
world.close()
"""))
    for rank in range(2):
        world.wait_for_output(rank, "training")
    killed_at = time.time()
    world.kill(victim)
    results = world.finish(timeout=60, check=False)
    assert results[victim].returncode == -signal.SIGKILL
    survivor = results[1 - victim]
    assert survivor["outcome"]["status"] == "OAR_E_PEER_LOST" and survivor["outcome"]["rank"] == victim, survivor
    assert f"rank {victim} (process {world.processes[victim].pid}" in survivor["outcome"]["text"]
    assert survivor["ended"] - killed_at < SECOND
    assert survivor["later"]["status"] == "OAR_E_STATE" and "create the state" in survivor["later"]["text"]
    assert survivor.returncode == 0


@pytest.mark.parametrize("options", [('{"targets": ["*"], "rank": 4}', '{"targets": ["*"], "rank": 2}'),
                                     ('{"targets": ["*"]}', '{"targets": ["fc1"]}')], ids=["rank", "targets"])
def test_ranks_with_other_adapters_learn_it_when_they_prepare(folder, options):
    for result in run_world(2, body(folder, "report(outcome=prepared)", options)):
        outcome = result["outcome"]
        assert outcome["status"] == "OAR_E_MISMATCH" and outcome["seconds"] < SECOND, outcome
        assert "lora_A" in outcome["text"] or "parameters" in outcome["text"], outcome


def test_one_rank_may_recompute_and_the_other_not(folder):
    results = run_world(2, body(folder, """
check(lib.oar_model_set_recompute(model, b"*", world.rank))
check(lib.oar_state_seed(world.handle, ctypes.c_int64(7)))
report(outcome=attempt(step))
gradient = ctypes.c_void_p(call_out(lib.oar_model_gradient, model, b"fc1.lora_B.weight"))
report(gradient=ctypes.cast(call_out(lib.oar_tensor_data, gradient), ctypes.POINTER(ctypes.c_float))[:256])
"""))
    assert all(result["outcome"] is None or result["outcome"]["status"] == "OAR_OK" for result in results)
    assert results[0]["gradient"] == results[1]["gradient"] and any(results[0]["gradient"])


def test_a_rank_that_merges_between_forward_and_backward_tells_the_other(folder):
    results = run_world(2, body(folder, """
step()
def merged_too_early():
    loss = forward()
    if world.rank == 1: check(lib.oar_model_merge_lora(model))
    check(lib.oar_accelerator_backward(accelerator, loss))
report(outcome=attempt(merged_too_early))
world.close()
"""))
    first, second = (result["outcome"] for result in results)
    assert second["status"] == "OAR_E_STATE" and "changed before the backward" in second["text"], second
    assert first["status"] == "OAR_E_ABORTED" and "rank 1" in first["text"] and first["seconds"] < SECOND, first
