"""The C interface through ctypes, for tests: errors as exceptions, tensors to and from torch by DLPack.

    oar = load()                                  # $OARLOCK_LIBRARY
    state = oar.make(oar.lib.oar_state_create, None)
    model = oar.make(oar.lib.oar_model_load, state, b"model.pt2", None)
    outputs = oar.forward(model, {"x": x, "y": y})   # dict or list of torch tensors and numbers, nested

Handles release themselves. Calls that fail raise OarlockError with .code and .message.
"""

import ctypes
import os

OK, E_ARGUMENT, E_HANDLE, E_STATE, E_NOT_FOUND, E_EXISTS, E_IO, E_NO_SPACE = range(8)
E_CORRUPT, E_UNSUPPORTED, E_VERSION = range(8, 11)
E_CALLBACK = 16
TREE_NONE, TREE_TENSOR, TREE_INT, TREE_DOUBLE, TREE_BOOL, TREE_STRING, TREE_LIST, TREE_MAP = range(8)

_capsule_new = ctypes.pythonapi.PyCapsule_New
_capsule_new.restype, _capsule_new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
_capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype, _capsule_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
_capsule_rename = ctypes.pythonapi.PyCapsule_SetName
_capsule_rename.restype, _capsule_rename.argtypes = ctypes.c_int, [ctypes.py_object, ctypes.c_char_p]
_VERSIONED, _USED = b"dltensor_versioned", b"used_dltensor_versioned"


class OarlockError(Exception):
    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


class Handle:
    """Owns one reference; `as_parameter` makes ctypes pass the pointer."""

    def __init__(self, pointer, release):
        self.pointer, self._release = pointer, release
        self._as_parameter_ = ctypes.c_void_p(pointer)

    def release(self):
        if self.pointer is not None:
            self._release(ctypes.c_void_p(self.pointer))
        self.pointer, self._as_parameter_ = None, None

    def __del__(self):
        self.release()


class _DLPackCapsule:
    def __init__(self, capsule):
        self._capsule = capsule

    def __dlpack__(self, **_):
        return self._capsule

    def __dlpack_device__(self):
        return (1, 0)


