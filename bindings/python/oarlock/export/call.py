"""The call that is exported: the model, its arguments by name, and the loss on top."""
import collections.abc
import contextlib
import inspect
import warnings

import torch
from torch.utils import _pytree as pytree

from .errors import ExportError
from .outputs import key_text, plain
from .state import Snapshot
from .unwritten import unwritten
from .wrappers import eager, is_of


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
        self.state = None  # the model as it was before the first run, for as long as it is adapted
        require_kinds(self.leaves())
        self.devices = {t.device for t in (*tensors, *self.tensors().values()) if t.device.type not in ("cpu", "meta")} if not self.is_unreal else ()

    @classmethod
    def of(cls, model, example_inputs, kwargs, loss, targets, train):
        if not isinstance(model, torch.nn.Module):
            way = (f"give an object of the class: {model.__name__}(...)" if inspect.isclass(model) else
                   "load a state dict into its model: model.load_state_dict(...)" if isinstance(model, collections.abc.Mapping) else
                   "make a function the forward of a module")
            raise ExportError(f"a torch.nn.Module is exported, not a {type(model).__name__}; {way}")
        if any(isinstance(module, torch.jit.ScriptModule) for module in model.modules()):
            raise ExportError("the model, or a part of it, is a torch.jit.ScriptModule: export the module that it was scripted or traced from")
        if is_of(model.parameters(), "torch.distributed.tensor", "DTensor") or is_of(
                model.modules(), "torch.distributed.fsdp", "FullyShardedDataParallel", "FSDPModule"):
            raise ExportError("the parameters are sharded over ranks (fully_shard, FullyShardedDataParallel): export the model before that; "
                              "Oarlock shares the work among ranks by itself")
        tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
        if lazy := [name for name, tensor in tensors.items() if torch.nn.parameter.is_lazy(tensor)]:
            raise ExportError(f"the sizes of {', '.join(lazy)} are not known before a first run: call the model once, model(...), and export then")
        if inference := [name for name, tensor in tensors.items() if tensor.is_inference()]:
            raise ExportError(f"{', '.join(inference)} were made under torch.inference_mode, and nothing can be trained that reads them: "
                              "make the model outside of it")
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
        if before is not None:
            self.run_on(grad_mode, before)
        return self.run_on(grad_mode, change)

    def run_on(self, grad_mode=torch.no_grad, change=lambda path, value: value):
        """What the model gives now, after whatever was run before."""
        args, kwargs = self.arguments(change)
        self.seed()
        with self.fake_mode or contextlib.nullcontext(), torch.enable_grad() if self.gradients else grad_mode(), unwritten(self.state):
            return self.model(*args, **kwargs)

    def seed(self):
        """The random numbers that every run begins with, on the devices whose own are put back afterwards."""
        torch.default_generator.manual_seed(0)
        for device in self.devices:
            module = torch.get_device_module(device)
            with getattr(module, "device", contextlib.nullcontext)(device):
                module.manual_seed(0)

    def changes(self):
        """What a first call changes, and what a second one changes: self.path of each, buffers aside."""
        seen = [self.state]
        for run in (self.run, self.run_on):
            run()
            seen.append(Snapshot(self.model, self.state.has_values))
        buffers = {f"self.{name}" for name, _ in self.model.named_buffers(remove_duplicate=False)}
        return [[path for path in before.differences(after) if path not in buffers] for before, after in zip(seen, seen[1:])]

    def kept(self):
        return self.changes()[1]

    def set_up(self):
        """What the first call makes once for all."""
        first, second = self.changes()
        return [path for path in first if path not in second]

    def warn_of_state(self):
        """Where no check tells whether it matters."""
        if kept := self.kept():
            warnings.warn(f"forward changes {', '.join(kept)}; a program keeps no attributes from call to call but buffers "
                          "(register_buffer)", stacklevel=3)

    def _adapted_forward(self, *args, **kwargs):
        targets = [kwargs.pop(name) for name in self.target_names]
        outputs = self.forward(*args, **kwargs)
        made = plain(outputs)
        if not callable(self.loss):
            return made
        made = made if isinstance(made, dict) else {"outputs": made}
        if made.pop("loss", None) is not None:
            raise ExportError("the model has an output 'loss' of its own, and loss= is to make another: call the model so that it gives none "
                              "(without labels), or leave loss= out")
        return {"loss": self.loss_of(outputs, targets), **made}

    def loss_of(self, outputs, targets):
        return self.loss(outputs, *targets)

    def signature(self):
        """That of forward, with the targets, and with a name for every argument that *args and **kwargs take."""
        made = {}
        for p in inspect.signature(self.forward).parameters.values():
            if p.kind is p.VAR_POSITIONAL:
                made.update((name, p.replace(name=name, kind=p.POSITIONAL_OR_KEYWORD)) for name in self.names[len(made):len(self.args)])
            elif p.kind is not p.VAR_KEYWORD:
                is_given = len(made) < len(self.args)  # what follows it then may have no default
                made[p.name] = p.replace(annotation=p.empty, **({"default": p.empty} if is_given else {}))
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
            with contextlib.ExitStack() as stack:
                stack.enter_context(torch.inference_mode(False))
                self.state = Snapshot(self.model, has_values=not self.is_unreal)
                stack.callback(self.state.restore)
                stack.enter_context(torch.random.fork_rng(()))
                for kind in {device.type for device in self.devices}:
                    stack.enter_context(torch.random.fork_rng([d.index for d in self.devices if d.type == kind], device_type=kind))
                yield
        finally:
            vars(self.model).pop("forward")
            if own is not None:
                vars(self.model)["forward"] = own
            for module, mode in modes:
                module.training = mode


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
