"""What a group does with tensors besides all_reduce, broadcast and all_gather: one part per rank, rows, lists, pairs of ranks."""
from collections.abc import Sequence
from typing import Any

from . import _c
from ._errors import InvalidArgument
from ._tensor import Tensor, as_tensor, in_place, zeros
from ._values import milliseconds, reduction_number


def finish(work: Any, result: Any, async_op: bool) -> Any:
    """The work, or, when it is done, the result."""
    if async_op:
        return work
    work.wait()
    return result


def needed(name: str, output: Any, async_op: bool) -> None:
    if output is None and async_op:
        raise InvalidArgument(f"{name} with async_op needs an output")


def zeros_of_all(tensor: Tensor, size: int) -> Tensor:
    """Room for such a part of every rank."""
    shape = tensor.shape
    return zeros((shape[0] * size, *shape[1:]) if shape else (size,), tensor.dtype)


def zeros_of_part(tensor: Tensor, size: int) -> Tensor:
    """Room for one rank's part of it; whether it divides is for the call to say."""
    shape = tensor.shape
    if not shape:
        raise InvalidArgument("a tensor without dimensions has no parts for the ranks")
    return zeros((shape[0] // size, *shape[1:]), tensor.dtype)


class Collectives(_c.GroupHandle):
    """Part of Group. Everywhere `timeout` is seconds to wait for peers, None the group's own; with `async_op` a Work is returned
    at once, and the tensors are in use until that is done."""

    __slots__ = ()

    def reduce(self, tensor: Any, root: int = 0, op: int | str = "sum", *, timeout: float | None = None, async_op: bool = False) -> Any:
        """As all_reduce, but only the root's tensor becomes the result; the others are only read."""
        work = _c.group_reduce(self, in_place(tensor), root, reduction_number(op), milliseconds(timeout))
        return finish(work, tensor, async_op)

    def all_gather_rows(self, tensor: Any, rows: Sequence[int], output: Any = None, *, timeout: float | None = None,
                        async_op: bool = False) -> Any:
        """Join tensors of different numbers of rows along the first dimension, in rank order, and give every rank the result.

        Args:
            tensor: this rank's, of rows[rank] rows.
            rows: by rank, how many rows it gives; the same numbers on all ranks.
            output: where the result goes; needed with async_op, else made here if None.
        """
        needed("all_gather_rows", output, async_op)
        given = as_tensor(tensor)
        if output is None:
            output = zeros((sum(rows), *given.shape[1:]), given.dtype)
        return finish(_c.group_all_gather_rows(self, given, in_place(output), rows, milliseconds(timeout)), output, async_op)

    def reduce_scatter(self, tensor: Any, output: Any = None, op: int | str = "sum", *, timeout: float | None = None,
                       async_op: bool = False) -> Any:
        """Combine the ranks' tensors and give each rank its part of the result: rank r gets rows [r*n, (r+1)*n).

        Args:
            tensor: of size * n rows, the same shape on all ranks; stays as it is.
            output: where the n rows go; needed with async_op, else made here if None.
        """
        needed("reduce_scatter", output, async_op)
        given = as_tensor(tensor)
        if output is None:
            output = zeros_of_part(given, _c.group_size(self))
        work = _c.group_reduce_scatter(self, given, in_place(output), reduction_number(op), milliseconds(timeout))
        return finish(work, output, async_op)

    def gather(self, tensor: Any, output: Any = None, root: int = 0, *, timeout: float | None = None, async_op: bool = False) -> Any:
        """Join the ranks' tensors along the first dimension, in rank order, on the root. Other ranks get None.

        Args:
            tensor: this rank's, of the same shape on all ranks.
            output: on the root where the result goes; there needed with async_op, else made if None.
        """
        is_root = _c.group_rank(self) == root
        if is_root:
            needed("gather", output, async_op)
        given = as_tensor(tensor)
        if is_root and output is None:
            output = zeros_of_all(given, _c.group_size(self))
        work = _c.group_gather(self, given, in_place(output) if is_root else None, root, milliseconds(timeout))
        return finish(work, output if is_root else None, async_op)

    def scatter(self, tensor: Any, output: Any, root: int = 0, *, timeout: float | None = None, async_op: bool = False) -> Any:
        """Give every rank its part of the root's tensor: rank r gets rows [r*n, (r+1)*n) into `output`.

        Args:
            tensor: on the root, of size * n rows; elsewhere not looked at, may be None.
            output: of n rows.
        """
        given = as_tensor(tensor) if _c.group_rank(self) == root and tensor is not None else None
        return finish(_c.group_scatter(self, given, in_place(output), root, milliseconds(timeout)), output, async_op)

    def all_to_all(self, tensor: Any, output: Any = None, *, rows: Sequence[int] | None = None,
                   received_rows: Sequence[int] | None = None, timeout: float | None = None, async_op: bool = False) -> Any:
        """Exchange parts between all ranks: part p goes to rank p, and what comes from rank p becomes part p of the output.

        Args:
            tensor: size * n rows, or, with `rows`, as many as they add up to.
            output: where the result goes; needed with async_op, else made here if None.
            rows: by rank, how many rows go to it; None: equally many to each.
            received_rows: by rank, how many rows come from it, which is what that rank says in its `rows`.
        """
        needed("all_to_all", output, async_op)
        if (rows is None) != (received_rows is None):
            raise InvalidArgument("all_to_all takes rows and received_rows together, or neither")
        given = as_tensor(tensor)
        if output is None:
            shape = given.shape if received_rows is None else (sum(received_rows), *given.shape[1:])
            output = zeros(shape, given.dtype)
        if rows is None or received_rows is None:
            work = _c.group_all_to_all(self, given, in_place(output), milliseconds(timeout))
        else:
            work = _c.group_all_to_all_rows(self, given, in_place(output), rows, received_rows, milliseconds(timeout))
        return finish(work, output, async_op)

    def send(self, tensor: Any, peer: int, *, timeout: float | None = None, async_op: bool = False) -> Any:
        """Send a tensor to one rank, which receives it; done when it has. The n-th send meets that rank's n-th receive."""
        return finish(_c.group_send(self, as_tensor(tensor), peer, milliseconds(timeout)), tensor, async_op)

    def receive(self, tensor: Any, peer: int, *, timeout: float | None = None, async_op: bool = False) -> Any:
        """Receive from one rank into a tensor of the dtype and number of elements that it sends."""
        return finish(_c.group_receive(self, in_place(tensor), peer, milliseconds(timeout)), tensor, async_op)

    def all_reduce_coalesced(self, tensors: Sequence[Any], op: int | str = "sum", *, timeout: float | None = None,
                             async_op: bool = False) -> Any:
        """all_reduce of a list of tensors of one dtype, as one operation."""
        given = [in_place(tensor) for tensor in tensors]
        work = _c.group_all_reduce_coalesced(self, given, reduction_number(op), milliseconds(timeout))
        return finish(work, tensors, async_op)

    def broadcast_coalesced(self, tensors: Sequence[Any], root: int = 0, *, timeout: float | None = None,
                            async_op: bool = False) -> Any:
        """broadcast of a list of tensors of one dtype, as one operation."""
        given = [in_place(tensor) for tensor in tensors]
        return finish(_c.group_broadcast_coalesced(self, given, root, milliseconds(timeout)), tensors, async_op)

    def all_gather_coalesced(self, tensors: Sequence[Any], outputs: Sequence[Any] | None = None, *, timeout: float | None = None,
                             async_op: bool = False) -> Any:
        """all_gather of a list of tensors of one dtype, as one operation; the outputs, made here if None."""
        needed("all_gather_coalesced", outputs, async_op)
        given = [as_tensor(tensor) for tensor in tensors]
        if outputs is None:
            outputs = [zeros_of_all(tensor, _c.group_size(self)) for tensor in given]
        work = _c.group_all_gather_coalesced(self, given, [in_place(output) for output in outputs], milliseconds(timeout))
        return finish(work, outputs, async_op)

    def reduce_scatter_coalesced(self, tensors: Sequence[Any], outputs: Sequence[Any] | None = None, op: int | str = "sum", *,
                                 timeout: float | None = None, async_op: bool = False) -> Any:
        """reduce_scatter of a list of tensors of one dtype, as one operation; the outputs, made here if None."""
        needed("reduce_scatter_coalesced", outputs, async_op)
        given = [as_tensor(tensor) for tensor in tensors]
        if outputs is None:
            outputs = [zeros_of_part(tensor, _c.group_size(self)) for tensor in given]
        work = _c.group_reduce_scatter_coalesced(self, given, [in_place(output) for output in outputs], reduction_number(op),
                                                 milliseconds(timeout))
        return finish(work, outputs, async_op)
