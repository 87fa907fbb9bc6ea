"""What a rank's program in the distributed tests uses: the C functions by ctypes, numpy in and out, reports to the test."""
import contextlib
import ctypes
import json
import os
import sys
import threading
import time

import numpy as np

lib = ctypes.CDLL(os.environ["OARLOCK_LIBRARY"])
lib.oar_last_error.restype = ctypes.c_char_p
lib.oar_status_name.restype = ctypes.c_char_p

SUM, AVERAGE, MAX, MIN, PRODUCT, AND, OR, XOR = 1, 2, 3, 4, 5, 6, 7, 8
DTYPES = {"bool": 1, "uint8": 2, "int8": 3, "int16": 4, "int32": 5, "int64": 6, "float16": 7, "bfloat16": 8, "float32": 9,
          "float64": 10, "complex64": 14, "complex128": 15, "float8_e4m3fn": 16}


class OarError(Exception):
    def __init__(self, status):
        self.status = lib.oar_status_name(status).decode()
        self.text = lib.oar_last_error().decode()
        self.rank, self.operation = -1, ""
        error = ctypes.c_void_p()
        if lib.oar_error_take(ctypes.byref(error)) == 0 and error.value:
            rank, operation = ctypes.c_int32(), ctypes.c_char_p()
            lib.oar_error_rank(error, ctypes.byref(rank))
            lib.oar_error_operation(error, ctypes.byref(operation))
            self.rank, self.operation = rank.value, operation.value.decode()
            lib.oar_error_release(error)
        super().__init__(f"{self.status}: {self.text}")


def check(status):
    if status != 0:
        raise OarError(status)


def report(**facts):
    print("report: " + json.dumps(facts), flush=True)


def attempt(call):
    """What became of a call: status name, text, rank and operation it is about, and the seconds it took."""
    start = time.monotonic()
    try:
        call()
        outcome = {"status": "OAR_OK", "text": "", "rank": -1, "operation": ""}
    except OarError as error:
        outcome = {"status": error.status, "text": error.text, "rank": error.rank, "operation": error.operation}
    return {**outcome, "seconds": time.monotonic() - start}


def call_out(function, *arguments, kind=ctypes.c_void_p):
    out = kind()
    check(function(*arguments, ctypes.byref(out)))
    return out.value


def config_of(options):
    config = ctypes.c_void_p()
    check(lib.oar_config_create(ctypes.byref(config)))
    check(lib.oar_config_merge_json(config, json.dumps(options).encode()))
    return config


