"""One process of the sweep: every function of one header, with one argument wrong at a time.

    python sweep.py <header> <folder for files>

Prints a line before each call, so that the parent can name the call that ended the process, and a line `FAIL ...` for each call
that did not do what the contract says. Driven by capi/api.json alone: a new function is swept without anyone touching this.
"""
import ctypes
import json
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
OK, E_ARGUMENT, E_HANDLE = 0, 1, 2
SENTINEL = 0xA5
SCALARS = {"int32_t": ctypes.c_int32, "int64_t": ctypes.c_int64, "uint64_t": ctypes.c_uint64, "size_t": ctypes.c_size_t,
           "double": ctypes.c_double, "oar_status": ctypes.c_int32}
FLOAT32 = 9
WITHOUT_TEXT = {"oar_state_request_stop"}  # runs in signal handlers: one atomic store, no text

api = json.loads((ROOT / "capi" / "api.json").read_text())
functions = {function["name"]: function for function in api["functions"]}
structs = {struct["name"]: struct for struct in api["structs"]}
library = ctypes.CDLL(os.environ["OARLOCK_LIBRARY"])
library.oar_last_error.restype = ctypes.c_char_p
nothing = ctypes.CFUNCTYPE(ctypes.c_int32)(lambda: 1)  # a callback that must never be called


def call(name, *values):
    function = getattr(library, name)
    function.restype = ctypes.c_int32 if functions[name]["returns"] == "oar_status" else None
    return function(*values)


def make(name, *values):
    """A handle from a function whose last parameter is where it goes."""
    out = ctypes.c_void_p()
    status = call(name, *values, ctypes.byref(out))
    if status != OK:
        raise RuntimeError(f"{name} gave {status}: {library.oar_last_error().decode()}")
    return out


class Handles:
    """A live handle of each kind, made when first asked for."""

    def __init__(self, folder):
        self.folder = folder
        self.made = {}

    def __getitem__(self, kind):
        if kind not in self.made:
            self.made[kind] = getattr(self, kind[4:])()
        return self.made[kind]

    def config(self):
        return make("oar_config_create")

    def tree(self):
        tree = make("oar_tree_create_map")
        call("oar_tree_set_tensor", tree, b"x", self["oar_tensor"])
        return tree

    def bytes(self):
        return make("oar_bytes_create", b"ab", ctypes.c_size_t(2))

    def tensor(self):
        return make("oar_tensor_zeros", FLOAT32, (ctypes.c_int64 * 1)(1), ctypes.c_size_t(1))

    def error(self):
        call("oar_config_create", None)
        return make("oar_error_take")

    def state(self):
        return make("oar_state_create", None)

    def group(self):
        return make("oar_state_group", self["oar_state"])

    def mesh(self):
        names, sizes = (ctypes.c_char_p * 1)(b"dp"), (ctypes.c_int32 * 1)(1)
        return make("oar_mesh_create", self["oar_group"], names, sizes, ctypes.c_size_t(1), ctypes.c_int64(1000))

    def work(self):
        return make("oar_group_all_reduce", self["oar_group"], self["oar_tensor"], 1, ctypes.c_int64(1000))

    def dataset(self):
        names, tensors = (ctypes.c_char_p * 1)(b"x"), (ctypes.c_void_p * 1)(self["oar_tensor"].value)
        return make("oar_dataset_from_tensors", names, tensors, ctypes.c_size_t(1))

    def loader(self):
        return make("oar_loader_create", self["oar_dataset"], None)

    def model(self):
        program = next(iter(sorted((ROOT / "examples").rglob("*.pt2"))))
        return make("oar_model_load", self["oar_state"], str(program).encode(), None)

    def session(self):
        return make("oar_session_create", self["oar_model"])

    def optimizer(self):
        return make("oar_optimizer_create", self["oar_model"], b"sgd", b'{"lr":0.1}')

    def scheduler(self):
        return make("oar_scheduler_create", self["oar_optimizer"], b"constant", None)

    def accelerator(self):
        return make("oar_accelerator_create", self["oar_state"], None)

    def progress(self):
        return make("oar_progress_create", self["oar_state"], b"sweep", ctypes.c_int64(1), b"step")

    def tracker(self):
        path = self.folder / "metrics.jsonl"
        return make("oar_tracker_create", self["oar_state"], b"jsonl", json.dumps({"path": str(path)}).encode())

    def checkpoint(self):
        call("oar_accelerator_prepare_model", self["oar_accelerator"], self["oar_model"])
        path = str(self.folder / "checkpoint").encode()
        if call("oar_accelerator_save", self["oar_accelerator"], path, None) != OK:
            raise RuntimeError(f"oar_accelerator_save: {library.oar_last_error().decode()}")
        return make("oar_checkpoint_open", path)


