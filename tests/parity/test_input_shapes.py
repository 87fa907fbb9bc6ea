"""What relates the inputs of a program (sizes that are expressions, guards, ranges): refused where Python's own ep.module() refuses,
with both sides of the relation in the text, and run where it runs.
"""

import itertools
import pathlib
import re
import sys

import pytest
import torch
from torch import nn

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import oarlock_ctypes  # noqa: E402

OAR = oarlock_ctypes.load()
STATE = OAR.make(OAR.lib.oar_state_create, None)
AUTO, ROWS = torch.export.Dim.AUTO, torch.export.Dim("rows", min=3, max=9)


class Of(nn.Module):
    """A module of one function."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x, y):
        return self.function(x, y)


def require(x, y):
    torch._check(x.shape[0] % 4 == 0)
    torch._check(x.shape[0] * y.shape[0] < 60)
    return x.sum() + y.sum()


def branch(x, y):
    return x.sum() if x.shape[0] > y.shape[0] + 2 else y.sum()


def odd_branch(x, y):
    """Its exported guards compare with 0 and 1, and say which branch was taken."""
    x = x * 2 if x.shape[0] % 4 == 0 else x
    x = x - 1 if y.shape[0] // 2 == 1 else x
    return x.sum() if x.shape[0] - y.shape[0] == 0 else x.sum() + y.sum()


# name: (function, sizes at export, dynamic dimensions of x and y, text of a refusal)
CASES = {
    "a multiple": (lambda x, y: x.repeat(2) + y, (3, 6), (AUTO, AUTO),
                   r"input y: dimension 0 must be 2\*(s\d+) \(\1 = 4 from dimension 0 of input x\): 8 expected, 5 given", (4, 5)),
    "every second": (lambda x, y: x[::2] + y, (8, 4), (AUTO, AUTO),
                     r"exported for inputs with .*// 2 == y.size\(\)\[0\]; given: x.size\(\)\[0\] = 6, y.size\(\)\[0\] = 4", (6, 4)),
    "divided": (lambda x, y: x.view(-1, 4).sum(1) + y, (16, 4), (AUTO, AUTO),
                r"exported for inputs with x.size\(\)\[0\] % 4 == 0; given: x.size\(\)\[0\] = 9", (9, 4)),
    "derived": (lambda x, y: x.sum() + y.sum(), (4, 9), (ROWS, 2 * ROWS + 1), r"input x: dimension 0 must be at most 9, 10 given", (10, 21)),
    "a range": (lambda x, y: x.sum() + y.sum(), (4, 4), (ROWS, None), r"input x: dimension 0 must be at least 3, 2 given", (2, 4)),
    "a check": (require, (8, 5), (AUTO, AUTO), r"x.size\(\)\[0\] < 60; given", (12, 5)),
    "a branch": (branch, (8, 4), (AUTO, AUTO), r"x.size\(\)\[0\] > 2 \+ y.size\(\)\[0\]; given", (6, 4)),
    "a rest": (odd_branch, (6, 9), (AUTO, AUTO), r"exported for inputs with x.size\(\)\[0\] % 4 != 0; given: x.size\(\)\[0\] = 8", (8, 9)),
    "a symbol of its own": (lambda x, y: x.sum() + y.sum(), (4, 6), (None, 2 * ROWS), r"input y: dimension 0 must be 2\*(_?\w+)", (4, 7)),
}
KEEPS_FROM_ONE = re.compile(r"failed: [^%/-]*(!= [01]|>= [12]|> [01])\b")


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    folder, made = tmp_path_factory.mktemp("shapes"), {}

    def get(name):
        if name not in made:
            function, sizes, dims, *_ = CASES[name]
            shapes = tuple(None if dim is None else {0: dim} for dim in dims)
            program = torch.export.export(Of(function), tuple(torch.randn(n) for n in sizes), dynamic_shapes=shapes)
            path = folder / f"{len(made)}.pt2"
            torch.export.save(program, path)
            made[name] = program.module(), OAR.make(OAR.lib.oar_model_load, STATE, str(path).encode(), None)
        return made[name]

    return get


def refusal_of_python(module, x, y):
    """Its text; None if it runs. Guards that only keep sizes away from 0 and 1 do not count."""
    try:
        module(x, y)
    except (AssertionError, RuntimeError) as error:
        return None if KEEPS_FROM_ONE.search(str(error)) else str(error)
    return None


@pytest.mark.parametrize("name", CASES)
def test_sizes_are_refused_where_python_refuses_them(programs, name):
    module, model = programs(name)
    differing, both = [], {True: 0, False: 0}
    for n, m in itertools.product(range(2, 14), repeat=2):
        x, y = torch.randn(n), torch.randn(m)
        theirs = refusal_of_python(module, x, y)
        try:
            ours = OAR.forward(model, {"x": x, "y": y})[0]
            wrong = theirs is not None or not ours.isfinite().all()
        except oarlock_ctypes.OarlockError as error:
            assert error.code == oarlock_ctypes.E_ARGUMENT
            wrong = theirs is None
        if name == "a symbol of its own" and m % 2 == 1 and theirs is None:
            wrong = not wrong  # Python rounds the symbol down and runs (2.11)
        both[theirs is None] += 1
        differing += [(n, m, theirs)] if wrong else []
    assert differing == []
    assert both[True] and both[False]


@pytest.mark.parametrize("name", CASES)
def test_a_refusal_says_what_relation_is_violated_and_by_what(programs, name):
    *_, text, sizes = CASES[name]
    with pytest.raises(oarlock_ctypes.OarlockError) as caught:
        OAR.forward(programs(name)[1], [torch.randn(n) for n in sizes])
    assert re.search(text, caught.value.message), caught.value.message


class DataDecides(nn.Module):
    def forward(self, x):
        n = x[0].item()
        torch._check(n >= 2)
        torch._check(n < 10)
        return torch.zeros(n) + x[1]


def test_a_range_of_a_computed_number_is_checked_when_it_is_known(tmp_path):
    torch.export.save(torch.export.export(DataDecides(), (torch.tensor([4, 5]),)), tmp_path / "a.pt2")
    model = OAR.make(OAR.lib.oar_model_load, STATE, str(tmp_path / "a.pt2").encode(), None)
    assert torch.equal(OAR.forward(model, [torch.tensor([3, 7])])[0], torch.full((3,), 7.0))
    with pytest.raises(oarlock_ctypes.OarlockError) as caught:
        OAR.forward(model, [torch.tensor([10, 7])])
    assert caught.value.code == oarlock_ctypes.E_ARGUMENT
    assert "Runtime assertion failed for expression u0 <= 9" in caught.value.message, caught.value.message
