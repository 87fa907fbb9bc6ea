"""A training loop in a rank's program of the distributed tests: a model of a file, an accelerator with options of its own, arrays in and out."""
import ctypes
import json
import os
import tempfile

import numpy as np

from rank import *  # noqa: F403  (what a body that imports this one wants, too)
from rank import Tensor, call_out, check, config_of, lib
from training_rows import rows  # noqa: F401

DOUBLE, INT64 = ctypes.c_double, ctypes.c_int64


class Training:
    """options: of the accelerator, named in full. optimizer None: none."""

    def __init__(self, world, program, options=None, optimizer=None, values=None, seed=7):
        self.world, self.kept = world, []
        config = config_of(options) if options else None  # None: the state's
        self.accelerator = ctypes.c_void_p(call_out(lib.oar_accelerator_create, world.handle, config))
        lib.oar_config_release(config)
        self.model = ctypes.c_void_p(call_out(lib.oar_model_load, world.handle, str(program).encode(), None))
        check(lib.oar_accelerator_prepare_model(self.accelerator, self.model))
        self.optimizer = None
        if optimizer:
            self.optimizer = ctypes.c_void_p(call_out(lib.oar_optimizer_create, self.model, optimizer.encode(),
                                                      json.dumps(values or {}).encode()))
            check(lib.oar_accelerator_prepare_optimizer(self.accelerator, self.optimizer))
        check(lib.oar_state_seed(world.handle, INT64(seed + world.rank)))

    def loss(self, **arrays):
        batch = ctypes.c_void_p(call_out(lib.oar_tree_create_map))
        tensors = {name: Tensor(array) for name, array in arrays.items()}
        for name, tensor in tensors.items():
            check(lib.oar_tree_set_tensor(batch, name.encode(), tensor.handle))
        outputs = ctypes.c_void_p(call_out(lib.oar_model_forward, self.model, batch))
        loss = ctypes.c_void_p(call_out(lib.oar_tree_get_tensor, outputs, b"loss"))
        lib.oar_tree_release(outputs)
        lib.oar_tree_release(batch)
        self.kept.append(arrays)  # their memory is what autograd has saved
        for tensor in tensors.values():
            tensor.release()
        return loss

    def value(self, loss):
        number = call_out(lib.oar_tensor_item, loss, kind=DOUBLE)
        lib.oar_tensor_release(loss)
        return number

    def backward(self, loss):
        check(lib.oar_accelerator_backward(self.accelerator, loss))

    def call(self, name, *arguments):
        """oar_accelerator_<name>, of this model."""
        check(getattr(lib, f"oar_accelerator_{name}")(self.accelerator, *arguments))

    def micro_batch(self, arrays):
        """One round of the usual loop; the loss."""
        self.call("accumulate_begin", self.model)
        loss = self.loss(**arrays)
        self.backward(loss)
        if self.optimizer:
            self.call("step", self.optimizer, None)
        self.call("accumulate_end")
        return self.value(loss)

    def names(self):
        count = call_out(lib.oar_model_num_parameters, self.model, kind=INT64)
        names = []
        for i in range(count):
            size, buffer = ctypes.c_size_t(200), ctypes.create_string_buffer(200)
            check(lib.oar_model_parameter_name(self.model, INT64(i), buffer, ctypes.byref(size)))
            names.append(buffer.value.decode())
        return names

    def _array(self, function, name):
        tensor = call_out(function, self.model, name.encode())
        if not tensor:
            return None
        tensor = ctypes.c_void_p(tensor)
        numel = call_out(lib.oar_tensor_numel, tensor, kind=INT64)
        data = ctypes.cast(call_out(lib.oar_tensor_data, tensor), ctypes.POINTER(ctypes.c_float))
        values = np.ctypeslib.as_array(data, (numel,)).copy() if numel else np.zeros(0, np.float32)
        lib.oar_tensor_release(tensor)
        return values

    def gradients(self):
        """Of all parameters, flat, in their order; of one without a gradient none."""
        return [None if (g := self._array(lib.oar_model_gradient, name)) is None else g.tolist() for name in self.names()]

    def parameters(self):
        return [self._array(lib.oar_model_tensor, name).tolist() for name in self.names()]

    def release(self):
        check(lib.oar_accelerator_close(self.accelerator))
        lib.oar_optimizer_release(self.optimizer)
        lib.oar_model_release(self.model)
        lib.oar_accelerator_release(self.accelerator)


def sent(world, run):
    """What the backwards in `run()` sent by this rank's flight recorder: "4810 float32" each, in order."""
    before = len(_operations(world))
    run()
    calls = [row["call"] for row in _operations(world)[before:] if row["function"].startswith("oar_accelerator_backward")]
    return [call.split("sum of ")[1].rstrip(")") if "sum of" in call else call for call in calls]


def _operations(world):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "dump.json")
        check(lib.oar_state_dump(world.handle, path.encode()))
        with open(path) as file:
            return json.load(file)["groups"][0]["operations"]
