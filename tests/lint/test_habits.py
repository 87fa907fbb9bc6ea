"""The mechanical part of the house style: lengths, leftovers, what may end a process, names, links, formatting."""
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from setup_tools import require_tool  # noqa: E402

ROOT = pathlib.Path(os.environ.get("OARLOCK_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
OURS = ("cxx", "capi", "bindings", "tests", "tools", "bench", "examples", "docs", "cmake")
BINDING_CODE = {".rs", ".jl", ".py", ".i", ".swg"}
TEXT = {".h", ".hpp", ".cpp", ".c", ".md", ".txt", ".cmake", ".sh", ".toml", ""} | BINDING_CODE
GENERATED = {"capi/api.json", "capi/include/oarlock/options.h", "docs/options.md"}
# Catching everything is for the seams of style.md section 6: the guard, main loops of threads, hooks, and callbacks out of C.
CATCH_ALL_MAX = {"capi/src/guard.cpp": 2, "capi/src/exceptions.cpp": 1}
CATCH_ALL_PER_FILE_MAX = 2


def tracked():
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True)
    if listed.returncode == 0 and listed.stdout:
        paths = [ROOT / line for line in listed.stdout.splitlines()]
    else:  # a source archive
        paths = [path for folder in OURS for path in (ROOT / folder).rglob("*") if path.is_file()]
    return [path for path in paths if path.exists()]


FILES = tracked()
SOURCES = [path for path in FILES if path.suffix in (".h", ".hpp", ".cpp", ".c") and path.relative_to(ROOT).parts[0] in OURS]


def name(path):
    return str(path.relative_to(ROOT))


def without_comments_and_strings(text):
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    text = re.sub(r"//[^\n]*", "", text)
    return re.sub(r'"(\\.|[^"\\\n])*"', '""', text)


def test_no_source_file_holds_two_nouns():
    """Nearly: 400 lines. Public headers are held to 350 lines of code by tests/abi/test_headers.py."""
    public = ROOT / "capi" / "include"
    long = {name(path): len(path.read_text().splitlines()) for path in SOURCES
            if not path.is_relative_to(public) and name(path) not in GENERATED}
    assert {file: lines for file, lines in long.items() if lines > 400} == {}


def test_no_file_of_a_binding_holds_two_nouns():
    """What is generated says so in its path or first lines."""
    long = {}
    for path in FILES:
        if path.suffix not in BINDING_CODE or not name(path).startswith(("bindings/", "examples/", "tests/bindings/")):
            continue
        lines = path.read_text().splitlines()
        if len(lines) > 400 and not re.search("generated|not edited by hand", " ".join([name(path), *lines[:3]]), re.I):
            long[name(path)] = len(lines)
    assert long == {}


def test_nothing_is_left_for_later():
    """In code, build files, CI and documents alike; also in files at the top that have no suffix, such as Makefile."""
    marker = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|\bfor now\b", re.I)
    this = pathlib.Path(__file__).name
    found = [f"{name(path)}:{number}: {line.strip()}" for path in FILES
             if path.suffix in TEXT | {".json", ".in"} and path.name not in (this, "LICENSE")
             and not (path.suffix == "" and path.is_relative_to(ROOT / "tests/fuzz/corpus"))
             for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1) if marker.search(line)]
    assert found == []


def test_the_library_never_ends_its_host():
    ending = re.compile(r"(?<![\w.>])(?:std::|::)?(exit|_exit|_Exit|quick_exit|abort|terminate)\s*\(")
    found = []
    for path in SOURCES:
        if not name(path).startswith(("cxx/", "capi/src/")) or name(path).startswith("cxx/launch/"):
            continue
        for number, line in enumerate(without_comments_and_strings(path.read_text()).splitlines(), 1):
            # A declaration or definition of a member called abort is no call of the process's.
            if ending.search(line) and not re.search(r"\b(Status|void|oar_status)\b[^;=]*\b(abort)\s*\(", line):
                found.append(f"{name(path)}:{number}: {line.strip()}")
    own_abort = [line for line in found if re.search(r"(return|OAR_TRY\()?\s*\babort\((reason|text|status|\w+\.)", line)]
    assert [line for line in found if line not in own_abort] == []


