"""Objects, errors, options, trees, callbacks, messages."""
import gc
import logging
import time
import weakref

import numpy
import oarlock
import oarlock._c as c
from scene import DIGITS, digits, live_handles, raises, scenario


@scenario
def create_use_close(folder):
    state = oarlock.State()
    assert (state.rank, state.world_size, state.local_rank, state.local_world_size) == (0, 1, 0, 1)
    assert state.is_main_process and state.is_local_main_process and state.is_last_process and state.device == "cpu"
    state.close()
    state.close()
    with oarlock.State() as other:
        assert other.group.size == 1


@scenario
def error_text(folder):
    missing = folder / "missing.safetensors"
    with raises(oarlock.NotFound, missing) as caught:
        oarlock.Dataset.from_safetensors(missing)
    [error] = caught
    assert isinstance(error, (oarlock.Error, FileNotFoundError)) and isinstance(error, FileNotFoundError)
    assert (error.code, error.name, error.rank) == (oarlock.E_NOT_FOUND, "NOT_FOUND", None)
    assert error.operation == "oar_dataset_from_safetensors" and error.component == "dataset", error.operation


@scenario
def wrong_handle(folder):
    config = oarlock.Config()
    with raises(TypeError, "tensor is needed", "Config"):
        c.tensor_item(config)
    with raises(TypeError, "tensor is needed", "NoneType"):
        c.tensor_item(None)
    with raises(oarlock.InvalidHandle, "Tensor was released"):
        c.tensor_item(c.TensorHandle.__new__(oarlock.Tensor))
    config["seed"] = 5
    assert config["seed"] == 5


@scenario
def release_any_order(folder):
    before = live_handles()
    config = oarlock.Config(seed=3)
    state = oarlock.State(config)
    config.release()
    data = digits()
    loader = oarlock.Loader(data, batch_size=32)
    data.release()
    model = oarlock.Model.load(state, DIGITS / "digits.pt2")
    accelerator = oarlock.Accelerator(state)
    state.release()
    optimizer = oarlock.Optimizer(model, "sgd", lr=0.125)
    accelerator.prepare(loader, model, optimizer)
    batches = iter(loader)
    outputs = model(next(batches))
    model.release()
    accelerator.backward(outputs["loss"])
    accelerator.step(optimizer)
    assert optimizer.num_steps == 1
    gathered = accelerator.gather_for_metrics(outputs["logits"])
    batch = next(batches)
    assert gathered.shape == (32, 10) and batch["images"].shape == (32, 8, 8)
    for handle in (accelerator, outputs, loader, optimizer, gathered, batch):
        handle.release()
    del batches
    assert live_handles() == before


@scenario
def use_after_close(folder):
    state = oarlock.State()
    tracker = oarlock.Tracker(state, path=folder / "closed.jsonl")
    loader = oarlock.Loader(digits(), batch_size=4)
    accelerator = oarlock.Accelerator(state)
    for closed in (tracker, loader, accelerator):
        closed.close()
        closed.close()
    with raises(oarlock.InvalidState) as caught:
        tracker.log(1, loss=1.0)
    assert caught[0].name == "STATE"
    with raises(oarlock.InvalidState):
        next(iter(loader))
    with raises(oarlock.InvalidState):
        accelerator.prepare(loader)
    tracker.release()
    with raises(oarlock.InvalidHandle, "Tracker was released"):
        tracker.log(1, loss=1.0)
    tracker.release()
    assert tracker.released and not state.released


@scenario
def config_unknown_key(folder):
    config = oarlock.Config(comm={"timeout_ms": 1234})
    with raises(oarlock.InvalidArgument, "comm.timeout_ms"):
        config["comm.timeout"] = 5
    with raises(ValueError, "comm.timeout_ms"):
        config.update({"seed": 9, "comm": {"timeout": 5}})
    assert config["comm.timeout_ms"] == 1234 and config["seed"] is None


@scenario
def config_values(folder):
    config = oarlock.Config(ddp={"broadcast_buffers": False, "bucket_cap_mb": 2.5}, project_dir=folder)
    assert (config["ddp.broadcast_buffers"], config["ddp.bucket_cap_mb"], config["project_dir"]) == (False, 2.5, str(folder))
    for seed in (0, 2**53 + 1, 2**63 - 1):
        config["seed"] = seed
        assert config["seed"] == seed
        config.update(seed=seed)
        assert config.to_dict()["seed"] == seed
    config["ddp.broadcast_buffers"] = True
    config["ddp.bucket_cap_mb"] = 0.1
    config["comm.timeout_ms"] = 2**40
    assert (config["ddp.broadcast_buffers"], config["ddp.bucket_cap_mb"], config["comm.timeout_ms"]) == (True, 0.1, 2**40)
    with raises(oarlock.InvalidArgument):
        config["ddp.broadcast_buffers"] = "yes"
    with oarlock.State(config, project_dir="elsewhere"):
        assert config["project_dir"] == str(folder)  # options beside a config leave it as it is


