"""`oarlock export`, from the build tree and from an installed tree that was moved: what it saves, prints and refuses."""
import importlib
import os
import pathlib
import signal
import subprocess
import sys

import pytest
import safetensors.torch
import torch

sys.path[:0] = [str(pathlib.Path(__file__).parent.parent), str(pathlib.Path(__file__).parent.parent / "parity")]
import oarlock_ctypes  # noqa: E402
import programs  # noqa: E402

BUILD = pathlib.Path(os.environ["OARLOCK_BUILD"])
PROGRAM = """
import torch
from torch import nn
from beside import WIDTH

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(WIDTH, 3)

    def forward(self, x):
        return self.fc(x)

def made(**options):
    torch.manual_seed(0)
    return {"model": Net(), "example_inputs": torch.zeros(4, WIDTH), **options}

def program():
    return made(loss=nn.CrossEntropyLoss(), targets=torch.arange(4) % 3, dynamic="batch")

def pair():
    return Net(), torch.zeros(4, WIDTH)

def triple():
    return Net(), (torch.zeros(4, WIDTH),), {"dynamic": "rows"}

def number():
    return 3

def misspelt():
    return made(dynamics="batch")

def fixed():
    net = Net()
    net.forward = lambda x: net.fc(x) if x.sum() > 0 else x
    return net, torch.zeros(4, WIDTH)

def broken():
    return {}["nothing"]

def nothing():
    made()

def needs(width):
    return made()

def odd():
    return Net(), torch.zeros(4, WIDTH), "batch"

def ends():
    raise SystemExit(3)

def talks():
    print("made", flush=True)
    return made()

class Killed(Net):
    calls = 0

    def forward(self, x):
        Killed.calls += 1
        if Killed.calls == 4:  # in the check, when the file is there in part
            import os
            import signal
            os.kill(os.getpid(), signal.SIGTERM)
        return super().forward(x)

def killed():
    return Killed(), torch.zeros(4, WIDTH)
"""


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    first, moved = tmp_path_factory.mktemp("install") / "first", tmp_path_factory.mktemp("install") / "moved"
    subprocess.run(["cmake", "--install", BUILD, "--prefix", first], check=True, capture_output=True, timeout=300)
    first.rename(moved)
    return moved


@pytest.fixture(params=["build", "installed"])
def command(request):
    return (BUILD if request.param == "build" else request.getfixturevalue("prefix")) / "bin/oarlock"


@pytest.fixture
def place(tmp_path):
    (tmp_path / "net.py").write_text(PROGRAM)
    (tmp_path / "beside.py").write_text("WIDTH = 8\n")
    return tmp_path


def export(place, *words, command=BUILD / "bin/oarlock", **variables):
    environment = {**os.environ, "OARLOCK_PYTHON": sys.executable, "PYTHONDONTWRITEBYTECODE": "1", **variables}
    environment = {name: value for name, value in environment.items() if value is not None}
    done = subprocess.run([str(command), "export", *map(str, words)], cwd=place, capture_output=True, text=True, timeout=120, env=environment)
    return done.returncode, done.stdout, done.stderr


def test_a_program_is_saved_described_and_runs(place, command):
    status, said, error = export(place, "net.py:program", "-o", "out.pt2", command=command)
    assert (status, error) == (0, "")
    assert said.splitlines()[0].startswith("out.pt2: ") and "27 numbers in parameters" in said.splitlines()[0]
    assert [line.strip() for line in said.splitlines()[1:]] == [
        "input   x: float32 [batch, 8]", "input   target: int64 [batch]", "output  loss: float32 []  (the loss)", "output  outputs: float32 [batch, 3]"]
    oar = oarlock_ctypes.load()
    model = oar.make(oar.lib.oar_model_load, oar.make(oar.lib.oar_state_create, None), str(place / "out.pt2").encode(), None)
    weight, bias = oar.parameter(model, "fc.weight"), oar.parameter(model, "fc.bias")
    ours = oar.forward(model, {"x": torch.ones(5, 8), "target": torch.arange(5) % 3})
    assert torch.allclose(ours["outputs"], torch.ones(5, 8) @ weight.t() + bias)


