"""Nested lists and maps of tensors and plain values: batches, the inputs and outputs of models."""
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import Any

from . import _c
from ._errors import InvalidArgument, NotFound
from ._tensor import as_tensor

MAX_DEPTH = 64


def _leaf(tree: _c.TreeHandle) -> Any:
    """A tree as Python sees it: tensors and plain values as such, lists and maps as trees."""
    kind = _c.tree_kind(tree, None)
    if kind == _c.TREE_TENSOR:
        return _c.tree_get_tensor(tree, None)
    if kind in (_c.TREE_MAP, _c.TREE_LIST):
        return tree
    if kind == _c.TREE_NONE:
        return None
    if kind == _c.TREE_BOOL:
        return bool(_c.tree_get_bool(tree, None))
    return {_c.TREE_INT: _c.tree_get_int64, _c.TREE_DOUBLE: _c.tree_get_double, _c.TREE_STRING: _c.tree_get_string}[kind](tree, None)


class Tree(_c.TreeHandle):
    """A nested list or map; what loaders give and models take and return. A value: it does not change.

        batch["images"], outputs["encoder.hidden.1"], dict(batch.items()), batch.to_python()

    Keys are paths: names of maps and numbers of lists, separated by dots. Maps iterate over their keys like a dict, lists over
    their entries. Tensors are shared, not copied.

    Args:
        value: a mapping, list, tuple, number, text, None, or anything that `as_tensor` takes, nested.

    Raises:
        InvalidArgument: more than 64 deep.
        TypeError: something that no tree can hold.
    """

    __slots__ = ("__weakref__",)

    def __init__(self, value: Any = ()) -> None:
        self._adopt(_c.tree_retain(to_tree(value)))

    @property
    def is_map(self) -> bool:
        """Whether it has keys; else it is a list, or one value."""
        return _c.tree_kind(self, None) == _c.TREE_MAP

    def __getitem__(self, path: str | int) -> Any:
        """The tensor, value or Tree at a path.

        Raises:
            NotFound: there is no such entry (also a KeyError); the text says what there is.
            IndexError: an index beyond the end.
        """
        if isinstance(path, int):
            size = len(self)
            if not -size <= path < size:
                raise IndexError(f"index {path} is out of range for a list of {size}")
            return _leaf(_c.tree_at(self, path % size))
        return _leaf(_c.tree_get(self, path))

    def keys(self) -> list[str]:
        """The keys of a map, in the order in which they were set; of a list the indices as texts."""
        is_map = self.is_map
        return [_c.tree_key(self, index) if is_map else str(index) for index in range(len(self))]

    def values(self) -> list[Any]:
        """The entries in order."""
        return [_leaf(_c.tree_at(self, index)) for index in range(len(self))]

    def items(self) -> list[tuple[str, Any]]:
        """Keys and entries in order."""
        return list(zip(self.keys(), self.values()))

    def get(self, path: str, default: Any = None) -> Any:
        """The entry at a path, or `default`."""
        try:
            return self[path]
        except NotFound:
            return default

    def to_python(self) -> Any:
        """The whole tree as dict, list, Tensor, int, float, bool, str and None."""
        kind = _c.tree_kind(self, None)
        if kind not in (_c.TREE_MAP, _c.TREE_LIST):
            return _leaf(self)
        plain = [(key, item.to_python() if isinstance(item, Tree) else item) for key, item in self.items()]
        return dict(plain) if kind == _c.TREE_MAP else [item for _, item in plain]

    @classmethod
    def from_json(cls, text: str) -> "Tree":
        """The tree of a JSON text. Raises InvalidArgument, with the byte's place, for what is none."""
        return cls(_c.tree_from_json(text))

    def to_json(self) -> str:
        """A tree without tensors as JSON text; `to_numbers` first makes numbers of them."""
        return _c.tree_to_json(self)

    @property
    def batch_size(self) -> int:
        """How many samples a batch has: the first size of its first leaf. Raises InvalidArgument if that is no tensor."""
        return _c.tree_batch_size(self)

    @property
    def device(self) -> str | None:
        """The device of the first tensor; None if there is none."""
        return _c.tree_device(self) or None

    def rows(self, rows: slice) -> "Tree":
        """Those rows of every tensor, which share its memory: batch.rows(slice(0, 8))."""
        begin = 0 if rows.start is None else rows.start
        end = 2**63 - 1 if rows.stop is None else rows.stop
        return _c.tree_slice(self, begin, end, 1 if rows.step is None else rows.step)

    def concatenate(self, dim: int = 0) -> "Tree":
        """The batches of this list joined, each tensor along `dim`."""
        return _c.tree_concatenate(self, dim)

    def pad_to_multiple(self, batch_size: int, num_parts: int) -> "Tree":
        """Zeros behind the rows of every tensor, until they can be divided among `num_parts`."""
        return _c.tree_pad_to_multiple(self, batch_size, num_parts)

    def split(self, part: int, num_parts: int, *, pad: bool = False) -> "Tree":
        """One of so many equal parts of a list, of a tensor's rows, or of all that is in a map; the first take the remainder.

        Args:
            part: which: a rank.
            num_parts: how many there are: the ranks.
            pad: every part is as long as the longest, by repeating the last item of all.

        Raises:
            InvalidArgument: no such part; lists and tensors of a map have different lengths.
        """
        return _c.tree_split(self, part, num_parts, pad)

    def to(self, device: str, *, non_blocking: bool = False, skip_keys: str | Sequence[str] | None = None) -> "Tree":
        """The tree with its tensors on a device, but for what lies under `skip_keys`."""
        return _c.tree_to_device(self, device, non_blocking, [skip_keys] if isinstance(skip_keys, str) else skip_keys)

    def to_float32(self) -> "Tree":
        """The tree with its tensors of half precision as float32."""
        return _c.tree_to_float32(self)

    def to_numbers(self) -> "Tree":
        """The tree with nested lists of numbers for its tensors."""
        return _c.tree_to_numbers(self)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.keys() if self.is_map else self.values())

    def __contains__(self, path: object) -> bool:
        if not isinstance(path, str):
            return False
        try:
            _c.tree_get(self, path)
        except NotFound:
            return False
        return True

    def __len__(self) -> int:
        return _c.tree_size(self, None)

    def __bool__(self) -> bool:
        return len(self) > 0

    def __repr__(self) -> str:
        return "<oarlock.Tree (released)>" if self.released else f"oarlock.Tree({self.to_python()!r})"


