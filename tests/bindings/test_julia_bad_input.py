"""What Julia says of bad input: a library that is missing, wrong or beside another torch; failing callbacks; ended objects; arrays that
do not fit. Everything is an error of Julia's with a text, and the process lives. (A rank that dies: scenario lost_rank_named.)"""
import os
import pathlib
import re
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "dist"))
from languages import BUILD, BUILT, environment, is_built, julia  # noqa: E402
from world import World  # noqa: E402

pytestmark = pytest.mark.skipif(not is_built("julia"), reason="the Julia binding was left out (OARLOCK_JULIA=none)")


def load(wanted=1, command=None, **extra):
    """What `using Oarlock` says on standard error, and then prints."""
    start = command or [BUILT / "julia/bin/julia", f"--project={BUILT / 'julia/environment'}"]
    run = subprocess.run([str(part) for part in (*start, "-e", "using Oarlock; print(Oarlock.library_path())")], capture_output=True,
                         text=True, timeout=240, env=environment(**extra))
    assert run.returncode == wanted, f"{run.stdout}\n{run.stderr}"
    return run.stderr + run.stdout


def library(folder, source, name="liboarlock.so", *flags):
    """A shared library of this C source in a folder."""
    folder.mkdir(exist_ok=True)
    (folder / "source.c").write_text(source)
    subprocess.run(["cc", "-shared", "-fPIC", folder / "source.c", "-o", folder / name, *flags], check=True, timeout=60)
    return folder


# The library ---------------------------------------------------------------------------------------------------------------


def test_a_missing_library_is_told_with_the_places_and_the_way_out(tmp_path):
    text = load(OARLOCK_LIB_DIR=tmp_path)
    assert f"{tmp_path}/liboarlock.so (by OARLOCK_LIB_DIR={tmp_path})" in text and "liboarlock was not found" in text
    assert "Set OARLOCK_LIB_DIR to the folder that holds liboarlock.so" in text


def test_without_the_variable_the_systems_loader_is_asked(tmp_path):
    wrapper = (BUILT / "julia/bin/julia").read_text()
    plain = re.search(r'^exec "(.*?)"', wrapper, re.M).group(1)  # without the default for OARLOCK_LIB_DIR
    variables = {"JULIA_DEPOT_PATH": BUILT / "julia/depot", "OARLOCK_LIB_DIR": ""}
    text = load(command=[plain, "--startup-file=no", f"--project={BUILT / 'julia/environment'}"], **variables)
    assert "liboarlock.so.0 (by the system's loader (LD_LIBRARY_PATH, ldconfig))" in text
    (tmp_path / "liboarlock.so.0").symlink_to(BUILD / "lib/liboarlock.so.0")
    path = load(wanted=0, command=[plain, "--startup-file=no", f"--project={BUILT / 'julia/environment'}"], LD_LIBRARY_PATH=tmp_path,
                **variables)
    assert pathlib.Path(path).resolve() == (BUILD / "lib/liboarlock.so.0").resolve()


@pytest.mark.parametrize("version,shown", [("0 << 16 | 2", "0.2"), ("1 << 16 | 1", "1.1")])
def test_a_library_of_another_version_is_refused_with_both(tmp_path, version, shown):
    folder = library(tmp_path / "other", f"int oar_abi_version(void) {{ return {version}; }}\n")
    text = load(OARLOCK_LIB_DIR=folder)
    assert f"made for liboarlock 0.1, but {folder}/liboarlock.so (by OARLOCK_LIB_DIR={folder}) is version {shown}" in text


def test_a_library_that_is_something_else_is_refused(tmp_path):
    folder = library(tmp_path / "else", "int answer(void) { return 42; }\n")
    assert "is no liboarlock: it has no function oar_abi_version" in load(OARLOCK_LIB_DIR=folder)
    (folder / "liboarlock.so").write_text("not even a library")
    assert "liboarlock was not found" in load(OARLOCK_LIB_DIR=folder)


def test_a_library_without_a_function_is_refused_by_its_name(tmp_path):
    folder = library(tmp_path / "older", "int oar_abi_version(void) { return 1; }\n")
    text = load(OARLOCK_LIB_DIR=folder)
    assert "lacks oar_accelerator_accumulate_begin, " in text and ", oar_work_wait, which" in text