@scenario
def tree_values(folder):
    array = numpy.arange(6, dtype=numpy.float64).reshape(2, 3)
    value = {"images": array, "more": [2**53 + 1, 0.5, True, "text \u00e4", None, {"deep": -1}], "dotted.key": "yes", "": "empty key"}
    tree = oarlock.Tree(value)
    back = tree.to_python()
    assert back["more"] == value["more"] and [type(item) for item in back["more"][:3]] == [int, float, bool]
    assert back["images"].data_ptr() == array.ctypes.data and back["dotted.key"] == "yes" and back[""] == "empty key"
    assert tree.keys() == list(value) and tree["more.5.deep"] == -1 and tree["more"][0] == 2**53 + 1 and "more.1" in tree
    with raises(oarlock.NotFound, "labels", "images", "more") as caught:
        tree["labels"]
    assert isinstance(caught[0], KeyError) and tree.get("labels") is None
    round_trip = [value["more"]]
    round_trip.append(round_trip)
    with raises(oarlock.InvalidArgument, "64 deep"):
        oarlock.Tree(round_trip)


class Lines(list):
    """Lines that a callback got; weak references tell when it has been let go of."""

    def listener(self):
        def listen(line):
            self.append(line)
        return listen


@scenario
def callback_called(folder):
    state, lines = oarlock.State(), Lines()
    first, second = lines.listener(), lines.listener()
    alive = [weakref.ref(first), weakref.ref(second)]
    state.on_print(first)
    del first
    state.print("one", 1)
    assert lines == ["one 1"] and alive[0]() is not None
    state.on_print(second)
    del second
    gc.collect()
    assert alive[0]() is None and alive[1]() is not None
    state.print("two")
    shown = Lines()
    with oarlock.Progress(state, "epoch 1", 4, on_line=shown.listener()) as progress:
        for _ in range(4):
            progress.advance(1, "loss 0.5")
    assert "4/4" in shown[-1] and "loss 0.5" in shown[-1], shown
    del progress
    state.close()
    state.release()
    oarlock.Config()  # the next call that can fail
    assert alive[1]() is None and lines == ["one 1", "two"]


@scenario
def callback_error(folder):
    state = oarlock.State()
    error = ZeroDivisionError("inside")

    def fail(line):
        raise error

    state.on_print(fail)
    with raises(ZeroDivisionError) as caught:
        state.print("x")
    assert caught[0] is error
    with oarlock.Progress(state, "epoch", 10, on_line=fail) as progress:
        with raises(ZeroDivisionError) as caught:
            progress.advance(5)
        assert caught[0] is error
        progress.on_line(None)
    lines = Lines()
    state.on_print(lines.append)
    state.print("it works on")
    assert lines == ["it works on"] and state.rank == 0
    state.on_print(None)
    del fail, error, caught


@scenario
def log_messages(folder):
    (folder / "log/checkpoint_3").mkdir(parents=True)
    records = []
    handler = logging.Handler()
    handler.emit = records.append
    logger = logging.getLogger("oarlock")
    logger.addHandler(handler)
    try:
        for level, count in (("warning", 1), ("error", 0), (logging.WARNING, 1)):
            records.clear()
            oarlock.set_log_level(level)
            with raises(oarlock.NotFound):
                oarlock.Checkpoint.latest(folder / "log")
            assert len(records) == count, records
        [record] = records
        assert record.levelno == logging.WARNING and record.name == "oarlock.checkpoint" and record.component == "checkpoint"
        assert "checkpoint_3" in record.getMessage()
    finally:
        logger.removeHandler(handler)


@scenario
def time_out_refused(folder):
    state = oarlock.State()
    for call in (lambda: state.barrier(-1.0), lambda: state.group.barrier(-0.001), lambda: state.group.all_gather_bytes(b"", timeout=-2),
                 lambda: state.group.all_reduce(numpy.zeros(1), timeout=-1), lambda: state.barrier(0)):
        before = time.monotonic()
        with raises(oarlock.InvalidArgument, "timeout_ms"):
            call()
        assert time.monotonic() - before < 1
    with raises(oarlock.InvalidArgument, "finite"):
        state.barrier(float("inf"))
    state.close()
