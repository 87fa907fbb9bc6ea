"""Profiles through the C interface beside torch.profiler, and what timers and messages by rank say."""
import ctypes
import json
import os
import pathlib
import sys

import pytest
import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import oarlock_ctypes  # noqa: E402

SCHEDULE = {"wait": 1, "warmup": 1, "active": 2, "repeat": 2, "skip_first": 1}


def take(oar, pointer):
    """The JSON in an owned oar_bytes; None of NULL."""
    if not pointer.value:
        return None
    data, size = ctypes.c_void_p(), ctypes.c_size_t()
    oar.check(oar.lib.oar_bytes_view(pointer, ctypes.byref(data), ctypes.byref(size)))
    text = ctypes.string_at(data.value, size.value)
    oar.lib.oar_bytes_release(pointer)
    return json.loads(text)


def report(oar, function, state):
    out = ctypes.c_void_p()
    oar.check(function(state, ctypes.byref(out)))
    return take(oar, out)


def begin(oar, state, **options):
    oar.check(oar.lib.oar_profile_begin(state, json.dumps(options).encode()))


def work(step):
    for _ in range(step + 1):
        torch.mm(torch.ones(4, 4), torch.ones(4, 4)).relu()


def calls(events):
    return {name: count for name, count in events if name.startswith("aten::")}


def test_reports_and_traces_are_those_of_torchs_own_profiler(oar, state, tmp_path):
    theirs = []
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU],
                                schedule=torch.profiler.schedule(**SCHEDULE),
                                on_trace_ready=lambda p: theirs.append([(e.key, e.count) for e in p.key_averages()])) as p:
        for step in range(12):
            work(step)
            p.step()
    ours, steps = [], []
    begin(oar, state, directory=str(tmp_path / "traces"), **SCHEDULE)
    for step in range(12):
        work(step)
        given = report(oar, oar.lib.oar_profile_step, state)
        if given is not None:
            ours.append(given)
            steps.append(step)
    assert report(oar, oar.lib.oar_profile_end, state) is None
    assert steps == [4, 8] and [(r["first_step"], r["num_steps"]) for r in ours] == [(3, 2), (7, 2)]
    for own, other in zip(ours, theirs):
        assert calls((o["name"], o["calls"]) for o in own["operators"]) == calls(other)
    assert [pathlib.Path(r["path"]).name for r in ours] == ["profile_0.json", "profile_0_1.json"]
    for own in ours:
        events = json.loads(pathlib.Path(own["path"]).read_text())["traceEvents"]
        names = [e["name"] for e in events if e.get("cat") == "cpu_op"]
        assert {name: names.count(name) for name in set(names)} == calls((o["name"], o["calls"]) for o in own["operators"])
    assert sorted(os.listdir(tmp_path / "traces")) == ["profile_0.json", "profile_0_1.json"]


def test_self_times_add_up_and_the_table_shows_them(oar, state):
    begin(oar, state)
    work(20)
    given = report(oar, oar.lib.oar_profile_end, state)
    assert given["path"] is None and given["first_step"] == 0 and given["num_steps"] == 1
    assert sum(o["self_cpu_us"] for o in given["operators"]) == pytest.approx(given["self_cpu_us"], rel=1e-6)
    assert all(0 <= o["self_cpu_us"] <= o["cpu_us"] + 1e-6 for o in given["operators"])
    costs = [o["self_cpu_us"] for o in given["operators"]]
    assert costs == sorted(costs, reverse=True)
    assert "Self CPU time total:" in given["table"] and given["operators"][0]["name"] in given["table"]


def test_shapes_memory_and_timers_are_in_the_trace(oar, state, tmp_path):
    begin(oar, state, directory=str(tmp_path), record_shapes=True, memory=True)
    oar.check(oar.lib.oar_timer_begin(state, b"my phase"))
    kept = torch.mm(torch.ones(3, 5), torch.ones(5, 2))
    oar.check(oar.lib.oar_timer_end(state, b"my phase"))
    report(oar, oar.lib.oar_profile_end, state)
    events = json.loads((tmp_path / "profile_0.json").read_text())["traceEvents"]
    product, = (e for e in events if e["name"] == "aten::mm")
    assert product["args"]["Input Dims"][:2] == [[3, 5], [5, 2]]
    phase, = (e for e in events if e["name"] == "my phase")
    assert phase["ts"] <= product["ts"] and product["ts"] + product["dur"] <= phase["ts"] + phase["dur"]
    allocated = [e["args"]["Bytes"] for e in events if e["name"] == "[memory]"]
    assert kept.numel() * 4 <= max(allocated) and min(allocated) < 0