# In Julia a library finds its own symbols first, so the double must bear libtorch's name, as another libtorch would.
IMPOSTOR = """
#include <dlfcn.h>
unsigned long aoti_torch_abi_version(void) {{ return 2ul << 56 | 10ul << 48; }}
__attribute__((constructor)) static void load_the_real_one(void) {{ dlopen("{real}", RTLD_NOW | RTLD_GLOBAL); }}
"""


def test_another_torch_in_the_process_is_refused_with_both_paths(tmp_path):
    real = load(wanted=0, command=[BUILT / "julia/bin/julia", f"--project={BUILT / 'julia/environment'}", "-e",
                                   "using Oarlock; println(Oarlock.torch_version())"]).splitlines()[0]
    real = re.search(r"\((.*)\)", real).group(1)
    folder = library(tmp_path / "torch", IMPOSTOR.format(real=real), "libtorch_cpu.so", "-Wl,-soname,libtorch_cpu.so", "-ldl")
    text = load(LD_PRELOAD=folder / "libtorch_cpu.so")
    assert "2.10.0" in text and "2.11.0" in text and str(folder / "libtorch_cpu.so") in text and "cannot be used here" in text


def test_a_julia_whose_unwinder_ends_the_process_is_refused(tmp_path):
    """Debian's Julia without what tools/setup_julia's wrapper sets: the library of the C++ unwinder is not the first."""
    place = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "oarlock/julia-1"
    if not (place / "lib/libunwind.so.8").exists():
        pytest.skip("this is not Debian's Julia with Debian 11's libunwind")
    bare = [(place / "wraps").read_text().strip(), "--startup-file=no", f"--project={BUILT / 'julia/environment'}"]
    text = load(command=bare, LD_LIBRARY_PATH=place / "lib", LD_PRELOAD="", JULIA_DEPOT_PATH=BUILT / "julia/depot",
                OARLOCK_LIB_DIR=BUILD / "lib")
    assert "LD_PRELOAD=libgcc_s.so.1" in text and str(place / "lib/libunwind.so.8") in text


def test_a_julia_that_dies_of_its_own_exceptions_says_why_first():
    """Debian's Julia as it comes: on Debian 12 throwing ends it, so what is wrong must be written before."""
    place = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "oarlock/julia-1"
    if not (place / "lib/libunwind.so.8").exists():
        pytest.skip("this is not Debian's Julia on Debian 12")
    bare = [(place / "wraps").read_text().strip(), "--startup-file=no", f"--project={BUILT / 'julia/environment'}", "-e", "using Oarlock"]
    variables = environment(JULIA_DEPOT_PATH=BUILT / "julia/depot", OARLOCK_LIB_DIR=BUILD / "lib", LD_PRELOAD="", LD_LIBRARY_PATH="")
    ended = subprocess.run(bare, env=variables, capture_output=True, text=True, timeout=120)
    assert ended.returncode != 0 and "Oarlock: this Julia unwinds C++ exceptions by " in ended.stderr
    assert "tools/setup_julia" in ended.stderr


# Ranks -------------------------------------------------------------------------------------------------------------------------

ONE_FAILS = """
using Oarlock
State() do state
    Oarlock.rank(state) == 1 && error("rank 1 has had enough")
    barrier(state; timeout = 60)
end
"""


def test_ranks_that_wait_for_one_that_throws_learn_its_error():
    command = [str(part) for part in (BUILT / "julia/bin/julia", f"--project={BUILT / 'julia/environment'}", "-e", ONE_FAILS)]
    waiting, failing = World(2, None, command=command).finish(timeout=240, check=False)
    assert failing.returncode == waiting.returncode == 1 and "ERROR: rank 1 has had enough" in failing.stderr
    assert "OarlockError ABORTED in oar_state_barrier (rank 1)" in waiting.stderr and "rank 1 has had enough" in waiting.stderr


# Calls -----------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def said():
    """Case of julia_bad_input.jl -> what was thrown; and what went to standard error."""
    run = subprocess.run([str(part) for part in julia("tests/bindings/julia_bad_input.jl")], capture_output=True, text=True, timeout=240,
                         env=environment())
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"
    return dict(line.split(": ", 1) for line in run.stdout.splitlines()), run.stderr


