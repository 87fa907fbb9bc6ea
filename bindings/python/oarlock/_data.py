"""Samples by number, and batches of them: shuffled, sharded over ranks, prefetched, resumable."""
import operator
import os
from collections.abc import Iterator, Mapping, Sequence, Sized
from types import TracebackType
from typing import Any

from . import _c
from ._tensor import as_tensor
from ._tree import Tree
from ._values import options_json


class Dataset(_c.DatasetHandle):
    """Named columns of equally many rows; row r of every column makes sample r.

        Dataset({"images": images, "labels": labels})
        Dataset.from_safetensors("train.safetensors")

    Args:
        columns: name -> anything that `as_tensor` takes, of shape [n, ...]. Nothing is copied: what is written there later shows
            in later batches.

    Raises:
        InvalidArgument: no columns, unequal numbers of rows, an empty name.
    """

    __slots__ = ("__weakref__",)

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self._adopt(_c.dataset_from_tensors({name: as_tensor(column) for name, column in columns.items()}))

    @classmethod
    def from_safetensors(cls, path: str | os.PathLike, columns: Sequence[str] | None = None) -> "Dataset":
        """The tensors of a safetensors file, which is mapped, not read, and must not change meanwhile.

        Args:
            path: the file.
            columns: the tensors wanted, in this order; None: all.

        Raises:
            NotFound: no such file, or no such tensor in it (the text lists those it has).
            Corrupt: not a whole safetensors file.
        """
        return _c.dataset_from_safetensors(os.fspath(path), columns)

    def __len__(self) -> int:
        return _c.dataset_size(self)

    def __getitem__(self, rows: int | slice | Sequence[int]) -> Tree:
        """The batch of these samples, in this order: a map from column to tensor. One number gives a batch of one."""
        if isinstance(rows, slice):
            rows = range(*rows.indices(len(self)))
        elif not isinstance(rows, Sized):
            size, row = len(self), operator.index(rows)
            if not -size <= row < size:
                raise IndexError(f"sample {row} is out of range for a data set of {size}")
            rows = (row % size,)
        return _c.dataset_get(self, rows)


class Loader(_c.LoaderHandle):
    """Batches of a data set.

        loader = oarlock.Loader(dataset, batch_size=32, shuffle=True, seed=42)
        for batch in loader:          # one epoch
            outputs = model(batch)

    A `for` that ends early leaves the loader where it was, and the next one goes on there: `seek(loader.epoch + 1)` begins anew.
    Belongs to one thread at a time.

    Args:
        dataset: what the batches are made of.
        options: a mapping or JSON text of loader options, without their "loader.".
        more: options by name: batch_size, shuffle, seed, num_workers, drop_last, even_batches, prefetch ...

    Raises:
        InvalidArgument: an unknown option (the text names the nearest), or a value out of range.
    """

    __slots__ = ("__weakref__",)

    def __init__(self, dataset: Dataset, options: str | Mapping[str, Any] | None = None, **more: Any) -> None:
        self._adopt(_c.loader_create(dataset, options_json(options, more)))

    def __iter__(self) -> Iterator[Tree]:
        """The batches of this epoch that are left.

        Raises:
            InvalidState: the loader is closed.
            TimedOut: no worker finished the batch within loader.timeout_ms.
        """
        # C tells an epoch's end once. A loop remembers its epoch: another loop inside it may be the one that is told.
        begun = self.epoch
        while self.epoch == begun and (batch := _c.loader_next(self)) is not None:
            yield batch

    def __len__(self) -> int:
        return _c.loader_num_batches(self)

    @property
    def num_samples(self) -> int:
        """Samples that all ranks together are given in an epoch, each counted once."""
        return _c.loader_num_samples(self)

    @property
    def epoch(self) -> int:
        """The epoch that the next batch belongs to, from 0."""
        return _c.loader_epoch(self)

    @property
    def position(self) -> int:
        """Batches already given in this epoch."""
        return _c.loader_position(self)

    @property
    def samples_in_round(self) -> int:
        """Samples of all ranks in the round of the batch given last: what a progress bar advances by."""
        return _c.loader_samples_in_round(self)

    def seek(self, epoch: int, batches_done: int = 0) -> None:
        """Go to where `batches_done` batches of `epoch` have been given. Nothing is read."""
        _c.loader_seek(self, epoch, batches_done)

    def set_shard(self, rank: int, world_size: int) -> None:
        """Give the loader one rank's part of each epoch. `Accelerator.prepare` does it for the ranks of a state."""
        _c.loader_set_shard(self, rank, world_size)

    def close(self) -> None:
        """End the worker threads. May be called twice."""
        _c.loader_close(self)

    def __enter__(self) -> "Loader":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if not self.released:
            self.close()
