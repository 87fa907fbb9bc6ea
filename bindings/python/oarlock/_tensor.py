"""Tensors: memory with a shape and an element type, shared with numpy, torch and others without copies."""
import os
from collections.abc import Sequence
from typing import Any

from . import _c
from ._errors import InvalidArgument, Unsupported
from ._values import dtype_number

CPU = (1, 0)  # DLPack's name of the CPU
COPIED = (bool, int, float, complex, list, tuple)  # what as_tensor copies


class Tensor(_c.TensorHandle):
    """A tensor of the library. Made by `oarlock.as_tensor`, `from_dlpack`, `zeros`, and given by batches, models, checkpoints.

    `numpy.asarray(tensor)`, `memoryview(tensor)`, `numpy.from_dlpack(tensor)` and `torch.from_dlpack(tensor)` are views of the
    same memory, which they keep alive; read-only tensors give read-only views. torch has none and does not mind the flag: what it
    makes of a read-only tensor must not be written to (over a mapped file that ends the process); give it `tensor.copy()`.
    Belongs to one thread at a time.
    """

    __slots__ = ("__weakref__",)

    def __init__(self, data: Any) -> None:
        self._adopt(_c.tensor_retain(as_tensor(data)))

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes."""
        return tuple(_c.tensor_shape(self))

    @property
    def strides(self) -> tuple[int, ...]:
        """From one element to the next along each dimension, in elements (numpy's are in bytes)."""
        return tuple(_c.tensor_strides(self))

    @property
    def dtype(self) -> str:
        """The element type by name: "float32"."""
        return _c.dtype_name(_c.tensor_dtype(self))

    @property
    def ndim(self) -> int:
        """How many dimensions it has."""
        return _c.tensor_num_dims(self)

    @property
    def size(self) -> int:
        """How many elements it has."""
        return _c.tensor_numel(self)

    @property
    def device(self) -> str:
        """Where its memory is: "cpu"."""
        return _c.tensor_device(self)

    @property
    def is_read_only(self) -> bool:
        """Whether the memory must not be written to: a mapped file, or memory that its producer marked so."""
        return bool(_c.tensor_is_read_only(self))

    def data_ptr(self) -> int:
        """The address of the first element; valid as long as the memory is in use."""
        return _c.tensor_data(self)

    def item(self) -> float:
        """The value of a tensor of one element, as a float. Raises InvalidArgument for more or fewer."""
        return _c.tensor_item(self)

    def contiguous(self) -> "Tensor":
        """The same values in row-major order: a copy, or the same memory where it is so already."""
        return _c.tensor_contiguous(self)

    def copy(self) -> "Tensor":
        """A tensor of its own with the same values, row-major and writable."""
        made = zeros(self.shape, self.dtype)
        _c.tensor_copy_from(made, self)
        return made

    def copy_from(self, source: Any) -> "Tensor":
        """Write the source's values into this tensor, converting the element type.

        Args:
            source: anything that `as_tensor` takes, of the same shape.

        Raises:
            InvalidArgument: the shapes differ, or this tensor is read-only; nothing was written.
        """
        _c.tensor_copy_from(self, as_tensor(source))
        return self

    def numpy(self) -> Any:
        """A numpy array over the same memory, without a copy; read-only if the tensor is."""
        import numpy
        try:
            return numpy.asarray(memoryview(self))
        except BufferError:
            raise Unsupported(f"numpy has no element type {self.dtype}; use torch.from_dlpack(tensor)") from None

    def tolist(self) -> Any:
        """The values as nested lists of Python's numbers, or one number."""
        try:
            return memoryview(self).tolist()
        except NotImplementedError:  # float16 and complex numbers
            return self.numpy().tolist()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        import numpy
        return numpy.array(self.numpy(), dtype=dtype, copy=copy)

    def __dlpack__(self, *, stream: Any = None, max_version: tuple[int, int] | None = None,
                   dl_device: tuple[int, int] | None = None, copy: bool | None = None) -> Any:
        """A DLPack capsule: of version 1 for consumers that know it, else of the older form, which has no read-only flag."""
        if dl_device is not None and tuple(dl_device) != CPU:
            raise BufferError(f"the tensor is on the CPU {CPU}; it cannot be given on device {tuple(dl_device)}")
        source = self.copy() if copy else self
        if max_version is not None and max_version[0] >= 1:
            return _c.tensor_to_dlpack(source, stream)
        return _c.tensor_to_legacy_capsule(source)

    def __dlpack_device__(self) -> tuple[int, int]:
        return CPU

    def __float__(self) -> float:
        return self.item()

    def __len__(self) -> int:
        shape = self.shape
        if not shape:
            raise TypeError("a tensor without dimensions has no len()")
        return shape[0]

    def __bool__(self) -> bool:
        return self.item() != 0

    def __repr__(self) -> str:
        if self.released:
            return "<oarlock.Tensor (released)>"
        return f"<oarlock.Tensor {self.dtype} {self.shape}{' read-only' if self.is_read_only else ''}>"


def from_dlpack(producer: Any) -> Tensor:
    """A tensor over the memory of an object with `__dlpack__`, without a copy, or over a DLPack capsule itself.

    The producer's memory is kept as long as the tensor's is used. Both forms of DLPack are taken; a read-only flag is kept.

    Raises:
        VersionMismatch: another major version of DLPack.
        Unsupported: memory of a device, or an element type that Oarlock lacks.
        InvalidArgument: sizes or strides that no tensor can have (negative strides: copy the array first).
        TypeError: no producer.
    """
    if not hasattr(producer, "__dlpack__"):
        if type(producer).__name__ != "PyCapsule":
            raise TypeError(f"an object with __dlpack__ is needed, not '{type(producer).__name__}'")
        return _c.tensor_from_capsule(producer)
    is_negated = getattr(producer, "is_neg", None)
    if callable(is_negated) and is_negated():  # of torch, whose capsule does not tell
        raise BufferError("Can't export tensors with the negative bit set, use tensor.resolve_neg()")
    try:
        capsule = producer.__dlpack__(max_version=(1, 1))
    except TypeError:  # a producer that knows the older form only
        capsule = producer.__dlpack__()
    return _c.tensor_from_capsule(capsule)


def as_tensor(data: Any) -> Tensor:
    """A tensor over `data`, without a copy where it has memory of its own.

    Takes tensors, whatever has the buffer protocol (numpy arrays, array.array, bytes), whatever has `__dlpack__` (torch tensors
    on the CPU, jax arrays), and Python's numbers and nested lists of them (copied). Writing to either shows in the other;
    read-only stays read-only.

    Raises:
        TypeError: neither of these, or an element type that Oarlock lacks; the text names it.
        InvalidArgument: strides that no tensor can have (negative ones: copy the array first).
    """
    if isinstance(data, Tensor):
        return data
    if isinstance(data, COPIED):
        import numpy
        data = numpy.asarray(data)
        if data.dtype == object:
            raise TypeError("a list of unequal lists, or of things that are no numbers, cannot become a tensor")
    try:
        view = memoryview(data)
    except (TypeError, ValueError, BufferError):
        return _by_dlpack(data)
    return _c.tensor_from_buffer(view)


def _by_dlpack(data: Any) -> Tensor:
    if not hasattr(data, "__dlpack__"):
        raise TypeError(f"'{type(data).__name__}' cannot become a tensor: it has neither the buffer protocol nor __dlpack__")
    try:
        return from_dlpack(data)
    except BufferError as error:  # what the producer cannot give: its element type, memory that autograd records
        raise TypeError(f"'{type(data).__name__}' cannot become a tensor: {error}") from error


def in_place(data: Any) -> Tensor:
    """A tensor over what a result is to be written into: what `as_tensor` takes without a copy."""
    if isinstance(data, COPIED):
        raise TypeError(f"'{type(data).__name__}' has no memory that a result can be written into; give an array or a tensor")
    return as_tensor(data)


def from_npy(path: str | os.PathLike) -> Tensor:
    """The array of a .npy file, read-only over the mapped file, which must not change meanwhile.

    Raises:
        NotFound: no such file.
        Corrupt: no whole array.
        Unsupported: elements that are no little-endian numbers or truth values.
    """
    return _c.tensor_from_npy(os.fspath(path))


def zeros(shape: int | Sequence[int], dtype: Any = "float32") -> Tensor:
    """A new tensor of zeros, row-major.

    Args:
        shape: its sizes.
        dtype: "float32", or a dtype of numpy or torch of that name.

    Raises:
        InvalidArgument: no such dtype, or sizes that are negative or too large.
        OutOfMemory: the text gives the bytes that were asked for.
    """
    return _c.tensor_zeros(dtype_number(dtype), (shape,) if isinstance(shape, int) else tuple(shape))


def from_memory(address: int, shape: Sequence[int], dtype: Any, *, strides: Sequence[int] | None = None,
                owner: object = None, read_only: bool = False) -> Tensor:
    """A tensor over memory at an address.

    Args:
        address: of the first element. Nothing checks that it is valid.
        shape: sizes.
        dtype: the element type.
        strides: in elements, >= 0; None is row-major.
        owner: kept alive as long as the memory is used.
        read_only: whether it must not be written to.

    Raises:
        InvalidArgument: sizes, strides or alignment that no tensor can have.
    """
    if not isinstance(address, int):
        raise InvalidArgument(f"data must be an address, not {address!r}")
    make = _c.tensor_from_read_only_memory if read_only else _c.tensor_from_memory
    return make(address, dtype_number(dtype), (tuple(shape), strides), owner)
