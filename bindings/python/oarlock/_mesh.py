"""Named axes over the ranks of a group."""
from collections.abc import Mapping, Sequence

from . import _c
from ._state import Group
from ._values import milliseconds


class Mesh(_c.MeshHandle):
    """Named axes over the ranks of a group, the last one fastest, with a group along each.

        mesh = oarlock.Mesh(state.group, {"dp": 2, "tp": 4})
        mesh.group("tp").all_reduce(activations)

    Collective, with the same axes on all ranks.

    Args:
        group: whose ranks they are.
        axes: sizes by name; they multiply to the size of the group.
        timeout: seconds to wait for peers; None takes the group's own.

    Raises:
        InvalidArgument, Mismatch: on all ranks alike, for wrong axes and for different ones; the group lives on.
        PeerLost, TimedOut, Aborted: with the rank that is to blame.
    """

    __slots__ = ()

    def __init__(self, group: Group, axes: Mapping[str, int], *, timeout: float | None = None):
        self._adopt(_c.mesh_create(group, axes, milliseconds(timeout)))

    def flatten(self, axes: Sequence[str], name: str, *, timeout: float | None = None) -> None:
        """Take several axes for one, under a new name. Collective."""
        _c.mesh_flatten(self, axes, name, milliseconds(timeout))

    def group(self, axis: str) -> Group:
        """The group of this rank and those that differ from it in this axis alone."""
        return _c.mesh_group(self, axis)

    def size(self, axis: str) -> int:
        """How many ranks an axis has."""
        return _c.mesh_size(self, axis)

    def coordinate(self, axis: str) -> int:
        """Where this rank stands on an axis."""
        return _c.mesh_coordinate(self, axis)

    def rank_at(self, *coordinates: int) -> int:
        """The rank of the group that stands at these coordinates, one per axis."""
        return _c.mesh_rank_at(self, coordinates)
