"""What a program returns: plain kinds with paths, and which of them is the loss."""
import collections.abc
import dataclasses

import torch
from torch.utils import _pytree as pytree

from .errors import ExportError, describe, nearest


def plain(value, path=""):
    """Dicts, lists, tuples, tensors and numbers: kinds that every reader of the file knows."""
    inside = f"{path}." if path else ""
    if value is None or isinstance(value, (torch.Tensor, bool, int, float, torch.SymInt, torch.SymFloat, torch.SymBool)):
        return value
    if isinstance(value, collections.abc.Mapping):
        return {str(key): plain(item, f"{inside}{key}") for key, item in value.items()}
    if hasattr(value, "_asdict"):
        return plain(value._asdict(), path)
    if isinstance(value, (list, tuple)):
        return [tuple, list][isinstance(value, list)](plain(item, f"{inside}{i}") for i, item in enumerate(value))
    if dataclasses.is_dataclass(value):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return plain({name: item for name, item in fields.items() if item is not None}, path)
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if "Cache" in type(value).__name__:
        raise ExportError(f"output '{path}' is a {kind}, which a training program has no use for: call the model with use_cache=False "
                          '(example_inputs={..., "use_cache": False}, or model.config.use_cache = False)')
    kind = kind.removeprefix("builtins.")
    which = f"output '{path}'" if path else "the output"
    raise ExportError(f"{which} is a {kind}; a program returns tensors, numbers, dicts, lists, tuples and dataclasses of them")


def key_text(key):
    return str(getattr(key, "key", getattr(key, "idx", getattr(key, "name", key))))


def leaf_paths(outputs):
    if isinstance(outputs, torch.Tensor):
        return {"0": outputs}  # as programs name an output that stands alone
    return {".".join(map(key_text, keys)): leaf for keys, leaf in pytree.tree_flatten_with_path(outputs)[0]}


def is_number(leaf):
    return isinstance(leaf, torch.Tensor) and leaf.numel() == 1 and leaf.is_floating_point()


def only_number(leaves):
    """The path of the only output, if it can be a loss."""
    path, leaf = next(iter(leaves.items()), (None, None))
    return path if len(leaves) == 1 and is_number(leaf) and leaf.requires_grad else None


def loss_path(call, outputs, loss):
    leaves = leaf_paths(outputs)
    if callable(loss):
        path = "loss"
    elif loss is not None:
        path = str(loss)
        if path not in leaves:
            raise ExportError(f"the model has no output '{path}'{nearest(path, leaves)}")
    else:
        path = "loss" if "loss" in leaves else only_number(leaves)
        if path is None:
            return None
    if not is_number(leaves[path]):
        raise ExportError(f"the loss, output '{path}', must be one floating-point number, but is {describe(leaves[path])}; give its mean")
    if not leaves[path].requires_grad:
        why = ("does forward or the loss run under torch.no_grad, or detach what it depends on?"
               if any(parameter.requires_grad for parameter in call.model.parameters()) else "all are frozen: model.requires_grad_(True)")
        raise ExportError(f"the loss, output '{path}', depends on no parameter that requires a gradient: {why}")
    return path
