"""Everything that runs of a model change in it: kept before the first of them, put back after each."""
import collections

import torch
from torch.utils._python_dispatch import is_traceable_wrapper_subclass

from .compare import same_tensors
from .contents import PLAIN, attributes_of, is_array, items_of, put_back

NAMED = ("_parameters", "_buffers", "_modules")  # a module's own names: self.fc, not self._modules.fc


class Snapshot:
    """A model as it is now, in depth: what its modules, objects, containers, arrays and tensors hold.

    Of tensors only buffers have a copy, for the others may be too big to be there twice: `protected` names their memory, for Unwritten
    to refuse that a run writes to it.
    """

    def __init__(self, model, has_values=True):
        self.has_values = has_values
        self.held, self.arrays = [], []  # (object, its items, its attributes); (array of numpy, copy)
        self.tensors = []  # (path, tensor, a view of what it shows, requires_grad, gradient, is it a parameter or a gradient)
        self.protected, self.copies = {}, {}  # memory -> (path, is it a parameter's or a gradient's); memory -> (storage, copy)
        self.content = collections.defaultdict(list)  # path -> what is found there, to be compared
        self._walk(model)
        buffers = {memory_of(buffer) for buffer in model.buffers()}
        for path, tensor, *_, is_parameter in sorted(self.tensors, key=lambda entry: not entry[-1]):
            if (memory := memory_of(tensor)) and (is_parameter or memory not in buffers):
                self.protected.setdefault(memory, (path, is_parameter))
        for path, tensor, *_ in self.tensors:
            self.content[path].append(self._compared(tensor))

    def _walk(self, model):
        seen, waiting = set(), [("", model, False)]
        while waiting:
            path, value, is_parameter = waiting.pop()
            if isinstance(value, PLAIN):
                self.content[path].append((type(value), repr(value)))  # as text: NaN is not equal to itself
            elif id(value) not in seen:
                seen.add(id(value))
                waiting.extend(reversed(self._parts(path, value, is_parameter)))

    def _parts(self, path, value, is_parameter):
        """Keeps one object; returns what it holds, with paths."""
        if isinstance(value, torch.Tensor) and not is_traceable_wrapper_subclass(value):
            gradient = value.grad if value.is_leaf else None
            is_parameter = is_parameter or isinstance(value, torch.nn.Parameter)
            self.tensors.append((path, value, value.detach(), value.requires_grad, gradient, is_parameter))
            return [] if gradient is None else [(f"{path}.grad", gradient, True)]
        if is_array(value):
            self.arrays.append((value, value.copy()))
            self.content[path].append(self.arrays[-1][1])
            return []
        items = items_of(value)
        attributes = attributes_of(value)
        if items is None and attributes is None:
            self.content[path].append(value)
            return []
        self.held.append((value, items, attributes))
        self.content[path].append((type(value), [key if isinstance(key, PLAIN) else id(key) for key, _ in items or ()]))
        parts = [(path, item, is_parameter) for _, item in items or ()]
        for name, part in (attributes or {}).items():
            if name in NAMED and isinstance(value, torch.nn.Module):
                self.held.append((part, items_of(part), None))
                parts += [(joined(path, key), item, False) for key, item in part.items()]
            else:
                parts.append((joined(path, name), part, is_parameter))
        return parts

    def _compared(self, tensor):
        """The values of a tensor as they are now, but of a parameter where they are."""
        memory = memory_of(tensor)
        if not self.has_values or memory is None:
            return (tensor.dtype, tensor.shape)
        if memory in self.protected:
            return shown_by(tensor) if self.protected[memory][1] else tensor.detach()
        if memory not in self.copies:
            storage = tensor.untyped_storage()
            self.copies[memory] = storage, storage.clone()
        return torch.empty(0, dtype=tensor.dtype, device=tensor.device).set_(
            self.copies[memory][1], tensor.storage_offset(), tensor.shape, tensor.stride())

    def restore(self):
        """What did not change is not written to."""
        for value, items, attributes in self.held:
            put_back(value, items, attributes)
        for _, tensor, then, requires_grad, gradient, _ in self.tensors:
            if shown_by(tensor) != shown_by(then):
                tensor.data = then
            if tensor.is_leaf and tensor.requires_grad != requires_grad:
                tensor.requires_grad_(requires_grad)
            if tensor.is_leaf and tensor.grad is not gradient:
                tensor.grad = gradient
        for storage, copy in self.copies.values():
            if not same_bytes(storage, copy):
                if storage.nbytes() != copy.nbytes():
                    storage.resize_(copy.nbytes())
                storage.copy_(copy)
        for array, copy in self.arrays:
            if array.tobytes() != copy.tobytes():
                array[...] = copy

    def moved_parameters(self):
        """Paths of those that show other memory now: forward gave them other .data."""
        return [path for path, tensor, then, *_, is_parameter in self.tensors if is_parameter and shown_by(tensor) != shown_by(then)]

    def differences(self, other):
        """self.path of what another snapshot of the model found otherwise, by value."""
        paths = dict.fromkeys([*self.content, *other.content])
        return [f"self.{path}" for path in paths if path and not same(self.content.get(path, ()), other.content.get(path, ()))]


def joined(path, name):
    return f"{path}.{name}" if path else name


def memory_of(tensor):
    """The address of what holds its memory, or None of one that has none (sparse, quantised)."""
    if tensor.layout != torch.strided or tensor.is_quantized or not tensor.numel():
        return None
    try:
        return tensor.untyped_storage()._cdata
    except RuntimeError:  # of a kind that a library has made
        return None


def shown_by(tensor):
    return memory_of(tensor) and (memory_of(tensor), tensor.storage_offset(), tensor.shape, tensor.stride())


def same_bytes(storage, other):
    def values(of):
        return torch.empty(0, dtype=torch.uint8, device=of.device).set_(of)

    return storage.nbytes() == other.nbytes() and torch.equal(values(storage), values(other))


def same(found, others):
    return len(found) == len(others) and all(map(same_part, found, others))


def same_part(part, other):
    if isinstance(part, torch.Tensor):
        return isinstance(other, torch.Tensor) and same_tensors(part, other, exact=True)
    if is_array(part):
        return is_array(other) and (part.dtype, part.shape, part.tobytes()) == (other.dtype, other.shape, other.tobytes())
    try:
        return part is other or bool(part == other)
    except Exception:  # objects say themselves what is equal
        return False
