"""Programs that call operators of a library that oar_load_library loads; libraries that must not be loaded."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest
import torch

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import oarlock_ctypes as oc  # noqa: E402

OAR = oc.load()
STATE = OAR.make(OAR.lib.oar_state_create, None)
LIBRARIES = pathlib.Path(os.environ["OARLOCK_BUILD"]) / "lib"

EXPORT = """
import sys, torch
library = torch.library.Library("oarlock_test_operators", "DEF")
library.define("scale(Tensor x, float factor) -> Tensor")
library.impl("scale", lambda x, factor: x * factor, "CompositeExplicitAutograd")
library.impl("scale", lambda x, factor: torch.empty_like(x), "Meta")

class Scaled(torch.nn.Module):
    def forward(self, x):
        return torch.ops.oarlock_test_operators.scale(x, 2.5)

torch.export.save(torch.export.export(Scaled(), (torch.ones(3),)), sys.argv[1])
"""


NESTED = """
import sys, torch
library = torch.library.Library("oarlock_test_operators", "DEF")
library.define("weigh_groups(Tensor[][] groups) -> Tensor")
def weigh_groups(groups):
    return sum(tensor * (place + 1) for place, group in enumerate(groups) for tensor in group)
library.impl("weigh_groups", weigh_groups, "CompositeExplicitAutograd")
library.impl("weigh_groups", lambda groups: torch.empty_like(groups[0][0]), "Meta")

class Groups(torch.nn.Module):
    def forward(self, x):
        return torch.ops.oarlock_test_operators.weigh_groups([[x, 10 * x], [], [x.exp()]])

module = Groups()
torch.save(module(torch.arange(3.0)), sys.argv[1] + ".expected")
torch.export.save(torch.export.export(module, (torch.arange(3.0),)), sys.argv[1])
"""


NAMED = """
import sys, torch
library = torch.library.Library("oarlock_test_operators", "DEF")
library.define("weigh_named(Dict(str, Tensor) tensors, Dict(str, int) weights) -> Tensor")
library.impl("weigh_named", lambda tensors, weights: sum(tensors[key] * weights[key] for key in tensors), "CompositeExplicitAutograd")
library.impl("weigh_named", lambda tensors, weights: torch.empty_like(tensors["x"]), "Meta")

class Named(torch.nn.Module):
    def forward(self, x):
        return torch.ops.oarlock_test_operators.weigh_named({"y": x.exp(), "x": x}, {"x": 2, "y": 3})

module = Named()
torch.save(module(torch.arange(3.0)), sys.argv[1] + ".expected")
torch.export.save(torch.export.export(module, (torch.arange(3.0),)), sys.argv[1])
"""


def load_library(path):
    OAR.check(OAR.lib.oar_load_library(str(path).encode()))


def refusal(path):
    with pytest.raises(oc.OarlockError) as caught:
        load_library(path)
    return caught.value


def test_a_program_calls_operators_of_a_library_once_it_is_loaded(tmp_path):
    subprocess.run([sys.executable, "-c", EXPORT, str(tmp_path / "scaled.pt2")], check=True, timeout=300)
    load = lambda: OAR.make(OAR.lib.oar_model_load, STATE, str(tmp_path / "scaled.pt2").encode(), None)  # noqa: E731
    with pytest.raises(oc.OarlockError) as caught:
        load()
    assert caught.value.code == oc.E_UNSUPPORTED
    assert "oarlock_test_operators::scale" in caught.value.message and "node scale" in caught.value.message
    assert "load the library that has it (oar_load_library)" in caught.value.message
    for _ in range(2):
        load_library(LIBRARIES / "operators_scale.so")
    assert torch.equal(OAR.forward(load(), [torch.ones(3)])[0], torch.full((3,), 2.5))


@pytest.mark.parametrize("export", [NESTED, NAMED], ids=["lists of lists", "dictionaries"])
def test_an_operator_of_a_library_may_take_tensors_in_lists_of_lists_and_dictionaries(tmp_path, export):
    path = tmp_path / "groups.pt2"
    subprocess.run([sys.executable, "-c", export, str(path)], check=True, timeout=300)
    load_library(LIBRARIES / "operators_scale.so")
    model = OAR.make(OAR.lib.oar_model_load, STATE, str(path).encode(), None)
    assert torch.equal(OAR.forward(model, [torch.arange(3.0)])[0], torch.load(f"{path}.expected"))


CLOSED = """
import _ctypes, ctypes, sys, torch
import oarlock_ctypes as oc
from op_values import call_op

OAR = oc.load()
STATE = OAR.make(OAR.lib.oar_state_create, None)
program, library = sys.argv[1:]

def opened():
    return ctypes.CDLL(library)._handle

def outcome(call):
    try:
        return call()[0].tolist()
    except oc.OarlockError as error:
        return f"{error.code} {error.message}"

handle = opened()
model = OAR.make(OAR.lib.oar_model_load, STATE, program.encode(), b'{"operators": "oarlock_test_closable"}')
runs = lambda: outcome(lambda: OAR.forward(model, [torch.ones(3)]))
calls = lambda: outcome(lambda: [OAR.tensor_to_torch(call_op(OAR, STATE, "oarlock_test_closable::scale", torch.ones(3), 2.5)[0])])
for name in ("", ".default"):
    call_op(OAR, STATE, "oarlock_test_closable::scale" + name, torch.ones(3), 2.5)
