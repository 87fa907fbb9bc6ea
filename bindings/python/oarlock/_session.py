"""In-situ inference: a program run forward only, on the caller's own arrays."""
from collections.abc import Mapping, Sequence
from typing import Any

from . import _c
from ._c import model_run, session_run  # found faster than through the module: calls of every time step
from ._errors import InvalidArgument
from ._tensor import as_tensor, in_place


def _in_order(given: Any, names: Sequence[str], what: str, convert: Any) -> list[Any]:
    """Arrays by name, by position, or one, in the order of the model; what is not given is None."""
    if isinstance(given, Mapping):
        unknown = next((name for name in given if name not in names), None)
        if unknown is not None:
            raise InvalidArgument(f"the model has no {what} '{unknown}'; it has {', '.join(names)}")
        return [convert(given[name]) if given.get(name) is not None else None for name in names]
    if not isinstance(given, (list, tuple)):
        return [convert(given)]
    return [None if array is None else convert(array) for array in given]


def run_on(call: Any, handle: Any, names: tuple[Sequence[str], Sequence[str]], inputs: Any, outputs: Any) -> None:
    """See Session.run."""
    call(handle, _in_order(inputs, names[0], "input", as_tensor), _in_order(outputs, names[1], "output", in_place))


class Session(_c.SessionHandle):
    """One thread's runs of a program on the caller's arrays, in evaluation, without copies and without an accelerator.

        session = oarlock.Session(model)                       # one per thread
        for step in range(1000):
            session.run({"field": field}, {"flux": flux})      # reads field, writes flux

    It reads the model's weights where they are: what an optimizer or load_weights writes shows in the next run.

    Args:
        model: a program; kept alive. Its mode does not matter.

    Raises:
        Unsupported: a foreign model; `trace` makes a program of one.
    """

    __slots__ = ("__weakref__", "input_names", "output_names")
    input_names: list[str]
    output_names: list[str]

    def __init__(self, model: _c.ModelHandle) -> None:
        self._adopt(_c.session_create(model))
        self.input_names = input_names(model)
        self.output_names = output_names(model)

    def run(self, inputs: Any, outputs: Any) -> None:
        """Run the program: read the inputs where they lie, write the outputs where they lie. Other threads run meanwhile.

        Arrays of any order of dimensions do, column-major ones too. Give tensors (`as_tensor`) to save a microsecond per array.

        Args:
            inputs: arrays by name, a list in the order of `input_names`, or one array.
            outputs: likewise, of `output_names`. What is left out, or None, is not wanted, and what only it needs neither.

        Raises:
            InvalidArgument: a number of arrays, a dtype or a shape does not fit, and no output was written; or an operator failed.
        """
        run_on(session_run, self, (self.input_names, self.output_names), inputs, outputs)

    def writes_in_place(self, output: int | str = 0) -> bool:
        """Whether the output, by name or number, is written straight into the caller's memory; else it is copied once."""
        index = self.output_names.index(output) if isinstance(output, str) else output
        return bool(_c.session_writes_in_place(self, index))


def input_names(model: _c.ModelHandle) -> list[str]:
    return [_c.model_input_name(model, index) for index in range(_c.model_num_inputs(model))]


def output_names(model: _c.ModelHandle) -> list[str]:
    return [_c.model_output_name(model, index) for index in range(_c.model_num_outputs(model))]


class RunnableModel(_c.ModelHandle):
    """What a Model has for running without training."""

    __slots__ = ()

    @property
    def input_names(self) -> list[str]:
        """What a forward takes, in the program's order."""
        return input_names(self)

    @property
    def output_names(self) -> list[str]:
        """The paths of what a forward gives: "loss", "0", "hidden.1"."""
        return output_names(self)

    def run(self, inputs: Any, outputs: Any) -> None:
        """Run the program on the caller's arrays with a session of the model's own: for programs with one thread. See Session."""
        run_on(model_run, self, (input_names(self), output_names(self)), inputs, outputs)
