"""Each public header alone, as every language standard that a host may use, with every warning an error."""
import concurrent.futures
import os
import pathlib
import re
import subprocess

import pytest

INCLUDE = pathlib.Path(os.environ["OARLOCK_SOURCE"]) / "capi" / "include"
HEADERS = sorted((INCLUDE / "oarlock").glob("*.h"))
WARNINGS = ["-Wall", "-Wextra", "-pedantic", "-Werror"]
STANDARDS = [("cc", "c", "c99"), ("cc", "c", "c11"), ("cc", "c", "c17"), ("c++", "c++", "c++17"), ("c++", "c++", "c++20")]


def compile_alone(header, compiler, language, standard, options=()):
    warnings = WARNINGS + (["-Wstrict-prototypes"] if language == "c" else []) + list(options)
    source = f"#include <oarlock/{header}>\n#include <oarlock/{header}>\nint oarlock_translation_unit_is_not_empty;\n"
    run = subprocess.run([compiler, f"-std={standard}", *warnings, f"-I{INCLUDE}", "-x", language, "-fsyntax-only", "-"],
                         input=source, capture_output=True, text=True, timeout=120)
    return f"{header}: {run.stderr}" if run.returncode != 0 else None


@pytest.mark.parametrize("compiler,language,standard", STANDARDS)
def test_every_header_compiles_alone(compiler, language, standard):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = pool.map(lambda header: compile_alone(header.name, compiler, language, standard), HEADERS)
    assert [result for result in results if result] == []


@pytest.mark.parametrize("standard", ["c++17", "c++20"])
@pytest.mark.parametrize("header", ["autocast.hpp", "oarlock.hpp", "op.hpp", "optimizer.hpp", "tensor.hpp"])
def test_the_cpp_layer_compiles_alone(header, standard):
    assert compile_alone(header, "c++", "c++", standard) is None


@pytest.mark.parametrize("header", ["torch.hpp", "c10d.hpp"])
def test_what_needs_libtorch_compiles_alone_where_it_is(header):
    """Its users have the headers of libtorch; nobody else includes it."""
    cache = (pathlib.Path(os.environ["OARLOCK_BUILD"]) / "CMakeCache.txt").read_text()
    include = pathlib.Path(re.search(r"^OARLOCK_TORCH:\w+=(.*)$", cache, re.M).group(1)) / "include"
    options = ["-isystem", str(include), "-isystem", str(include / "torch/csrc/api/include")]
    assert compile_alone(header, "c++", "c++", "c++17", options) is None
    named = [path.name for path in (INCLUDE / "oarlock").iterdir() if f"include <oarlock/{header}>" in path.read_text()]
    assert named == {"torch.hpp": ["c10d_work.hpp"], "c10d.hpp": []}[header]


@pytest.mark.parametrize("header", HEADERS, ids=lambda path: path.name)
def test_a_header_is_one_noun_long(header):
    code = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
    assert sum(bool(line.strip()) for line in code.splitlines()) <= 350
    assert [number for number, line in enumerate(header.read_text().splitlines(), 1) if len(line) > 120] == []


def test_the_umbrella_includes_every_header():
    included = set(re.findall(r"#include <oarlock/(\w+\.h)>", (INCLUDE / "oarlock" / "oarlock.h").read_text()))
    assert included == {header.name for header in HEADERS} - {"oarlock.h"}
