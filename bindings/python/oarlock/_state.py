"""One world: this process's place among the ranks, its group, and operations that run in the background."""
import json
import os
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from . import _c
from ._c import group_all_reduce, work_wait  # found faster than through the module: calls of every step
from ._collectives import Collectives, finish, needed, zeros_of_all
from ._config import Config, config_of
from ._constants import GROUP_NO_COLOR
from ._errors import Error, InvalidArgument, InvalidState, TimedOut, from_handle
from ._nested import Nested
from ._services import Services
from ._tensor import Tensor, as_tensor, in_place
from ._values import dtype_number, milliseconds, reduction_number

if TYPE_CHECKING:
    from ._op import Ops

SLICE_MS = 250  # how long a wait goes before it looks for Ctrl-C


class Work(_c.WorkHandle):
    """An operation that runs in the background. Dropping it neither waits nor cancels."""

    __slots__ = ("__weakref__",)

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the operation is done. Other threads run meanwhile, and Ctrl-C ends the waiting within 0.3 s.

        Args:
            timeout: seconds; None waits until the operation has ended by itself, which its own time-out bounds.

        Raises:
            TimedOut: not done yet; one may wait again. Or ranks did not come within the operation's own time-out.
            Mismatch, PeerLost, Aborted: how the operation failed.
        """
        if timeout is None:
            while True:
                try:
                    return work_wait(self, SLICE_MS)
                except TimedOut:
                    if self.is_done:  # it ended just then, or its own time-out ran out: ask how it ended
                        return work_wait(self, SLICE_MS)
        limit_ms = milliseconds(timeout)
        end = time.monotonic() + limit_ms / 1000
        while limit_ms > SLICE_MS:
            try:
                return work_wait(self, SLICE_MS)
            except TimedOut:
                if self.is_done:
                    return work_wait(self, SLICE_MS)
                limit_ms = max(1, round((end - time.monotonic()) * 1000))
        return work_wait(self, limit_ms)

    @property
    def is_done(self) -> bool:
        """Whether the operation has ended, well or not."""
        return bool(_c.work_is_done(self))

    @property
    def error(self) -> Error | None:
        """How it failed; None while it runs and when it succeeded."""
        error = _c.work_error(self)
        return None if error is None else from_handle(error)


class Group(Collectives, Nested):
    """Ranks that communicate. All ranks make the same calls in the same order; different ones raise Mismatch on all of them."""

    __slots__ = ("__weakref__",)

    @property
    def rank(self) -> int:
        """This process's number in the group."""
        return _c.group_rank(self)

    @property
    def size(self) -> int:
        """How many ranks there are."""
        return _c.group_size(self)

    def all_reduce(self, tensor: Any, op: int | str = "sum", *, timeout: float | None = None, async_op: bool = False) -> Any:
        """Combine the ranks' tensors element by element, in place, and give every rank the result.

        Args:
            tensor: anything writable that `as_tensor` takes without a copy; it holds the result.
            op: "sum", "mean", "max", "min", "product", and "and", "or", "xor" of the bits.
            timeout: seconds to wait for peers; None takes the group's own.
            async_op: return a Work at once; the tensor is in use until that is done.

        Returns:
            `tensor`, or the Work.

        Raises:
            InvalidArgument: no such op, or one that the dtype does not take; read-only memory; a negative time-out.
            Mismatch, PeerLost, TimedOut, Aborted: with the rank that is to blame.
        """
        given = tensor if isinstance(tensor, Tensor) else in_place(tensor)
        work = group_all_reduce(self, given, reduction_number(op), 0 if timeout is None else milliseconds(timeout))
        if async_op:
            return work
        work.wait()
        return tensor

    def broadcast(self, tensor: Any, root: int = 0, *, timeout: float | None = None, async_op: bool = False) -> Any:
        """Give every rank the root's tensor, in place. Arguments and errors as for all_reduce."""
        return finish(_c.group_broadcast(self, in_place(tensor), root, milliseconds(timeout)), tensor, async_op)

    def all_gather(self, tensor: Any, output: Any = None, *, timeout: float | None = None, async_op: bool = False) -> Any:
        """Join the ranks' tensors along the first dimension, in rank order, and give every rank the result.

        Args:
            tensor: this rank's, of the same shape on all ranks.
            output: where the result goes; needed with async_op, else made here if None.
            timeout: seconds to wait for peers; None takes the group's own.
            async_op: return a Work at once.

        Returns:
            The output, or the Work.
        """
        given = as_tensor(tensor)
        needed("all_gather", output, async_op)
        if output is None:
            output = zeros_of_all(given, self.size)
        return finish(_c.group_all_gather(self, given, in_place(output), milliseconds(timeout)), output, async_op)

    def barrier(self, timeout: float | None = None) -> None:
        """Wait until every rank has called this. Other threads run meanwhile; Ctrl-C ends the waiting, as in Work.wait."""
        _c.group_barrier(self, milliseconds(timeout)).wait()

    def all_gather_bytes(self, data: bytes, *, timeout: float | None = None) -> list[bytes]:
        """Give every rank the bytes of all ranks, in rank order; lengths may differ."""
        sizes, joined = _c.group_all_gather_bytes(self, data, milliseconds(timeout))
        whole = memoryview(_c.bytes_view(joined))
        ends = [sum(sizes[:rank + 1]) for rank in range(len(sizes))]
        return [bytes(whole[end - size:end]) for end, size in zip(ends, sizes)]

    def broadcast_bytes(self, data: bytes | None = None, root: int = 0, *, timeout: float | None = None) -> bytes:
        """Give every rank the root's bytes; `data` counts on the root only."""
        return _c.bytes_view(_c.group_broadcast_bytes(self, data if data is not None else b"", root, milliseconds(timeout)))

    def alloc_shared(self, shape: int | Sequence[int], dtype: Any = "float32", *, timeout: float | None = None) -> Tensor:
        """A new tensor of zeros, row-major, in memory that the ranks of one host share: operations of this group read and
        write it where it lies. Collective, with equal sizes; ordinary memory where none can be shared."""
        sizes = (shape,) if isinstance(shape, int) else tuple(shape)
        return _c.group_alloc_shared(self, dtype_number(dtype), sizes, milliseconds(timeout))

    def arrival_skew(self, *, timeout: float | None = None) -> dict[str, Any]:
        """How late each rank came to the last operations: names a straggler ("straggler") while nothing has failed. The state
        needs the option comm.arrival_skew, on all ranks. Times in microseconds. Collective."""
        return json.loads(_c.bytes_view(_c.group_arrival_skew(self, milliseconds(timeout))))

    def subgroup(self, ranks: Sequence[int], *, group_timeout: float | None = None, timeout: float | None = None) -> "Group | None":
        """A group of some of this one's ranks: ranks[i] becomes its rank i.

        Every rank of this group calls it with the same list; None on those that are not in it.

        Args:
            ranks: of this group, each once.
            group_timeout: seconds that no time-out means in the new group; None takes this one's.
            timeout: seconds to wait for peers; None takes the group's own.

        Raises:
            InvalidArgument, Mismatch: on all ranks alike, for a wrong list and for different ones; this group lives on.
            PeerLost, TimedOut, Aborted: with the rank that is to blame.
        """
        return _c.group_create_subgroup(self, ranks, milliseconds(group_timeout), milliseconds(timeout))

    def split(self, color: int | None, key: int = 0, *, group_timeout: float | None = None,
              timeout: float | None = None) -> "Group | None":
        """Divide the group: ranks of equal color make a group, in the order of their keys. A color of None: no group."""
        return _c.group_split(self, GROUP_NO_COLOR if color is None else color, key, milliseconds(group_timeout),
                              milliseconds(timeout))

    @property
    def world_ranks(self) -> list[int]:
        """Which ranks of the world, the group of the state, this group's ranks are."""
        return _c.group_world_ranks(self)

    def translate_rank(self, rank: int, other: "Group") -> int:
        """The number that this group's `rank` has in another group of the same state."""
        return _c.group_translate_rank(self, rank, other)

    def close(self) -> None:
        """Leave a group that was made of another one, which goes on. The group of all ranks ends with its state."""
        _c.group_close(self)

    def set_tag(self, tag: str | None) -> None:
        """Name the collectives that this rank calls from now on; ranks compare the name. None: no name any more."""
        _c.group_set_tag(self, tag)

    def abort(self, reason: str) -> None:
        """Make the group dead on every rank: waiting and later calls raise Aborted with the reason. From any thread."""
        _c.group_abort(self, reason)


