"""What does not fit is refused with a text that says what and where; nothing crashes."""
import ast
import json
import subprocess

import pytest
from languages import DIGITS, SOURCE
from python_program import output, program, two_ranks

CASES = {  # call -> the exception's name, and words of its text
    'model({"images": numpy.zeros((2, 8, 8)), "labels": numpy.zeros(2, int)})': ("InvalidArgument", "images", "float64", "uint8"),
    'model({"images": numpy.zeros((2, 8), "B"), "labels": numpy.zeros(2, int)})': ("InvalidArgument", "images"),
    'model({"images": numpy.zeros((2, 8, 8), "B")})': ("InvalidArgument", "labels"),
    'model({"images": numpy.zeros((2, 8, 8), "B"), "labels": numpy.full(2, 99)})': ("InvalidArgument", "99"),
    'oarlock.as_tensor(numpy.zeros(2, ">f4"))': ("TypeError", ">f"),
    'oarlock.as_tensor(numpy.array(["a"]))': ("TypeError", "format"),
    'oarlock.as_tensor(numpy.array([object()]))': ("TypeError", "format"),
    'oarlock.as_tensor(numpy.zeros(2, "M8[s]"))': ("TypeError", "ndarray", "DLPack"),
    'oarlock.as_tensor([[1], [2, 3]])': ("ValueError", "inhomogeneous"),
    'oarlock.as_tensor(numpy.zeros(4)[::-1])': ("InvalidArgument", "stride"),
    'oarlock.as_tensor(numpy.zeros(2, "f, d")["f1"])': ("ValueError", "stride"),
    'oarlock.zeros(2, numpy.dtype(">f4"))': ("InvalidArgument", "byte order", ">f4"),
    'oarlock.from_memory(fixed.ctypes.data, (3,), numpy.dtype(">f8"))': ("InvalidArgument", "byte order"),
    'oarlock.as_tensor(__import__("torch").tensor([1j]).conj().imag)': ("TypeError", "negative bit", "resolve_neg"),
    'oarlock.zeros((2, -1))': ("InvalidArgument", "-1"),
    'oarlock.zeros((2**40, 2**40))': ("InvalidArgument",),
    'oarlock.zeros((2**45,))': ("OutOfMemory",),
    'state.group.all_reduce(fixed)': ("InvalidArgument", "read-only"),
    'state.group.all_reduce(numpy.broadcast_to(numpy.zeros(1), 3))': ("InvalidArgument",),
    'state.group.all_reduce(5.0)': ("TypeError", "float", "no memory"),
    'state.group.all_gather(numpy.zeros(1), [0.0])': ("TypeError", "list", "no memory"),
    'oarlock.Model.foreign(state, {"w": [1.0]})': ("TypeError", "list", "no memory"),
    'oarlock.Dataset({"a": numpy.zeros(3), "b": numpy.zeros(4)})': ("InvalidArgument", "3", "4"),
    'oarlock.Dataset({})': ("InvalidArgument", "column"),
    'oarlock.Dataset({"a": 1.0})': ("InvalidArgument", "dimension"),
    'data[360]': ("IndexError", "360"),
    'data[[0, 360]]': ("InvalidArgument", "360"),
    'data["images"]': ("TypeError",),
    'oarlock.Loader(data, batchsize=3)': ("InvalidArgument", "batch_size"),
    'oarlock.Loader(data, batch_size=float("nan"))': ("InvalidArgument", "finite"),
    'oarlock.Loader(data, "{", seed=1)': ("InvalidArgument", "JSON"),
    'oarlock.Loader(state)': ("TypeError", "dataset", "State"),
    'oarlock.Optimizer(model, "adan")': ("InvalidArgument", "did you mean 'adam'?", "adamw"),
    'oarlock.Config(seed=object())': ("TypeError", "object"),
    'oarlock.Config(seed=loop)': ("InvalidArgument", "hold themselves"),
    'oarlock.Config({"a\\0b": 1})': ("InvalidArgument",),
    'oarlock.State(loader={"batch_size": 4})': ("InvalidArgument", "loader.batch_size"),
    'oarlock.State(exchange=lambda mine: [])': ("InvalidArgument", "world_size"),
    'state.print("a\\0b")': ("ValueError", "NUL"),
    'state.print("\\ud800")': ("UnicodeEncodeError",),
    'state.on_print(5)': ("TypeError", "callable"),
    'state.seed(2**63)': ("OverflowError", "int64"),
    'state.group.broadcast(numpy.zeros(1), 2**40)': ("OverflowError", "int32"),
    'oarlock.Tree(loop)': ("InvalidArgument", "64 deep"),
    'oarlock.Tree({1: 2})': ("TypeError", "1"),
    'oarlock.Tree(2**64)': ("OverflowError", "int64"),
    'oarlock.Tree({"a": 1})["a.b.c"]': ("NotFound",),
    'oarlock.Tree([1, 2])[2]': ("IndexError", "2"),
    'oarlock.Checkpoint(digits)': ("NotFound", "manifest"),
    'oarlock.Model()': ("TypeError", "Model.load"),
    'oarlock.Model.load(state, digits + "/test.safetensors")': ("Corrupt",),
    'oarlock.Model.foreign(state, {"w": fixed})': ("InvalidArgument", "read-only"),
    'oarlock.from_dlpack(fixed.tolist())': ("TypeError", "__dlpack__"),
    'oarlock.zeros(2).__dlpack__(dl_device=(2, 0))': ("BufferError", "CPU"),
    'memoryview(oarlock.zeros(2, "bfloat16"))': ("BufferError", "DLPack"),
    'oarlock.zeros(2, "bfloat16").numpy()': ("Unsupported", "bfloat16"),
    'c.dataset_from_tensors(Uneven(a=oarlock.zeros(1)))': ("ValueError", "1 keys", "0 values"),
    'len(oarlock.zeros(()))': ("TypeError", "dimensions"),
    'float(oarlock.zeros(3))': ("InvalidArgument",),
    'oarlock.Accelerator(state).prepare(model, 5)': ("TypeError", "int"),
    'oarlock.Tracker(state, "wandb", path="x")': ("NotFound", "jsonl"),
    'oarlock.Tracker(state, path="metrics.jsonl").log(1, loss=object())': ("TypeError", "object"),
    'oarlock.set_log_level("loud")': ("InvalidArgument", "warning"),
}