def test_the_file_is_called_like_the_python_file(place):
    assert export(place, "net.py:triple")[0] == 0 and (place / "net.pt2").exists()


def test_weights_are_saved_beside_a_graph_without_them(place):
    status, said, _ = export(place, "net.py:program", "-o", "out.pt2", "--no-weights", "--weights", "w.safetensors", "--stack-traces")
    assert status == 0 and "w.safetensors: " in said
    torch.manual_seed(0)
    linear = torch.nn.Linear(8, 3)
    weights = safetensors.torch.load_file(place / "w.safetensors")
    assert torch.equal(weights["fc.weight"], linear.weight) and torch.equal(weights["fc.bias"], linear.bias)
    assert torch.export.load(str(place / "out.pt2")).state_dict["fc.weight"].is_meta
    assert str(place).encode() in (place / "out.pt2").read_bytes(), "--stack-traces"


@pytest.mark.parametrize("words, text", [
    (["net.py"], "'net.py' is not FILE:FUNCTION, such as net.py:program"),
    (["none.py:program"], "there is no file 'none.py'"),
    ([], "oarlock export --help"),
    (["net.py:program", "--no-wights"], "oarlock export --help"),
])
def test_a_wrong_command_line_is_told(place, words, text):
    got, said, error = export(place, *words)
    assert (got, said) == (2, "") and text in error


@pytest.mark.parametrize("words, text", [
    (["net.py:progam"], "net.py has no function 'progam' (did you mean 'program'?)"),
    (["net.py:number"], "number() of net.py must return a dict of arguments of export_program"),
    (["net.py:nothing"], "not None (is there a return?)"),
    (["net.py:odd"], "not a tuple of Net, Tensor, str"),
    (["net.py:needs"], "needs() of net.py is called without arguments, but: missing a required argument: 'width'"),
    (["net.py:Net"], "Net() of net.py is a class; name a function that takes nothing"),
    (["net.py:ends"], "net.py:ends ended the program by sys.exit(3)"),
    (["net.py:misspelt"], "misspelt() of net.py returns 'dynamics', which export_program does not take (did you mean 'dynamic'?)"),
    (["net.py:fixed"], "oarlock export: torch.export cannot trace the model: forward decides in Python"),
    (["net.py:broken"], "oarlock export: net.py:broken failed: KeyError: 'nothing'"),
    (["net.py:program", "-o", "no/where.pt2"], "no/where.pt2: No such file or directory"),
    (["net.py:program", "-o", "."], ": it is a folder"),
    (["net.py"], "oarlock export: 'net.py' is not FILE:FUNCTION"),
    (["net.py:"], "oarlock export: 'net.py:' is not FILE:FUNCTION"),
])
def test_what_the_file_does_wrong_is_told(place, monkeypatch, words, text):
    """In this process, by what the command starts: to import torch takes longer than all else."""
    monkeypatch.chdir(place)
    monkeypatch.setattr(sys, "argv", ["oarlock export", *words])
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "beside", raising=False)
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(f"{programs.load_exporter().__name__}.__main__").main()
    assert text in ended.value.code
    assert not list(place.glob("**/*.pt2*"))


def test_a_syntax_error_is_shown_with_its_line(place):
    (place / "wrong.py").write_text("import torch\ndef program(:\n    pass\n")
    status, _, error = export(place, "wrong.py:program")
    assert status == 1 and 'wrong.py", line 2' in error and error.endswith("wrong.py:program failed: SyntaxError: invalid syntax (wrong.py, line 2)\n")


def test_a_file_may_be_called_like_a_module_of_python(place):
    (place / "types.py").write_text((place / "net.py").read_text())
    status, _, error = export(place, "types.py:program")
    assert (status, error) == (0, "") and (place / "types.pt2").exists()


def test_a_full_disk_is_told_and_leaves_nothing(place):
    """torch's own writer ends the process there."""
    script = f'ulimit -f 3; exec "{BUILD}/bin/oarlock" export net.py:program -o out.pt2'
    done = subprocess.run(["bash", "-c", script], cwd=place, capture_output=True, text=True, timeout=120,
                          env={**os.environ, "OARLOCK_PYTHON": sys.executable, "PYTHONDONTWRITEBYTECODE": "1"})
    assert done.returncode == 1 and done.stderr.startswith("oarlock export: cannot write ") and "File too large" in done.stderr
    assert not list(place.glob("*.pt2*"))


