"""Operators by name through ctypes, for tests: call_op(oar, state, "aten::add", x, 2, alpha=3) -> list of Handles or None."""
import ctypes

import torch

NONE, TENSOR, INT, FLOAT, BOOL, STRING, DTYPE, INTS, FLOATS, BOOLS, TENSORS = range(11)
DTYPES = {torch.bool: 1, torch.uint8: 2, torch.int32: 5, torch.int64: 6, torch.float16: 7, torch.bfloat16: 8,
          torch.float32: 9, torch.float64: 10, torch.complex64: 14}


class Value(ctypes.Structure):
    _fields_ = [("size", ctypes.c_int32), ("kind", ctypes.c_int32), ("integer", ctypes.c_int64), ("real", ctypes.c_double),
                ("data", ctypes.c_void_p), ("name", ctypes.c_char_p)]


def raw(kind, integer=0, real=0.0, data=None, name=None):
    return Value(ctypes.sizeof(Value), kind, integer, real, data, name)


def pointer_of(handle):
    return None if handle is None else handle.pointer


def as_array(kind, c_type, items, keep):
    array = (c_type * max(len(items), 1))(*items)
    keep.append(array)
    return raw(kind, len(items), data=ctypes.cast(array, ctypes.c_void_p))


def value_of(oar, given, keep):
    """A Value for a Python value; tensors of torch are handed over by DLPack, handles as they are."""
    if isinstance(given, Value):
        return given
    if isinstance(given, torch.Tensor):
        given = oar.tensor_from_torch(given)
        keep.append(given)
    if given is None:
        return raw(NONE)
    if hasattr(given, "pointer"):
        return raw(TENSOR, data=given.pointer)
    if isinstance(given, bool):
        return raw(BOOL, int(given))
    if isinstance(given, int):
        return raw(INT, given)
    if isinstance(given, float):
        return raw(FLOAT, real=given)
    if isinstance(given, torch.dtype):
        return raw(DTYPE, DTYPES[given])
    if isinstance(given, str):
        text = ctypes.create_string_buffer(given.encode())
        keep.append(text)
        return raw(STRING, data=ctypes.cast(text, ctypes.c_void_p))
    items = list(given)
    if items and all(isinstance(item, bool) for item in items):
        return as_array(BOOLS, ctypes.c_int32, items, keep)
    if all(isinstance(item, int) for item in items):
        return as_array(INTS, ctypes.c_int64, items, keep)
    if all(isinstance(item, (int, float)) for item in items):
        return as_array(FLOATS, ctypes.c_double, items, keep)
    handles = [oar.tensor_from_torch(item) if isinstance(item, torch.Tensor) else item for item in items]
    keep.extend(handles)
    return as_array(TENSORS, ctypes.c_void_p, [pointer_of(handle) for handle in handles], keep)


def values_of(oar, arguments, keywords, keep):
    values = [value_of(oar, argument, keep) for argument in arguments]
    for name, argument in keywords.items():
        value = value_of(oar, argument, keep)
        value.name = name.encode()
        values.append(value)
    return (Value * max(len(values), 1))(*values), len(values)


def call_op(oar, state, name, *arguments, room=64, function="oar_op_call", **keywords):
    from oarlock_ctypes import Handle

    keep = []
    values, count = values_of(oar, arguments, keywords, keep)
    outputs, num_outputs = (ctypes.c_void_p * max(room, 1))(), ctypes.c_size_t(room)
    oar.check(getattr(oar.lib, function)(state, name.encode(), values, ctypes.c_size_t(count), outputs, ctypes.byref(num_outputs)))
    return [Handle(pointer, oar.lib.oar_tensor_release) if pointer else None for pointer in outputs[:num_outputs.value]]
