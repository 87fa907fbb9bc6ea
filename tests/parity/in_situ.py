"""Runs of sessions on torch tensors, whose memory the library reads and writes where it lies."""

import ctypes
import pathlib
import sys

import torch

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import oarlock_ctypes  # noqa: E402
import programs  # noqa: E402

torch.set_num_threads(1)
OAR = oarlock_ctypes.load()
STATE = OAR.make(OAR.lib.oar_state_create, None)


def load(path):
    return OAR.make(OAR.lib.oar_model_load, STATE, str(path).encode(), None)


def exported(module, inputs, path, dynamic=None):
    """The module's program as a model; without `dynamic` every first dimension may change."""
    if dynamic is None:
        dynamic = tuple({0: f"d{i}"} if x.dim() > 0 else {} for i, x in enumerate(inputs))
    programs.export_program(module.train(), inputs, path, dynamic)
    return load(path)


def session_of(model):
    return OAR.make(OAR.lib.oar_session_create, model)


def arrays(tensors):
    """(array of handles, the handles) of torch tensors; None stays NULL."""
    handles = [None if tensor is None else OAR.tensor_from_torch(tensor) for tensor in tensors]
    pointers = (ctypes.c_void_p * max(len(handles), 1))(*[handle and handle.pointer for handle in handles])
    return pointers, handles


def run(session, inputs, outputs, function=None):
    given, kept_inputs = arrays(inputs)
    wanted, kept_outputs = arrays(outputs)
    call = function or OAR.lib.oar_session_run
    OAR.check(call(session, given, ctypes.c_size_t(len(inputs)), wanted, ctypes.c_size_t(len(outputs))))
    del kept_inputs, kept_outputs


def forward(model, inputs):
    """The outputs of oar_model_forward in evaluation, as a flat list; the model's mode is as before."""
    training = OAR.number(ctypes.c_int32, OAR.lib.oar_model_is_training, model)
    OAR.check(OAR.lib.oar_model_set_training(model, 0))
    outputs = OAR.forward(model, inputs)
    OAR.check(OAR.lib.oar_model_set_training(model, training))
    return list(outputs.values()) if isinstance(outputs, dict) else outputs


def column_major(tensor):
    return tensor.t().contiguous().t()


def writes_in_place(session, output):
    return OAR.number(ctypes.c_int32, OAR.lib.oar_session_writes_in_place, session, ctypes.c_int64(output)) == 1


def same_bits(left, right):
    return left.dtype == right.dtype and left.shape == right.shape and left.numpy().tobytes() == right.numpy().tobytes()
