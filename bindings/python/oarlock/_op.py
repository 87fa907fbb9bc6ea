"""Operators of libtorch by name, with autograd: `oarlock.ops.aten.linear(x, weight, bias)`."""
import json
import os
from collections.abc import Callable
from contextvars import ContextVar
from functools import lru_cache, wraps
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from . import _c
from ._c import op_call, op_call_no_grad  # found faster than through the module: called for every operator
from ._state import State, the_state
from ._tensor import as_tensor
from ._values import dtype_number

P, R = ParamSpec("P"), TypeVar("R")

_innermost: ContextVar["no_grad | None"] = ContextVar("oarlock.no_grad", default=None)  # of this thread, or of this asyncio task

PLAIN = (bool, int, float, complex, str, type(None))  # complex ones are refused below


def _is_dtype(value: Any) -> bool:
    """Of Python, numpy or torch."""
    return isinstance(value, type) or hasattr(value, "isnative") or type(value).__name__ == "dtype"


def _argument(value: Any) -> Any:
    """What the low level takes for a value: tensors, plain values, and lists of them."""
    if isinstance(value, (_c.TensorHandle, *PLAIN)):
        return value
    if isinstance(value, (list, tuple)):
        return [_argument(item) for item in value]
    if _is_dtype(value):
        return _c.dtype_name(dtype_number(value))
    if hasattr(value, "item") and not hasattr(value, "__setitem__"):  # numpy's numbers
        return _argument(value.item())
    return as_tensor(value)


@lru_cache(maxsize=None)
def _gives_list(name: str) -> bool:
    """Whether the operator gives a list, so that how many results there are depends on the arguments."""
    return all(overload["returns"][0]["type"].endswith("[]") for overload in op_signatures(name) if overload["returns"])


def call(state: State, name: str, arguments: tuple, keywords: dict[str, Any]) -> Any:
    """See `op`."""
    values: list[Any] = [_argument(value) for value in arguments]
    if keywords:
        values.append({key: _argument(value) for key, value in keywords.items()})
    results = (op_call if _innermost.get() is None or _records() else op_call_no_grad)(state, name, values)
    if len(results) == 1 and not _gives_list(name):
        return results[0]
    return tuple(results) if results else None


class no_grad:
    """Let operators record no autograd: `with oarlock.no_grad(): ...`, or as a decorator of a plain function.

    Of this thread (in asyncio of this task, and of tasks that it starts meanwhile), until the block ends, however it ends.
    Results lead back to nothing, and operators may write to parameters: `oarlock.ops.aten.sub_(model.parameter("w"), step)`.
    Forwards of programs follow the model's mode: `model.eval()`.

    Raises:
        TypeError: it decorates a generator or a coroutine, which runs when the decorator has long ended.
    """

    def __enter__(self) -> None:
        self._is_open, self._outer = True, _innermost.get()
        self._token = _innermost.set(self)

    def __exit__(self, *raised: object) -> None:
        self._is_open = False
        _innermost.reset(self._token)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        if any(is_later(function) for is_later in (isgeneratorfunction, iscoroutinefunction, isasyncgenfunction)):
            raise TypeError(f"no_grad() decorates plain functions; in {function.__qualname__}, which runs later, write `with oarlock.no_grad():`")

        @wraps(function)
        def without_autograd(*arguments: P.args, **keywords: P.kwargs) -> R:
            with no_grad():
                return function(*arguments, **keywords)

        return without_autograd


def _records() -> bool:
    """A task that a block has started sees the block's end, though not in its own copy of the context."""
    scope = _innermost.get()
    while scope is not None and not scope._is_open:
        scope = scope._outer
    return scope is None


def op(name: str, *arguments: Any, **keywords: Any) -> Any:
    """Call an operator of libtorch, as torch.ops does: `oarlock.op("aten::linear", x, weight, bias)`.

    The results of operators on parameters (Model.parameter) lead back to them: Accelerator.backward goes through them.

    Args:
        name: "aten::add", or with an overload "aten::add.Tensor". Without one the first that takes the arguments runs.
        arguments: tensors and whatever `as_tensor` takes, numbers, bools, texts, dtypes, None, and lists of them.
        keywords: arguments by name.

    Returns:
        A Tensor; a tuple of an operator that gives several, or a list; None of one that gives nothing.

    Raises:
        InvalidArgument: an argument is missing, unknown or not what the operator takes; the text names it.
        Unsupported: no such operator; the text names the nearest.
        InvalidState: no State is open, or several are: `state.ops` says which is meant.
    """
    return call(the_state(), name, arguments, keywords)


class Operator:
    """One operator, to be called. Attributes are its overloads: `oarlock.ops.aten.add.Tensor`."""

    def __init__(self, state: State | None, name: str) -> None:
        self._state, self._name = state, name

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """See `op`."""
        return call(self._state or the_state(), self._name, arguments, keywords)

    def __getattr__(self, overload: str) -> "Operator":
        if overload.startswith("__") or "." in self._name:
            raise AttributeError(f"operator {self._name} has no attribute '{overload}'")
        return Operator(self._state, f"{self._name}.{overload}")

    def __dir__(self) -> list[str]:
        return [] if "." in self._name else [overload["overload"] or "default" for overload in op_signatures(self._name)]

    def __repr__(self) -> str:
        return "\n".join(overload["schema"] for overload in op_signatures(self._name))


class Operators:
    """The operators of one namespace: `oarlock.ops.aten.linear`."""

    def __init__(self, state: State | None, name_space: str) -> None:
        self._state, self._name_space = state, name_space

    def __getattr__(self, name: str) -> Operator:
        if name.startswith("__"):
            raise AttributeError(f"there is no operator '{name}'")
        return Operator(self._state, f"{self._name_space}::{name}")

    def __dir__(self) -> list[str]:
        return [name.partition("::")[2] for name in op_names(self._name_space)]


class Ops:
    """Every operator as an attribute: `oarlock.ops.aten.linear(x, weight, bias)`, `state.ops.my_library.my_operator(x)`.

    Without a state, as in `oarlock.ops`, the one that is open is meant. See `op`.
    """

    def __init__(self, state: State | None = None) -> None:
        self._state = state

    if TYPE_CHECKING:
        aten: Operators

    def __getattr__(self, name_space: str) -> Operators:
        if name_space.startswith("__"):
            raise AttributeError(f"there is no namespace '{name_space}'")
        return Operators(self._state, name_space)

    def __dir__(self) -> list[str]:
        return sorted({name.partition("::")[0] for name in op_names()})


ops = Ops()


def load_library(path: str | os.PathLike) -> None:
    """Load a library of custom operators (TORCH_LIBRARY), before a program that calls them. Its code runs: load what you trust.

    Raises:
        NotFound: there is no such file.
        InvalidArgument: anybody may write to it, or it does not load; the text has the reason.
    """
    _c.load_library(os.fspath(path))


def op_signatures(name: str) -> list[dict[str, Any]]:
    """The overloads of an operator in the order in which they are tried: name, overload, arguments, returns, schema.

    Raises:
        Unsupported: no such operator; the text names the nearest.
    """
    return json.loads(_c.bytes_view(_c.op_signatures(name)))


def op_names(name_space: str | None = None) -> list[str]:
    """The names of all operators, or of those of a namespace ("aten"), sorted."""
    return json.loads(_c.bytes_view(_c.op_names(name_space)))
