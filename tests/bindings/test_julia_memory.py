"""100,000 objects of a kind, made and ended, leave memory as it was; and large ones that are only dropped do not pile up.

The bound: the smallest block that malloc gives takes 32 bytes, so a leak of one block per object would add 3.2 MB; growth has to be
less than half of that. Objects left to the collector are collected every 5,000, so that the peak is that of the warm-up. Without
armor, which keeps released handles for a while on purpose.
"""
import subprocess

import pytest

from languages import environment, is_built, julia

PAIRS = 100_000
BOUND_BYTES = PAIRS * 32 // 2
KINDS = ("tensor", "tensor_over_array", "tensor_over_own_array", "array_of_tensor", "tree", "config", "loader", "batch", "work", "error",
         "session", "forward", "callback")


def run(*arguments):
    if not is_built("julia"):
        pytest.skip("the Julia binding was left out (OARLOCK_JULIA=none)")
    variables = {key: value for key, value in environment().items() if key != "OARLOCK_ARMOR"}
    ended = subprocess.run([*map(str, julia("tests/bindings/julia_memory.jl")), *arguments], capture_output=True, text=True, timeout=600,
                           env=variables)
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    return [line.split() for line in ended.stdout.splitlines()]


@pytest.fixture(scope="module")
def growth():
    """`tensor_finalized` -> bytes, handles, objects of Julia that the library still holds."""
    return {name: tuple(map(int, figures)) for name, *figures in run(str(PAIRS), *KINDS)}


@pytest.mark.parametrize("how", ["finalized", "left"])
@pytest.mark.parametrize("kind", KINDS)
def test_memory_is_flat(growth, kind, how):
    grown, handles, held = growth[f"{kind}_{how}"]
    assert grown < BOUND_BYTES and handles == 0
    assert held <= 3, "the array of the start, and the callbacks that are in force"


def test_large_objects_that_are_dropped_do_not_pile_up():
    """Tensors of 100 kB, a few bytes to Julia's collector: 3 GB, which without relief (memory.jl) all become resident. Memory may grow
    by one step until garbage is collected, and by less than another by what the collection left and the next step is measured from."""
    [(peak, step)] = run("large_garbage")
    assert int(peak) <= 2 * int(step)
