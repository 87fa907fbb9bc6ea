"""The call that is exported: the model, its arguments by name, and the loss on top."""
import collections.abc
import contextlib
import inspect
import warnings

import torch
from torch.utils import _pytree as pytree

from .errors import ExportError
from .outputs import key_text, plain
from .state import ModelState
from .wrappers import eager


class Call:
    """The model, its arguments by name, and what it is to return: plain kinds, the loss among them."""

    def __init__(self, model, args, kwargs, loss, target_names, train):
        self.model, self.loss, self.target_names, self.forward = model, loss, target_names, eager(model.forward)
        self.is_trained, self.gradients = train, None  # gradients: the stack where forward computes some
        tensors = [*model.parameters(), *model.buffers()]
        self.fake_mode = next((tensor.fake_mode for tensor in tensors if hasattr(tensor, "fake_mode")), None)
        self.on_meta = any(tensor.is_meta for tensor in tensors) and self.fake_mode is None
        self.is_unreal = self.on_meta or self.fake_mode is not None
        self.args, self.kwargs = pytree.tree_map(self._as_the_model, (args, kwargs))
        positional = parameter_names(self.forward)[:len(args)]
        rest = [p.name for p in inspect.signature(self.forward).parameters.values() if p.kind is p.VAR_POSITIONAL] or ["args"]
        self.names = [*positional, *(f"{rest[0]}_{i}" for i in range(len(args) - len(positional))), *kwargs]
        self.state = ModelState(model, has_values=not self.is_unreal)
        require_kinds(self.leaves())

    @classmethod
    def of(cls, model, example_inputs, kwargs, loss, targets, train):
        if not isinstance(model, torch.nn.Module):
            way = (f"give an object of the class: {model.__name__}(...)" if inspect.isclass(model) else
                   "load a state dict into its model: model.load_state_dict(...)" if isinstance(model, collections.abc.Mapping) else
                   "make a function the forward of a module")
            raise ExportError(f"a torch.nn.Module is exported, not a {type(model).__name__}; {way}")
        if any(isinstance(module, torch.jit.ScriptModule) for module in model.modules()):
            raise ExportError("the model, or a part of it, is a torch.jit.ScriptModule: export the module that it was scripted or traced from")
        if any(type(p).__name__ == "DTensor" for p in model.parameters()) or any("FullySharded" in type(m).__name__ for m in model.modules()):
            raise ExportError("the parameters are sharded over ranks (fully_shard, FullyShardedDataParallel): export the model before that; "
                              "Oarlock shares the work among ranks by itself")
        if torch.is_autocast_enabled("cpu") or torch.is_autocast_enabled("cuda"):
            raise ExportError("export_program is called under torch.autocast, which would not be in the program: call it outside, and put "
                              "the autocast into forward if the program is to have it")
        if inspect.isclass(loss):
            raise ExportError(f"loss is the class {loss.__name__}; give an object of it: loss={loss.__name__}()")
        args, by_name = (), dict(kwargs or {})
        if isinstance(example_inputs, collections.abc.Mapping):
            by_name = {**example_inputs, **by_name}
        else:
            args = tuple(example_inputs) if isinstance(example_inputs, (tuple, list)) else (example_inputs,)
        order = {name: i for i, name in enumerate(inspect.signature(model.forward).parameters)}
        by_name = dict(sorted(by_name.items(), key=lambda item: order.get(item[0], len(order))))
        wanted = named_targets(loss, targets)
        for name in wanted:
            if name in by_name or name in order:
                raise ExportError(f"a target and an input of the model are both called '{name}'; give the target another name: "
                                  f"targets={{'target_{name}': ...}}")
        return cls(model, args, {**by_name, **wanted}, loss, list(wanted), train)

    def _as_the_model(self, value):
        if not isinstance(value, torch.Tensor) or not self.is_unreal:
            return value
        return value.to("meta") if self.on_meta else self.fake_mode.from_tensor(value)

    def leaves(self):
        """(path, value) of every leaf of the arguments, in the order of the program's inputs."""
        found = pytree.tree_flatten_with_path([*self.args, *self.kwargs.values()])[0]
        return [(".".join([self.names[keys[0].idx], *map(key_text, keys[1:])]), value) for keys, value in found]

    def tensors(self):
        return {path: value for path, value in self.leaves() if isinstance(value, torch.Tensor)}

    def arguments(self, change=lambda path, value: value):
        """Copies of the arguments, each tensor changed as asked."""
        values = iter([change(path, value.clone()) if isinstance(value, torch.Tensor) else value for path, value in self.leaves()])
        return pytree.tree_map(lambda _: next(values), (self.args, self.kwargs))

    def run(self, grad_mode=torch.no_grad, change=lambda path, value: value, before=None):
        """What the model itself gives, from the state and random numbers that every run begins with; before: after a call so changed."""
        self.state.restore()
        if self.gradients:
            grad_mode = torch.enable_grad
        for each in (change,) if before is None else (before, change):
            args, kwargs = self.arguments(each)
            torch.manual_seed(0)
            with self.fake_mode or contextlib.nullcontext(), grad_mode():
                outputs = self.model(*args, **kwargs)
        return outputs

    def warn_of_state(self):
        """Where no check tells whether it matters."""
        self.run()
        if changed := self.state.changed():
            warnings.warn(f"forward assigns {', '.join(changed)}; a program keeps no attributes from call to call but buffers "
                          "(register_buffer)", stacklevel=3)

    def _adapted_forward(self, *args, **kwargs):
        targets = [kwargs.pop(name) for name in self.target_names]
        outputs = self.forward(*args, **kwargs)
        made = plain(outputs)
        if not callable(self.loss):
            return made
        return {"loss": self.loss_of(outputs, targets), **(made if isinstance(made, dict) else {"outputs": made})}

    def loss_of(self, outputs, targets):
        return self.loss(outputs, *targets)

    def signature(self):
        """That of forward, with the targets, and with a name for every argument that *args and **kwargs take."""
        made = {}
        for p in inspect.signature(self.forward).parameters.values():
            if p.kind is p.VAR_POSITIONAL:
                made.update((name, p.replace(name=name, kind=p.POSITIONAL_OR_KEYWORD)) for name in self.names[len(made):len(self.args)])
            elif p.kind is not p.VAR_KEYWORD:
                made[p.name] = p.replace(annotation=p.empty)
        for name in self.kwargs:
            made.setdefault(name, inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY))
        return inspect.Signature([*made.values()])

    @contextlib.contextmanager
    def adapted(self):
        """Let forward take the targets and return plain kinds; afterwards all is as it was, random numbers too."""
        def forward(*args, **kwargs):
            return self._adapted_forward(*args, **kwargs)

        forward.__signature__ = self.signature()
        own, modes = vars(self.model).get("forward"), [(m, m.training) for m in self.model.modules()]
        try:
            vars(self.model)["forward"] = forward
            if self.is_trained:
                self.model.train()
            with torch.inference_mode(False), torch.random.fork_rng({t.get_device() for t in self.model.parameters() if t.is_cuda}):
                yield
        finally:
            vars(self.model).pop("forward")
            if own is not None:
                vars(self.model)["forward"] = own
            for module, mode in modes:
                module.training = mode
            self.state.restore()