def like(given: Any, tree: "Tree") -> Any:
    """A tree as the Python value that the structure was given as: dicts of that kind, lists, tuples, named tuples."""
    if isinstance(given, _c.TreeHandle):
        return tree
    if isinstance(given, Mapping):
        made: Any = copy(given)  # also what its kind has beside its items
        for key, item, part in zip(list(given), given.values(), tree.values()):
            made[key] = like(item, part)
        return made
    if isinstance(given, (list, tuple)):
        items = [like(item, part) for item, part in zip(given, tree.values())]
        return type(given)(*items) if hasattr(given, "_fields") else type(given)(items)
    return _leaf(tree) if isinstance(tree, _c.TreeHandle) else tree


def _map_tree(value: Mapping, depth: int) -> _c.TreeHandle:
    tree = _c.tree_create_map()
    for key, item in value.items():
        if not isinstance(key, str):
            raise TypeError(f"keys of a tree are texts, not {key!r}")
        if isinstance(item, _c.TensorHandle):
            _c.tree_set_tensor(tree, key, item)
        else:
            _c.tree_set(tree, key, to_tree(item, depth + 1))
    return tree


def to_tree(value: Any, depth: int = 0) -> _c.TreeHandle:
    """A tree of a Python value. See Tree."""
    if isinstance(value, _c.TreeHandle):
        return value
    if depth > MAX_DEPTH:
        raise InvalidArgument(f"a tree is at most {MAX_DEPTH} deep; this value is deeper, or holds itself")
    if isinstance(value, _c.TensorHandle):
        return _c.tree_from_tensor(value)
    if isinstance(value, Mapping):
        return _map_tree(value, depth)
    if isinstance(value, (list, tuple)):
        tree = _c.tree_create_list()
        for item in value:
            _c.tree_append(tree, to_tree(item, depth + 1))
        return tree
    if value is None:
        return _c.tree_from_none()
    if isinstance(value, bool):
        return _c.tree_from_bool(value)
    if isinstance(value, int):
        return _c.tree_from_int64(value)
    if isinstance(value, float):
        return _c.tree_from_double(value)
    if isinstance(value, str):
        return _c.tree_from_string(value)
    return _c.tree_from_tensor(as_tensor(value))
