"""Wrappers that training scripts put around a model. What is exported is the model inside, by its own names."""
import contextlib
import sys
import types

import torch

PARALLEL = (torch.nn.DataParallel, torch.nn.parallel.DistributedDataParallel)


def is_of(values, module, *names):
    """Whether one of the values is of such a class of a module of torch; nothing is, as long as nobody has imported it."""
    kinds = tuple(filter(None, (getattr(sys.modules.get(module), name, None) for name in names)))
    return any(isinstance(value, kinds) for value in values)


def inside(module):
    """(attribute, what it holds) of a wrapper, or None of a module that is none."""
    is_compiled = is_of([module], "torch._dynamo.eval_frame", "OptimizedModule")
    name = "module" if isinstance(module, PARALLEL) else "_orig_mod" if is_compiled else None
    return name and (name, getattr(module, name))


def innermost(module, removed):
    while found := inside(module):
        removed.append(f"{type(module).__name__} ({found[0]}.)")
        module = found[1]
    return module


def eager(function):
    """What torch.compile was given, if it made this function."""
    made_of = getattr(function, "_torchdynamo_orig_callable", None)
    if made_of is None:
        return function
    owner = getattr(function, "__self__", None)  # of a method that the class has compiled
    return made_of if owner is None else types.MethodType(made_of, owner)


@contextlib.contextmanager
def unwrapped(model):
    """The model without wrappers, around it or around parts of it, for as long as it takes; a note on stderr says so."""
    removed, replaced, compiled = [], [], []
    model = innermost(model, removed)
    try:
        for parent in list(model.modules()) if isinstance(model, torch.nn.Module) else []:
            if vars(parent).get("_compiled_call_impl"):  # by module.compile()
                compiled.append((parent, vars(parent).pop("_compiled_call_impl")))
            for name, child in parent._modules.items():
                if child is not None and inside(child):
                    replaced.append((parent, name, child))
                    parent._modules[name] = innermost(child, removed)
        if removed:
            print(f"oarlock.export: what {', '.join(dict.fromkeys(removed))} wraps is exported; names of weights are without "
                  "that prefix", file=sys.stderr)
        yield model
    finally:
        for parent, name, child in replaced:
            parent._modules[name] = child
        for module, call in compiled:
            module._compiled_call_impl = call
