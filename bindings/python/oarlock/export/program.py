"""export_program."""
import contextlib
import io
import json
import sys
import traceback

import torch
from torch.utils import _pytree as pytree

from .call import Call
from .check import Check
from .dynamic import dynamic_dims, recorded_specialisations, require_dynamic
from .errors import ExportError, place_of
from .outputs import loss_path
from .weights import tied_names, written

RECORD, RECORD_FORMAT = "oarlock.json", 1
OWN_OPERATORS = ("aten", "prim", "prims")


def export_program(model, example_inputs, path=None, *, loss=None, targets=(), dynamic=None, kwargs=None, train=True,
                   weights=True, stack_traces=False, operators=(), check=True, other_inputs=None):
    """Export `model` for training, save it as `path` (a .pt2 file), and check the file against the model.

    model           a torch.nn.Module. Its weights, modes and buffers are afterwards as they were.
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
                    hold positions in each other, such as offsets or the edges of a graph.

    Returns the torch.export.ExportedProgram. Raises ExportError.
    """
    call = Call.of(model, example_inputs, kwargs, loss, targets)
    dims = dynamic_dims(dynamic, call)
    with call.adapted(train):
        record = {"format": RECORD_FORMAT, "torch": torch.__version__.partition("+")[0],
                  "loss": loss_path(call, first_outputs(call), loss), "tied": tied_names(model),
                  "dynamic": {name: {str(dim): label for dim, label in entry.items()} for name, entry in dims.items()},
                  "modules": {name: f"{type(m).__module__}.{type(m).__qualname__}" for name, m in model.named_modules()}}
        program = traced(call, dims)
        require_operators(program, operators)
        drop_unused_regions(program)
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
    return program


def first_outputs(call):
    try:
        return call.run(torch.enable_grad)
    except ExportError:
        raise
    except Exception as error:
        what = "the model does not run with these example inputs"
        missing = ""
        if any(frame.name == call.loss_of.__name__ for frame in traceback.extract_tb(error.__traceback__)):
            what = "the loss does not run with the outputs of the model"
            missing = "" if call.target_names else "; what it takes besides them is given as targets="
        raise ExportError(f"{what}: {type(error).__name__}: {error}{missing}{place_of(error)}") from error


def traced(call, dims):
    args, kwargs = call.arguments()
    shapes = torch.export.ShapesCollection()
    for (path, _), value in zip(call.leaves(), pytree.tree_leaves((args, kwargs))):
        if path in dims:
            shapes[value] = dict.fromkeys(dims[path], torch.export.Dim.AUTO)
    first = None
    for strict in (False, True):
        call.restore_buffers()
        said = io.StringIO()  # torch prints the whole graph where it fails
        try:
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), recorded_specialisations() as stacks:
                program = torch.export.export(call.model, args, kwargs, dynamic_shapes=shapes if dims else None, strict=strict)
            sys.stderr.write(said.getvalue())
            require_dynamic(program, call, dims, stacks)
            return program
        except ExportError:
            raise
        except Exception as error:
            first = first or error
    raise ExportError(f"torch.export cannot trace the model{advice(first)}{place_of(first)}\n  {type(first).__name__}: "
                      f"{str(first).strip().splitlines()[0]}") from first


def advice(error):
    text = str(error)
    if "data-dependent" in text or "Dynamic control flow" in text or "DataDependent" in type(error).__name__:
        return (": forward decides in Python (if, while, int(), item()) by what a tensor holds, which a program cannot. Write it with "
                "torch.where or torch.cond; leave checks of the inputs out; a loss of the model's own that checks its targets can be "
                "replaced by loss=..., targets=...")
    if "Constraints violated" in text or "specialized" in text:
        return ": a size that was to be dynamic is fixed or bounded by the model; torch.sym_max and torch.sym_min keep max(n, 5) dynamic"
    return ""


def save(program, file, record):
    try:
        torch.export.save(program, file, extra_files={RECORD: json.dumps(record, indent=1)})
    except OSError:
        raise
    except Exception as error:
        raise ExportError("torch.export traced the model but cannot save what it made (a later torch may): "
                          f"{type(error).__name__}: {str(error).strip().splitlines()[0]}") from error


def graphs(program):
    return [module.graph for module in program.graph_module.modules() if isinstance(module, torch.fx.GraphModule)]


def drop_unused_regions(program):
    """Regions (of torch.no_grad, of autocast) that give nothing: torch 2.11 saves them, but cannot read them again."""
    for graph in graphs(program):
        for node in reversed(graph.nodes):
            if isinstance(node.target, torch._ops.HigherOrderOperator) and "wrap_with" in node.name and not node.users:
                inner = [arg for arg in node.args if isinstance(arg, torch.fx.Node) and arg.op == "get_attr"]
                bodies = [getattr(graph.owning_module, arg.target).graph for arg in inner]
                if all(is_pure(body_node) for body in bodies for body_node in body.nodes):
                    graph.erase_node(node)
        graph.owning_module.recompile()


def is_pure(node):
    if not isinstance(node.target, torch._ops.OpOverload):
        return node.op in ("placeholder", "output", "get_attr")
    return not node.target._schema.is_mutable and torch.Tag.nondeterministic_seeded not in node.target.tags


def strip_stack_traces(program):
    for graph in graphs(program):
        for node in graph.nodes:
            node.meta.pop("stack_trace", None)


def require_operators(program, operators):
    for graph in graphs(program):
        for node in graph.nodes:
            name = node.target.name() if isinstance(node.target, torch._ops.OpOverload) else ""
            if name and name.partition("::")[0] not in (*OWN_OPERATORS, *operators):
                module = [path for path, _ in (node.meta.get("nn_module_stack") or {"": ("", "")}).values()][-1]
                way = ("give the configuration experts_implementation=\"batched_mm\"" if name.startswith("transformers::") else
                       f"change the model, or give operators=(\"{name.partition('::')[0]}\",) and let the training program load that library")
                raise ExportError(f"module '{module}' calls the operator {name}, which libtorch does not have: {way}")


def leave_out_weights(program):
    state = program.state_dict
    lost = [name for name, value in program.constants.items()
            if isinstance(value, torch.Tensor) and (value.is_meta or hasattr(value, "fake_mode"))]
    if lost:
        raise ExportError(f"these tensors have no values and are in no state dict that could bring them: {', '.join(lost)}; "
                          "make the model with real tensors and give weights=False")
    for name, tensor in list(state.items()):
        if not hasattr(tensor, "fake_mode"):
            empty = torch.empty_like(tensor, device="meta")
            state[name] = torch.nn.Parameter(empty, tensor.requires_grad) if isinstance(tensor, torch.nn.Parameter) else empty
