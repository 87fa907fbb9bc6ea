"""Samples by number, and batches of them: shuffled, sharded over ranks, prefetched, resumable."""
import array
import operator
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from types import TracebackType
from typing import Any

from . import _c
from ._constants import CALLBACK_ANY_THREAD, CSV_FOUND, CSV_NO_HEADER, CSV_TEXT
from ._tensor import as_tensor
from ._tree import Tree, to_tree
from ._values import dtype_number, options_json


def _row(numbers: Any) -> Any:
    """An int64 tensor of numbers of samples."""
    return as_tensor(array.array("q", numbers) if isinstance(numbers, (list, tuple, range, Iterator)) else numbers)


class _Passes:
    """Gives the samples of an iterable by (epoch, index), in order."""

    def __init__(self, begin: Callable[[int], Iterable[Any]]) -> None:
        self.begin, self.samples, self.place = begin, iter(()), (-1, -1)
        self.failure: BaseException | None = None

    def __call__(self, epoch: int, index: int) -> Any:
        if index == 0:
            self.samples, self.failure, self.place = iter(self.begin(epoch)), None, (epoch, 0)
        if self.place != (epoch, index):
            raise RuntimeError(f"sample {index} of epoch {epoch} was asked for where {self.place[1]} of epoch {self.place[0]} is "
                               "next: each loader needs a data set of its own over an iterable")
        if self.failure is not None:  # an iterator that raised once has ended, and must not look as if it were over
            raise self.failure
        try:
            sample = to_tree(next(self.samples))
        except StopIteration:
            return None
        except BaseException as failure:
            self.failure = failure
            raise
        self.place = epoch, index + 1
        return sample


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

    @classmethod
    def from_tokens(cls, path: str | os.PathLike, dtype: Any, sequence_length: int, *, stride: int = 0, labels: bool = False) -> "Dataset":
        """Windows of a flat file of token numbers, which is mapped and must not change meanwhile.

        Args:
            path: the file.
            dtype: of the file: "uint8", "uint16", "int32", "uint32" or "int64", little-endian.
            sequence_length: tokens of a sample, column "tokens".
            stride: tokens from one sample's begin to the next one's; 0: sequence_length.
            labels: a column "labels" too, the tokens one further.

        Raises:
            NotFound: no such file.
            Corrupt: its size is no whole number of tokens.
        """
        return _c.dataset_from_tokens(os.fspath(path), dtype_number(dtype), sequence_length, stride, labels)

    @classmethod
    def from_samples(cls, size: int, function: Callable[[int], Any], *, any_thread: bool = False) -> "Dataset":
        """Samples that a function makes, by number.

        Those of a batch are joined: tensors stacked, numbers made tensors, texts listed, mappings and lists item by item.

        Args:
            size: how many samples there are.
            function: gets a number in [0, size) and gives a sample: a mapping or list of tensors and values, or one of them.
            any_thread: loader workers may call it, several at once; else it runs on the thread that asks for a batch.

        Raises:
            InvalidArgument: a negative size.
        """
        flags = CALLBACK_ANY_THREAD if any_thread else 0
        return _c.dataset_from_samples(size, flags, lambda index: to_tree(function(index)))

    @classmethod
    def from_iterable(cls, begin: Callable[[int], Iterable[Any]]) -> "Dataset":
        """Samples that come one after the other. Only a loader reads them: one loader, without shuffle.

            Dataset.from_iterable(lambda epoch: ({"line": line} for line in open(path)))

        Args:
            begin: gets the number of the epoch and gives an iterable of samples, as for `from_samples`. Every rank reads all of
                it and keeps its own part; a resume reads it from its start.
        """
        return _c.dataset_from_stream(0, _Passes(begin))

    @classmethod
    def from_csv(cls, path: str | os.PathLike, columns: Mapping[str, Any] | Sequence[str] | None = None, *, delimiter: str = ",",
                 header: bool = True) -> "Dataset":
        """The rows of a CSV file: columns of numbers are tensors in a batch, columns of texts lists.

            Dataset.from_csv("reviews.csv", {"stars": "int64", "text": str})

        Args:
            path: the file, in UTF-8. It must not change meanwhile: texts are read from it when they are asked for.
            columns: the columns wanted, in this order, by name or with what they hold: a dtype, `str`, or None for what their
                fields allow (int64, float64 or texts). None: all.
            delimiter: one character.
            header: the first line has the names; else `columns` are all of the file.

        Raises:
            NotFound: no such file, or no such column.
            Corrupt: line and column are in the text: not as many fields as columns, no number where one is needed, a stray quote.
        """
        if columns is None:
            return _c.dataset_from_csv(os.fspath(path), None, [], delimiter, 0 if header else CSV_NO_HEADER)
        names = list(columns)
        held = [columns[name] if isinstance(columns, Mapping) else None for name in names]
        numbers = [CSV_FOUND if kind is None else CSV_TEXT if kind is str else dtype_number(kind) for kind in held]
        return _c.dataset_from_csv(os.fspath(path), names, numbers, delimiter, 0 if header else CSV_NO_HEADER)

    @classmethod
    def concatenate(cls, datasets: Iterable["Dataset"]) -> "Dataset":
        """Data sets one behind the other; those over iterables give a pass of each in turn.

        Raises:
            InvalidArgument: none, or some over iterables and some not.
        """
        return _c.dataset_concatenate(list(datasets))

    def pack(self, column: str, row_length: int, *, pad_value: float = 0) -> "Dataset":
        """Token sequences of any lengths, packed into rows of one length, in their order; no token is lost.

        A row has the column itself, "positions" (each token's place in its document) and "documents" (0, 1, ... in the row, -1
        where it is padded). Every sample is read once now.

        Args:
            column: of the tokens in each sample: a tensor of one dimension.
            row_length: tokens of a row.
            pad_value: what fills the rows' ends.
        """
        return _c.dataset_pack(self, column, row_length, pad_value)

    def subset(self, indices: Sequence[int]) -> "Dataset":
        """These samples, in this order, as a data set of their own.

        Raises:
            InvalidArgument: there is no such sample.
        """
        return _c.dataset_subset(self, indices)

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
        more: options by name: batch_size, shuffle, replacement, num_samples, seed, num_workers, drop_last, even_batches, prefetch ...

    Raises:
        InvalidArgument: an unknown option (the text names the nearest), or a value out of range.
    """

    __slots__ = ("__weakref__",)

    def __init__(self, dataset: Dataset, options: str | Mapping[str, Any] | None = None, **more: Any) -> None:
        self._adopt(_c.loader_create(dataset, options_json(options, more)))

    @classmethod
    def dispatched(cls, dataset: Dataset, group: _c.GroupHandle, options: str | Mapping[str, Any] | None = None, **more: Any) -> "Loader":
        """A loader of which rank 0 of the group reads, and every rank takes its part of each round.

            loader = oarlock.Loader.dispatched(stream, state.group, batch_size=8)

        All ranks iterate together; what fails on rank 0 fails on all. The other ranks' data sets are asked for their size only.
        """
        return _c.loader_create_dispatched(dataset, options_json(options, more), group)

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

    @property
    def state(self) -> str:
        """Where the loader is, as JSON text. Checkpoints of an accelerator have it."""
        return _c.loader_state(self)

    def load_state(self, state: str) -> None:
        """Go to where the loader was that gave `state`.

        Raises:
            InvalidArgument: another order, another number of samples, or a place inside a round of this loader.
        """
        _c.loader_load_state(self, state)

    def set_shard(self, rank: int, world_size: int) -> None:
        """Give the loader one rank's part of each epoch. `Accelerator.prepare` does it for the ranks of a state."""
        _c.loader_set_shard(self, rank, world_size)

    def set_indices(self, indices: Sequence[int]) -> None:
        """Visit these samples only: in this order, or with shuffle=True in a new one each epoch.

        Raises:
            InvalidArgument: there is no such sample.
        """
        _c.loader_set_indices(self, indices)

    def set_weights(self, weights: Any, num_samples: int, *, replacement: bool = True) -> None:
        """Draw the samples of an epoch by weight, as torch's WeightedRandomSampler does.

        Args:
            weights: one number >= 0 for each sample: anything that `as_tensor` takes.
            num_samples: how many samples an epoch has.
            replacement: a sample may come more than once in an epoch.

        Raises:
            InvalidArgument: weights that are negative, infinite, NaN, or too few above 0.
        """
        _c.loader_set_weights(self, as_tensor(weights), num_samples, replacement)

    def set_sampler(self, function: Callable[[int], Any]) -> None:
        """Let a function give the order of the samples: it gets the epoch and gives their numbers, as a sequence or int64 array.

        All ranks' functions give the same; asked again for an epoch, a function gives the same again.
        """
        _c.loader_set_sampler(self, lambda epoch: to_tree(_row(function(epoch))))

    def set_batch_sampler(self, function: Callable[[int], Iterable[Any]]) -> None:
        """Let a function make the batches: it gets the epoch and gives, for each batch, the numbers of its samples.

        The loader has no batch_size then. All ranks' functions give the same; each rank takes every world_size-th batch.
        """
        _c.loader_set_batch_sampler(self, lambda epoch: to_tree([_row(batch) for batch in function(epoch)]))

    def set_padding(self, column: str, value: float = 0, *, multiple_of: int = 1, first: bool = False, mask: str | None = None) -> None:
        """Make a column's tensors as long as the batch's longest, or the next multiple, before its samples are joined.

        Args:
            column: the path of a tensor in each sample.
            value: what the new elements are.
            multiple_of: the length is a multiple of it.
            first: new elements come before the old ones.
            mask: the name of a new column: 1 for old elements, 0 for new ones.
        """
        _c.loader_set_padding(self, column, value, multiple_of, first, mask)

    def set_collate(self, function: Callable[[Tree], Any], *, any_thread: bool = False) -> None:
        """Let a function join samples to batches: it gets a `Tree` of samples, a list, and gives anything that `Tree` takes.

        Args:
            function: called after the columns were padded.
            any_thread: loader workers may call it, several at once; else it runs on the thread that asks for a batch.
        """
        _c.loader_set_collate(self, CALLBACK_ANY_THREAD if any_thread else 0, lambda samples: to_tree(function(samples)))

    def close(self) -> None:
        """End the worker threads. May be called twice."""
        _c.loader_close(self)

    def __enter__(self) -> "Loader":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if not self.released:
            self.close()
