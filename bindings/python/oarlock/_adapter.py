"""Frozen parameters, and adapters: a few small matrices trained beside weights that stay as they are."""
import os
from collections.abc import Sequence
from typing import Any

from . import _c
from ._values import options_json


class AdaptedModel(_c.ModelHandle):
    """What a Model has for training a part of it."""

    __slots__ = ()

    def freeze(self, pattern: str, frozen: bool = True) -> int:
        """Take parameters out of training, or with False put them back.

        Args:
            pattern: of names in the state dict: "encoder.*", "*.bias"; '*' stands for any characters.
            frozen: False: train them.

        Returns:
            How many names fitted.

        Raises:
            InvalidState: an optimizer was made of the model, or it was prepared.
        """
        return _c.model_freeze(self, pattern, int(frozen))

    def add_lora(self, targets: str | Sequence[str], **options: Any) -> None:
        """Give linear layers low-rank adapters and freeze everything else. The results stay those of before until trained.

        Args:
            targets: patterns of module paths: ["*.q_proj", "*.v_proj"].
            options: rank (8), alpha (8), dropout (0), freeze (True).

        Raises:
            InvalidArgument: an option is unknown or out of range, or a target fits no linear layer; the text names some that do.
            InvalidState: an optimizer was made of the model, it was prepared, or it has adapters already.
            Unsupported: a foreign model, or a weight that is used elsewhere too.
        """
        given = [targets] if isinstance(targets, str) else list(targets)
        text = options_json({"targets": given, **options}, {})
        assert text is not None  # there are targets
        _c.model_add_lora(self, text)

    def save_lora(self, directory: str | os.PathLike) -> None:
        """Write the adapters alone, as a folder that PEFT reads.

        Raises:
            InvalidState: the model has no adapters.
            Exists, NoSpace: nothing was written.
        """
        _c.model_save_lora(self, os.fspath(directory))

    def load_lora(self, directory: str | os.PathLike) -> None:
        """Read adapters that `save_lora` or PEFT wrote, all or none. A model without any gets them.

        Raises:
            NotFound, Corrupt, InvalidArgument, Unsupported, InvalidState: the text says what does not fit.
        """
        _c.model_load_lora(self, os.fspath(directory))

    def merge_lora(self) -> None:
        """Put the adapters into the weights and take them away: the model has the parameters of before, still frozen.

        Raises:
            InvalidState: the model has no adapters.
        """
        _c.model_merge_lora(self)