TEXTS = {  # case -> what its text begins with, and words in it
    "a text thrown in a callback": ('thrown: "a text"',),
    "nothing thrown in a callback": ("thrown: nothing",),
    "an interrupt in a callback": ("InterruptException",),
    "an error of the runtime in a callback": ("StackOverflowError",),
    "a callback that fails in a callback": ("KeyError", '"missing"'),
    "a log function that fails": ("OarlockError NOT_FOUND",),
    "no function where one belongs": ("MethodError", "Int64"),
    **{f"ended {name}": ("OarlockError HANDLE", f"this {kind} was ended by finalize()") for name, kind in (
        ("tensor", "Tensor"), ("model", "Model"), ("loader", "Loader"), ("tree", "Tree"), ("data set", "Dataset"), ("config", "Config"),
        ("group", "Group"), ("state", "State"), ("tensor in a tree", "Tensor"))},
    "input of a wrong dtype": ("OarlockError ARGUMENT in oar_model_forward", "images"),
    "input of a wrong shape": ("OarlockError ARGUMENT in oar_model_forward", "images", "9"),
    "input of a wrong name": ("OarlockError ARGUMENT in oar_model_forward", "image", "images"),
    "input that is no tensor": ("OarlockError ARGUMENT in oar_model_forward", "images"),
    "output of a wrong shape": ("OarlockError ARGUMENT in oar_group_all_gather", "[2]", "[3]"),
    "output of a wrong dtype": ("OarlockError ARGUMENT in oar_group_all_gather", "float32 and float64"),
    "copy of a wrong shape": ("OarlockError ARGUMENT in oar_tensor_copy_from", "[24, 1, 3, 3]", "[3, 3]"),
    "array of big integers": ("OarlockError ARGUMENT in Tensor", "BigInt", "Float32"),
    "array of texts": ("OarlockError ARGUMENT in Tensor", "String", "Float32"),
    "range": ("OarlockError ARGUMENT in Tensor", "UnitRange", "collect(array)"),
    "array that runs backwards": ("OarlockError ARGUMENT in oar_tensor_from_memory", "-1"),
    "array of bits": ("OarlockError ARGUMENT in Tensor", "BitArray", "collect(array)"),
    "reduction into a text": ("OarlockError ARGUMENT in oar_group_all_reduce", "read-only"),
    "mask of another length": ("BoundsError",),
    "number as a key of a tree": ("OarlockError ARGUMENT in Tree", "not 1"),
    "time-out beyond all numbers": ("OverflowError", "1000"),
    "error that cannot be shown": ("it is Speechless",),
    "parameter of integers": ("OarlockError ARGUMENT in oar_model_register_parameter", "'w'", "floating-point"),
    "parameter with gaps": ("OarlockError ARGUMENT in oar_model_register_parameter", "'w'", "gaps"),
    "sample 0": ("BoundsError", "[0]"),
    "sample beyond the last": ("BoundsError", "361:361"),
    "complex number in a tree": ("OarlockError ARGUMENT in Tree", "Complex"),
    "entry beyond the last": ("BoundsError", "[3]"),
    "text that is no JSON": ("OarlockError ARGUMENT in oar_config_merge_json", "byte 11"),
    "option that JSON lacks": ("ArgumentError", "NaN"),
    "option of a wrong type": ("OarlockError ARGUMENT", "comm.timeout_ms", "soon"),
    "options as text and as keywords": ("ArgumentError", "not both"),
    "text with a NUL": ("ArgumentError", "NUL"),
    "time-out that never ends": ("OarlockError ARGUMENT", "Inf"),
    "rank beyond the world": ("OarlockError ARGUMENT in oar_loader_set_shard", "[0, 2)"),
    "reduction that is a function": ("MethodError", "all_reduce!"),
}


def test_every_case_has_its_text_here(said):
    assert set(said[0]) == set(TEXTS)


@pytest.mark.parametrize("case", TEXTS)
def test_bad_input_is_an_error_that_names_it(said, case):
    beginning, *words = TEXTS[case]
    text = said[0][case]
    assert text.startswith(beginning) and all(word in text for word in words), text


def test_a_failing_log_function_is_reported(said):
    assert "the function given to Oarlock.on_log failed" in said[1] and "in the log function" in said[1]
