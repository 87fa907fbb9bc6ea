"""What the built library shows to the world: exactly the functions of the headers, and few needs."""
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from setup_tools import require_tool  # noqa: E402

ROOT = pathlib.Path(os.environ["OARLOCK_SOURCE"])
LIBRARY = os.environ["OARLOCK_LIBRARY"]
API = json.loads((ROOT / "capi" / "api.json").read_text())
ALLOWED_NEEDS = re.compile(r"lib(torch_cpu|c10|stdc\+\+|gcc_s|c|m|dl|pthread|rt)\.so[.0-9]*|ld-linux-[a-z0-9-]+\.so\.\d")


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


def exported():
    rows = (line.split() for line in output("nm", "-D", "--defined-only", LIBRARY).splitlines())
    return sorted(row[2] for row in rows if row[1] != "A")


def test_exactly_the_declared_functions_are_exported():
    assert exported() == sorted(f"{function['name']}@@OAR_0" for function in API["functions"])


def test_only_libtorch_and_the_c_family_are_needed():
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", output("readelf", "-d", LIBRARY))
    assert "libtorch_cpu.so" in needed
    assert [name for name in needed if not ALLOWED_NEEDS.fullmatch(name)] == []


def test_soname_is_the_major_version():
    assert re.findall(r"\(SONAME\).*\[(.*)\]", output("readelf", "-d", LIBRARY)) == ["liboarlock.so.0"]


def test_no_thread_can_execute_the_stack():
    header = re.search(r"GNU_STACK.*\n?.*?(RWE|RW)", output("readelf", "-lW", LIBRARY))
    assert header[1] == "RW"


def abi_xml(tmp_path):
    """abidw's view of the built library, restricted to the public headers. Compared as XML, as abidiff against a library misses."""
    path = tmp_path / "abi.xml"
    subprocess.run(["abidw", "--headers-dir", str(ROOT / "capi" / "include"), "--drop-private-types", "--no-show-locs",
                    "--exported-interfaces-only", "--no-corpus-path", "--no-comp-dir-path", "--out-file", str(path), LIBRARY],
                   check=True, timeout=300)
    return path


@pytest.fixture(scope="module")
def abi(tmp_path_factory):
    require_tool("abidw")
    return abi_xml(tmp_path_factory.mktemp("abi"))


def test_the_debug_information_has_the_parameters_of_the_headers(abi):
    """The compiled definitions against the declarations: a drift that C++ hides behind extern "C" shows here."""
    text = abi.read_text()
    wrong = []
    for function in API["functions"]:
        declaration = re.search(rf"<function-decl name='{function['name']}'.*?</function-decl>", text, flags=re.S)
        if declaration is None or declaration[0].count("<parameter ") - declaration[0].count("is-variadic") != len(function["params"]):
            wrong.append(function["name"])
    assert wrong == []


def test_changes_since_the_baseline_are_reported(abi):
    """Gates from 1.0 on; until then it prints what changed, and fails only if the comparison itself does."""
    baseline = ROOT / "tests" / "abi" / "baseline" / "liboarlock.xml"
    run = subprocess.run(["abidiff", "--no-added-syms", str(baseline), str(abi)], capture_output=True, text=True, timeout=300)
    print(run.stdout)
    assert run.returncode & 3 == 0, run.stderr  # 1: error, 2: usage; 4 and 8: changes
