"""Metrics through the C interface, read back by Python's json; progress lines through a callback."""
import ctypes
import json
import math
import pathlib
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import oarlock_ctypes  # noqa: E402


def make_tracker(oar, state, path):
    return oar.make(oar.lib.oar_tracker_create, state, b"jsonl", json.dumps({"path": str(path)}).encode())


def log(oar, tracker, step, **values):
    names = (ctypes.c_char_p * len(values))(*(name.encode() for name in values))
    numbers = (ctypes.c_double * len(values))(*values.values())
    oar.check(oar.lib.oar_tracker_log(tracker, ctypes.c_int64(step), names, numbers, ctypes.c_size_t(len(values))))


def test_every_number_comes_back_as_it_was(oar, state, tmp_path):
    path = tmp_path / "run" / "metrics.jsonl"
    values = [0.1, 1 / 3, 1e-310, 1.7976931348623157e308, -0.0, 123456789.0, 5e-324, 2.0**53]
    tracker = make_tracker(oar, state, path)
    before = time.time()
    for step, value in enumerate(values):
        log(oar, tracker, step, loss=value, lr=1e-3)
    oar.check(oar.lib.oar_tracker_close(tracker))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["step"] for line in lines] == list(range(len(values)))
    assert [line["loss"] for line in lines] == values
    assert all(line["lr"] == 1e-3 and abs(line["time"] - before) < 60 for line in lines)


def test_numbers_that_json_lacks_are_strings_that_float_takes(oar, state, tmp_path):
    tracker = make_tracker(oar, state, tmp_path / "m.jsonl")
    log(oar, tracker, 0, a=math.nan, b=math.inf, c=-math.inf)
    line = json.loads((tmp_path / "m.jsonl").read_text())
    assert (line["a"], line["b"], line["c"]) == ("NaN", "Infinity", "-Infinity")
    assert math.isnan(float(line["a"])) and float(line["c"]) == -math.inf


def test_any_object_is_logged_and_a_second_run_appends(oar, state, tmp_path):
    path = tmp_path / "m.jsonl"
    given = {"note": "caf\u00e9 \"quoted\"\nsecond line", "list": [1, 2.5, None, True], "nested": {"deep": {"er": 1}}}
    for _ in range(2):
        tracker = make_tracker(oar, state, path)
        oar.check(oar.lib.oar_tracker_log_json(tracker, ctypes.c_int64(-3), json.dumps(given).encode()))
        oar.check(oar.lib.oar_tracker_close(tracker))
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == 2
    for line in lines:
        assert line.pop("step") == -3 and line.pop("time") > 1.7e9
        assert line == given


@pytest.mark.parametrize("call,code,word", [
    (lambda oar, tracker: oar.check(oar.lib.oar_tracker_log_json(tracker, ctypes.c_int64(0), b"[1]")), 1, "object"),
    (lambda oar, tracker: oar.check(oar.lib.oar_tracker_log_json(tracker, ctypes.c_int64(0), b'{"a":')), 1, ""),
    (lambda oar, tracker: log(oar, tracker, 0, **{"time": 1}), 1, "time"),
])
def test_mistakes_are_refused_and_write_nothing(oar, state, tmp_path, call, code, word):
    tracker = make_tracker(oar, state, tmp_path / "m.jsonl")
    with pytest.raises(oarlock_ctypes.OarlockError) as error:
        call(oar, tracker)
    assert error.value.code == code and word in error.value.message
    assert (tmp_path / "m.jsonl").read_text() == ""
    log(oar, tracker, 1, loss=1)
    assert len((tmp_path / "m.jsonl").read_text().splitlines()) == 1


def test_unknown_tracker_and_option_and_path(oar, state, tmp_path):
    def create(name, options):
        return oar.make(oar.lib.oar_tracker_create, state, name, options)
    for name, options, code, word in [(b"wandb", None, 4, "jsonl"), (b"jsonl", None, 1, "path"),
                                      (b"jsonl", b'{"pth":"x"}', 1, "path"),
                                      (b"jsonl", b'{"path":"/dev/null/x"}', 6, "/dev/null")]:
        with pytest.raises(oarlock_ctypes.OarlockError) as error:
            create(name, options)
        assert error.value.code == code and word in error.value.message, error.value


def test_progress_lines_go_to_the_callback_and_its_data_ends_once(oar, state):
    line_type = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_char_p, ctypes.c_void_p)
    release_type = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
    lines, released = [], []
    on_line = line_type(lambda text, _: lines.append(text.decode()) or 0)
    on_release = release_type(lambda data: released.append(data))
    progress = oar.make(oar.lib.oar_progress_create, state, b"epoch 1", ctypes.c_int64(4), b"batches")
    oar.check(oar.lib.oar_progress_set_callback(progress, on_line, ctypes.c_void_p(7), on_release))
    for _ in range(4):
        oar.check(oar.lib.oar_progress_advance(progress, ctypes.c_int64(1), b"loss 0.5"))
    oar.check(oar.lib.oar_progress_close(progress))
    assert [line[:14] for line in lines] == ["epoch 1  25%  ", "epoch 1  50%  ", "epoch 1  75%  ", "epoch 1 100%  "]
    assert all("batches/s" in line and line.endswith("loss 0.5") for line in lines)
    assert released == []
    progress.release()
    oar.check(oar.lib.oar_log_set_level(30))  # any later call drains what waits for its end
    assert released == [7]
    # a refused registration ends the data too
    status = oar.lib.oar_progress_set_callback(None, on_line, ctypes.c_void_p(8), on_release)
    assert status == 2 and released == [7, 8]
