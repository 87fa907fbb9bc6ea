"""Ranks of one host that cannot share memory: refused by the kernel, a full control group, or a process that cannot be looked into.
`auto` takes gloo and says why, `shm` is a clear error on every rank; an operation gives the right numbers in either case."""
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(os.environ["OARLOCK_SOURCE"]) / "tests/dist"))
from world import run_world  # noqa: E402

SHIM = pathlib.Path(os.environ["OARLOCK_BUILD"]) / "lib/librefuse_shim.so"
# What is refused, on which rank, what is said of it.
REFUSALS = {
    "memfd_create, by a filter": ("memfd", 0, "creating shared memory: Operation not permitted"),
    "memory, by a full control group": ("space", 0, "bytes of shared memory: No space left on device"),
    "mapping, on the rank that makes it": ("map", 0, "bytes of shared memory: Cannot allocate memory"),
    "mapping, on a peer": ("map", 2, "bytes of shared memory: Cannot allocate memory"),
    "a look into another process": ("proc", 1, "cannot be opened (Permission denied)"),
}


def refuse(what, rank, **more):
    return {"LD_PRELOAD": SHIM, "OAR_REFUSE": what, "OAR_REFUSE_RANK": rank, **more}


@pytest.mark.parametrize("case", REFUSALS)
def test_auto_takes_gloo_and_says_why(case):
    what, rank, text = REFUSALS[case]
    results = run_world(3, """
with state() as world:
    array = np.full(100_000, float(world.rank), np.float32)
    world.all_reduce(array).wait().release()
    report(right=bool((array == 3).all()))
""", env=refuse(what, rank))
    assert [result["right"] for result in results] == [True] * 3
    assert "share no memory, data goes by gloo" in results[0].stderr and text in results[0].stderr, results[0].stderr
    if rank != 0:
        assert f"rank {rank}" in results[0].stderr, results[0].stderr


@pytest.mark.parametrize("case", REFUSALS)
def test_shm_is_an_error_on_every_rank(case):
    what, rank, text = REFUSALS[case]
    results = run_world(3, "report(outcome=attempt(State))", env=refuse(what, rank, OARLOCK_COMM_BACKEND="shm"))
    for result in results:
        outcome = result["outcome"]
        assert outcome["status"] in ("OAR_E_IO", "OAR_E_NO_SPACE", "OAR_E_OUT_OF_MEMORY", "OAR_E_ENVIRONMENT"), outcome
        assert "option comm.backend is 'shm'" in outcome["text"] and text in outcome["text"], outcome
        assert outcome["seconds"] < 4, outcome


@pytest.mark.parametrize("what,rank", [("space", 0), ("map", 1)])
def test_a_refused_shared_tensor_is_an_error_on_every_rank_and_the_group_goes_on(what, rank):
    results = run_world(2, """
import ctypes
with state() as world:
    os.environ["OAR_REFUSE"] = WHAT
    shape, out = (ctypes.c_int64 * 1)(1 << 20), ctypes.c_void_p()
    outcome = attempt(lambda: check(lib.oar_group_alloc_shared(world.group, DTYPES["float32"], shape, ctypes.c_size_t(1),
                                                               ctypes.c_int64(0), ctypes.byref(out))))
    array = np.full(3, 2.0, np.float32)
    world.all_reduce(array).wait().release()
    report(outcome=outcome, untouched=out.value is None, sum=array.tolist())
""".replace("WHAT", repr(what)), env={"LD_PRELOAD": SHIM, "OAR_REFUSE_RANK": rank})
    for result in results:
        assert result["outcome"]["status"] in ("OAR_E_NO_SPACE", "OAR_E_OUT_OF_MEMORY"), result["outcome"]
        assert result["untouched"] and result["sum"] == [4.0] * 3
