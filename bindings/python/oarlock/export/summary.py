"""A few lines that tell what a saved program takes and gives."""
import json
import os
import re
import zipfile

import torch
from torch.utils import _pytree as pytree

from .outputs import key_text


def shape_text(value, labels):
    """float32 [batch, 8]; labels: symbol of the program -> name of the dynamic size."""
    if not isinstance(value, torch.Tensor):
        return type(value).__name__
    sizes = [re.sub(r"\b[a-z]+\d+\b", lambda found: labels.get(found[0], found[0]), str(size)) for size in value.shape]
    return f"{str(value.dtype).removeprefix('torch.')} [{', '.join(sizes)}]"


def leaves(spec):
    """The keys of every leaf of a pytree, as texts."""
    return [[*map(key_text, keys)] for keys, _ in pytree.tree_flatten_with_path(pytree.tree_unflatten([*range(spec.num_leaves)], spec))[0]]


def input_names(program):
    """As the training program calls them, in order: arguments by their names in forward, what is nested as name.key."""
    given = program.module_call_graph[0].signature.forward_arg_names or []
    return [".".join([given[int(keys[1])] if keys[0] == "0" and int(keys[1]) < len(given) else keys[1], *keys[2:]])
            for keys in leaves(program.call_spec.in_spec)]


def summary(program, path):
    """The inputs with their shapes, the outputs, and the loss, of the program that was saved as `path`."""
    with zipfile.ZipFile(path) as archive:
        record = json.loads(archive.read(next(name for name in archive.namelist() if name.endswith("/oarlock.json"))))
    nodes = {node.name: node.meta.get("val") for node in program.graph.nodes}
    specs = [spec for spec in program.graph_signature.input_specs if spec.kind.name == "USER_INPUT"]
    values = {name: nodes[spec.arg.name] for name, spec in zip(input_names(program), specs) if isinstance(nodes.get(spec.arg.name), torch.Tensor)}
    labels = {str(values[name].shape[int(dim)]): label for name, dims in record["dynamic"].items() if name in values
              for dim, label in dims.items()}
    inputs = [f"  input   {name}: {shape_text(value, labels)}" for name, value in values.items()]
    names = [".".join(keys) or "0" for keys in leaves(program.call_spec.out_spec)]
    kinds = [spec.arg.name for spec in program.graph_signature.output_specs if spec.kind.name == "USER_OUTPUT"
             and hasattr(spec.arg, "name")]
    outputs = [f"  output  {name}: {shape_text(nodes.get(kind), labels)}{'  (the loss)' if name == record['loss'] else ''}"
               for name, kind in zip(names, kinds)]
    numbers = sum(value.numel() for value in program.parameters())
    calls = sum(node.op == "call_function" for node in program.graph.nodes)
    has_no_weights = any(value.is_meta or hasattr(value, "fake_mode") for value in program.state_dict.values())
    return "\n".join([f"{path}: {calls} operators, {numbers:,} numbers in parameters, {os.path.getsize(path):,} bytes",
                      *inputs, *outputs, *([] if record["loss"] else ["  no loss: the training program computes it from the outputs"]),
                      *(["  no weights: they come from a safetensors file, the option model.weights"] if has_no_weights else [])])