class Tensor:
    """A numpy array as oar_tensor; keeps the array alive."""

    def __init__(self, array, dtype=None):
        self.array = array
        shape = (ctypes.c_int64 * max(array.ndim, 1))(*array.shape)
        strides = (ctypes.c_int64 * max(array.ndim, 1))(*[stride // array.itemsize for stride in array.strides])
        self.handle = ctypes.c_void_p()
        check(lib.oar_tensor_from_memory(ctypes.c_void_p(array.ctypes.data), DTYPES[dtype or array.dtype.name], shape, strides,
                                         ctypes.c_size_t(array.ndim), None, None, ctypes.byref(self.handle)))

    def release(self):
        lib.oar_tensor_release(self.handle)


class Work:
    def __init__(self, handle, *keep):
        self.handle, self.keep = handle, keep

    def wait(self, timeout_ms=0):
        check(lib.oar_work_wait(self.handle, ctypes.c_int64(timeout_ms)))
        return self

    def is_done(self):
        return bool(call_out(lib.oar_work_is_done, self.handle, kind=ctypes.c_int32))

    def release(self):
        lib.oar_work_release(self.handle)


class State:
    def __init__(self, exchange=None, **options):
        """options: with _ for the first dot, e.g. comm_timeout_ms."""
        config = config_of({key.replace("_", ".", 1): value for key, value in options.items()})
        self.handle = ctypes.c_void_p()
        try:
            if exchange is None:
                check(lib.oar_state_create(config, ctypes.byref(self.handle)))
            else:
                rank, size, function = exchange
                self.function = EXCHANGE(function)
                check(lib.oar_state_create_with_exchange(config, rank, size, self.function, None, None,
                                                         ctypes.byref(self.handle)))
        finally:
            lib.oar_config_release(config)
        self._look()

    def _look(self):
        self.group = ctypes.c_void_p(call_out(lib.oar_state_group, self.handle))
        self.rank, self.size = self.number("rank"), self.number("world_size")

    def shrink(self, min_size=0, timeout_ms=0):
        """The state of the smaller world; this one can then only be released."""
        smaller = State.__new__(State)
        smaller.handle = ctypes.c_void_p(call_out(lib.oar_state_shrink, self.handle, min_size, ctypes.c_int64(timeout_ms)))
        smaller._look()
        return smaller

    def number(self, name):
        return call_out(getattr(lib, f"oar_state_{name}"), self.handle, kind=ctypes.c_int32)

    def all_reduce(self, array, op=SUM, timeout_ms=0, dtype=None):
        tensor = Tensor(array, dtype)
        try:
            work = call_out(lib.oar_group_all_reduce, self.group, tensor.handle, op, ctypes.c_int64(timeout_ms))
            return Work(ctypes.c_void_p(work), array)
        finally:
            tensor.release()  # the work keeps it

    def broadcast(self, array, root=0, timeout_ms=0, dtype=None):
        tensor = Tensor(array, dtype)
        try:
            work = call_out(lib.oar_group_broadcast, self.group, tensor.handle, root, ctypes.c_int64(timeout_ms))
            return Work(ctypes.c_void_p(work), array)
        finally:
            tensor.release()

    def all_gather(self, array, output, timeout_ms=0, dtype=None):
        source, target = Tensor(array, dtype), Tensor(output, dtype)
        try:
            work = call_out(lib.oar_group_all_gather, self.group, source.handle, target.handle, ctypes.c_int64(timeout_ms))
            return Work(ctypes.c_void_p(work), array, output)
        finally:
            source.release()
            target.release()

    def start(self, name, *arguments, timeout_ms=0, dtype=None, waits=False):
        """oar_group_<name>: arrays are tensors, lists of arrays lists of tensors, lists of numbers rows, None no tensor. Gives a
        Work; with `waits` the call waits itself and gives None."""
        tensors, passed = [], []

        def tensor(array):
            tensors.append(Tensor(array, dtype))
            return tensors[-1].handle
        try:
            for argument in arguments:
                if isinstance(argument, np.ndarray):
                    passed.append(tensor(argument))
                elif isinstance(argument, list):
                    is_rows = not argument or isinstance(argument[0], int)
                    items = argument if is_rows else [tensor(array) for array in argument]
                    passed += [((ctypes.c_int64 if is_rows else ctypes.c_void_p) * len(items))(*items), ctypes.c_size_t(len(items))]
                else:
                    passed.append(argument)
            function = getattr(lib, f"oar_group_{name}")
            if waits:
                return check(function(self.group, *passed, ctypes.c_int64(timeout_ms), None))
            return Work(ctypes.c_void_p(call_out(function, self.group, *passed, ctypes.c_int64(timeout_ms))), arguments)
        finally:
            for each in tensors:  # the work keeps them
                each.release()

    def run(self, name, *arguments, **options):
        """As start(), to the end: by a work, and with NULL for the work for every second call."""
        self.calls = getattr(self, "calls", 0) + 1
        if self.calls % 2:
            self.start(name, *arguments, **options).wait().release()
        else:
            self.start(name, *arguments, **options, waits=True)

    def barrier(self, timeout_ms=0):
        check(lib.oar_state_barrier(self.handle, ctypes.c_int64(timeout_ms)))

    def all_gather_bytes_into(self, room, data, timeout_ms=0):
        """With room for that many sizes; None asks for their number. Gives sizes, count, bytes handle and the status."""
        sizes = None if room is None else (ctypes.c_uint64 * room)()
        count, out = ctypes.c_size_t(room or 0), ctypes.c_void_p()
        status = lib.oar_group_all_gather_bytes(self.group, data, ctypes.c_size_t(len(data)), ctypes.c_int64(timeout_ms), sizes,
                                                ctypes.byref(count), ctypes.byref(out))
        return sizes, count.value, out, status

    def all_gather_bytes(self, data, timeout_ms=0):
        sizes, count, out, status = self.all_gather_bytes_into(self.size, data, timeout_ms)
        check(status)
        assert count == self.size
        joined, parts = take_bytes(out), []
        for size in sizes:
            parts.append(joined[:size])
            joined = joined[size:]
        assert joined == b""
        return parts

    def broadcast_bytes(self, data, root=0, timeout_ms=0):
        out = ctypes.c_void_p()
        check(lib.oar_group_broadcast_bytes(self.group, data, ctypes.c_size_t(len(data or b"")), root,
                                            ctypes.c_int64(timeout_ms), ctypes.byref(out)))
        return take_bytes(out)

    def should_stop(self):
        return call_out(lib.oar_state_should_stop, self.handle, kind=ctypes.c_int32)

    def abort(self, reason):
        check(lib.oar_state_abort(self.handle, reason.encode()))

    def close(self):
        check(lib.oar_state_close(self.handle))

    def release(self):
        lib.oar_group_release(self.group)
        lib.oar_state_release(self.handle)


class Subgroup(State):
    """A group of some ranks: the calls of a state's group, but those that need a state."""

    def __init__(self, handle):
        self.group = ctypes.c_void_p(handle)
        self.rank = call_out(lib.oar_group_rank, self.group, kind=ctypes.c_int32)
        self.size = call_out(lib.oar_group_size, self.group, kind=ctypes.c_int32)

    def barrier(self, timeout_ms=0):
        self.start("barrier", timeout_ms=timeout_ms).wait().release()

    def abort(self, reason):
        check(lib.oar_group_abort(self.group, reason.encode()))

    def close(self):
        check(lib.oar_group_close(self.group))

    def release(self):
        lib.oar_group_release(self.group)


def group_or_none(function, parent, *arguments, own_ms=0, timeout_ms=0):
    handle = call_out(function, parent.group, *arguments, ctypes.c_int64(own_ms), ctypes.c_int64(timeout_ms))
    return None if handle is None else Subgroup(handle)


def subgroup(parent, ranks, **times):
    """None on ranks that are not in the list."""
    return group_or_none(lib.oar_group_create_subgroup, parent, (ctypes.c_int32 * len(ranks))(*ranks), ctypes.c_size_t(len(ranks)),
                         **times)


def split(parent, color, key=0, **times):
    return group_or_none(lib.oar_group_split, parent, color, key, **times)


def world_ranks(group):
    count = ctypes.c_size_t(group.size)
    ranks = (ctypes.c_int32 * group.size)()
    check(lib.oar_group_world_ranks(group.group, ranks, ctypes.byref(count)))
    return list(ranks[:count.value])


def translate(group, rank, other):
    return call_out(lib.oar_group_translate_rank, group.group, rank, other.group, kind=ctypes.c_int32)


def sum_of(group, value):
    """What the group's ranks' values add up to."""
    array = np.full(4, value, np.float64)
    group.all_reduce(array).wait().release()
    assert (array == array[0]).all()
    return float(array[0])


EXCHANGE = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p)
PRINT = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_char_p, ctypes.c_void_p)


def take_bytes(handle):
    data, size = ctypes.c_void_p(), ctypes.c_size_t()
    check(lib.oar_bytes_view(handle, ctypes.byref(data), ctypes.byref(size)))
    copied = ctypes.string_at(data.value, size.value) if size.value else b""
    lib.oar_bytes_release(handle)
    return copied


@contextlib.contextmanager
def state(**options):
    """A state that is closed and released at the end."""
    opened = State(**options)
    try:
        yield opened
    finally:
        opened.close()
        opened.release()