class Oarlock:
    def __init__(self, path):
        self.lib = ctypes.CDLL(path)
        self.lib.oar_last_error.restype = ctypes.c_char_p

    def check(self, status):
        if status != OK:
            raise OarlockError(status, (self.lib.oar_last_error() or b"").decode())

    def make(self, function, *arguments):
        """Call `function(*arguments, &handle)`; its name tells which release ends the handle."""
        pointer = ctypes.c_void_p()
        self.check(function(*arguments, ctypes.byref(pointer)))
        return None if pointer.value is None else Handle(pointer.value, self._release_of(function.__name__))

    def _release_of(self, name):
        nouns = {"oar_tree_get_tensor": "tensor", "oar_model_tensor": "tensor", "oar_model_gradient": "tensor",
                 "oar_model_forward": "tree", "oar_model_load": "model", "oar_tensor_contiguous": "tensor",
                 "oar_accelerator_gather_for_metrics": "tensor", "oar_loader_next": "tree", "oar_dataset_get": "tree", "oar_state_group": "group",
                 "oar_accelerator_gather_tree_for_metrics": "tree", "oar_group_gather_tree": "tree", "oar_group_reduce_tree": "tree",
                 "oar_group_pad_tree": "tree", "oar_group_copy_tree": "tree", "oar_group_gather_objects": "tree",
                 "oar_group_broadcast_object": "tree", "oar_op_signatures": "bytes", "oar_op_names": "bytes", "oar_model_parameter": "tensor"}
        return getattr(self.lib, f"oar_{nouns.get(name, name.split('_')[1])}_release")

    def text(self, function, *arguments):
        """A string by the two-call rule."""
        size = ctypes.c_size_t(0)
        self.check(function(*arguments, None, ctypes.byref(size)))
        buffer = ctypes.create_string_buffer(size.value)
        self.check(function(*arguments, buffer, ctypes.byref(size)))
        return buffer.value.decode()

    def number(self, kind, function, *arguments):
        value = kind()
        self.check(function(*arguments, ctypes.byref(value)))
        return value.value

    # Tensors.
    def tensor_from_torch(self, tensor):
        capsule = tensor.detach().__dlpack__(max_version=(1, 1))
        managed = ctypes.c_void_p(_capsule_pointer(capsule, _VERSIONED))
        handle = self.make(self.lib.oar_tensor_from_dlpack, managed, None)
        _capsule_rename(capsule, _USED)
        return handle

    def tensor_to_torch(self, handle):
        import torch

        managed = ctypes.c_void_p()
        self.check(self.lib.oar_tensor_to_dlpack(handle, None, ctypes.byref(managed)))
        return torch.from_dlpack(_DLPackCapsule(_capsule_new(managed, _VERSIONED, None)))

    # Trees: nested dicts, lists and tuples of torch tensors and plain values.
    def tree(self, values):
        lib = self.lib
        if values is None:
            return self.make(lib.oar_tree_from_none)
        for kind, function, to_c in ((bool, lib.oar_tree_from_bool, ctypes.c_int32), (int, lib.oar_tree_from_int64, ctypes.c_int64),
                                     (float, lib.oar_tree_from_double, ctypes.c_double), (str, lib.oar_tree_from_string, str.encode)):
            if isinstance(values, kind):
                return self.make(function, to_c(values))
        if not isinstance(values, (dict, list, tuple)):
            return self.make(lib.oar_tree_from_tensor, self.tensor_from_torch(values))
        is_map = isinstance(values, dict)
        tree = self.make(lib.oar_tree_create_map if is_map else lib.oar_tree_create_list)
        for key, value in values.items() if is_map else ((None, value) for value in values):
            nested = value is None or isinstance(value, (dict, list, tuple, int, float, str))
            handle = self.tree(value) if nested else self.tensor_from_torch(value)
            if is_map:
                self.check((lib.oar_tree_set if nested else lib.oar_tree_set_tensor)(tree, key.encode(), handle))
            else:
                self.check((lib.oar_tree_append if nested else lib.oar_tree_append_tensor)(tree, handle))
        return tree

    def value(self, tree):
        lib = self.lib
        kind = self.number(ctypes.c_int32, lib.oar_tree_kind, tree, None)
        if kind == TREE_TENSOR:
            return self.tensor_to_torch(self.make(lib.oar_tree_get_tensor, tree, None))
        if kind in (TREE_INT, TREE_DOUBLE, TREE_BOOL):
            number = self.number(ctypes.c_double, lib.oar_tree_get_double, tree, None)
            return {TREE_INT: int, TREE_DOUBLE: float, TREE_BOOL: bool}[kind](number)
        if kind == TREE_STRING:
            return self.text(lib.oar_tree_get_string, tree, None)
        if kind not in (TREE_LIST, TREE_MAP):
            return None
        size = self.number(ctypes.c_int64, lib.oar_tree_size, tree, None)
        if kind == TREE_LIST:
            return [self.value(self.make(lib.oar_tree_get, tree, str(i).encode())) for i in range(size)]
        keys = [self.text(lib.oar_tree_key, tree, ctypes.c_int64(i)) for i in range(size)]
        return {key: self.value(self.make(lib.oar_tree_get, tree, key.encode())) for key in keys}

    # Models.
    def forward_tree(self, model, inputs):
        return self.make(self.lib.oar_model_forward, model, self.tree(inputs))

    def forward(self, model, inputs):
        return self.value(self.forward_tree(model, inputs))

    def input_names(self, model):
        count = self.number(ctypes.c_int64, self.lib.oar_model_num_inputs, model)
        return [self.text(self.lib.oar_model_input_name, model, ctypes.c_int64(i)) for i in range(count)]

    def parameter_names(self, model):
        count = self.number(ctypes.c_int64, self.lib.oar_model_num_parameters, model)
        return [self.text(self.lib.oar_model_parameter_name, model, ctypes.c_int64(i)) for i in range(count)]

    def parameter(self, model, name):
        return self.tensor_to_torch(self.make(self.lib.oar_model_tensor, model, name.encode()))

    def gradient(self, model, name):
        handle = self.make(self.lib.oar_model_gradient, model, name.encode())
        return None if handle is None else self.tensor_to_torch(handle)


def load(path=None):
    return Oarlock(path or os.environ["OARLOCK_LIBRARY"])
