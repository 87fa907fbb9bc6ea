"""export_program."""
import json

import torch

from .call import Call
from .check import Check, require_other_inputs
from .dynamic import dynamic_dims
from .errors import ExportError, first_line
from .first_run import first_outputs, warn_untrainable
from .operators import graphs, runnable
from .outputs import loss_path
from .tracing import traced
from .weights import tied_names, written
from .wrappers import unwrapped

RECORD, RECORD_FORMAT = "oarlock.json", 1


def export_program(model, example_inputs, path=None, *, loss=None, targets=(), dynamic=None, kwargs=None, train=True,
                   weights=True, stack_traces=False, operators=(), check=True, other_inputs=None):
    """Export `model` for training, save it as `path` (a .pt2 file), and check the file against the model.

    model           a torch.nn.Module, afterwards as it was: weights, buffers, gradients, modes, attributes in depth. Of one that
                    torch.compile, DataParallel or DistributedDataParallel wraps, the model inside is exported, by its own names.
    example_inputs  what forward is called with: one tensor, a tuple of positional arguments, or a mapping of arguments by
                    name (such as what a tokenizer gives). What is not a tensor becomes a constant of the program.
    path            where to save, whole or not at all. None: only the program is returned.
    loss            a callable: loss(outputs, *targets) becomes the output "loss", beside the model's own; a string: the output
                    that is the loss ("loss", "0", "heads.0.loss"); None: the output named loss, or the only output if that is
                    one number, or none: then the training program computes it.
    targets         what `loss` takes besides the outputs: a tensor, a tuple, or a mapping by name. They become inputs of the
                    program, named by the mapping or as the parameters of `loss`.
    dynamic         the sizes that may change: "batch" (dimension 0 of every tensor), or a mapping {input: dimensions}, or a
                    tuple with the dimensions of each input in turn; dimensions are ("batch", "length", None) in order,
                    {0: "batch"}, or "batch" for the first. Equal names mean equal sizes.
    kwargs          further arguments of forward by name.
    train           True: every module is in training mode for the export (Oarlock switches to evaluation by itself); False:
                    modules stay in the modes that they are in.
    weights         False: the file has the graph without the weights; they come from a safetensors file (export_weights).
                    Models on the meta device or of fake tensors are exported so.
    stack_traces    keep the lines of Python that made each node; they hold paths of this machine.
    operators       namespaces of operators besides aten that the training program will have loaded.
    check           run the saved file and the model with the same random numbers and compare all outputs, also at other
                    values of every dynamic size: made by repeating or leaving out rows of the example.
    other_inputs    a mapping of all tensors, targets too, at other sizes, to check with instead of such rows: for inputs that
                    hold positions in each other, such as offsets or the edges of a graph. Not used without a check.

    Returns the torch.export.ExportedProgram. Raises ExportError.
    """
    with unwrapped(model) as model:
        call = Call.of(model, example_inputs, kwargs, loss, targets, train)
        dims = dynamic_dims(dynamic, call)
        require_other_inputs(other_inputs, call, is_checked=check and not call.is_unreal)
        with call.adapted():
            outputs = first_outputs(call)
            record = {"format": RECORD_FORMAT, "torch": torch.__version__.partition("+")[0],
                      "loss": loss_path(call, outputs, loss), "tied": tied_names(model),
                      "dynamic": {name: {str(dim): label for dim, label in entry.items()} for name, entry in dims.items()},
                      "modules": {name: f"{type(m).__module__}.{type(m).__qualname__}" for name, m in model.named_modules()}}
            if record["loss"] is None:
                warn_untrainable(call, outputs)
            program = runnable(traced(call, dims), operators)
            if not stack_traces:
                strip_stack_traces(program)
            program.example_inputs = None  # the caller's data
            state = dict(program.state_dict)
            if not weights or call.is_unreal:
                leave_out_weights(program)
            with written(path) as file:
                save(program, file, record)
                file.seek(0)
                if check and not call.is_unreal:
                    Check(call, dims, file, state).run(program if weights else None, other_inputs)
                else:
                    call.warn_of_state()
    return program


def save(program, file, record):
    try:
        torch.export.save(program, file, extra_files={RECORD: json.dumps(record, indent=1)})
    except Exception as error:
        file.require()
        raise ExportError("torch.export traced the model but cannot save what it made (a later torch may): "
                          f"{first_line(error)}") from error
    file.require()


def strip_stack_traces(program):
    for graph in graphs(program):
        for node in graph.nodes:
            node.meta.pop("stack_trace", None)


def leave_out_weights(program):
    state = program.state_dict
    for name, tensor in list(state.items()):
        if not hasattr(tensor, "fake_mode"):
            empty = torch.empty_like(tensor, device="meta")
            state[name] = torch.nn.Parameter(empty, tensor.requires_grad) if isinstance(tensor, torch.nn.Parameter) else empty
