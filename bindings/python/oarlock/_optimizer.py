"""What updates a model's parameters, and what sets its rates."""
import json
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from . import _c
from ._tensor import Tensor
from ._tree import Tree, to_tree
from ._values import options_json

if TYPE_CHECKING:
    from ._model import Model


class OptimizerState(MutableMapping):
    """What an optimizer of one's own keeps for one parameter: tensors and single values by name."""

    __slots__ = ("_tree",)

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def __getitem__(self, name: str) -> Any:
        if name not in self._tree.keys():
            raise KeyError(name)
        return self._tree[name]

    def __setitem__(self, name: str, value: Any) -> None:
        _c.tree_set(self._tree, name, to_tree(value))

    def __delitem__(self, name: str) -> None:
        raise TypeError("what an optimizer keeps is replaced, not deleted")

    def __iter__(self) -> Iterator[str]:
        return iter(self._tree.keys())

    def __len__(self) -> int:
        return len(self._tree)


class Optimizer(_c.OptimizerHandle):
    """Updates a model's parameters.

    Args:
        model: its parameters are kept alive.
        name: "adamw", "sgd", "lion", ... (docs/optimizers.md); options, defaults and rules are those of torch.optim.
        options: a mapping or JSON text of optimizer options, without their "optimizer.".
        more: options by name: lr, momentum, betas, weight_decay, params, groups ...

    Raises:
        InvalidArgument: an unknown name or option (the text names the nearest), or a value out of range.
    """

    __slots__ = ("__weakref__",)

    def __init__(self, model: "Model", name: str, options: str | Mapping[str, Any] | None = None, **more: Any) -> None:
        self._adopt(_c.optimizer_create(model, name, options_json(options, more)))

    @classmethod
    def foreign(cls, model: "Model", name: str, function: Callable[[str, Tensor, Tensor, OptimizerState, dict[str, Any]], Any],
                options: str | Mapping[str, Any] | None = None, **more: Any) -> "Optimizer":
        """An optimizer whose rule is a function; groups, schedules and checkpoints are as with every other one.

            def descend(name, parameter, gradient, state, options):
                parameter.numpy()[...] -= options["lr"] * gradient.numpy()
                state["updates"] = state.get("updates", 0) + 1

        Args:
            model: its parameters are kept alive.
            name: kept in checkpoints; not one of the library's.
            function: updates one parameter in its memory. `state` is empty at the parameter's first update; what it puts in,
                tensors and single values, is there in the next one and in checkpoints.
            options: options of the rule's own, beside lr, params and groups: numbers, truth values, texts, lists of numbers.
            more: options by name.

        Raises:
            InvalidArgument: the name is one of the library's, or an option is of another kind.
        """
        def update(name: str, parameter: Tensor, gradient: Tensor, state: Tree, given: Tree) -> None:
            function(name, parameter, gradient, OptimizerState(state), given.to_python())

        return _c.optimizer_create_foreign(model, name, options_json(options, more), update)

    @property
    def lr(self) -> float:
        """The learning rate that the next step will use. May be set; a scheduler sets it again at its next step."""
        return _c.optimizer_learning_rate(self)

    @lr.setter
    def lr(self, value: float) -> None:
        _c.optimizer_set_learning_rate(self, value)

    @property
    def num_steps(self) -> int:
        """Steps made so far, those before a resume included."""
        return _c.optimizer_num_steps(self)

    def step(self, closure: Callable[[], Any] | None = None) -> float | None:
        """Update the parameters by their gradients. Programs with an accelerator call Accelerator.step instead.

        Args:
            closure: makes the gradients and gives the loss; "lbfgs" needs it. Gradients are dropped before each call of it. What
                it raises comes out of this call; parameters and state are those of before then.

        Returns:
            The closure's first loss; None without one.
        """
        if closure is None:
            return _c.optimizer_step(self)
        return _c.optimizer_step_closure(self, closure)

    def zero_grad(self) -> None:
        """Drop all gradients. Accelerator.step does it."""
        _c.optimizer_zero_grad(self)

    def train(self, mode: bool = True) -> None:
        """Parameters to train with (True) or to evaluate with: "schedule_free_adamw" needs it, others do nothing."""
        _c.optimizer_set_training(self, mode)

    def eval(self) -> None:
        """Parameters to evaluate with: train(False)."""
        self.train(False)

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """A copy of each parameter group: its options and, as "params", the names of its parameters."""
        return [json.loads(_c.optimizer_group_options(self, index)) for index in range(_c.optimizer_num_groups(self))]

    def set_group_options(self, index: int, options: str | Mapping[str, Any] | None = None, **more: Any) -> None:
        """Change options of one parameter group from the next step on."""
        _c.optimizer_set_group_options(self, index, options_json(options, more) or "{}")

    def state_dict(self) -> dict[str, Any]:
        """The state as torch's class of the same name has it; its tensors share the optimizer's memory."""
        whole = _c.optimizer_state_dict(self).to_python()
        whole["state"] = {int(index): state for index, state in whole["state"].items()}
        return whole

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a state that `state_dict` or torch's class of the same name gave; hyper-parameters become those in it.

        Raises:
            InvalidArgument: groups, parameters or shapes differ; the text says which. Nothing was changed.
            Unsupported: an option is on that this optimizer does not have.
        """
        states = {str(index): state for index, state in state_dict["state"].items()}
        _c.optimizer_load_state_dict(self, to_tree({"state": states, "param_groups": state_dict["param_groups"]}))


class Scheduler(_c.SchedulerHandle):
    """A learning rate as a formula of the step. Sets that of step 0 at once.

    Args:
        optimizer: whose rate it sets.
        name: "constant", "linear", "cosine", "step", "one_cycle", "plateau", ... (docs/optimizers.md).
        options: a mapping or JSON text of scheduler options, without their "scheduler.".
        more: options by name: warmup_steps, total_steps, step_size, gamma, min_lr_ratio ...

    Raises:
        InvalidArgument: an unknown name or option, one that is missing, or a value out of range.
    """

    __slots__ = ("__weakref__",)

    def __init__(self, optimizer: Optimizer, name: str, options: str | Mapping[str, Any] | None = None, **more: Any) -> None:
        self._adopt(_c.scheduler_create(optimizer, name, options_json(options, more)))

    @classmethod
    def from_factors(cls, optimizer: Optimizer, function: Callable[[int, int], float], name: str = "lambda") -> "Scheduler":
        """A schedule by a function of step and group: Scheduler.from_factors(optimizer, lambda step, group: 0.95 ** step).

        Checkpoints keep step and rates, not the function.

        Args:
            optimizer: whose rates it sets.
            function: gives the factor of the group's initial rate; what it raises comes out of the call that steps.
            name: "lambda", or "multiplicative": the factor is of the rate of the step before, from step 1 on.
        """
        return _c.scheduler_from_factors(optimizer, name, function)

    @property
    def num_steps(self) -> int:
        """Steps made so far, those before a resume included."""
        return _c.scheduler_num_steps(self)

    def step(self, metric: float | None = None) -> None:
        """Go on by one step; "plateau" takes the metric. Programs with an accelerator call Accelerator.step instead."""
        if metric is None:
            _c.scheduler_step(self)
        else:
            _c.scheduler_step_metric(self, metric)

    def state_dict(self) -> dict[str, Any]:
        """The state as torch's class has it: what it needs to go on, without its options."""
        return _c.scheduler_state_dict(self).to_python()

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over the state of a scheduler of torch or transformers: its step and rates.

        Raises:
            InvalidArgument: something is missing, or of another number of parameter groups. Nothing was changed.
        """
        wanted = ("base_lrs", "last_epoch", "_last_lr", "best", "num_bad_epochs", "cooldown_counter")
        parts = [{key: part[key] for key in wanted if key in part} for part in state_dict.get("_schedulers", ())]
        state = {key: state_dict[key] for key in wanted if key in state_dict}
        _c.scheduler_load_state_dict(self, to_tree({**state, "_schedulers": parts}))