print(runs(), calls(), sep="|", end="|")
_ctypes.dlclose(handle)
assert "operators_closable" not in open("/proc/self/maps").read()
print(runs(), calls(), sep="|", end="|")
opened()
print(runs(), calls(), sep="|")
"""


def test_operators_of_a_library_that_the_host_closes_are_not_called(tmp_path):
    export = EXPORT.replace("oarlock_test_operators", "oarlock_test_closable")
    subprocess.run([sys.executable, "-c", export, str(tmp_path / "scaled.pt2")], check=True, timeout=300)
    environment = {**os.environ, "PYTHONPATH": f"{HERE}:{HERE.parent}"}
    told = subprocess.run([sys.executable, "-c", CLOSED, str(tmp_path / "scaled.pt2"), str(LIBRARIES / "operators_closable.so")],
                          env=environment, check=True, timeout=300, stdout=subprocess.PIPE, text=True).stdout.strip().split("|")
    scaled = str([2.5] * 3)
    assert told[:2] == [scaled, scaled] and told[4:] == [scaled, scaled], told
    assert "oarlock_test_closable" in told[2] and "node scale" in told[2], told[2]
    assert told[3].startswith(f"{oc.E_UNSUPPORTED} ") and "oarlock_test_closable" in told[3], told[3]


@pytest.mark.parametrize("name, text", [("throws", "thrown while loading"), ("unresolved", "oarlock_nobody_has_this"),
                                        ("exits", "ends the process")])
def test_a_library_that_does_not_load_is_an_error_with_its_reason(name, text):
    error = refusal(LIBRARIES / f"operators_{name}.so")
    assert error.code == oc.E_ARGUMENT
    assert text in error.message and f"operators_{name}.so" in error.message


def test_what_is_no_library_is_refused(tmp_path):
    assert refusal(tmp_path / "none.so").code == oc.E_NOT_FOUND
    (tmp_path / "text.so").write_text("no library")
    assert "cannot be loaded" in refusal(tmp_path / "text.so").message
    assert "is no file" in refusal(tmp_path).message


def test_a_library_that_anybody_may_write_to_is_refused(tmp_path):
    shutil.copy(LIBRARIES / "operators_scale.so", tmp_path / "open.so")
    (tmp_path / "open.so").chmod(0o777)
    assert "anybody may write" in refusal(tmp_path / "open.so").message


HOST = """
import ctypes, os, signal, sys, threading
lib = ctypes.CDLL(os.environ["OARLOCK_LIBRARY"])
lib.oar_last_error.restype = ctypes.c_char_p
def load(name):
    status = lib.oar_load_library(os.path.join(os.environ["OARLOCK_BUILD"], "lib", f"operators_{name}.so").encode())
    return status, (lib.oar_last_error() or b"").decode()
"""


def host(body, **environment):
    """What a host process of its own prints; none of its own children may be left, and it must end well within a trial's 60 s."""
    source = HOST + body + "\nprint(len(os.listdir('/proc/self/fd')), open(f'/proc/self/task/{os.getpid()}/children').read())"
    run = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=40, env={**os.environ, **environment})
    assert run.returncode == 0, run.stderr[-2000:]
    return run.stdout.splitlines()


@pytest.mark.parametrize("habit", ["", "signal.signal(signal.SIGCHLD, signal.SIG_IGN)", """
def reap():
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            threading.Event().wait(0.0005)
threading.Thread(target=reap, daemon=True).start()
"""], ids=["plain", "ignores children", "reaps all children"])
def test_hosts_with_their_own_ways_with_children(habit):
    *told, end = host(habit + """
for name in ("scale", "throws", "exits", "unresolved", "scale"):
    print(name, *load(name), sep="|")
""")
    codes = [int(line.split("|")[1]) for line in told if "|" in line]
    assert codes == [oc.OK, oc.E_ARGUMENT, oc.E_ARGUMENT, oc.E_ARGUMENT, oc.OK]
    assert len(end.split()) == 1, f"children are left: {end}"


def test_a_library_that_says_more_than_a_pipe_holds_is_loaded():
    assert host("print(*load('loud'))")[0] == "0 "


def test_a_process_that_a_library_leaves_behind_is_not_waited_for_and_ended(tmp_path):
    path = tmp_path / "pid"
    assert host("print(*load('forks'))", OARLOCK_TEST_PID_FILE=str(path))[0] == "0 "
    left = pathlib.Path(f"/proc/{path.read_text()}/stat")
    assert not left.exists() or left.read_text().rpartition(")")[2].split()[0] == "Z"


def test_threads_that_load_at_once_load_once():
    *told, _ = host("""
told = []
threads = [threading.Thread(target=lambda: told.append(load("scale"))) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(told)
""")
    assert told == [str([(oc.OK, "")] * 4)]


@pytest.mark.parametrize("num_bytes", [0, 4, 64, 3000])
def test_a_library_that_was_cut_off_is_refused(tmp_path, num_bytes):
    whole = (LIBRARIES / "operators_scale.so").read_bytes()
    (tmp_path / "cut.so").write_bytes(whole[:num_bytes])
    assert refusal(tmp_path / "cut.so").code == oc.E_ARGUMENT


def test_paths_that_are_no_regular_files_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "fifo.so")
    for path in (tmp_path / "fifo.so", "/dev/zero", "x" * 10000, ""):
        assert refusal(path).code in (oc.E_ARGUMENT, oc.E_NOT_FOUND)