def with_no_reader(place, words):
    script = f'"{BUILD}/bin/oarlock" export {words} | true; exit ${{PIPESTATUS[0]}}'
    return subprocess.run(["bash", "-c", script], cwd=place, capture_output=True, text=True, timeout=120,
                          env={**os.environ, "OARLOCK_PYTHON": sys.executable, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"})


def test_whoever_reads_the_summary_may_stop(place):
    done = with_no_reader(place, "net.py:program -o out.pt2 --weights w.safetensors")
    assert (done.returncode, done.stderr) == (0, "") and (place / "out.pt2").exists() and (place / "w.safetensors").exists()


def test_an_export_that_ends_without_a_file_does_not_say_that_all_went_well(place):
    done = with_no_reader(place, "net.py:talks -o out.pt2")
    assert done.returncode == 1 and "net.py:talks failed: BrokenPipeError" in done.stderr and not list(place.glob("*.pt2*"))


def test_a_signal_leaves_no_file_in_part(place):
    status, _, _ = export(place, "net.py:killed", "-o", "out.pt2")
    assert status in (-signal.SIGTERM, 128 + signal.SIGTERM) and not list(place.glob("*.pt2*"))


def test_errors_of_the_users_file_come_with_their_line(place):
    status, _, error = export(place, "net.py:broken")
    assert status == 1 and 'net.py", line' in error and 'return {}["nothing"]' in error and "oarlock_export" not in error and "importlib" not in error


def test_a_python_without_torch_is_told(place, command):
    (place / "torch.py").write_text("raise ImportError('no torch here')")
    status, _, error = export(place, "net.py:program", command=command, PYTHONPATH=str(place))
    assert status == 1 and f"exporting needs torch, and the Python {sys.executable} has none that works" in error and "OARLOCK_PYTHON" in error


def test_a_torch_that_is_too_old_is_told(place):
    (place / "torch.py").write_text("__version__ = '2.4.1+cpu'")
    status, _, error = export(place, "net.py:program", PYTHONPATH=str(place))
    assert status == 1 and f"exporting needs torch 2.11 or later; that of {sys.executable} is 2.4.1+cpu" in error and "OARLOCK_PYTHON" in error


def test_without_a_python_the_status_is_that_of_a_missing_program(place):
    (place / "text").write_text("no program")
    status, _, error = export(place, "net.py:program", OARLOCK_PYTHON=None, PATH="/nonexistent")
    assert status == 127 and "no python3 or python in PATH" in error and "OARLOCK_PYTHON=" in error
    status, _, error = export(place, "net.py:program", OARLOCK_PYTHON="/nonexistent/python")
    assert status == 127 and "OARLOCK_PYTHON: there is no program '/nonexistent/python'" in error
    status, _, error = export(place, "net.py:program", OARLOCK_PYTHON=str(place / "text"))
    assert status == 126 and "is not executable" in error


def test_the_python_of_the_path_is_taken(place):
    (place / "bin").mkdir()
    (place / "bin/python3").write_text(f"#!/bin/sh\necho ran \"$@\"\nexec '{sys.executable}' \"$@\"\n")
    (place / "bin/python3").chmod(0o755)
    status, said, _ = export(place, "net.py:pair", OARLOCK_PYTHON=None, PATH=f"{place}/bin:{os.environ['PATH']}")
    assert status == 0 and said.startswith("ran ") and (place / "net.pt2").exists()


def test_an_incomplete_installation_is_told(place):
    (place / "bin").mkdir()
    (place / "bin/oarlock").write_bytes((BUILD / "bin/oarlock").read_bytes())
    (place / "bin/oarlock").chmod(0o755)
    status, _, error = export(place, "net.py:program", command=place / "bin/oarlock")
    assert status == 1 and f"the exporter is not at {place}/share/oarlock/oarlock_export" in error and "-m oarlock.export" in error


def test_help_tells_what_a_function_returns(place):
    status, said, _ = export(place, "--help")
    assert status == 0 and "FILE:FUNCTION" in said and '"example_inputs"' in said and "Exit status" in said
