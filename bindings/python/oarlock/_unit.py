"""Units: parts of a program by module path, what they compute on the way, and what they cost."""
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from . import _c
from ._tree import Tree, to_tree
from ._values import options_json


class Profile:
    """What a model's units took, measured by `with model.profile() as profile:`."""

    def __init__(self, model: _c.ModelHandle) -> None:
        self._model = model

    @property
    def table(self) -> str:
        """A line per unit, that with the most time first: time of forward and backward, calls, memory."""
        return _c.bytes_view(_c.model_profile_table(self._model)).decode()

    def save_trace(self, path: str | os.PathLike) -> None:
        """Write a Chrome trace (chrome://tracing, ui.perfetto.dev). Raises IoFailed."""
        _c.model_profile_save_trace(self._model, os.fspath(path))

    def __str__(self) -> str:
        return self.table


class ModelOfUnits(_c.ModelHandle):
    """What a Model has for parts of its program."""

    __slots__ = ()

    def set_units(self, policy: str | Mapping[str, Any] | None = None, **more: Any) -> None:
        """Choose the units, by a policy or by keyword: classes=["GPT2Block"], paths=["encoder.layer.*"], min_parameters=10**6.

        Raises:
            InvalidArgument: a class or path that fits nothing; the text gives the nearest.
            InvalidState: the model is prepared.
        """
        _c.model_set_units(self, options_json(policy, more) or "{}")

    @property
    def units(self) -> list[str]:
        """The module paths of the units in the program's order, the root "" first."""
        return [_c.model_unit_name(self, index) for index in range(_c.model_num_units(self))]

    def set_recompute(self, pattern: str = "*", enabled: bool = True) -> None:
        """Drop the activations of units after their forward and compute them again in the backward: less memory, same gradients.

        Args:
            pattern: of units' names; '*' stands for any characters, dots too: "*" alone is all but the root.
            enabled: False: keep them again.

        Raises:
            InvalidArgument: no unit fits; the text gives the nearest.
        """
        _c.model_set_recompute(self, pattern, int(enabled))

    def forward_unit(self, unit: str, inputs: Any) -> Tree:
        """Run one unit on its own: a map of what flows out of it, by the names of values (see `describe`).

        Args:
            unit: its name.
            inputs: a mapping with every input of the unit.

        Raises:
            InvalidArgument: no such unit, or an input is missing, unknown or of another dtype or shape.
            Unsupported: the unit runs in several parts of a forward.
        """
        return _c.model_forward_unit(self, unit, to_tree(inputs))

    def forward_with_values(self, inputs: Any, names: Sequence[str]) -> tuple[Tree, Tree]:
        """Run the model, and also give values on the way: `outputs, values = model.forward_with_values(batch, ["fc1"])`.

        Args:
            inputs: as of forward.
            names: of values ("linear_1") or of modules ("encoder.0.fc1": the last tensor that it computes).

        Raises:
            NotFound: no value and no module has the name; the text gives the nearest.
        """
        return _c.model_forward_with_values(self, to_tree(inputs), names)

    def describe(self) -> dict[str, Any]:
        """What names the program has: inputs, outputs, parameters, units, nodes, symbols."""
        return json.loads(_c.bytes_view(_c.model_describe(self)))

    @contextmanager
    def profile(self) -> Iterator[Profile]:
        """Measure units in a block: `with model.profile() as profile: ...; print(profile.table)`. What was measured stays."""
        _c.model_profile_start(self)
        try:
            yield Profile(self)
        finally:
            _c.model_profile_stop(self)
