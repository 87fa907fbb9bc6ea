"""The sizes that may change: what was asked for, and whether the program kept it."""
import collections.abc
import contextlib
import traceback

import torch
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from .errors import ExportError, describe, nearest, place_in


def dynamic_dims(dynamic, call):
    """{input: {dimension: name}}, checked against the example."""
    tensors = call.tensors()
    if dynamic is None:
        return {}
    if isinstance(dynamic, str):
        entries = [(name, {0: dynamic}) for name, tensor in tensors.items() if tensor.dim()]
    elif isinstance(dynamic, collections.abc.Mapping):
        entries = list(dynamic.items())
    elif not isinstance(dynamic, (tuple, list)):
        raise ExportError(f"dynamic={dynamic!r}: give \"batch\" for the first dimension of every tensor, or {{input: dimensions}}")
    else:
        entries = list(zip([*tensors], dynamic))
        if len(dynamic) > len(tensors):
            raise ExportError(f"dynamic has {len(dynamic)} entries, but there are {len(tensors)} tensors: {', '.join(tensors)}")
    dims = {}
    for name, entry in entries:
        if name not in tensors:
            raise ExportError(f"dynamic names '{name}', but no input tensor is called so{nearest(name, tensors)}")
        if made := dims_of(name, entry, tensors[name]):
            dims[name] = made
    sizes = {}
    for name, entry in dims.items():
        for dim, label in entry.items():
            size = tensors[name].shape[dim]
            first = sizes.setdefault(label, (name, dim, size))
            if size != first[2]:
                raise ExportError(f"'{label}' is {first[2]} in dimension {first[1]} of '{first[0]}' and {size} in dimension {dim} of "
                                  f"'{name}' of the example; give sizes that differ different names")
            if size < 2:
                raise ExportError(f"dimension {dim} of '{name}' ('{label}') is {size} in the example; torch.export makes sizes of 0 and 1 "
                                  "constants: give an example of 2 or more")
    return dims


def dims_of(name, entry, tensor):
    if entry is None:
        return {}
    if isinstance(entry, (str, int)):
        entry = {0: entry} if isinstance(entry, str) else {entry: f"{name}_{entry}"}
    pairs = entry.items() if isinstance(entry, collections.abc.Mapping) else enumerate(entry)
    dims = {}
    for dim, label in pairs:
        if label is None:
            continue
        if isinstance(dim, str) and dim.isdecimal():  # as in JSON
            dim = int(dim)
        if not isinstance(dim, int) or not -tensor.dim() <= dim < tensor.dim():
            raise ExportError(f"dynamic names dimension {dim!r} of '{name}', which is {describe(tensor)}")
        label = label if isinstance(label, str) else getattr(label, "__name__", None)
        dims[dim % tensor.dim()] = label or f"{name}_{dim % tensor.dim()}"
    return dims


def require_dynamic(program, call, dims, stacks):
    """What was asked to be dynamic is so, and independently of what has another name."""
    specs = [spec.arg.name for spec in program.graph_signature.input_specs if spec.kind.name == "USER_INPUT"]
    nodes = {node.name: node.meta.get("val") for node in program.graph.nodes if node.op == "placeholder"}
    values = dict(zip([path for path, _ in call.leaves()], [nodes.get(name) for name in specs]))
    labels = {}
    for name, entry in dims.items():
        for dim, label in entry.items():
            size = values[name].shape[dim]
            if isinstance(size, int) or size.node.expr.is_number:
                stack = stacks.get(str(size.node._expr), ()) if isinstance(size, torch.SymInt) else ()
                raise ExportError(f"dimension {dim} of '{name}' ('{label}') was to be dynamic, but the model fixes it to {size}: "
                                  f"{way_out(call, dims, name, dim, stack)}{place_in(stack)}")
            other = labels.setdefault(str(size.node.expr), (label, name, dim))
            if other[0] != label:
                raise ExportError(f"'{label}' (dimension {dim} of '{name}') and '{other[0]}' (dimension {other[2]} of '{other[1]}') "
                                  "must be equal in this model; give them one name, or change what makes them equal")


def way_out(call, dims, name, dim, stack):
    """What to write for a dimension that the model fixes."""
    if any(frame.filename.endswith("torch/nn/modules/rnn.py") for frame in stack):
        return "torch.export fixes the length of what an LSTM or GRU is given; pad to one length, and do not ask for this dimension"
    size = call.tensors()[name].shape[dim]
    like = [other for other, tensor in call.tensors().items()
            if dim not in dims.get(other, {}) and tensor.dim() > dim and tensor.shape[dim] == size]
    return (f"write forward without int(size), size == {size}, loops over it, and tensors and shapes made for one size (torch.sym_max and "
            "torch.sym_min stand for max and min), or do not ask for this dimension"
            + (f". '{like[0]}' is not dynamic there and has {size}, too: if that is the same size, give it the same name" if like else ""))


@contextlib.contextmanager
def recorded_specialisations():
    """{symbol: stack} of where torch.export gave a symbolic size one value. Empty with a torch that works otherwise inside."""
    stacks, inner = {}, getattr(ShapeEnv, "_set_replacement", None)
    if inner is None:
        yield stacks
        return

    def outer(self, symbol, target, *args, **kwargs):
        if getattr(target, "is_number", False):
            stacks.setdefault(str(symbol), traceback.extract_stack())
        return inner(self, symbol, target, *args, **kwargs)

    ShapeEnv._set_replacement = outer
    try:
        yield stacks
    finally:
        ShapeEnv._set_replacement = inner
