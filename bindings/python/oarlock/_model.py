"""Models: their parameters, and how to run and differentiate them."""
import json
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from . import _c
from ._adapter import AdaptedModel
from ._foreign import ForeignModel
from ._session import RunnableModel
from ._state import State
from ._tensor import Tensor
from ._tree import Tree, to_tree
from ._unit import ModelOfUnits
from ._values import options_json


class Model(ForeignModel, RunnableModel, ModelOfUnits, AdaptedModel):
    """Parameters, buffers, and how to run and differentiate them. Made by `Model.load` or `Model.foreign`.

    Belongs to one thread at a time.
    """

    __slots__ = ("__weakref__",)

    def __init__(self) -> None:
        raise TypeError("models are made by Model.load(state, path) or Model.foreign(state, parameters)")

    @classmethod
    def load(cls, state: State, path: str | os.PathLike, options: str | Mapping[str, Any] | None = None, **more: Any) -> "Model":
        """Load an exported program (.pt2 of torch.export) with its weights. It starts in training mode.

        Args:
            state: gives the device.
            path: the file; not needed afterwards. Load programs of people you trust.
            options: a mapping or JSON text of model options, without their "model.".
            more: options by name: weights="w.safetensors".

        Raises:
            NotFound, Corrupt, VersionMismatch, Unsupported: the text says where and what.
        """
        return _c.model_load(state, os.fspath(path), options_json(options, more))

    @classmethod
    def foreign(cls, state: State, parameters: Mapping[str, Any] | None = None, buffers: Mapping[str, Any] | None = None, *,
                forward: Callable[[Any, Any], Any] | None = None) -> "Model":
        """A model that the program writes itself: in operators by name (`oarlock.ops`), or in numpy, jax or whatever has arrays.

        Optimizers, checkpoints and rank 0's values (when it is prepared) are written into the arrays' memory. A forward in
        operators is trained as that of any model; mathematics of other kinds ends each backward with
        Accelerator.apply_gradients.

        Args:
            state: gives the device.
            parameters: name -> what `as_tensor` takes without a copy, floating-point and writable, in the order of the forward.
            buffers: likewise, what is not trained.
            forward: see `set_forward`.

        Raises:
            InvalidArgument: an array does not fit: read-only, with gaps, or of another kind of numbers.
        """
        model = _c.model_create_foreign(state)
        for name, array in (parameters or {}).items():
            model.register_parameter(name, array)
        for name, array in (buffers or {}).items():
            model.register_buffer(name, array)
        if forward is not None:
            model.set_forward(forward)
        return model

    def trace(self, inputs: Any, dynamic: Mapping[str, Any] | None = None) -> "Model":
        """Record the forward of a foreign model as a program, which shares its parameters and needs no Python any more.

        The operators that the forward calls become the program, the scopes its module paths.

        Args:
            inputs: examples, a mapping by name of what `as_tensor` takes.
            dynamic: dimensions that take any size, by input and number: {"x": {0: "batch"}, "target": {0: "batch"}}; equal names
                are equal sizes. The forward runs once more for each name, and once with all of them changed.

        Raises:
            InvalidArgument: the runs differ, or an input is not used; the text names operator and scope, and what to write
                instead.
            Unsupported: it is a program, has no forward, or reads a number out of a tensor.
            Exception: what the forward raised, as it was.
        """
        return _c.model_trace(self, to_tree(inputs), None if dynamic is None else json.dumps(dynamic))

    def __call__(self, inputs: Any) -> Tree:
        """Run the model; see `forward`."""
        return _c.model_forward(self, inputs if isinstance(inputs, _c.TreeHandle) else to_tree(inputs))

    def forward(self, inputs: Any) -> Tree:
        """Run the model. Other threads run meanwhile.

        Args:
            inputs: a batch, or a mapping by input name or a list by position of what `as_tensor` takes.

        Returns:
            A map by output name, or a list. In training mode the outputs carry their history for Accelerator.backward.

        Raises:
            InvalidArgument: an input is missing, unknown, or of a dtype or shape that the program was not exported for.
            Unsupported: a foreign model without a forward.
        """
        return self(inputs)

    def train(self, mode: bool = True) -> "Model":
        """Choose training mode (dropout on, autograd recorded) or, with False, evaluation."""
        _c.model_set_training(self, mode)
        return self

    def eval(self) -> "Model":
        """Choose evaluation mode: dropout off, nothing recorded, buffers stay."""
        return self.train(False)

    @property
    def training(self) -> bool:
        """Whether it is in training mode."""
        return bool(_c.model_is_training(self))

    @property
    def parameter_names(self) -> list[str]:
        """The parameters that are trained, in the program's order; tied ones once."""
        return [_c.model_parameter_name(self, index) for index in range(_c.model_num_parameters(self))]

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """Names and tensors of the parameters that are trained."""
        return ((name, self.tensor(name)) for name in self.parameter_names)

    def tensor(self, name: str) -> Tensor:
        """A parameter or buffer, sharing its memory. Raises NotFound."""
        return _c.model_tensor(self, name)

    def gradient(self, name: str) -> Tensor | None:
        """The gradient of a parameter, sharing its memory; None if it has none. Raises NotFound."""
        return _c.model_gradient(self, name)

    def save_weights(self, path: str | os.PathLike) -> None:
        """Write every persistent parameter and buffer as one safetensors file; readers see the old file or the new."""
        _c.model_save_weights(self, os.fspath(path))

    def load_weights(self, path: str | os.PathLike) -> None:
        """Replace every persistent parameter and buffer by that of a safetensors file: all or none."""
        _c.model_load_weights(self, os.fspath(path))
