"""A few lines that tell what a saved program takes and gives."""
import json
import os
import zipfile

import torch
from torch.utils import _pytree as pytree

from .outputs import key_text


def shape_text(value, labels):
    """float32 [batch, 8]; labels: symbol of the program -> name of the dynamic size."""
    if not isinstance(value, torch.Tensor):
        return type(value).__name__
    sizes = [labels.get(str(size), str(size)) for size in value.shape]
    return f"{str(value.dtype).removeprefix('torch.')} [{', '.join(sizes)}]"


def summary(program, path):
    """The inputs with their shapes, the outputs, and the loss, of the program that was saved as `path`."""
    with zipfile.ZipFile(path) as archive:
        record = json.loads(archive.read(next(name for name in archive.namelist() if name.endswith("/oarlock.json"))))
    values = {node.name: node.meta.get("val") for node in program.graph.nodes}
    labels = {str(values[name].shape[int(dim)]): label for name, dims in record["dynamic"].items() if name in values
              for dim, label in dims.items()}
    inputs = [f"  input   {name}: {shape_text(values[name], labels)}" for name in program.graph_signature.user_inputs if isinstance(name, str) and name in values]
    dummy = pytree.tree_unflatten([*range(program.call_spec.out_spec.num_leaves)], program.call_spec.out_spec)
    names = [".".join(map(key_text, keys)) or "0" for keys, _ in pytree.tree_flatten_with_path(dummy)[0]]
    kinds = [spec.arg.name for spec in program.graph_signature.output_specs if spec.kind.name == "USER_OUTPUT"
             and hasattr(spec.arg, "name")]
    outputs = [f"  output  {name}: {shape_text(values.get(kind), labels)}{'  (the loss)' if name == record['loss'] else ''}"
               for name, kind in zip(names, kinds)]
    numbers = sum(value.numel() for value in program.parameters())
    calls = sum(node.op == "call_function" for node in program.graph.nodes)
    return "\n".join([f"{path}: {calls} operators, {numbers:,} numbers in parameters, {os.path.getsize(path):,} bytes",
                      *inputs, *outputs, *([] if record["loss"] else ["  no loss: the training program computes it from the outputs"])])
