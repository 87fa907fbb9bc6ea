"""The generated part of Python's low level is what its generator writes today, and nothing of the interface is missing in it."""
import json
import subprocess
import sys

import pytest
from languages import BUILT, SOURCE, environment

PACKAGE = SOURCE / "bindings/python"
API = json.loads((SOURCE / "capi/api.json").read_text())
FILES = ("oarlock/_constants.py", "swig/functions.i", "native/kinds.h", "native/trampolines.h", "oarlock/_c.pyi")


def in_python(script):
    run = subprocess.run([str(BUILT / "python/bin/python"), "-c", script], capture_output=True, text=True, timeout=120, env=environment())
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("generated")
    subprocess.run([sys.executable, str(PACKAGE / "generate.py"), str(folder)], check=True, timeout=60)
    return folder


@pytest.mark.parametrize("file", FILES)
def test_the_file_is_what_the_generator_writes(written, file):
    assert (written / file).read_text() == (PACKAGE / file).read_text(), "run bindings/python/generate.py"


@pytest.fixture(scope="module")
def low_level():
    """Name in oarlock._c -> its value if that is a constant, else its documentation."""
    return json.loads(in_python("import oarlock._c as c, json\n"
                                "print(json.dumps({n: v if isinstance(v := getattr(c, n), (int, str)) else v.__doc__ for n in dir(c)}))"))


def test_every_function_is_there_with_its_documentation(low_level):
    missing = [function["name"] for function in API["functions"]
               if function["brief"].split("\n")[0] not in (low_level.get(function["name"].removeprefix("oar_")) or "")]
    assert missing == []


def test_every_constant_has_its_value(low_level):
    assert {constant["name"]: low_level.get(constant["name"].removeprefix("OAR_")) for constant in API["constants"]} == \
        {constant["name"]: constant["value"] for constant in API["constants"]}


def test_every_handle_has_a_type_and_every_callback_a_trampoline(low_level):
    assert [name for name in API["handles"] if name.removeprefix("oar_").capitalize() + "Handle" not in low_level] == []
    taken = {param["type"] for function in API["functions"] for param in function["params"] if param["role"] == "callback"}
    code = (PACKAGE / "native/trampolines.h").read_text() + (PACKAGE / "native/callbacks.c").read_text()
    assert [name for name in taken if name != "oar_release_fn" and f" oar_py_{name.removeprefix('oar_').removesuffix('_fn')}(" not in code] == []


def test_every_handle_that_is_given_out_has_a_class():
    """But bytes and errors, which the package turns into Python's own."""
    handles = [name for name in API["handles"] if name not in ("oar_bytes", "oar_error")]
    classes = in_python("import oarlock\nprint(*(name for name, made in vars(oarlock).items() if isinstance(made, type)))").split()
    assert [name for name in handles if name.removeprefix("oar_").capitalize() not in classes] == []


def test_a_shape_without_a_typemap_is_refused(monkeypatch):
    monkeypatch.syspath_prepend(str(PACKAGE))
    import generate
    function = {"name": "oar_new_thing", "params": [{"name": "x", "role": "struct", "type": "oar_x *", "tags": []}]}
    with pytest.raises(SystemExit, match="oar_new_thing: no shape for"):
        generate.shaped(function)


@pytest.mark.parametrize("change", ({"params": [{"name": "x", "type": "float"}]}, {"returns": "double"}))
def test_a_callback_without_a_trampoline_is_refused(monkeypatch, change):
    monkeypatch.syspath_prepend(str(PACKAGE))
    import generate
    callback = {"name": "oar_new_fn", "params": [], "returns": "int32_t", "threads": "any", **change}
    with pytest.raises(SystemExit, match="oar_new_fn: no trampoline for"):
        generate.trampoline(callback)


def test_calls_that_may_wait_let_other_threads_run():
    interface = (PACKAGE / "swig/functions.i").read_text()
    waiting = [function["name"] for function in API["functions"]
               if function["threads"].startswith("collective") or "waits for" in function["threads"].replace("does not wait for", "")]
    assert "oar_state_barrier" in waiting and "oar_loader_next" in waiting
    assert [name for name in waiting if f"%thread {name};" not in interface] == []


def test_experimental_functions_are_had_by_address():
    """The low level gives an address; ctypes makes a function of it."""
    output = in_python("import ctypes, oarlock._c as c\n"
                       "count = ctypes.c_int64()\n"
                       "call = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.POINTER(ctypes.c_int64))(c.experimental_get('live_handle_count'))\n"
                       "tensors = [c.tensor_zeros(c.FLOAT32, [2]) for _ in range(3)]\n"
                       "print(call(ctypes.byref(count)), count.value)\n")
    assert output.split() == ["0", "3"]
