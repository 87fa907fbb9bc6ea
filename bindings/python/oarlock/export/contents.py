"""What an object holds, of whatever kind it is, and how that is put back."""
import collections
import sys
import types

import torch

PLAIN = (bool, int, float, complex, str, bytes, type(None))
CONTAINERS = (dict, list, tuple, set, frozenset, collections.deque)
OPEN = ("collections", "types", "argparse")  # of Python's own classes those that only hold what they are given
CLOSED = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType)


def items_of(value):
    """[(key, item)] of a container (the key is None where it is no dict), or None."""
    if isinstance(value, dict):
        return list(ordered(value).items(value))
    return [(None, item) for item in value] if isinstance(value, CONTAINERS) else None


def ordered(value):
    """The class whose methods a dict is read and written with: those of a class of its own may do something else."""
    return collections.OrderedDict if isinstance(value, collections.OrderedDict) else dict


def attributes_of(value):
    """{name: attribute} of an object that is looked into, or None.

    Objects of Python's own classes (locks, loggers, iterators) are not, nor those of torch's that are no modules or tensors.
    """
    kind = type(value)
    top = kind.__module__.partition(".")[0]
    if isinstance(value, CLOSED) or not isinstance(value, (torch.nn.Module, torch.Tensor)) and (
            top == "torch" or top in sys.stdlib_module_names and top not in OPEN):
        return None
    own = getattr(value, "__dict__", None)
    found = dict(own) if isinstance(own, dict) else {}
    found.update((name, slot.__get__(value)) for name, slot in slots_of(kind) if hasattr(value, name))
    return found if found or isinstance(own, dict) else None


def slots_of(kind):
    return [(name, member) for base in kind.__mro__ if "__slots__" in vars(base)
            for name, member in vars(base).items() if isinstance(member, types.MemberDescriptorType)]


def put_back(value, items, attributes):
    """Only where something else is there now: an object that did not change is not touched."""
    if items is not None and changed(items, items_of(value)):
        if isinstance(value, dict):
            ordered(value).clear(value)
            for key, item in items:
                ordered(value).__setitem__(value, key, item)
        elif isinstance(value, list):
            list.__setitem__(value, slice(None), [item for _, item in items])
        elif isinstance(value, (set, collections.deque)):
            value.clear()
            (value.update if isinstance(value, set) else value.extend)([item for _, item in items])
    if attributes is not None and changed([*attributes.items()], [*attributes_of(value).items()]):
        slots = dict(slots_of(type(value)))
        if isinstance(own := getattr(value, "__dict__", None), dict):
            own.clear()
            own.update((name, item) for name, item in attributes.items() if name not in slots)
        for name, slot in slots.items():
            if name in attributes:
                slot.__set__(value, attributes[name])
            elif hasattr(value, name):
                slot.__delete__(value)


def changed(items, now):
    """By identity: not all objects can be compared."""
    return len(items) != len(now) or any(key is not other and key != other or item is not present
                                         for (key, item), (other, present) in zip(items, now))


def is_array(value):
    """Of numpy, without importing it."""
    return type(value).__module__ == "numpy" and hasattr(value, "tobytes") and hasattr(value, "flags")
