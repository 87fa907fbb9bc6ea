"""What a Rust program meets when something is wrong: another library, another libtorch, panics in closures, wrong values."""
import json
import subprocess

import pytest
from languages import BUILT, SOURCE, environment, is_built

pytestmark = pytest.mark.skipif(not is_built("rust"), reason="the Rust binding was left out (OARLOCK_RUST=none)")

PROGRAM = BUILT / "rust/bin/bad_input"


def run(case, **extra):
    return subprocess.run([PROGRAM, case], capture_output=True, text=True, timeout=120, env=environment(**extra))


CASES = ("panic_in_exchange", "panic_in_print", "panic_around_a_closure", "call_while_the_thread_ends", "call_inside_itself", "error_in_backward", "numbers_and_texts",
         "numbers_that_are_not_finite", "forked")


@pytest.mark.parametrize("case", CASES)
def test_the_program_lives(case):
    ended = run(case)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def shared_library(folder, name, source, *flags):
    (folder / "source.c").write_text(source)
    subprocess.run(["cc", "-shared", "-fPIC", "-w", folder / "source.c", "-o", folder / name, *flags], check=True, timeout=60)
    return folder / name


def test_a_library_of_another_version_is_refused_with_both_versions_and_its_path(tmp_path):
    functions = [entry["name"] for entry in json.loads((SOURCE / "capi/api.json").read_text())["functions"]]
    body = "".join(f"int {name}(void) {{ return {7 if name == 'oar_abi_version' else 1}; }}\n" for name in functions)  # ABI 0.7
    library = shared_library(tmp_path, "liboarlock.so.0", body, "-Wl,-soname,liboarlock.so.0",
                             f"-Wl,--version-script={SOURCE / 'capi/generated/exports.map'}")
    ended = run("first_call", LD_LIBRARY_PATH=tmp_path)
    assert ended.returncode == 1, ended.stderr
    assert ended.stdout.startswith("VERSION ")
    for words in ("0.7", "0.1", str(library), f"LD_LIBRARY_PATH ({tmp_path})", "OARLOCK_LIB_DIR"):
        assert words in ended.stdout


def test_another_torch_is_refused_with_both_paths(tmp_path):
    """A library that answers for an older libtorch stands in for it, as in tests/abi/test_other_torch.py."""
    impostor = shared_library(tmp_path, "libimpostor.so", "unsigned long aoti_torch_abi_version(void) { return 2ul << 56 | 10ul << 48; }\n")
    ended = run("first_call", LD_PRELOAD=impostor)
    assert ended.returncode == 1 and ended.stdout.startswith("VERSION ")
    for words in ("2.11.0", "2.10.0", "libtorch_cpu.so", str(impostor)):
        assert words in ended.stdout


def test_a_library_that_is_none_is_named_by_the_dynamic_linker(tmp_path):
    """The library is linked, so the system's own loader looks for it, before the program begins."""
    (tmp_path / "liboarlock.so.0").write_text("no library")
    ended = run("first_call", LD_LIBRARY_PATH=tmp_path)
    assert ended.returncode == 127 and f"error while loading shared libraries: {tmp_path}/liboarlock.so.0" in ended.stderr
