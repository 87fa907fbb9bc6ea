"""Models whose forward is operators by name: what the tests of tracing share."""
import ctypes
import pathlib
import sys

import torch

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent)]
from oarlock_ctypes import Handle, OarlockError, load  # noqa: E402
from op_values import call_op  # noqa: E402

torch.set_num_threads(1)
oar = load()
state = oar.make(oar.lib.oar_state_create, None)
FORWARD = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p)


def op(name, *arguments, **keywords):
    results = call_op(oar, state, f"aten::{name}", *arguments, **keywords)
    return results[0] if len(results) == 1 else results


class Foreign:
    """A foreign model whose forward is a Python function of (model, {name: handle}) -> {name: handle or torch tensor}."""

    def __init__(self, parameters, body, buffers=()):
        self.handle = oar.make(oar.lib.oar_model_create_foreign, state)
        self.values = {name: value.detach().clone() for name, value in parameters.items()}
        self.buffers = {name: value.clone() for name, value in dict(buffers).items()}
        for register, values in ((oar.lib.oar_model_register_parameter, self.values), (oar.lib.oar_model_register_buffer, self.buffers)):
            for name, value in values.items():
                oar.check(register(self.handle, name.encode(), oar.tensor_from_torch(value)))
        self.calls, self.input_names, self.error = 0, (), None
        self.callback = FORWARD(lambda model, inputs, outputs, _: self.run(body, inputs, outputs))
        oar.check(oar.lib.oar_model_set_forward(self.handle, self.callback, None, None))

    def run(self, body, inputs, outputs):
        self.calls += 1
        try:
            given = {}
            for name in self.input_names:
                pointer = ctypes.c_void_p()
                oar.check(oar.lib.oar_tree_get_tensor(ctypes.c_void_p(inputs), name.encode(), ctypes.byref(pointer)))
                given[name] = Handle(pointer.value, oar.lib.oar_tensor_release)
            results = body(self, given)
            tree = ctypes.c_void_p()
            oar.check(oar.lib.oar_tree_create_map(ctypes.byref(tree)))
            for name, value in results.items():
                handle = oar.tensor_from_torch(value) if isinstance(value, torch.Tensor) else value
                oar.check(oar.lib.oar_tree_set_tensor(tree, name.encode(), handle))
            outputs[0] = tree.value
            return 0
        except OarlockError as error:
            self.error = error
            return 5

    def __getitem__(self, name):
        return oar.make(oar.lib.oar_model_parameter, self.handle, name.encode())

    def scope(self, name, class_name=None):
        oar.check(oar.lib.oar_model_enter_scope(self.handle, name.encode(), class_name and class_name.encode()))

    def leave(self):
        oar.check(oar.lib.oar_model_exit_scope(self.handle))

    def forward(self, inputs):
        self.input_names = tuple(inputs)
        return oar.forward_tree(self.handle, inputs)

    def trace(self, inputs, dynamic=None):
        self.input_names = tuple(inputs)
        pointer = ctypes.c_void_p()
        oar.check(oar.lib.oar_model_trace(self.handle, oar.tree(inputs), dynamic and dynamic.encode(), ctypes.byref(pointer)))
        return Handle(pointer.value, oar.lib.oar_model_release)


def shape_of(handle):
    shape, count = (ctypes.c_int64 * 8)(), ctypes.c_size_t(8)
    oar.check(oar.lib.oar_tensor_shape(handle, shape, ctypes.byref(count)))
    return list(shape[:count.value])


def times_w(model, inputs):
    return op("mul", inputs["x"], model["w"])
