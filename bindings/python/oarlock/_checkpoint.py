"""Checkpoint directories, looked at without a model."""
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from . import _c
from ._tensor import Tensor
class Checkpoint(_c.CheckpointHandle, Mapping):
    """A checkpoint as a mapping from names of the model's tensors to the tensors.

        checkpoint = oarlock.Checkpoint.latest("run/checkpoints")
        checkpoint.verify()
        weight = numpy.asarray(checkpoint["fc.weight"])

    Args:
        path: the checkpoint's own directory.

    Raises:
        NotFound: no such directory, or no manifest in it: the save never ended.
        Corrupt, VersionMismatch: the text says what.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self._adopt(_c.checkpoint_open(os.fspath(path)))

    @classmethod
    def latest(cls, directory: str | os.PathLike) -> "Checkpoint":
        """The newest complete one below <project_dir>/checkpoints. Raises NotFound."""
        return cls(_c.checkpoint_find_latest(os.fspath(directory)))

    def verify(self) -> None:
        """Read every file and compare it with its checksum. Raises Corrupt."""
        _c.checkpoint_verify(self)

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest."""
        return json.loads(_c.checkpoint_manifest(self))

    @property
    def user(self) -> Any:
        """What was given to Accelerator.save as `user`; None if nothing was."""
        return json.loads(_c.checkpoint_user_json(self))

    def __getitem__(self, name: str) -> Tensor:
        """One tensor of the model, read-only over the mapped file, which it keeps. Raises NotFound (also a KeyError), Corrupt."""
        return _c.checkpoint_tensor(self, name)

    def __iter__(self) -> Iterator[str]:
        return (_c.checkpoint_tensor_name(self, index) for index in range(len(self)))

    def __len__(self) -> int:
        return _c.checkpoint_num_tensors(self)