REFUSED = """
    import json, numpy, oarlock, oarlock._c as c
    class Uneven(dict):
        def values(self):
            return []
    digits = {digits!r}
    data = oarlock.Dataset.from_safetensors(digits + "/test.safetensors")
    state = oarlock.State()
    model = oarlock.Model.load(state, digits + "/digits.pt2")
    fixed = numpy.zeros(3)
    fixed.flags.writeable = False
    loop = []
    loop.append(loop)
    told = {{}}
    for call in {calls!r}:
        try:
            eval(call)
            told[call] = ["accepted", ""]
        except Exception as error:
            told[call] = [type(error).__name__, str(error)]
    print(json.dumps(told))
    print(state.rank)
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What each call raised; all of them in one process, which lives on."""
    lines = output(REFUSED.format(calls=list(CASES), digits=str(DIGITS)), cwd=tmp_path_factory.mktemp("refused"))
    assert lines[1] == "0"
    return json.loads(lines[0])


@pytest.mark.parametrize("call", CASES)
def test_it_is_refused_by_name(told, call):
    name, *words = CASES[call]
    assert told[call][0] == name and all(word in told[call][1] for word in words), told[call]


def test_metrics_of_every_kind_of_number_are_logged(tmp_path):
    output("""
        import numpy, oarlock
        state = oarlock.State()
        with oarlock.Tracker(state, path="metrics.jsonl") as tracker:
            tracker.log(1, phase="train", loss=float("nan"), norm=float("-inf"), rate=numpy.float32(0.5), nested={"a": [float("inf")]},
                        tensor=oarlock.zeros(()))
    """, cwd=tmp_path)
    line = json.loads((tmp_path / "metrics.jsonl").read_text())
    assert {key: value for key, value in line.items() if key != "time"} == {
        "step": 1, "phase": "train", "loss": "NaN", "norm": "-Infinity", "rate": 0.5, "nested": {"a": ["Infinity"]}, "tensor": 0.0}


def test_what_fails_in_an_accumulation_is_what_is_raised():
    assert output("""
        import oarlock
        accelerator = oarlock.Accelerator(oarlock.State())
        try:
            with accelerator.accumulate():
                accelerator.close()  # so that the accumulation cannot be ended
                raise KeyError("mine")
        except KeyError as error:
            print(error)
        try:
            with accelerator.accumulate():
                pass
        except oarlock.InvalidState as error:
            print(error)
    """) == ["'mine'", "the accelerator is closed"]


def test_ranks_that_wait_for_one_that_raises_learn_its_error():
    waiting, failing = two_ranks("""
        import oarlock
        with oarlock.State() as state:
            if state.rank == 1:
                raise ValueError("rank 1 has\\0had enough\\nof it")
            state.barrier(60)
    """).finish(timeout=120, check=False)
    assert waiting.returncode == failing.returncode == 1 and "ValueError: rank 1 has" in failing.stderr
    assert "Aborted" in waiting.stderr and "ValueError: rank 1 has had enough" in waiting.stderr


def test_every_low_level_function_refuses_what_it_does_not_take():
    """Each function with wrong things in every place, and with released handles: an exception or a result, no crash."""
    stub = ast.parse((SOURCE / "bindings/python/oarlock/_c.pyi").read_text())
    counts = {node.name: len(node.args.args) for node in stub.body if isinstance(node, ast.FunctionDef)}
    for name in ("tensor_from_memory", "start", "shutdown", "set_class"):  # addresses cannot be checked; the package's own
        del counts[name]
    assert len(counts) > 150
    lines = output(f"""
        import oarlock, oarlock._c as c
        released = [oarlock.zeros(1), oarlock.State(), oarlock.Config(), oarlock.Tree([]), oarlock.as_tensor(b"x")]
        for handle in released:
            handle.release()
        wrong = [None, 5, -1, 2**80, 1.5, "text", b"bytes", [], {{}}, object(), len, c.Handle(), c.StateHandle(), *released]
        calls = 0
        for name, count in {counts!r}.items():
            for thing in wrong:
                try:
                    getattr(c, name)(*[thing] * count)
                except Exception:
                    pass
                calls += 1
        c.log_set_callback(0, None)
        print(calls, oarlock.State().rank)
    """, check=True)
    assert lines[-1].split() == [str(len(counts) * 18), "0"]


