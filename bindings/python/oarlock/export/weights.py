"""Weights as safetensors, and files that are there whole or not at all."""
import collections.abc
import contextlib
import ctypes
import io
import json
import os
import stat
import tempfile
import warnings

import torch

from .errors import ExportError
from .wrappers import unwrapped

DTYPES = {torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64", torch.int32: "I32",
          torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL", torch.uint16: "U16", torch.uint32: "U32",
          torch.uint64: "U64", torch.float8_e4m3fn: "F8_E4M3", torch.float8_e5m2: "F8_E5M2", torch.complex64: "C64"}


def export_weights(model, path):
    """Save the state dict of `model` (a torch.nn.Module, or a mapping of names to tensors) as a safetensors file.

    A tensor that has several names is saved once, by the first of them in the order of the alphabet, and the metadata names
    it for each other name, as safetensors.torch.save_model does. Of a model that is wrapped the names are those of
    export_program; those of a mapping are taken as they are. Raises ExportError.
    """
    if isinstance(model, collections.abc.Mapping):
        named = model
    else:
        with unwrapped(model) as inner:
            named = inner.state_dict()
    kept, first, metadata = {}, {}, {"format": "pt"}
    if others := [name for name, value in named.items() if not isinstance(value, torch.Tensor)]:
        told = ", ".join(f"'{name}' (a {type(named[name]).__name__})" for name in others)
        if named is model:
            raise ExportError(f"a safetensors file holds tensors, but not {told}; give the mapping of the tensors alone")
        warnings.warn(f"{told} of the state dict is no tensor, and not in the file", stacklevel=2)
    for name in sorted(set(named).difference(others)):
        tensor = named[name].detach().resolve_conj().resolve_neg()
        if tensor.is_meta or hasattr(tensor, "fake_mode"):
            raise ExportError(f"tensor '{name}' has no values: it is on the meta device, or fake")
        if tensor.dtype not in DTYPES or tensor.layout != torch.strided:
            raise ExportError(f"tensor '{name}' is {tensor.dtype}, {tensor.layout}, which a safetensors file cannot hold")
        place = (tensor.data_ptr(), tensor.dtype, tensor.shape, tensor.stride()) if tensor.numel() else name
        if first.setdefault(place, name) == name:
            kept[name] = tensor
        else:
            metadata[name] = first[place]
    write_safetensors(path, kept, metadata)


def write_safetensors(path, tensors, metadata):
    """github.com/huggingface/safetensors, "Format": length of the header, header, data; wide elements first, so that all are aligned."""
    order = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))
    header, offset = {"__metadata__": metadata}, 0
    for name in order:
        size = tensors[name].numel() * tensors[name].element_size()
        header[name] = {"dtype": DTYPES[tensors[name].dtype], "shape": list(tensors[name].shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with written(path) as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in order:
            tensor = tensors[name].cpu().contiguous()  # one at a time: no second copy of the model
            file.write((ctypes.c_char * (tensor.numel() * tensor.element_size())).from_address(tensor.data_ptr()))


class Sink(io.RawIOBase):
    """Writes to a file until that fails, and keeps the error: torch's writer ends the process where one reaches it (no space left)."""

    def __init__(self, file, path):
        self.file, self.path, self.error = file, path, None

    def require(self):
        """All was written so far."""
        if self.error:
            raise ExportError(f"cannot write {self.path}: {self.error.strerror or self.error}") from self.error

    def readable(self):
        return True

    def readinto(self, buffer):
        return self.file.readinto(buffer)

    def writable(self):
        return True

    def seekable(self):
        return True

    def seek(self, *where):
        return self.file.seek(*where)

    def write(self, data):
        try:
            if self.error is None:
                self.file.write(data)
                self.file.flush()
        except OSError as error:
            self.error = error
        return memoryview(data).nbytes


@contextlib.contextmanager
def written(path):
    """A Sink to write and read that appears at `path` when all went well, and never in part. None: a file that does not stay."""
    if path is None:
        with tempfile.TemporaryFile() as file:
            yield Sink(file, "a temporary file")
        return
    path = os.path.abspath(os.fspath(path))
    if os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode):
        raise ExportError(f"cannot write {path}: it is " + ("a folder" if os.path.isdir(path) else "no regular file, and would be replaced"))
    temporary = f"{path}.{os.getpid()}.partial"
    with told_as_unwritten(path):
        file = open(temporary, "w+b")
    try:
        sink = Sink(file, path)
        yield sink
        sink.require()
        with told_as_unwritten(path):
            file.flush()
            os.fsync(file.fileno())
            file.close()
            os.replace(temporary, path)
    finally:
        for end in (file.close, lambda: os.unlink(temporary)):
            with contextlib.suppress(OSError):  # what went wrong is told already
                end()


@contextlib.contextmanager
def told_as_unwritten(path):
    """Around what works on the file alone: the model's own errors, in the check, are the model's."""
    try:
        yield
    except OSError as error:
        raise ExportError(f"cannot write {path}: {error.strerror or error}") from error


def tied_names(model):
    """Names of the state dict that are one tensor."""
    names = {}
    for name, tensor in model.state_dict(keep_vars=True).items():
        names.setdefault(id(tensor), []).append(name)
    return [group for group in names.values() if len(group) > 1]
