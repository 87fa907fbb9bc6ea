"""Arrays in and out: numpy, the buffer protocol and DLPack."""
import ctypes
import gc
import weakref

import numpy
import oarlock
import oarlock._c as c
from scene import raises, scenario


@scenario
def array_to_tensor(folder):
    for dtype in (numpy.float32, numpy.int64, numpy.uint8, numpy.bool_, numpy.float16, numpy.complex64):
        array = numpy.zeros((2, 3), dtype)
        tensor = oarlock.as_tensor(array)
        assert tensor.data_ptr() == array.ctypes.data and tensor.shape == (2, 3) and tensor.dtype == numpy.dtype(dtype).name
        array[1, 2] = 1
        assert tensor.tolist()[1][2] == 1
        tensor.copy_from(numpy.zeros((2, 3), dtype))
        assert not array.any()

    class Array(numpy.ndarray):
        """One that can be referred to weakly."""

    array = numpy.arange(4.0).view(Array)
    alive = weakref.ref(array)
    tensor = oarlock.as_tensor(array)
    del array
    gc.collect()
    assert alive() is not None and tensor.tolist() == [0.0, 1.0, 2.0, 3.0]
    tensor.release()
    gc.collect()
    assert alive() is None


@scenario
def tensor_to_array(folder):
    tensor = oarlock.zeros((2, 2), "float64")
    array = numpy.asarray(tensor)
    assert array.ctypes.data == tensor.data_ptr() and array.dtype == numpy.float64 and array.shape == (2, 2)
    array[1, 0] = 7.5
    other = numpy.from_dlpack(tensor)
    assert other[1, 0] == 7.5 and memoryview(tensor)[1, 0] == 7.5
    assert [oarlock.zeros(1, dtype).dtype for dtype in (float, int, bool, numpy.dtype("f4"))] == ["float64", "int64", "bool", "float32"]
    one = oarlock.zeros((), numpy.int32)
    numpy.asarray(one)[()] = 41
    assert one.item() == 41 and float(one) == 41
    tensor.release()
    assert array[1, 0] == 7.5 and other[1, 0] == 7.5


@scenario
def column_major(folder):
    rows = numpy.arange(6, dtype=numpy.float32).reshape(2, 3)
    columns = numpy.asfortranarray(rows)
    first, second = oarlock.as_tensor(columns), oarlock.as_tensor(rows)
    assert first.strides == (1, 2) and second.strides == (3, 1) and first.tolist() == second.tolist() == rows.tolist()
    plain = first.contiguous()
    assert plain.strides == (3, 1) and plain.data_ptr() != first.data_ptr() and plain.tolist() == rows.tolist()
    assert second.contiguous().data_ptr() == second.data_ptr() and numpy.asarray(first).flags.f_contiguous


@scenario
def array_refused(folder):
    with raises(TypeError, "format", "float16, 32, 64"):
        oarlock.as_tensor(numpy.zeros(2, numpy.longdouble))
    with raises(TypeError, "neither"):
        oarlock.as_tensor(object())
    with raises(oarlock.InvalidArgument, "float32", "float128"):
        oarlock.zeros(3, "float128")
    tensor = oarlock.zeros((2,), "float32")
    with raises(ValueError, "copy"):
        numpy.asarray(tensor, dtype=numpy.float64, copy=False)
    fixed = numpy.zeros(2)
    fixed.flags.writeable = False
    locked = oarlock.as_tensor(fixed)
    assert locked.is_read_only
    with raises(oarlock.InvalidArgument, "read-only"):
        locked.copy_from([1.0, 2.0])
    with raises(ValueError, "read-only"):
        numpy.asarray(locked)[0] = 1
    named = oarlock.from_memory(fixed.ctypes.data, (2,), numpy.float64, owner=fixed, read_only=True)
    assert named.is_read_only and not oarlock.from_memory(fixed.ctypes.data, (1, 2), "float64", strides=(2, 1), owner=fixed).is_read_only
    with raises(oarlock.InvalidArgument, "[2]", "[3]") as caught:
        tensor.copy_from(numpy.zeros(3, numpy.float32))
    assert caught[0].operation == "oar_tensor_copy_from"
    with raises(oarlock.InvalidArgument, "stride"):
        oarlock.as_tensor(numpy.arange(4.0)[::-1])


