"""Weights as safetensors, and files that are there whole or not at all."""
import collections.abc
import contextlib
import ctypes
import io
import json
import os
import tempfile

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
    for name in sorted(named):
        tensor = named[name].detach()
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

    def __init__(self, file):
        self.file, self.error = file, None

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
    """A file to write and read that appears at `path` when all went well, and never in part. None: a file that does not stay."""
    if path is None:
        with tempfile.TemporaryFile() as file:
            yield file
        return
    path = os.path.abspath(os.fspath(path))
    if os.path.isdir(path):
        raise ExportError(f"cannot write {path}: it is a folder")
    temporary = f"{path}.{os.getpid()}.partial"
    try:
        file = open(temporary, "w+b")
    except OSError as error:
        raise ExportError(f"cannot write {path}: {error.strerror}") from error
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise ExportError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)


def tied_names(model):
    """Names of the state dict that are one tensor."""
    names = {}
    for name, tensor in model.state_dict(keep_vars=True).items():
        names.setdefault(id(tensor), []).append(name)
    return [group for group in names.values() if len(group) > 1]
