"""Timers of all ranks, messages in rank order, equal generators, traces of every rank."""
import json
import os

import pytest

from world import run_world

HELPERS = """
import ctypes
def taken(function, *arguments):
    out = ctypes.c_void_p()
    check(function(*arguments, ctypes.byref(out)))
    return json.loads(take_bytes(out)) if out.value else None
"""
BACKENDS = pytest.mark.parametrize("backend", ["auto", "gloo"])


@BACKENDS
def test_the_slowest_rank_is_named_on_every_rank(backend):
    results = run_world(3, HELPERS + """
with state() as world:
    for _ in range(3):
        check(lib.oar_timer_begin(world.handle, b"step"))
        time.sleep(0.05 if world.rank == 1 else 0.001)  # the fault
        check(lib.oar_timer_end(world.handle, b"step"))
    if world.rank == 2:
        check(lib.oar_timer_begin(world.handle, b"only rank 2"))
        check(lib.oar_timer_end(world.handle, b"only rank 2"))
    report(mine=taken(lib.oar_timer_report, world.handle), all=taken(lib.oar_timer_report_all_ranks, world.handle))
""", env={"OARLOCK_COMM_BACKEND": backend})
    told = results[0]["all"]
    assert all(result["all"] == told for result in results)
    assert told["step"]["slowest_rank"] == 1 and told["step"]["count"] == 9
    assert [entry["rank"] for entry in told["step"]["ranks"]] == [0, 1, 2]
    for result in results:
        own = {key: value for key, value in told["step"]["ranks"][result.rank].items() if key != "rank"}
        assert own == result["mine"]["step"]
    assert told["step"]["max_ms"] == max(result["mine"]["step"]["max_ms"] for result in results)
    assert [entry["rank"] for entry in told["only rank 2"]["ranks"]] == [2]


@BACKENDS
def test_generators_are_rank_0s_afterwards(backend):
    results = run_world(3, """
def draws():
    return [float(x) for x in torch.rand(4)]
import ctypes, torch
with state() as world:
    check(lib.oar_state_seed(world.handle, ctypes.c_int64(7 + world.rank)))
    before = draws()
    check(lib.oar_state_synchronize_rng(world.handle))
    report(before=before, after=draws())
torch.manual_seed(7)
report(expected=[draws(), draws()])
""", env={"OARLOCK_COMM_BACKEND": backend})
    assert len({tuple(result["before"]) for result in results}) == 3
    for result in results:
        assert result["after"] == result["expected"][1]


def test_messages_in_order_come_one_after_the_other(tmp_path):
    results = run_world(3, f"""
import ctypes
lines = []
function = ctypes.CFUNCTYPE(None, ctypes.c_int32, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p)
def write(level, component, text, _):
    with open({str(tmp_path / "log")!r}, "ab") as file: file.write(text + b"\\n")
sink = function(write)
with state() as world:
    check(lib.oar_log_set_callback(ctypes.c_int32(0), sink, None, None))
    for round in range(20):
        check(lib.oar_state_log(world.handle, ctypes.c_int32(30), ctypes.c_int32(2), b"round %d" % round))
    check(lib.oar_state_log(world.handle, ctypes.c_int32(30), ctypes.c_int32(0), b"the end"))
    world.barrier()
    check(lib.oar_log_set_callback(ctypes.c_int32(0), None, None, None))
    report(done=True)
""")
    assert all(result["done"] for result in results)
    lines = (tmp_path / "log").read_text().splitlines()
    assert lines == [f"[RANK {rank}] round {number}" for number in range(20) for rank in range(3)] + ["[RANK 0] the end"]


def test_every_rank_has_its_trace_when_the_profile_has_ended(tmp_path):
    results = run_world(2, HELPERS + f"""
with state() as world:
    check(lib.oar_profile_begin(world.handle, json.dumps({{"directory": {str(tmp_path)!r}}}).encode()))
    world.barrier()
    taken(lib.oar_profile_end, world.handle)
    report(files=sorted(os.listdir({str(tmp_path)!r})))
""")
    assert all(result["files"] == ["profile_0.json", "profile_1.json"] for result in results)
    for name in ("profile_0.json", "profile_1.json"):
        assert "traceEvents" in json.loads((tmp_path / name).read_text())


def test_a_trace_that_one_rank_cannot_write_is_an_error_on_all(tmp_path):
    (tmp_path / "file").write_text("kept")
    results = run_world(2, HELPERS + f"""
with state() as world:
    directory = {str(tmp_path)!r} + ("/file/traces" if world.rank == 1 else "/traces")
    check(lib.oar_profile_begin(world.handle, json.dumps({{"directory": directory}}).encode()))
    report(end=attempt(lambda: taken(lib.oar_profile_end, world.handle)))
    world.barrier()
""")
    assert [result["end"]["status"] for result in results] == ["OAR_E_IO"] * 2
    assert results[0]["end"]["rank"] == 1, results[0].reports  # its own needs no rank
    assert os.listdir(tmp_path / "traces") == ["profile_0.json"]
