"""Generated files are what their generators write today."""
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(os.environ.get("OARLOCK_SOURCE", pathlib.Path(__file__).resolve().parents[2]))


def run(*arguments):
    return subprocess.run([sys.executable, str(ROOT / "tools" / "extract_api.py"), *arguments], capture_output=True, text=True,
                          timeout=120)


def test_the_api_files_are_current():
    result = run("--check")
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_public_function_is_documented_and_tagged():
    result = run("--check-docs")
    assert result.returncode == 0, result.stdout


def test_one_command_writes_every_language():
    """`cmake --build build --target api` runs all the generators that there are."""
    command = (ROOT / "tools" / "CMakeLists.txt").read_text().split("add_custom_target(api", 1)[1]
    generators = [path.relative_to(ROOT) for path in (*ROOT.glob("bindings/*/generate.*"), *ROOT.glob("bindings/*/generate/run"))]
    assert len(generators) == 3 and [path for path in generators if f"/{path} " not in command.replace("\n", " ")] == []


# What is written by hand for each kind of handle: the file, and where it names one.
@pytest.mark.parametrize("file,naming", [("capi/include/oarlock/oarlock.hpp", r"^OARLOCK_HANDLE\(\w+, (\w+)\);"),
                                         ("bindings/rust/oarlock/src/handle.rs", r"^    oar_(\w+): oar_\1_retain, oar_\1_release;")])
def test_every_handle_has_its_owner(file, naming):
    handles = json.loads((ROOT / "capi" / "api.json").read_text())["handles"]
    assert sorted(re.findall(naming, (ROOT / file).read_text(), re.M)) == sorted(name.removeprefix("oar_") for name in handles)


@pytest.fixture
def extract_api(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import extract_api
    return extract_api


@pytest.mark.parametrize("function,parameter,change,told", [
    ("oar_tensor_item", "out_value", {"tags": []}, "out_value needs OAR_OUT"),
    ("oar_tensor_item", "tensor", {"tags": ["out"]}, "tensor has OAR_OUT"),
    ("oar_tensor_item", "out_value", {"name": "value"}, "value is an out-parameter: call it out or out_x"),
    ("oar_tree_key", "buf", {"tags": ["out"]}, "buf needs OAR_NULLABLE"),
    ("oar_tensor_shape", "shape", {"tags": ["out"]}, "shape needs OAR_NULLABLE"),
    ("oar_work_error", "out_error", {"tags": ["out"]}, "out_error needs OAR_OWNED or OAR_BORROWED"),
])
def test_a_missing_tag_is_told(extract_api, function, parameter, change, told):
    [declared] = [entry for entry in json.loads((ROOT / "capi" / "api.json").read_text())["functions"] if entry["name"] == function]
    next(entry for entry in declared["params"] if entry["name"] == parameter).update(change)
    assert [problem for problem in extract_api.untagged(declared) if told in problem] != []


@pytest.mark.parametrize("change,told", [
    ({"brief": ""}, "no block"),
    ({"documented": {}}, "no @param for user_data"),
    ({"threads": "the thread that calls"}, "@threads must begin with one of any, inside"),
    ({"since": ""}, "no @since"),
])
def test_a_callback_without_its_block_is_told(extract_api, change, told):
    callback = {"name": "oar_release_fn", "header": "types.h", "brief": "Frees.", "threads": "any", "since": "0.1",
                "params": [{"name": "user_data"}], "documented": {"user_data": "in"}}
    assert extract_api.undocumented({"functions": [], "callbacks": [callback]}) == []
    assert extract_api.undocumented({"functions": [], "callbacks": [{**callback, **change}]}) == [f"types.h: oar_release_fn: {told}"]
