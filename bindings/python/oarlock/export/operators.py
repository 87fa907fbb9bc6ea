"""The operators of a program: those that Oarlock does not run are refused or written in another way."""
import torch

from .errors import ExportError, place_of_node

OWN_OPERATORS = ("aten", "prim", "prims")
GRADIENTS = ("a program cannot hold the gradients that forward computes (torch.autograd.grad, torch.func): use finite differences, or "
             "write the derivative out in operators; gradients of the loss are the training program's")


def graphs(program):
    return [module.graph for module in program.graph_module.modules() if isinstance(module, torch.fx.GraphModule)]


def module_of(node):
    path = [path for path, _ in (node.meta.get("nn_module_stack") or {"": ("", "")}).values()][-1]
    return f"module '{path}'" if path else "the model"


def require_operators(program, operators):
    operators = (operators,) if isinstance(operators, str) else operators
    for graph in graphs(program):
        for node in graph.nodes:
            if not isinstance(node.target, torch._ops.OpOverload):
                if node.op == "call_function" and getattr(node.target, "__module__", "").startswith("torch._functorch"):
                    raise ExportError(f"{module_of(node)} uses torch.vmap or another of torch.func, which a program does not have: "
                                      "write it with operators on the whole batch (broadcasting, torch.einsum, torch.bmm)" + place_of_node(node))
                continue
            name = node.target.name()
            if name.partition("::")[0] not in (*OWN_OPERATORS, *operators):
                way = ("give the configuration experts_implementation=\"batched_mm\"" if name.startswith("transformers::") else
                       f"change the model, or give operators=(\"{name.partition('::')[0]}\",) and let the training program load that library")
                raise ExportError(f"{module_of(node)} calls the operator {name}, which libtorch does not have: {way}{place_of_node(node)}")
            if name.startswith("aten::") and "backward" in name:
                raise ExportError(f"{module_of(node)} calls {name}: {GRADIENTS}{place_of_node(node)}")


def written(target, args, kwargs):
    """The values that a call of an operator writes to: by its schema, and running statistics in training, which no schema tells of."""
    if not isinstance(target, torch._ops.OpOverload):
        return []
    given = {**{argument.name: value for argument, value in zip(target._schema.arguments, args)}, **kwargs}
    names = [argument.name for argument in target._schema.arguments if argument.alias_info is not None and argument.alias_info.is_write]
    in_training = any(given.get(name) is True for name in ("training", "train", "use_input_stats"))
    if in_training and "backward" not in target._schema.name and "_functional" not in target._schema.name:
        names += ["running_mean", "running_var"]
    return [given[name] for name in names if given.get(name) is not None]


def runnable(program, operators):
    """The program, refused or rewritten where Oarlock could not run it."""
    require_operators(program, operators)
    require_constants(program)
    drop_unused_regions(program)
    replace_out_arguments(program)
    return program


def require_constants(program):
    """Tensors of the program that are neither weights nor inputs have values that can be saved."""
    lost = [name for name, value in program.constants.items()
            if isinstance(value, torch.Tensor) and (value.is_meta or hasattr(value, "fake_mode"))]
    if lost:
        raise ExportError(f"these tensors have no values and are in no state dict that could bring them: {', '.join(lost)}; make the model "
                          "with real tensors and give weights=False; where forward writes through .data, write to the buffer itself")


def drop_unused_regions(program):
    """Regions (of torch.no_grad, of autocast) that give nothing: torch 2.11 saves them, but cannot read them again."""
    for graph in graphs(program):
        for node in reversed(graph.nodes):
            if isinstance(node.target, torch._ops.HigherOrderOperator) and "wrap_with" in node.name and not node.users and is_pure(node):
                graph.erase_node(node)
        graph.owning_module.recompile()


def is_pure(node):
    """Whether the node can be left out where nobody reads what it gives."""
    if isinstance(node.target, torch._ops.OpOverload):
        return not written(node.target, node.args, node.kwargs) and torch.Tag.nondeterministic_seeded not in node.target.tags
    if isinstance(node.target, torch._ops.HigherOrderOperator):
        return all(is_pure(inside) for body in bodies_of(node) for inside in body.nodes)
    if node.op == "call_function":  # arithmetic of sizes, and one of several results
        return node.target.__module__ in ("_operator", "math") or node.target.__name__.startswith("sym_")
    return node.op in ("placeholder", "output", "get_attr")


def bodies_of(node):
    inner = [argument for argument in node.args if isinstance(argument, torch.fx.Node) and argument.op == "get_attr"]
    bodies = [getattr(node.graph.owning_module, argument.target) for argument in inner]
    return [body.graph for body in bodies if isinstance(body, torch.fx.GraphModule)]


def replace_out_arguments(program):
    """out= of an operator (spectral_norm has one), which Oarlock refuses, becomes the operator and a copy."""
    for graph in graphs(program):
        for node in list(graph.nodes):
            written = out_argument(node.target)
            plain = written and without_out(node.target, written)
            if not plain:
                continue
            kwargs = {name: value for name, value in node.kwargs.items() if name != written}
            with graph.inserting_before(node):
                value = graph.call_function(plain, node.args, kwargs)
                copied = graph.call_function(torch.ops.aten.copy_.default, (node.kwargs[written], value))
            value.meta, copied.meta = dict(node.meta), dict(node.meta)
            node.replace_all_uses_with(copied)
            graph.erase_node(node)
        graph.owning_module.recompile()


def out_argument(target):
    """The name of its only argument that is written to and given by name alone."""
    if not isinstance(target, torch._ops.OpOverload):
        return None
    names = [arg.name for arg in target._schema.arguments if arg.kwarg_only and arg.alias_info is not None and arg.alias_info.is_write]
    return names[0] if len(names) == 1 and len(target._schema.returns) == 1 else None


def without_out(target, written):
    """The overload that takes the same but `written`, or None."""
    def signature(overload):
        return [(arg.name, str(arg.type)) for arg in overload._schema.arguments if arg.name != written]

    overloads = [getattr(target.overloadpacket, name) for name in target.overloadpacket.overloads()]
    return next((other for other in overloads if other is not target and not other._schema.is_mutable
                 and signature(other) == signature(target)), None)
