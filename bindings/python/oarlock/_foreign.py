"""Models whose forward is Python's: parameters, scopes, the forward and backward themselves."""
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from . import _c
from ._regions import ended_by
from ._tensor import Tensor, as_tensor, in_place
from ._tree import to_tree


class Running(threading.local):
    """The accelerator whose backward runs on this thread: what gradients that a function hands over are for."""

    accelerator: "_c.AcceleratorHandle | None" = None


running = Running()


class ForeignModel(_c.ModelHandle):
    """What a Model has for those that the program writes itself; programs from files refuse it as Unsupported."""

    __slots__ = ()

    def register_parameter(self, name: str, array: Any) -> None:
        """Train an array in its own memory: what `as_tensor` takes without a copy, floating-point and writable.

        Within a `scope` the name is relative to it.

        Raises:
            InvalidArgument: it does not fit, or the name is taken.
            InvalidState: an optimizer was made of the model, or it was prepared.
        """
        _c.model_register_parameter(self, name, in_place(array))

    def register_buffer(self, name: str, array: Any) -> None:
        """Keep an array that is not trained: running statistics, frozen weights. As register_parameter."""
        _c.model_register_buffer(self, name, in_place(array))

    def parameter(self, name: str) -> Tensor:
        """A parameter or buffer with its place in autograd: what operators take. Within a `scope` the name is relative to it.

        Raises:
            NotFound: the model has none of that name.
        """
        return _c.model_parameter(self, name)

    @contextmanager
    def scope(self, name: str, class_name: str | None = None) -> Iterator[None]:
        """A part of the model with a name of its own, as a module is: `with model.scope("blocks.0", "Block"):`.

        Names of parameters in the block are relative to it, and operators called there belong to it.

        Args:
            name: parts between dots are scopes of their own.
            class_name: what kind of part it is, for policies that choose parts by kind.
        """
        _c.model_enter_scope(self, name, class_name)
        with ended_by(lambda: _c.model_exit_scope(self)):
            yield

    def set_forward(self, function: Callable[[Any, Any], Any] | None) -> None:
        """Compute outputs by a function of Python's from now on; None takes it away.

        What it raises comes out of the call that ran it.

        Args:
            function: gets the model and the inputs, a Tree, and gives the outputs: a mapping or list of tensors and values.
        """
        if function is None:
            _c.model_set_forward(self, None)
            return
        run = function
        _c.model_set_forward(self, lambda model, inputs: to_tree(run(model, inputs)))

    def set_backward(self, function: Callable[[Any, Callable[[str, Any], None]], Any] | None) -> None:
        """Compute gradients by a function of Python's, for a forward that computes without operators; None takes it away.

        Accelerator.backward of a loss that comes from the outputs runs it. What it raises comes out of that call.

        Args:
            function: gets the gradients of the outputs, a Tree with None where there is none, and `ready`: it calls
                ready(name, gradient) for every parameter, as soon as it has its gradient, an array of its own for each backward.
        """
        if function is None:
            _c.model_set_backward(self, None)
            return
        run = function

        def backward(model: Any, gradients: Any) -> None:
            accelerator = running.accelerator
            assert accelerator is not None  # its backward is what runs this

            def ready(name: str, gradient: Any) -> None:
                _c.accelerator_gradient_ready(accelerator, model, name, as_tensor(gradient))

            run(gradients, ready)

        _c.model_set_backward(self, backward)
