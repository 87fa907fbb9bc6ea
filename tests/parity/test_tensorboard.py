"""Event files through the C interface, read by the tensorboard package; torch's own writer gives the expected values."""
import ctypes
import json
import math
import pathlib
import sys

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from torch.utils.tensorboard import SummaryWriter

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import oarlock_ctypes  # noqa: E402


class Run:
    """A tracker and its directory."""

    def __init__(self, oar, state, directory):
        self.oar = oar
        self.directory = pathlib.Path(directory)
        options = json.dumps({"path": str(directory)}).encode()
        self.tracker = oar.make(oar.lib.oar_tracker_create, state, b"tensorboard", options)

    def log(self, step, **values):
        self.log_json(step, values)

    def log_numbers(self, step, **values):
        names = (ctypes.c_char_p * len(values))(*(name.encode() for name in values))
        numbers = (ctypes.c_double * len(values))(*values.values())
        self.oar.check(self.oar.lib.oar_tracker_log(self.tracker, ctypes.c_int64(step), names, numbers,
                                                    ctypes.c_size_t(len(values))))

    def log_json(self, step, values):
        text = json.dumps(values).encode()
        self.oar.check(self.oar.lib.oar_tracker_log_json(self.tracker, ctypes.c_int64(step), text))

    def close(self):
        self.oar.check(self.oar.lib.oar_tracker_close(self.tracker))


def read(directory):
    """{tag: [(step, value)]} of the scalars and {tag: [(step, bytes)]} of the texts in one directory."""
    events = EventAccumulator(str(directory), size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    scalars = {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    texts = {tag: [(event.step, event.tensor_proto.string_val[0]) for event in events.Tensors(tag)]
             for tag in events.Tags()["tensors"]}
    return scalars, texts


def directories(root):
    return sorted(str(path.relative_to(root)) for path in pathlib.Path(root).rglob("*") if path.is_dir())


def test_scalars_texts_and_groups_are_read_as_those_of_torch(oar, state, tmp_path):
    run = Run(oar, state, tmp_path / "ours")
    with SummaryWriter(tmp_path / "theirs") as theirs:
        for step in (0, 1, 7, 2**40):
            run.log_numbers(step, loss=1 / (step + 3), lr=1e-3)
            theirs.add_scalar("loss", 1 / (step + 3), step)
            theirs.add_scalar("lr", 1e-3, step)
        run.log(3, **{"note": "caf\u00e9\nsecond line", "is_best": True, "acc/top": {"train": 0.5, "val/own": 0.25}})
        theirs.add_text("note", "caf\u00e9\nsecond line", 3)
        theirs.add_scalar("is_best", True, 3)
        theirs.add_scalars("acc/top", {"train": 0.5, "val/own": 0.25}, 3)
    run.close()
    assert read(tmp_path / "ours") == read(tmp_path / "theirs")
    # torch keeps a "/" in the series' name, which nests one directory more; ours are all beside each other
    assert directories(tmp_path / "ours") == ["acc_top_train", "acc_top_val_own"]
    assert read(tmp_path / "ours" / "acc_top_train") == read(tmp_path / "theirs" / "acc_top_train")
    assert read(tmp_path / "ours" / "acc_top_val_own") == ({"acc/top": [(3, 0.25)]}, {})


def test_numbers_that_are_not_finite_are_scalars(oar, state, tmp_path):
    run = Run(oar, state, tmp_path)
    run.log_numbers(1, a=math.nan, b=math.inf, c=-math.inf)
    scalars, texts = read(tmp_path)
    assert texts == {} and math.isnan(scalars["a"][0][1])
    assert (scalars["b"], scalars["c"]) == ([(1, math.inf)], [(1, -math.inf)])


def test_what_was_logged_is_read_without_a_close_and_a_second_run_adds_to_it(oar, state, tmp_path):
    first = Run(oar, state, tmp_path)
    first.log_numbers(1, loss=2)
    assert read(tmp_path)[0] == {"loss": [(1, 2.0)]}
    second = Run(oar, state, tmp_path)
    second.log_numbers(2, loss=1)
    assert len(list(tmp_path.glob("events.out.tfevents.*"))) == 2
    assert sorted(read(tmp_path)[0]["loss"]) == [(1, 2.0), (2, 1.0)]


def test_every_record_has_good_checksums(oar, state, tmp_path):
    run = Run(oar, state, tmp_path)
    for step in range(100):
        run.log(step, loss=step, note="x" * step)
    file, = tmp_path.glob("events.out.tfevents.*")
    assert len(list(RawEventFileLoader(str(file)).Load())) == 101  # it raises DataLossError at a bad checksum


@pytest.mark.parametrize("values,word", [
    ({"list": [1, 2]}, "list"), ({"nothing": None}, "nothing"), ({"group": {"deep": {"er": 1}}}, "deep"),
    ({"group": {"text": "no"}}, "text"), ([1], "object"),
])
def test_what_tensorboard_does_not_show_is_refused_whole(oar, state, tmp_path, values, word):
    run = Run(oar, state, tmp_path)
    with pytest.raises(oarlock_ctypes.OarlockError) as error:
        run.log_json(1, dict(values, loss=1) if isinstance(values, dict) else values)
    assert error.value.code == 1 and word in error.value.message
    assert read(tmp_path) == ({}, {}) and directories(tmp_path) == []
    run.log_numbers(2, loss=1)
    assert read(tmp_path)[0] == {"loss": [(2, 1.0)]}


def test_a_path_is_needed_and_a_file_is_no_directory(oar, state, tmp_path):
    (tmp_path / "file").write_text("kept")
    for options, code, word in [(None, 1, "directory"), ({"path": str(tmp_path / "file")}, 6, "file")]:
        text = None if options is None else json.dumps(options).encode()
        with pytest.raises(oarlock_ctypes.OarlockError) as error:
            oar.make(oar.lib.oar_tracker_create, state, b"tensorboard", text)
        assert error.value.code == code and word in error.value.message, error.value
    assert (tmp_path / "file").read_text() == "kept"