def test_an_object_that_was_released_says_so_in_every_class():
    lines = output("""
        import oarlock
        calls = {"Accelerator": "sync_gradients", "Checkpoint": "manifest", "Config": "to_dict()", "Dataset": "__len__()", "Group": "size",
                 "Loader": "epoch", "Model": "training", "Optimizer": "lr", "Progress": "close()", "Scheduler": "num_steps",
                 "State": "rank", "Tensor": "shape", "Tracker": "close()", "Tree": "keys()", "Work": "is_done"}
        for name, call in calls.items():
            kind = getattr(oarlock, name)
            handle = kind.__new__(kind)
            repr(handle)
            try:
                eval(f"handle.{call}")
            except oarlock.InvalidHandle as error:
                print(name in str(error) and "released" in str(error))
    """)
    assert lines == ["True"] * 15


@pytest.mark.parametrize("raised", ["KeyboardInterrupt()", "SystemExit(3)", "GeneratorExit()", "oarlock.Corrupt('mine')", "StopIteration()"])
def test_whatever_a_callback_raises_comes_out_as_it_is(raised):
    lines = output(f"""
        import oarlock
        state, error = oarlock.State(), None
        def fail(line):
            global error
            error = {raised}
            raise error
        state.on_print(fail)
        try:
            state.print("x")
        except BaseException as caught:
            print(caught is error, caught.__traceback__.tb_next is not None)
        state.on_print(None)
        state.print("works on")
    """)
    assert lines == ["True True", "works on"]


def test_an_error_inside_logging_is_reported_as_unraisable():
    run = program("""
        import logging, oarlock, sys, tempfile
        from pathlib import Path
        folder = Path(tempfile.mkdtemp())
        (folder / "checkpoint_1").mkdir()
        def fail(record):
            raise ValueError("in a filter")
        logging.getLogger("oarlock.checkpoint").addFilter(fail)
        sys.unraisablehook = lambda report: print("reported", report.exc_value)
        try:
            oarlock.Checkpoint.latest(folder)
        except oarlock.NotFound:
            print("NOT_FOUND")
    """)
    assert run.stdout.splitlines() == ["reported in a filter", "NOT_FOUND"]


def test_calls_of_the_library_inside_a_callback_keep_their_own_errors():
    lines = output("""
        import oarlock
        state = oarlock.State()
        def nested(line):
            try:
                oarlock.Config(nothing=1)
            except oarlock.InvalidArgument as error:
                print("inner", error.name)
            if line == "fails":
                raise LookupError("outer")
        state.on_print(nested)
        state.print("fine")
        try:
            state.print("fails")
        except LookupError as error:
            print(error)
    """)
    assert lines == ["inner ARGUMENT", "inner ARGUMENT", "outer"]


@pytest.mark.parametrize("thing", ["oarlock.State()", "oarlock.zeros(2)", "oarlock.Config()", "oarlock.Tree({})"])
@pytest.mark.parametrize("copier", ["pickle.dumps", "copy.copy", "copy.deepcopy"])
def test_handles_cannot_be_pickled_or_copied(thing, copier):
    [line] = output(f"""
        import copy, oarlock, pickle
        try:
            {copier}({thing})
        except TypeError as error:
            print(error)
    """)
    assert line.startswith("cannot pickle or copy") and "other process" in line


def test_a_libtorch_that_the_library_refuses_is_told_by_every_call(tmp_path):
    """It is in the process under another name, so that the package cannot see it; the library does."""
    (tmp_path / "other.c").write_text("unsigned long aoti_torch_abi_version(void) { return 2ul << 56 | 10ul << 48; }")
    other = tmp_path / "libother.so"
    subprocess.run(["cc", "-shared", "-fPIC", str(tmp_path / "other.c"), "-o", str(other)], check=True, timeout=60)
    lines = output("""
        import oarlock
        for call in (oarlock.Config, lambda: oarlock.zeros(2)):
            try:
                call()
            except oarlock.VersionMismatch as error:
                print(error.name, error)
    """, LD_PRELOAD=other)
    assert len(lines) == 2 and all(word in line for line in lines for word in ("VERSION", "2.10.0", "2.11", "libother.so", "libtorch_cpu.so"))


def test_errors_can_be_pickled():
    lines = output("""
        import oarlock, pickle
        try:
            oarlock.Dataset.from_safetensors("missing")
        except oarlock.NotFound as error:
            copied = pickle.loads(pickle.dumps(error))
            print(type(copied) is type(error), str(copied) == str(error), copied.code == error.code, copied.operation == error.operation)
    """)
    assert lines == ["True True True True"]
