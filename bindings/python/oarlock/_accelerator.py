"""Prepares model, optimizer, scheduler and loaders for a state, and owns the semantics of the training loop."""
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from . import _c
from ._config import Config, config_of
from ._data import Loader
from ._foreign import running
from ._model import Model
from ._optimizer import Optimizer, Scheduler
from ._regions import ended_by
from ._state import State
from ._tensor import Tensor, as_tensor
from ._tree import to_tree
from ._values import path_text

PREPARE: tuple[tuple[type, Any], ...] = ((_c.ModelHandle, _c.accelerator_prepare_model), (_c.OptimizerHandle, _c.accelerator_prepare_optimizer),
           (_c.SchedulerHandle, _c.accelerator_prepare_scheduler), (_c.LoaderHandle, _c.accelerator_prepare_loader))


class LocalSteps:
    """Counts the steps of `Accelerator.local_sgd` and `Accelerator.diloco`."""

    __slots__ = ("_accelerator",)

    def __init__(self, accelerator: "Accelerator") -> None:
        self._accelerator = accelerator

    def step(self) -> bool:
        """Call it after every `Accelerator.step`; whether the ranks were brought together."""
        return bool(_c.accelerator_local_step(self._accelerator))


class Accelerator(_c.AcceleratorHandle):
    """The training loop's semantics, the same for one rank and many.

        model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
        for batch in loader:
            with accelerator.accumulate(model):       # only with gradient_accumulation_steps > 1
                accelerator.backward(model(batch)["loss"])
                accelerator.clip_grad_norm(model, 1.0)
                accelerator.step(optimizer, scheduler)

    Belongs to one thread at a time. A call that fails on some ranks makes the others' raise Aborted.

    Args:
        state: the ranks.
        config: a Config, a mapping or JSON text of options; None takes the state's.
        options: options by name, instead of a config: gradient_accumulation_steps is accelerator={"gradient_accumulation_steps": 4}.

    Raises:
        InvalidArgument: a value out of range, or an option that is not read here; the text names the place.
    """

    __slots__ = ("__weakref__",)

    def __init__(self, state: State, config: Config | Mapping[str, Any] | str | None = None, **options: Any) -> None:
        self._adopt(_c.accelerator_create(state, config_of(config, options)))

    def prepare(self, *objects: Model | Optimizer | Scheduler | Loader) -> Any:
        """Make models data-parallel, give loaders this rank's share, and keep all of them in checkpoints.

        All ranks prepare the same objects in the same order.

        Returns:
            The objects, as given: one, or a tuple.

        Raises:
            TypeError: something else than a model, optimizer, scheduler or loader; nothing was prepared.
            Mismatch: ranks have different models or loaders.
        """
        calls = []
        for given in objects:
            call = next((call for kind, call in PREPARE if isinstance(given, kind)), None)
            if call is None:
                raise TypeError(f"models, optimizers, schedulers and loaders can be prepared, not '{type(given).__name__}'")
            calls.append(call)
        for given, call in zip(objects, calls):
            call(self, given)
        return objects[0] if len(objects) == 1 else objects

    @contextmanager
    def accumulate(self, model: Model | None = None) -> Iterator[None]:
        """One micro-batch of an accumulation: whether gradients are synchronised in it is decided when it begins.

        Args:
            model: whose gradients wait; None: all prepared models.
        """
        _c.accelerator_accumulate_begin(self, model)
        with ended_by(lambda: _c.accelerator_accumulate_end(self)):
            yield

    @property
    def sync_gradients(self) -> bool:
        """Whether this micro-batch synchronises gradients, so that `step` really steps."""
        return bool(_c.accelerator_sync_gradients(self))

    @sync_gradients.setter
    def sync_gradients(self, sync: bool) -> None:
        """Until the next `accumulate`, for loops that count their accumulations themselves."""
        _c.accelerator_set_sync_gradients(self, sync)

    @property
    def accumulation_steps(self) -> int:
        """Micro-batches per step; may be changed between them."""
        return _c.accelerator_accumulation_steps(self)

    @accumulation_steps.setter
    def accumulation_steps(self, steps: int) -> None:
        _c.accelerator_set_accumulation_steps(self, steps)

    @contextmanager
    def no_sync(self, model: Model | None = None) -> Iterator[None]:
        """Backwards inside only add to this rank's gradients; the next one after it averages what is there.

        Args:
            model: whose gradients stay; None: all prepared models.
        """
        _c.accelerator_no_sync_begin(self, model)
        with ended_by(lambda: _c.accelerator_no_sync_end(self)):
            yield

    @contextmanager
    def local_sgd(self, model: Model, num_steps: int) -> Iterator["LocalSteps"]:
        """Train the model on each rank by itself; every num_steps steps parameters become their mean over the ranks.

            with accelerator.local_sgd(model, 8) as local:
                for batch in loader:
                    ...
                    accelerator.step(optimizer)
                    local.step()
        """
        _c.accelerator_local_sgd_begin(self, model, num_steps)
        yield from self._locally()

    @contextmanager
    def diloco(self, model: Model, num_steps: int = 500, learning_rate: float = 0.7, momentum: float = 0.9,
               nesterov: bool = True) -> Iterator["LocalSteps"]:
        """As `local_sgd`, but where the ranks meet, the way that they went is the gradient of an outer SGD with momentum."""
        _c.accelerator_diloco_begin(self, model, num_steps, learning_rate, momentum, nesterov)
        yield from self._locally()

    def _locally(self) -> Iterator["LocalSteps"]:
        yield LocalSteps(self)
        _c.accelerator_local_end(self)  # not after an exception: other ranks may not come

    def trigger_sync(self, model: Model | None = None) -> None:
        """Let the next backward average gradients, though it is inside of `no_sync` or only accumulates."""
        _c.accelerator_trigger_sync(self, model)

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of loss / gradient_accumulation_steps to the parameters, averaged over the ranks. Other threads run
        meanwhile.

        Args:
            loss: one floating-point element that a forward in training mode gave.

        Raises:
            InvalidArgument: more than one element, or not floating-point.
            InvalidState: the loss has no graph, or it was used, or a parameter got no gradient.
        """
        outer, running.accelerator = running.accelerator, self
        try:
            _c.accelerator_backward(self, loss)
        finally:
            running.accelerator = outer

    def backward_weighted(self, loss_sum: Tensor, weight: float, model: Model | None = None) -> None:
        """Add the gradients of a sum over `weight` tokens; synchronised, they are divided by the weights of all micro-batches and
        ranks: the exact mean.

        Args:
            loss_sum: one floating-point element, not divided by anything.
            weight: how many tokens are in it; 0 for none.
            model: that the loss trains; None: all prepared models.

        Raises:
            InvalidState: the accumulation has gradients without a weight.
        """
        outer, running.accelerator = running.accelerator, self
        try:
            _c.accelerator_backward_weighted(self, model, loss_sum, weight)
        finally:
            running.accelerator = outer

    def gradient_ready(self, model: Model, name: str, gradient: Any) -> None:
        """Hand over one gradient of a foreign model, as soon as the caller's backward has it: its average may begin to travel.

        Args:
            model: foreign and prepared.
            name: of a parameter; each once per backward.
            gradient: what `as_tensor` takes, of the parameter's shape and dtype. Its memory may be kept and written to until the
                step: give every backward arrays of its own.

        Raises:
            InvalidArgument, NotFound, InvalidState: it does not fit, or was given already; the text says what.
        """
        _c.accelerator_gradient_ready(self, model, name, as_tensor(gradient))

    def gradients_done(self, model: Model) -> None:
        """End the backward of a foreign model: waits until the ranks' gradients are averaged. Other threads run meanwhile.

        Raises:
            InvalidState: parameters got no gradient; the text names them.
        """
        _c.accelerator_gradients_done(self, model)

    def apply_gradients(self, model: Model, gradients: Mapping[str, Any]) -> None:
        """All gradients of one backward of a foreign model at once: `gradient_ready` of each, then `gradients_done`."""
        for name, gradient in gradients.items():
            self.gradient_ready(model, name, gradient)
        self.gradients_done(model)

    def clip_grad_norm(self, model: Model | None, max_norm: float, norm_type: float = 2.0) -> float:
        """Scale gradients so that their total norm is at most max_norm; the norm before. 0 between synchronisations.

        Args:
            model: whose gradients; None: those of all prepared models as one vector.
            norm_type: p of the norm; float("inf"): the largest absolute value.
        """
        return _c.accelerator_clip_grad_norm(self, model, max_norm, norm_type)

    def clip_grad_value(self, model: Model | None, clip_value: float) -> None:
        """Bring every element of the gradients into [-clip_value, clip_value]. Between synchronisations nothing is done."""
        _c.accelerator_clip_grad_value(self, model, clip_value)

    def step(self, optimizer: Optimizer, scheduler: Scheduler | None = None,
             closure: Callable[[], Any] | None = None) -> float | None:
        """Step the optimizer, then the scheduler, then drop the gradients. Between synchronisations nothing is done.

        Args:
            optimizer: prepared.
            scheduler: prepared.
            closure: makes the gradients, by `backward`, and gives this rank's loss; "lbfgs" needs it. An accumulation lies within
                it. What it raises comes out of this call; parameters and state are those of before then.

        Returns:
            The mean of the ranks' first losses by the closure; None without one.
        """
        if closure is None:
            return _c.accelerator_step(self, optimizer, scheduler)
        return _c.accelerator_step_closure(self, optimizer, scheduler, closure)

    @property
    def mixed_precision(self) -> str:
        """The option of that name: no, bf16 or fp16."""
        return _c.accelerator_mixed_precision(self)

    @contextmanager
    def autocast(self, enabled: bool = True) -> Iterator[None]:
        """A region whose calls of operators compute in 16 bits what they can, as the forwards of prepared models do.

        Args:
            enabled: False, inside of such a forward: they compute in what they are given.
        """
        _c.accelerator_autocast_begin(self, enabled)
        with ended_by(lambda: _c.accelerator_autocast_end(self)):
            yield

    def unscale_gradients(self, optimizer: Optimizer | None = None) -> None:
        """Divide gradients by the loss scale, before the caller reads or changes them; clipping and steps do it by themselves.

        Args:
            optimizer: whose; None: those of all prepared optimizers.

        Raises:
            InvalidState: that was done already since the last backward.
        """
        _c.accelerator_unscale_gradients(self, optimizer)

    def step_was_skipped(self, optimizer: Optimizer | None = None) -> bool:
        """Whether the last step of the optimizer (None: of any) was left out because gradients were not finite."""
        return bool(_c.accelerator_step_was_skipped(self, optimizer))

    @property
    def loss_scale(self) -> float:
        """By what the next loss is multiplied; 1 without a scaler."""
        return _c.accelerator_loss_scale(self)

    def scaler_state(self) -> dict[str, Any]:
        """What `torch.amp.GradScaler.state_dict` gives; {} without a scaler."""
        return json.loads(_c.accelerator_scaler_state(self))

    def load_scaler_state(self, state: Mapping[str, Any]) -> None:
        """Go on from such a state.

        Raises:
            InvalidArgument, Corrupt: a value is missing or out of its range; nothing was changed.
            InvalidState: there is no scaler.
        """
        _c.accelerator_load_scaler_state(self, json.dumps(dict(state)))

    def gather_for_metrics(self, tensor: Any) -> Tensor:
        """The rows of all ranks in rank order, each sample once: what was repeated to make batches even is left out.

        Args:
            tensor: anything that `as_tensor` takes, of shape [n, ...].
        """
        return _c.accelerator_gather_for_metrics(self, as_tensor(tensor))

    def gather_tree_for_metrics(self, tree: Any, use_objects: bool = False) -> Any:
        """`gather_for_metrics` of every tensor of a nested value, which keeps its structure as dicts and lists.

        Args:
            tree: tensors and plain values in dicts, lists and tuples. If there are plain values, lists are joined instead, dicts key
                by key, lone values to lists of one per rank.
            use_objects: join lists of tensors as lists, too.

        Raises:
            Mismatch: ranks have different structures; the text has the path.
        """
        return _c.accelerator_gather_tree_for_metrics(self, to_tree(tree), use_objects).to_python()

    def set_trigger(self) -> None:
        """Set this rank's flag, which `check_trigger` of all ranks will see."""
        _c.accelerator_set_trigger(self)

    def check_trigger(self) -> bool:
        """Whether any rank has set its flag; all flags are down afterwards. All ranks make this call."""
        return bool(_c.accelerator_check_trigger(self))

    def reduce_mean(self, value: float) -> float:
        """The mean of one number per rank, on every rank."""
        return _c.accelerator_reduce_mean(self, value)

    def save(self, directory: str | os.PathLike | None = None, user: Any = None) -> str:
        """Write a checkpoint of everything prepared, complete or not at all. All ranks call it; other threads run meanwhile.

        Args:
            directory: must not exist. None: the next checkpoint_<n> of <project_dir>/checkpoints.
            user: anything that `json` can write, kept in the manifest; see Checkpoint.user.

        Returns:
            The directory that was written.

        Raises:
            Exists, NoSpace, IoFailed: older checkpoints are untouched.
        """
        _c.accelerator_save(self, path_text(directory), None if user is None else json.dumps(user))
        return self.last_checkpoint

    @property
    def last_checkpoint(self) -> str:
        """The directory of the last save or load that succeeded. Raises NotFound before the first."""
        return _c.accelerator_last_checkpoint(self)

    def load(self, directory: str | os.PathLike | None = None) -> None:
        """Put a checkpoint back into what is prepared: the same objects in the same order as in the run that saved it.

        Args:
            directory: the checkpoint's; None: the newest complete one of <project_dir>/checkpoints.

        Raises:
            NotFound, Corrupt, InvalidState: nothing was changed.
        """
        _c.accelerator_load(self, path_text(directory))

    def free_memory(self) -> None:
        """Let go of everything prepared, and give memory that allocators keep back. The accelerator is as new, but for its loss scale."""
        _c.accelerator_free_memory(self)

    def close(self) -> None:
        """Let go of everything prepared. May be called twice."""
        _c.accelerator_close(self)

    def __enter__(self) -> "Accelerator":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if not self.released:
            self.close()