def test_one_profile_at_a_time_and_mistakes_are_named(oar, state, tmp_path):
    def fails(code, word, function, *arguments):
        with pytest.raises(oarlock_ctypes.OarlockError) as error:
            oar.check(function(*arguments))
        assert error.value.code == code and word in error.value.message, error.value

    out = ctypes.c_void_p()
    fails(3, "no profile", oar.lib.oar_profile_step, state, ctypes.byref(out))
    fails(3, "no profile", oar.lib.oar_profile_end, state, ctypes.byref(out))
    fails(1, "active", oar.lib.oar_profile_begin, state, b'{"wait":1}')
    fails(1, "warmup", oar.lib.oar_profile_begin, state, b'{"warmups":1}')
    begin(oar, state)
    fails(3, "already", oar.lib.oar_profile_begin, state, None)
    report(oar, oar.lib.oar_profile_end, state)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]):
        fails(3, "already", oar.lib.oar_profile_begin, state, None)
    begin(oar, state)
    assert report(oar, oar.lib.oar_profile_end, state) is not None


def test_a_trace_that_cannot_be_written_is_an_error_and_the_profile_goes_on(oar, state, tmp_path):
    (tmp_path / "file").write_text("kept")
    begin(oar, state, directory=str(tmp_path / "file" / "traces"), active=1, repeat=2)
    out = ctypes.c_void_p()
    assert oar.lib.oar_profile_step(state, ctypes.byref(out)) == 6 and not out.value
    assert oar.lib.oar_profile_end(state, ctypes.byref(out)) == 6
    assert (tmp_path / "file").read_text() == "kept"


def test_a_state_that_is_closed_ends_its_profile(oar):
    state = oar.make(oar.lib.oar_state_create, None)
    begin(oar, state)
    oar.check(oar.lib.oar_state_close(state))
    assert not torch.autograd.profiler._is_profiler_enabled
    other = oar.make(oar.lib.oar_state_create, None)
    begin(oar, other)
    report(oar, oar.lib.oar_profile_end, other)
    oar.check(oar.lib.oar_state_close(other))


def test_memory_figures_follow_an_allocation(oar):
    def figures():
        out = ctypes.c_void_p()
        oar.check(oar.lib.oar_memory_report(ctypes.byref(out)))
        return take(oar, out)

    before = figures()
    block = torch.ones(64 << 20, dtype=torch.uint8)  # written, so resident
    after = figures()
    assert after["rss_anonymous"] - before["rss_anonymous"] >= 60 << 20
    assert after["rss"] == after["rss_anonymous"] + after["rss_file"] + after["rss_shared"] and after["rss_peak"] >= after["rss"]
    assert block[-1] == 1


def test_deterministic_is_torchs_own_switch(oar, state):
    for on, warn_only in [(1, 0), (1, 1), (0, 0)]:
        oar.check(oar.lib.oar_state_set_deterministic(state, ctypes.c_int32(on), ctypes.c_int32(warn_only)))
        assert torch.are_deterministic_algorithms_enabled() == bool(on)
        assert torch.is_deterministic_algorithms_warn_only_enabled() == bool(warn_only)


def test_messages_have_rank_level_and_component(oar, state):
    seen = []
    function = ctypes.CFUNCTYPE(None, ctypes.c_int32, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p)
    sink = function(lambda level, component, text, _: seen.append((level, component, text)))
    oar.check(oar.lib.oar_log_set_callback(ctypes.c_int32(0), sink, None, None))
    try:
        for level, ranks, text in [(30, 0, b"main"), (40, 1, b"each"), (30, 2, b"in order"), (10, 0, b"not given")]:
            oar.check(oar.lib.oar_state_log(state, ctypes.c_int32(level), ctypes.c_int32(ranks), text))
        assert oar.lib.oar_state_log(state, ctypes.c_int32(50), ctypes.c_int32(0), b"off") == 1
        assert oar.lib.oar_state_log(state, ctypes.c_int32(30), ctypes.c_int32(3), b"whom") == 1
    finally:
        oar.check(oar.lib.oar_log_set_callback(ctypes.c_int32(0), None, None, None))
    assert seen == [(30, b"program", b"[RANK 0] main"), (40, b"program", b"[RANK 0] each"), (30, b"program", b"[RANK 0] in order")]
