"""Tensors to and from numpy and torch through DLPack 1.x and the C interface: the same memory, deleted once."""
import ctypes
import os

import numpy as np
import pytest
import torch

lib = ctypes.CDLL(os.environ["OARLOCK_LIBRARY"])
lib.oar_last_error.restype = ctypes.c_char_p
handle = ctypes.c_void_p
OK, E_ARGUMENT, E_UNSUPPORTED, E_VERSION = 0, 1, 9, 10

capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
capsule_pointer.restype, capsule_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
capsule_rename = ctypes.pythonapi.PyCapsule_SetName
capsule_rename.restype, capsule_rename.argtypes = ctypes.c_int, [ctypes.py_object, ctypes.c_char_p]
capsule_new = ctypes.pythonapi.PyCapsule_New
capsule_new.restype, capsule_new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
USED_NAME = b"used_dltensor_versioned"  # PyCapsule keeps the pointer


class Managed(ctypes.Structure):
    """DLManagedTensorVersioned of dlpack.h 1.x."""

    class Tensor(ctypes.Structure):
        _fields_ = [("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32),
                    ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8),
                    ("lanes", ctypes.c_uint16), ("shape", ctypes.POINTER(ctypes.c_int64)),
                    ("strides", ctypes.POINTER(ctypes.c_int64)), ("byte_offset", ctypes.c_uint64)]


DELETER = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
Managed._fields_ = [("major", ctypes.c_uint32), ("minor", ctypes.c_uint32), ("manager_ctx", ctypes.c_void_p),
                    ("deleter", DELETER), ("flags", ctypes.c_uint64), ("tensor", Managed.Tensor)]


def check(status):
    assert status == OK, lib.oar_last_error().decode()


class Tensor:
    """Owns one oar_tensor."""

    def __init__(self, pointer):
        self.pointer = pointer

    def release(self):
        lib.oar_tensor_release(self.pointer)
        self.pointer = None

    def data(self):
        out = ctypes.c_void_p()
        check(lib.oar_tensor_data(self.pointer, ctypes.byref(out)))
        return out.value

    def sizes(self, function):
        count = ctypes.c_size_t(8)
        values = (ctypes.c_int64 * 8)()
        check(function(self.pointer, values, ctypes.byref(count)))
        return tuple(values[:count.value])

    def dtype(self):
        out = ctypes.c_int32()
        check(lib.oar_tensor_dtype(self.pointer, ctypes.byref(out)))
        return out.value

    def is_read_only(self):
        out = ctypes.c_int32()
        check(lib.oar_tensor_is_read_only(self.pointer, ctypes.byref(out)))
        return bool(out.value)

    # The consumer's protocol: numpy.from_dlpack(tensor), torch.from_dlpack(tensor).
    def __dlpack_device__(self):
        return (1, 0)

    def __dlpack__(self, **_):
        out = ctypes.c_void_p()
        check(lib.oar_tensor_to_dlpack(self.pointer, None, ctypes.byref(out)))
        return capsule_new(out.value, b"dltensor_versioned", None)


def export(array):
    """The versioned capsule of a numpy array or torch tensor, and the address in it."""
    capsule = array.__dlpack__(max_version=(1, 0))
    return capsule, capsule_pointer(capsule, b"dltensor_versioned")


def take(array):
    capsule, address = export(array)
    out = handle()
    check(lib.oar_tensor_from_dlpack(ctypes.c_void_p(address), None, ctypes.byref(out)))
    capsule_rename(capsule, USED_NAME)  # what a consumer does: the capsule no longer deletes
    return Tensor(out)


# (numpy dtype, OAR_* number of types.h)
NUMPY_TYPES = [("bool", 1), ("uint8", 2), ("int8", 3), ("int16", 4), ("int32", 5), ("int64", 6), ("float16", 7),
               ("float32", 9), ("float64", 10), ("uint16", 11), ("uint32", 12), ("uint64", 13), ("complex64", 14),
               ("complex128", 15)]


@pytest.mark.parametrize("name,number", NUMPY_TYPES)
def test_numpy_array_crosses_both_ways_without_copy(name, number):
    array = np.arange(6).reshape(2, 3).astype(name)
    tensor = take(array)
    assert tensor.dtype() == number
    assert tensor.data() == array.ctypes.data
    assert tensor.sizes(lib.oar_tensor_shape) == (2, 3)
    array[1, 2] = 1  # seen by the one that comes back, since the memory is the same
    back = np.from_dlpack(tensor)
    assert back.ctypes.data == array.ctypes.data
    np.testing.assert_array_equal(back, array)
    tensor.release()
    np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize("dtype,number", [(torch.bfloat16, 8), (torch.float32, 9), (torch.float8_e4m3fn, 16),
                                          (torch.float8_e5m2, 17), (torch.bool, 1), (torch.int64, 6)])
def test_torch_tensor_crosses_both_ways_without_copy(dtype, number):
    source = torch.tensor([0.0, 1.0, 2.0, 3.0]).to(dtype)
    tensor = take(source)
    assert tensor.dtype() == number
    assert tensor.data() == source.data_ptr()
    back = torch.from_dlpack(tensor)
    assert back.dtype == dtype and back.data_ptr() == source.data_ptr()
    source.view(torch.uint8)[0] = 1
    assert back.view(torch.uint8)[0] == 1
    tensor.release()