def _first_line(error: BaseException) -> str:
    """What an exception says, as a reason for other ranks."""
    line = "".join(traceback.format_exception_only(error)).splitlines()[0]
    return line.replace("\0", " ").encode("utf-8", "replace").decode()


_open: "WeakSet[State]" = WeakSet()


def the_state() -> "State":
    """The state that is open: what operators mean when none is named."""
    states = [state for state in _open if not state.released]
    if len(states) == 1:
        return states[0]
    if not states:
        raise InvalidState("operators need an open State, which gives the device: with oarlock.State() as state: ...")
    raise InvalidState(f"{len(states)} states are open; say which one is meant: state.op(...) or state.ops")


class State(_c.StateHandle, Services):
    """One world of ranks. Without `oarlock launch` or torchrun's variables it is one rank, and everything works too.

        with oarlock.State(seed=7, comm={"timeout_ms": 60_000}) as state:
            state.print(f"{state.world_size} ranks")

    Leaving the block closes the state; an exception aborts it first, so that ranks that wait for this one learn why. Belongs to
    one thread at a time; `abort`, `request_stop`, `dump` are for any thread.

    Args:
        config: a Config, a mapping or JSON text of options; None takes the defaults and the environment.
        exchange: how the ranks meet through a communicator of the caller's: a function that is called once with this rank's
            bytes and returns those of every rank, in rank order, as a list or joined. Needs `rank` and `world_size`.
        rank, world_size: for `exchange`. Without it they are the options state.rank and state.world_size.
        options: options by name, on top of `config`.

    Raises:
        InvalidArgument, InvalidEnvironment: an option is unknown or out of range, or variables contradict each other.
        TimedOut, PeerLost: ranks did not come; the text names them.
        Exception: what `exchange` raised, as it was.
    """

    __slots__ = ("__weakref__",)

    def __init__(self, config: Config | Mapping[str, Any] | str | None = None, *,
                 exchange: Callable[[bytes], bytes | Sequence[bytes]] | None = None, rank: int | None = None,
                 world_size: int | None = None, **options: Any) -> None:
        if exchange is None and (rank is not None or world_size is not None):
            options["state"] = {**options.get("state", {}),
                                **{key: value for key, value in (("rank", rank), ("world_size", world_size)) if value is not None}}
        config = config_of(config, options)
        if exchange is None:
            self._adopt(_c.state_create(config))
            _open.add(self)
            return
        if rank is None or world_size is None:
            raise InvalidArgument("a state over an exchange needs rank and world_size")

        def joined(mine: bytes) -> bytes:
            given = exchange(mine)
            return given if isinstance(given, bytes) else b"".join(given)

        self._adopt(_c.state_create_with_exchange(config, rank, world_size, joined))
        _open.add(self)

    @property
    def rank(self) -> int:
        """This process's number among all ranks, from 0."""
        return _c.state_rank(self)

    @property
    def world_size(self) -> int:
        """How many ranks there are."""
        return _c.state_world_size(self)

    @property
    def local_rank(self) -> int:
        """This process's number among the ranks on its host."""
        return _c.state_local_rank(self)

    @property
    def local_world_size(self) -> int:
        """How many ranks are on this host."""
        return _c.state_local_world_size(self)

    @property
    def is_main_process(self) -> bool:
        """Whether this is rank 0: the one that prints and writes what only one may write."""
        return bool(_c.state_is_main_process(self))

    @property
    def is_local_main_process(self) -> bool:
        """Whether this is the first rank on its host."""
        return bool(_c.state_is_local_main_process(self))

    @property
    def is_last_process(self) -> bool:
        """Whether this is the rank with the highest number."""
        return bool(_c.state_is_last_process(self))

    @property
    def device(self) -> str:
        """What this rank computes on: "cpu"."""
        return _c.state_device(self)

    @property
    def group(self) -> Group:
        """The group of all ranks."""
        return _c.state_group(self)

    def barrier(self, timeout: float | None = None) -> None:
        """Wait until every rank has called this.

        Args:
            timeout: seconds; None takes comm.timeout_ms.

        Raises:
            TimedOut, Mismatch, PeerLost, Aborted: with the rank that is to blame. Ctrl-C ends the waiting, as in Work.wait.
        """
        self.group.barrier(timeout)

    def print(self, *values: object, sep: str = " ") -> None:
        """Write one line on the main process; other ranks do nothing. Raises what the function of `on_print` raised."""
        _c.state_print(self, sep.join(map(str, values)))

    def on_print(self, function: Callable[[str], object] | None) -> None:
        """Give lines of `print` to a function instead of standard output; None: standard output again."""
        _c.state_set_print_callback(self, function)

    @property
    def ops(self) -> "Ops":
        """The operators of libtorch on this state's device: `state.ops.aten.linear(x, weight, bias)`. See `oarlock.op`."""
        from ._op import Ops
        return Ops(self)

    def op(self, name: str, *arguments: Any, **keywords: Any) -> Any:
        """Call an operator of libtorch by name: `state.op("aten::linear", x, weight, bias)`. See `oarlock.op`."""
        from ._op import call
        return call(self, name, arguments, keywords)

    def request_stop(self) -> None:
        """Ask all ranks to stop where they next call should_stop. From any thread or signal handler."""
        _c.state_request_stop(self)

    def should_stop(self) -> bool:
        """Whether any rank was asked to stop; every rank gets the same answer. All ranks call it."""
        return bool(_c.state_should_stop(self))

    def dump(self, path: str | os.PathLike) -> None:
        """Write what this rank knows about its last operations, as JSON. From any thread, also while another one waits."""
        _c.state_dump(self, os.fspath(path))

    def abort(self, reason: str) -> None:
        """Make the group of all ranks dead: waiting and later calls raise Aborted with the reason. From any thread."""
        _c.state_abort(self, reason)

    def shrink(self, min_size: int = 0, *, timeout: float | None = None) -> "State":
        """Go on without the ranks that are lost: those that are left make a smaller world, in their old order.

        Every rank that goes on calls it, after a call has raised PeerLost, Aborted or TimedOut; ranks that still wait in the old
        world hear of it. Make groups, loaders and accelerators anew with the new state, and load the last checkpoint. This
        state is then closed; after an error it may be tried again.

        Args:
            min_size: fewer ranks do not go on; the largest that any rank gives counts. 0: more than half of the ranks if they
                are on several hosts, else 1. With more than half there are never two worlds, however the network breaks.
            timeout: seconds to wait for ranks that are not known to be gone; None takes comm.connect_timeout_ms.

        Raises:
            PeerLost, TimedOut: fewer than min_size ranks came; the text tells what is known of the others.
            Aborted: the others have gone on without this rank.
        """
        smaller = _c.state_shrink(self, min_size, milliseconds(timeout))
        _open.discard(self)
        _open.add(smaller)
        return smaller

    def close(self) -> None:
        """Leave the world. Does not wait for peers. May be called twice."""
        _open.discard(self)
        _c.state_close(self)

    def __enter__(self) -> "State":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if self.released:
            return
        if isinstance(error, (Exception, KeyboardInterrupt)):
            with suppress(Error):  # closed in the block
                self.abort(_first_line(error))
        self.close()

    def __repr__(self) -> str:
        return "<oarlock.State (released)>" if self.released else f"<oarlock.State rank {self.rank} of {self.world_size}>"
