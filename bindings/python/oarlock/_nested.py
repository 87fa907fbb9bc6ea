"""What a group does with nested values as a whole: tensors in dicts, lists and tuples, and objects."""
from typing import Any

from . import _c
from ._tree import like, to_tree
from ._values import milliseconds, reduction_number


class Nested(_c.GroupHandle):
    """Part of Group. Everywhere `timeout` is seconds to wait for peers, None the group's own."""

    __slots__ = ()

    def gather_tree(self, tree: Any, *, timeout: float | None = None) -> Any:
        """Join every tensor of all ranks along its first dimension; those without dimensions give one element per rank.

        Ranks compare the structures of their trees first, here and in the other functions on trees: what differs is an error on
        every rank that names the path of the first leaf that differs and what each rank has there, and the group goes on.

        Args:
            tree: tensors in dicts, lists, tuples and named tuples, nested, or a Tree; anything that `as_tensor` takes is a tensor.

        Returns:
            The same structure, of the same types, with a Tensor for each tensor. With one rank: as it was given.

        Raises:
            Mismatch: other structures, dtypes or shapes.
            InvalidArgument: a rank has a leaf that is no tensor; the text names path and rank.
        """
        return like(tree, _c.group_gather_tree(self, to_tree(tree), milliseconds(timeout)))

    def reduce_tree(self, tree: Any, op: int | str = "sum", *, timeout: float | None = None) -> Any:
        """Combine every tensor of all ranks into new ones; `op` as for all_reduce, the rest as for gather_tree."""
        return like(tree, _c.group_reduce_tree(self, to_tree(tree), reduction_number(op), milliseconds(timeout)))

    def broadcast_tree(self, tree: Any, root: int = 0, *, timeout: float | None = None) -> Any:
        """Give every rank the values of the root's tensors, in place; gives `tree` back."""
        _c.group_broadcast_tree(self, to_tree(tree), root, milliseconds(timeout))
        return tree

    def pad_tree(self, tree: Any, dim: int = 0, value: float = 0.0, first: bool = False, *, timeout: float | None = None) -> Any:
        """Make every tensor as long in `dim` as the longest of all ranks, by `value` behind its elements or before them.

        Raises:
            Mismatch: other structures, dtypes or numbers of dimensions.
            InvalidArgument: a dtype cannot hold the value.
        """
        return like(tree, _c.group_pad_tree(self, to_tree(tree), dim, value, first, milliseconds(timeout)))

    def copy_tree(self, tree: Any = None, *, timeout: float | None = None) -> Any:
        """Give every rank what the only rank that does not pass None has: dicts, lists, Tensors and plain values."""
        given = None if tree is None else to_tree(tree)
        return _c.group_copy_tree(self, given, milliseconds(timeout)).to_python()

    def gather_objects(self, items: Any, *, timeout: float | None = None) -> list[Any]:
        """Join the ranks' lists in rank order; their items may be anything that a Tree can hold."""
        return _c.group_gather_objects(self, to_tree(items), milliseconds(timeout)).to_python()

    def broadcast_object(self, value: Any = None, root: int = 0, *, timeout: float | None = None) -> Any:
        """Give every rank the root's value, anything that a Tree can hold; `value` counts on the root only."""
        given = to_tree(value) if _c.group_rank(self) == root else None
        return _c.group_broadcast_object(self, given, root, milliseconds(timeout)).to_python()
