"""Inputs and outputs that are nested, as the Python call takes and gives them: by the call's own structure, by path, in any order."""

import collections
import dataclasses
import pathlib
import sys

import pytest
import torch
from torch import nn
from torch.utils import _pytree

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import oarlock_ctypes as oc  # noqa: E402

OAR = oc.load()
STATE = OAR.make(OAR.lib.oar_state_create, None)
Pair = collections.namedtuple("Pair", ["first", "second"])
_pytree._register_namedtuple(Pair, serialized_type_name="test_nested.Pair")


@dataclasses.dataclass
class Point:
    x: torch.Tensor
    y: torch.Tensor


torch.export.register_dataclass(Point, serialized_type_name="test_nested.Point")


class Nested(nn.Module):
    """Every container, positional and by keyword; leaves of one shape, so that a wrong order would go unseen but for the values."""

    def forward(self, plain, batch, items, pair, *, point, extra):
        total = plain + 2 * batch["b"] + 4 * batch["a"]["deep"] + 8 * items[0] + 16 * items[1]
        total = total + 32 * pair.first + 64 * pair.second + 128 * point.x + 256 * point.y + 512 * extra["z"]
        return {"total": total, "list": [total + 1, (total + 2, None)], "pair": Pair(total + 3, total + 4),
                "point": Point(total + 5, total + 6), "none": None, "number": 7}


def t(value):
    return torch.full((2,), float(value))


ARGS = (t(1), {"b": t(2), "a": {"deep": t(3)}}, [t(4), t(5)], Pair(t(6), t(7)))
KWARGS = {"point": Point(t(8), t(9)), "extra": {"z": t(10)}}
# The same as trees of maps and lists, its maps in another order.
TREES = [{"a": {"deep": t(3)}, "b": t(2)}, [t(4), t(5)], {"second": t(7), "first": t(6)}, {"y": t(9), "x": t(8)}, {"z": t(10)}]
NAMES = ["plain", "batch", "items", "pair", "point", "extra"]
GIVEN = {
    "the call's arguments in order": [t(1), *TREES],
    "the call's arguments by name": dict(reversed(list(zip(NAMES, [t(1), *TREES])))),
    "paths": {"plain": t(1), "batch.b": t(2), "batch.a.deep": t(3), "items.0": t(4), "items.1": t(5), "pair.first": t(6),
              "pair.second": t(7), "point.x": t(8), "point.y": t(9), "extra.z": t(10)},
    "flat, in the program's order": [t(i) for i in range(1, 11)],
}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("nested") / "nested.pt2"
    torch.export.save(torch.export.export(Nested(), ARGS, KWARGS), path)
    return OAR.make(OAR.lib.oar_model_load, STATE, str(path).encode(), None)


@pytest.mark.parametrize("how", GIVEN)
def test_nested_inputs_and_outputs_are_those_of_the_python_call(model, how):
    theirs, ours = Nested()(*ARGS, **KWARGS), OAR.forward(model, GIVEN[how])
    assert list(ours) == list(theirs)
    assert torch.equal(ours["total"], theirs["total"])
    assert torch.equal(ours["list"][0], theirs["list"][0]) and torch.equal(ours["list"][1][0], theirs["list"][1][0])
    assert ours["list"][1][1] is None and ours["none"] is None and ours["number"] == 7
    assert list(ours["pair"]) == ["first", "second"] and torch.equal(ours["pair"]["second"], theirs["pair"].second)
    assert list(ours["point"]) == ["x", "y"] and torch.equal(ours["point"]["y"], theirs["point"].y)


@pytest.mark.parametrize("given, parts", [
    ([t(1), *TREES[:-1]], ["takes 6 arguments (plain, batch, items, pair, point, extra), 5 given"]),
    (dict(zip(NAMES[:-1], [t(1), *TREES])), ["input extra.z is missing"]),
    ({**dict(zip(NAMES, [t(1), *TREES])), "items": [t(4), t(5), t(6)]}, ["no input items.2"]),
    ([t(1), TREES[0], [t(4)], *TREES[2:]], ["input items.1 is missing"]),
    ([t(1), t(2), *TREES[1:]], ["no input batch"]),
])
def test_another_structure_is_refused_by_path(model, given, parts):
    with pytest.raises(oc.OarlockError) as caught:
        OAR.forward(model, given)
    assert caught.value.code == oc.E_ARGUMENT
    assert all(part in caught.value.message for part in parts), caught.value.message