class Shape(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("device", ctypes.c_int32 * 2), ("num_dims", ctypes.c_int32), ("code", ctypes.c_uint8),
                ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16), ("shape", ctypes.c_void_p), ("strides", ctypes.c_void_p),
                ("offset", ctypes.c_uint64)]


class Versioned(ctypes.Structure):
    _fields_ = [("major", ctypes.c_uint32), ("minor", ctypes.c_uint32), ("context", ctypes.c_void_p), ("deleter", ctypes.c_void_p),
                ("flags", ctypes.c_uint64), ("tensor", Shape)]


DELETER = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
new_capsule = ctypes.pythonapi.PyCapsule_New
new_capsule.restype, new_capsule.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
capsule_pointer.restype, capsule_pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)


class Producer:
    """Gives an array of three doubles by DLPack, and counts how often its deleter runs."""

    def __init__(self, major):
        self.data, self.shape, self.deleted = (ctypes.c_double * 3)(1, 2, 3), (ctypes.c_int64 * 1)(3), 0
        self.deleter = DELETER(self.count)
        tensor = Shape(ctypes.addressof(self.data), (1, 0), 1, 2, 64, 1, ctypes.addressof(self.shape), None, 0)
        self.managed = Versioned(major, 0, None, ctypes.cast(self.deleter, ctypes.c_void_p), 0, tensor)

    def count(self, managed):
        self.deleted += 1

    def __dlpack__(self, **options):
        return new_capsule(ctypes.addressof(self.managed), b"dltensor_versioned", None)


class Older:
    """A producer that knows the form before 1.0 only, as libraries did that are still around."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, stream=None):
        return self.array.__dlpack__()


@scenario
def dlpack_import(folder):
    producer = Producer(1)
    tensor = oarlock.from_dlpack(producer)
    assert tensor.data_ptr() == ctypes.addressof(producer.data) and tensor.tolist() == [1, 2, 3]
    view = numpy.asarray(tensor)
    tensor.release()
    del tensor
    assert producer.deleted == 0 and view[2] == 3
    del view
    gc.collect()
    assert producer.deleted == 1
    refused = Producer(2)
    with raises(oarlock.VersionMismatch, "2"):
        oarlock.from_dlpack(refused)
    assert refused.deleted == 0
    array = numpy.arange(3.0)
    older = oarlock.from_dlpack(Older(array))
    assert older.data_ptr() == array.ctypes.data and older.tolist() == [0, 1, 2]


@scenario
def dlpack_export(folder):
    tensor = oarlock.as_tensor(numpy.asfortranarray(numpy.arange(6, dtype=numpy.int32).reshape(2, 3)))
    address = tensor.data_ptr()
    capsule = tensor.__dlpack__(max_version=(1, 0))
    tensor.release()
    given = Versioned.from_address(capsule_pointer(capsule, b"dltensor_versioned"))
    shape, strides = ((ctypes.c_int64 * 2).from_address(at) for at in (given.tensor.shape, given.tensor.strides))
    assert given.major == 1 and given.tensor.data == address and (list(shape), list(strides)) == ([2, 3], [1, 2])
    assert given.flags & 1 == 0
    del capsule
    fixed = numpy.zeros(3)
    fixed.flags.writeable = False
    locked = oarlock.as_tensor(fixed)
    assert not numpy.from_dlpack(locked).flags.writeable and numpy.from_dlpack(locked).ctypes.data == fixed.ctypes.data
    with raises(BufferError, "read-only"):
        locked.__dlpack__()
    copied = numpy.from_dlpack(locked, copy=True)
    assert copied.flags.writeable and copied.ctypes.data != fixed.ctypes.data
    assert c.tensor_to_dlpack(locked, None) is not None and oarlock.zeros(1).__dlpack_device__() == (1, 0)