class Argument:
    """A good value for one parameter, what is kept alive for it, and the memory that a failing call must not touch."""

    def __init__(self, parameter, handles):
        self.keep, self.watched = None, None
        role, kind = parameter["role"], parameter["type"]
        if role == "handle":
            self.value = handles[kind.replace("const ", "").replace(" *", "")]
        elif role == "handle_array":
            self.value = self.keep = (ctypes.c_void_p * 1)(handles["oar_tensor"].value)
        elif role == "scalar":
            name = {"dtype": FLOAT32, "rank": 0, "root": 0, "index": 0}.get(parameter["name"], 1)
            self.value = SCALARS[kind](name)
        elif role == "text":
            self.value = b"{}" if "json" in parameter["name"] or parameter["name"] == "options" else b"x"
        elif role == "text_array":
            self.value = self.keep = (ctypes.c_char_p * 1)(b"x")
        elif role == "struct_array":  # of the size that the header says, otherwise of zeros
            struct = structs[kind.replace("const ", "").replace(" *", "")]
            self.value = self.keep = ctypes.create_string_buffer(struct["size"].to_bytes(4, sys.byteorder), struct["size"])
        elif role == "array":
            self.value = self.keep = (ctypes.c_int64 * 1)(0 if parameter["name"] == "indices" else 1)
        elif role == "callback":
            self.value = ctypes.cast(nothing, ctypes.c_void_p) if "nullable" not in parameter["tags"] else None
        elif role == "pointer":
            self.value = None if "nullable" in parameter["tags"] else ctypes.create_string_buffer(64)
        else:  # somewhere for a result
            self.value = self.watched = (ctypes.c_ubyte * 64)(*[SENTINEL] * 64)


def wrong_handles(kind, handles):
    """(name, pointer) of what is no live handle of `kind`."""
    stale = ctypes.c_void_p(make("oar_config_create").value)
    call("oar_config_release", stale)
    other = handles["oar_tree" if kind == "oar_config" else "oar_config"]
    memory = ctypes.create_string_buffer(256)
    yield "NULL", None
    yield "stale", stale
    yield "wrong kind", other
    yield "address of other memory", ctypes.cast(memory, ctypes.c_void_p)
    yield "unmapped address", ctypes.c_void_p(0x10)
    yield "misaligned address", ctypes.c_void_p(0x1234567)
    yield "inside of a handle", ctypes.c_void_p(other.value + 8)
    yield "non-canonical address", ctypes.c_void_p(0xDEADBEEFDEADBEEF)


def cases(function, handles):
    """(what is wrong, index of the parameter, the value, the status that must come) for one function."""
    for index, parameter in enumerate(function["params"]):
        name, nullable = parameter["name"], "nullable" in parameter["tags"]
        if parameter["role"] == "handle":
            kind = parameter["type"].replace("const ", "").replace(" *", "")
            for what, pointer in wrong_handles(kind, handles):
                if pointer is not None or not nullable:
                    yield f"{name}: {what}", index, pointer, E_HANDLE
        elif parameter["role"] == "handle_array":
            yield f"{name}: NULL", index, None, E_ARGUMENT
            for what, pointer in wrong_handles("oar_tensor", handles):
                if pointer is None and nullable:  # of an array it says that elements may be NULL
                    continue
                yield f"{name}[0]: {what}", index, (ctypes.c_void_p * 1)(pointer.value if pointer else None), E_HANDLE
        elif parameter["role"] == "text_array":
            if not nullable:
                yield f"{name}: NULL", index, None, E_ARGUMENT
            yield f"{name}[0]: NULL", index, (ctypes.c_char_p * 1)(None), E_ARGUMENT
        elif parameter["role"] != "scalar" and not nullable:
            yield f"{name}: NULL", index, None, E_ARGUMENT


def check(function, what, index, value, expected, handles):
    arguments = [Argument(parameter, handles) for parameter in function["params"]]
    values = [argument.value for argument in arguments]
    values[index] = value
    print(f"CALL {function['name']}, {what}", flush=True)
    status = call(function["name"], *values)
    if function["returns"] == "void":
        return
    text = library.oar_last_error().decode()
    if status != expected:
        print(f"FAIL {function['name']}, {what}: gave {status}, must give {expected}; text: {text}", flush=True)
    if status != OK and not text and function["name"] not in WITHOUT_TEXT:
        print(f"FAIL {function['name']}, {what}: no text", flush=True)
    for position, argument in enumerate(arguments):
        if position != index and argument.watched is not None and bytes(argument.watched) != bytes([SENTINEL] * 64):
            print(f"FAIL {function['name']}, {what}: wrote to {function['params'][position]['name']} and failed", flush=True)


def main():
    header, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    handles = Handles(folder)
    swept = 0
    for function in api["functions"]:
        if function["header"] != header:
            continue
        if function["returns"] not in ("oar_status", "void"):
            continue  # takes nothing that could be wrong
        for case in list(cases(function, handles)):
            check(function, *case, handles)
            swept += 1
    for kind, handle in handles.made.items():
        if kind != "oar_error" and call(f"{kind}_retain", handle) != OK:
            print(f"FAIL {kind}: the handle did not survive the sweep", flush=True)
    print(f"SWEPT {swept}", flush=True)


if __name__ == "__main__":
    main()
