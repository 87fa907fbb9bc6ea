"""fp16 over real ranks: one rank's infinity or NaN makes all of them leave the step out; different precisions are a mismatch."""
import pathlib
import sys

import pytest
import torch
from world import run_world

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "parity"))
import precision_models  # noqa: E402
import programs  # noqa: E402

TRAIN = """
with state() as world:
    config = ctypes.c_void_p(call_out(lib.oar_config_create))
    check(lib.oar_config_merge_json(config, options[world.rank].encode()))
    accelerator = ctypes.c_void_p(call_out(lib.oar_accelerator_create, world.handle, config))
    model = ctypes.c_void_p(call_out(lib.oar_model_load, world.handle, path.encode(), None))
    check(lib.oar_accelerator_prepare_model(accelerator, model))
    optimizer = ctypes.c_void_p(call_out(lib.oar_optimizer_create, model, b"sgd", b'{"lr": 0.1}'))
    check(lib.oar_accelerator_prepare_optimizer(accelerator, optimizer))
    history = []
    for i in range(6):
        x = np.full((5, 4), 0.5 + world.rank, dtype=np.float32)
        if i in bad and world.rank == 1:
            x[0, 0] = bad[i]
        batch = ctypes.c_void_p(call_out(lib.oar_tree_create_map))
        check(lib.oar_tree_set_tensor(batch, b"x", Tensor(x).handle))
        outputs = ctypes.c_void_p(call_out(lib.oar_model_forward, model, batch))
        loss = ctypes.c_void_p(call_out(lib.oar_tree_get_tensor, outputs, b"loss"))
        check(lib.oar_accelerator_backward(accelerator, loss))
        if clips:
            norm = ctypes.c_double()
            check(lib.oar_accelerator_clip_grad_norm(accelerator, model, ctypes.c_double(1), ctypes.c_double(2), ctypes.byref(norm)))
        check(lib.oar_accelerator_step(accelerator, optimizer, None))
        skipped = call_out(lib.oar_accelerator_step_was_skipped, accelerator, optimizer, kind=ctypes.c_int32)
        scale = call_out(lib.oar_accelerator_loss_scale, accelerator, kind=ctypes.c_double)
        weight = ctypes.c_void_p(call_out(lib.oar_model_tensor, model, b"fc.weight"))
        values = ctypes.cast(call_out(lib.oar_tensor_data, weight), ctypes.POINTER(ctypes.c_float))
        history.append([skipped, scale, [float(v).hex() for v in values[:12]]])
    report(history=history)
"""
FP16 = '{"accelerator": {"mixed_precision": "fp16"}, "scaler": {"init_scale": 1024}}'


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("precision") / "risky.pt2"
    programs.export_program(programs.seeded(precision_models.Risky), (torch.ones(5, 4),), path)
    return str(path)


@pytest.mark.parametrize("clips", [False, True])
def test_all_ranks_leave_out_the_steps_of_one_ranks_infinities(path, clips):
    head = f"path, clips, options = {path!r}, {clips}, [{FP16!r}] * 2\nbad = {{1: float('inf'), 4: float('nan')}}\n"
    first, second = (rank["history"] for rank in run_world(2, head + TRAIN))
    assert first == second
    assert [skipped for skipped, _, _ in first] == [0, 1, 0, 0, 1, 0]
    assert [scale for _, scale, _ in first] == [1024, 512, 512, 512, 256, 256]
    weights = [weight for _, _, weight in first]
    assert weights[1] == weights[0] and weights[4] == weights[3] and len({tuple(weight) for weight in weights}) == 4


def test_ranks_of_different_precision_are_a_mismatch_that_names_it(path):
    body = f"""
path, options = {path!r}, [{FP16!r}, "{{}}"]
world = State()
config = ctypes.c_void_p(call_out(lib.oar_config_create))
check(lib.oar_config_merge_json(config, options[world.rank].encode()))
accelerator = ctypes.c_void_p(call_out(lib.oar_accelerator_create, world.handle, config))
model = ctypes.c_void_p(call_out(lib.oar_model_load, world.handle, path.encode(), None))
report(prepare=attempt(lambda: check(lib.oar_accelerator_prepare_model(accelerator, model))))
"""
    for rank in run_world(2, body):
        assert rank["prepare"]["status"] == "OAR_E_MISMATCH", rank["prepare"]
        assert "accelerator.mixed_precision fp16" in rank["prepare"]["text"]
        assert rank["prepare"]["seconds"] < 20