def test_the_library_writes_nothing_to_stdout():
    printing = re.compile(r"\bstd::cout\b|(?<!\w)(?:std::)?(printf|puts|putchar)\s*\(|\bstdout\b|STDOUT_FILENO")
    allowed = re.compile(r"cxx/state/(print|process_state|process_control)\w*\.cpp")
    found = [f"{name(path)}: {line.strip()}" for path in SOURCES
             if name(path).startswith(("cxx/", "capi/src/")) and not name(path).startswith("cxx/launch/") and not allowed.match(name(path))
             for line in without_comments_and_strings(path.read_text()).splitlines() if printing.search(line)]
    assert found == []


def test_catching_everything_is_rare():
    too_many = {}
    for path in SOURCES:
        if not name(path).startswith(("cxx/", "capi/src/")):
            continue
        count = len(re.findall(r"catch\s*\(\s*\.\.\.\s*\)", path.read_text()))
        if count > CATCH_ALL_MAX.get(name(path), CATCH_ALL_PER_FILE_MAX):
            too_many[name(path)] = count
    assert too_many == {}


def test_each_c_function_leaves_catching_to_the_guard():
    allowed = {"capi/src/guard.cpp", "capi/src/exceptions.cpp", "capi/src/user_data.h"}  # the last: what a host's release throws
    assert [name(path) for path in SOURCES if name(path).startswith("capi/src/") and name(path) not in allowed
            and re.search(r"\bcatch\s*\(", without_comments_and_strings(path.read_text()))] == []


def test_no_file_is_called_after_nothing():
    vague = re.compile(r"(^|_)(utils?|helpers?|common|misc)(_|\.|$)")
    assert [name(path) for path in FILES if vague.search(path.name)] == []


def test_every_pragma_once_or_guard_is_there():
    assert [name(path) for path in SOURCES if path.suffix in (".h", ".hpp") and not name(path).startswith("cmake/") and "cxx/comm/backends/gloo/stub" not in name(path)
            and "#pragma once" not in path.read_text() and not re.search(r"#ifndef OARLOCK_\w+\n#define OARLOCK_", path.read_text())] == []


def test_a_prefix_of_an_id_finds_its_benchmark():
    """tools/run_bench reads the line and skips files without a fitting id."""
    files = sorted((ROOT / "bench").glob("bench_*.py"))
    assert files and [name(path) for path in files if not re.search(r'^IDS = \(".*[",]\)$', path.read_text(), re.M)] == []


def test_links_in_the_documents_lead_somewhere():
    dead = []
    for path in FILES:
        if path.suffix != ".md":
            continue
        for target in re.findall(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)", path.read_text()):
            if not re.match(r"[a-z]+:", target) and not (path.parent / target).exists():
                dead.append(f"{name(path)} -> {target}")
    assert dead == []


def test_no_path_of_one_machine_is_written_down():
    personal = re.compile(r"/(?:root|home)/\w|/work/")
    found = [f"{name(path)}: {line.strip()[:100]}" for path in FILES if path.suffix in TEXT and path.name != pathlib.Path(__file__).name
             for line in path.read_text(errors="replace").splitlines() if personal.search(line)]
    assert found == []


def test_sources_are_formatted():
    """All C++. Tables keep their own lines between `clang-format off` and `on`; C files and headers of the C interface keep theirs."""
    require_tool("clang-format")
    cpp = ("cxx/", "capi/src/", "bench/", "tools/", "tests/unit/", "tests/fuzz/", "tests/doubles/", "tests/programs/")
    files = [str(path) for path in SOURCES
             if name(path).startswith(cpp) and path.suffix != ".c" and "gloo/stub" not in name(path)]
    run = subprocess.run(["clang-format", "--dry-run", *files], capture_output=True, text=True, cwd=ROOT, timeout=300)
    wrong = sorted({line.split(":")[0] for line in run.stderr.splitlines() if "[-Wclang-format-violations]" in line})
    assert [str(pathlib.Path(file).relative_to(ROOT)) if file.startswith("/") else file for file in wrong] == []