def require_kinds(leaves):
    """Arguments that can be in a program: what it is given, or constants of it."""
    for path, value in leaves:
        if isinstance(value, torch.Tensor):
            if value.layout != torch.strided:
                raise ExportError(f"input '{path}' is a tensor of layout {value.layout}; a program takes strided ones: {path}.to_dense(), or its "
                                  "indices and values as inputs")
            continue
        if value is None or isinstance(value, (bool, int, float, complex, str, torch.dtype, torch.device)):
            continue
        kind = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
        if "Cache" in type(value).__name__:
            raise ExportError(f"input '{path}' is a {kind}, which a training program has no use for: leave it out, and call the model with "
                              "use_cache=False")
        way = ("let forward take its parts, by name in a dict" if hasattr(value, "__dict__") or isinstance(value, collections.abc.Mapping)
               else "give a tensor of it (torch.as_tensor)" if hasattr(value, "__array__") else "give a list, or set it in the model")
        raise ExportError(f"input '{path}' is a {kind}; a program takes tensors, and lists, tuples and dicts of them (numbers, texts and None "
                          f"become constants): {way}")


def parameter_names(function):
    """Those that can be given by position; none where Python does not tell."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def named_targets(loss, targets):
    if isinstance(targets, collections.abc.Mapping):
        named = dict(targets)
    else:
        given = tuple(targets) if isinstance(targets, (tuple, list)) else (targets,)
        names = parameter_names(loss.forward if isinstance(loss, torch.nn.Module) else loss)[1:] if given else []
        names += ["target" if len(given) == 1 else f"target_{i}" for i in range(len(names), len(given))]
        named = dict(zip(names, given))
    if named and not callable(loss):
        raise ExportError("targets are what a callable loss takes besides the outputs; loss is not callable")
    if isinstance(loss, torch.nn.Module) and any(p.requires_grad for p in loss.parameters()):
        raise ExportError("the loss has parameters that are trained: make it a part of the model, so that they have names")
    return named
