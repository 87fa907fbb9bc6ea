"""The gradients of two micro-batches of an MLP, after each backward, on two ranks."""
import safetensors.torch
import torch

from world import run_world

TWO_MICRO_BATCHES = """
with state({options}) as world:
    check(lib.oar_state_seed(world.handle, ctypes.c_int64(7 + world.rank)))
    accelerator = ctypes.c_void_p(call_out(lib.oar_accelerator_create, world.handle, None))
    model = ctypes.c_void_p(call_out(lib.oar_model_load, world.handle, {program!r}.encode(), None))
    {prepare}
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
        values = []
        for name, count in ((b"fc1.weight", 4096), (b"fc1.bias", 64), (b"fc2.weight", 640), (b"fc2.bias", 10)):
            gradient = ctypes.c_void_p(call_out(lib.oar_model_gradient, model, name))
            data = ctypes.cast(call_out(lib.oar_tensor_data, gradient), ctypes.POINTER(ctypes.c_float))
            values += data[:count]
        gradients.append(values)
        check(lib.oar_accelerator_accumulate_end(accelerator))
    report(gradients=gradients)
"""


def save_rows(inputs, path):
    x, y = inputs
    safetensors.torch.save_file({"x": x, "y": y}, path)


def gradients_of_two_micro_batches(folder, prepare="pass", **options):
    """Per rank a tensor [micro-batch, value]: of folder/mlp.pt2 on folder/mlp.safetensors; `prepare`: a line before the model is prepared."""
    given = ", ".join(f"{key}={value}" for key, value in {"accelerator_gradient_accumulation_steps": 2, **options}.items())
    body = TWO_MICRO_BATCHES.format(program=str(folder / "mlp.pt2"), data=str(folder / "mlp.safetensors"), options=given, prepare=prepare)
    return [torch.tensor(rank["gradients"]) for rank in run_world(2, body)]