@pytest.mark.parametrize("view", [
    lambda a: a.T,                      # column-major
    lambda a: a[:, ::2],                # every second column
    lambda a: a[1:, 1:],                # offset
    lambda a: a[:0],                    # no rows
    lambda a: np.asfortranarray(a),
    lambda a: a[0, 0:1].reshape(()),    # one value
])
def test_strided_arrays_keep_their_values(view):
    array = view(np.arange(12.0).reshape(3, 4))
    tensor = take(array)
    assert tensor.sizes(lib.oar_tensor_shape) == array.shape
    np.testing.assert_array_equal(np.from_dlpack(tensor), array)
    torch.testing.assert_close(torch.from_dlpack(tensor), torch.from_numpy(array.copy()))
    if array.size:
        assert tensor.data() == array.ctypes.data
    tensor.release()


def test_read_only_array_stays_read_only():
    array = np.arange(4.0)
    array.flags.writeable = False
    tensor = take(array)
    assert tensor.is_read_only()
    other = take(np.zeros(4))
    assert lib.oar_tensor_copy_from(tensor.pointer, other.pointer) == E_ARGUMENT
    assert b"read-only" in lib.oar_last_error()
    assert lib.oar_tensor_copy_from(other.pointer, tensor.pointer) == OK
    assert not np.from_dlpack(tensor).flags.writeable
    assert np.from_dlpack(other).flags.writeable
    np.testing.assert_array_equal(np.from_dlpack(other), array)
    tensor.release()
    other.release()


def test_negative_strides_are_refused_and_ownership_stays():
    array = np.arange(4.0)[::-1]
    capsule, address = export(array)
    out = handle()
    assert lib.oar_tensor_from_dlpack(ctypes.c_void_p(address), None, ctypes.byref(out)) == E_ARGUMENT
    assert b"strides" in lib.oar_last_error() and not out
    del capsule  # its name is unchanged, so numpy deletes: twice would crash here


class Producer:
    """A tensor of our own whose deleter counts."""

    def __init__(self):
        self.num_deleted = 0
        self.values = (ctypes.c_float * 4)(1, 2, 3, 4)
        self.shape = (ctypes.c_int64 * 1)(4)
        self.deleter = DELETER(self.delete)
        self.managed = Managed(1, 0, None, self.deleter, 0, Managed.Tensor(
            ctypes.addressof(self.values), 1, 0, 1, 2, 32, 1, self.shape, None, 0))

    def delete(self, _):
        self.num_deleted += 1


def test_deleter_runs_once_after_the_last_use():
    producer = Producer()
    out = handle()
    check(lib.oar_tensor_from_dlpack(ctypes.byref(producer.managed), None, ctypes.byref(out)))
    tensor = Tensor(out)
    consumer = torch.from_dlpack(tensor)
    check(lib.oar_tensor_retain(tensor.pointer))
    lib.oar_tensor_release(tensor.pointer)
    tensor.release()
    assert producer.num_deleted == 0
    assert consumer.tolist() == [1, 2, 3, 4]
    del consumer
    assert producer.num_deleted == 1


@pytest.mark.parametrize("spoil,code", [
    (lambda m: setattr(m, "major", 2), E_VERSION),
    (lambda m: setattr(m.tensor, "device_type", 2), E_UNSUPPORTED),
    (lambda m: setattr(m.tensor, "lanes", 2), E_UNSUPPORTED),
    (lambda m: setattr(m.tensor, "ndim", -1), E_ARGUMENT),
    (lambda m: setattr(m.tensor, "data", None), E_ARGUMENT),
])
def test_refused_tensor_is_not_deleted(spoil, code):
    producer = Producer()
    spoil(producer.managed)
    out = handle()
    assert lib.oar_tensor_from_dlpack(ctypes.byref(producer.managed), None, ctypes.byref(out)) == code
    assert producer.num_deleted == 0 and not out


def test_export_always_has_strides_and_a_deleter():
    tensor = take(np.arange(6.0).reshape(2, 3))
    out = ctypes.c_void_p()
    check(lib.oar_tensor_to_dlpack(tensor.pointer, None, ctypes.byref(out)))
    managed = Managed.from_address(out.value)
    assert managed.major == 1 and managed.flags & 1 == 0
    assert [managed.tensor.strides[i] for i in range(managed.tensor.ndim)] == [3, 1]
    managed.deleter(out.value)
    tensor.release()


def test_memory_of_numpy_column_major_reads_as_numpy_does():
    array = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    shape, strides = (ctypes.c_int64 * 2)(2, 3), (ctypes.c_int64 * 2)(1, 2)
    out = handle()
    check(lib.oar_tensor_from_memory(ctypes.c_void_p(array.ctypes.data), 10, shape, strides, ctypes.c_size_t(2), None,
                                     None, ctypes.byref(out)))
    tensor = Tensor(out)
    np.testing.assert_array_equal(np.from_dlpack(tensor), array)
    row_major = handle()
    check(lib.oar_tensor_contiguous(tensor.pointer, ctypes.byref(row_major)))
    assert Tensor(row_major).sizes(lib.oar_tensor_strides) == (3, 1)
    np.testing.assert_array_equal(np.from_dlpack(Tensor(row_major)), array)
    lib.oar_tensor_release(row_major)
    tensor.release()
