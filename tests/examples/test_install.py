"""A user's programs and every example against the *installed* tree: C99 and C++17 by pkg-config, and find_package. The tree is
moved first, and nothing but the compiler's line tells a program where the library lies."""
import os
import pathlib
import re
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from setup_tools import require_tool  # noqa: E402

PROGRAMS = pathlib.Path(__file__).resolve().parent / "install"
BUILD = pathlib.Path(os.environ["OARLOCK_BUILD"])
EXAMPLES = pathlib.Path(os.environ["OARLOCK_SOURCE"]) / "examples"
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def run(*command, **options):
    environment = {key: value for key, value in os.environ.items() if key not in ("LD_LIBRARY_PATH", "OARLOCK_LIBRARY")}
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300,
                            env={**environment, **options.pop("env", {})}, **options)
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    first, moved = tmp_path_factory.mktemp("install") / "first", tmp_path_factory.mktemp("install") / "moved"
    run("cmake", "--install", BUILD, "--prefix", first)
    first.rename(moved)
    return moved


def flags(prefix):
    require_tool("pkg-config")
    folder = next(prefix.rglob("oarlock.pc")).parent
    return run("pkg-config", "--cflags", "--libs", "oarlock", env={"PKG_CONFIG_PATH": str(folder)}).split()


def test_c99_by_pkg_config(prefix, tmp_path):
    run("gcc", "-std=c99", *WARNINGS, PROGRAMS / "program.c", "-o", tmp_path / "program", *flags(prefix))
    assert run(tmp_path / "program") == "oarlock 0.1.0, 6 elements\n"


def test_cpp17_by_pkg_config(prefix, tmp_path):
    run("g++", "-std=c++17", *WARNINGS, PROGRAMS / "program.cpp", "-o", tmp_path / "program", *flags(prefix))
    assert run(tmp_path / "program") == "oarlock 0.1.0, C++\n"


COMPILERS = {"C99": ["gcc", "-std=c99"], "C++17": ["g++", "-x", "c++", "-std=c++17"]}
DATA = ["--train", EXAMPLES / "digits/train.safetensors", "--test", EXAMPLES / "digits/test.safetensors"]
ARGUMENTS = {  # example -> its arguments for a short run in the current folder, and what it then prints
    "foreign_model": ([*DATA, "--project", "run", "--epochs", 1], "epoch 1: loss"),
    "go_on_with_fewer": (["checkpoint.txt", 1000], "weight 5.4998 after 1000 steps, with 2 ranks"),
    "run_in_situ": ([EXAMPLES / "digits/digits.pt2"], "512 samples on 2 threads"),
    "train_digits": (["--program", EXAMPLES / "digits/digits.pt2", *DATA, "--project", "run", "--epochs", 1], "after 1 epochs"),
    "train_transformer": (["checkpoint"], "epoch 4: loss"),
}


@pytest.mark.parametrize("language", COMPILERS)
@pytest.mark.parametrize("example", sorted(path.stem for path in EXAMPLES.glob("*.c")))
def test_an_example_is_built_and_run_with_two_ranks(prefix, tmp_path, example, language):
    compiler, options = COMPILERS[language][0], COMPILERS[language][1:]
    run(compiler, *options, *WARNINGS, EXAMPLES / f"{example}.c", "-o", tmp_path / example, *flags(prefix), "-lm")
    arguments, words = ARGUMENTS[example]
    assert words in run(prefix / "bin/oarlock", "launch", "-n", 2, tmp_path / example, *arguments, cwd=tmp_path)


def test_find_package(prefix, tmp_path):
    run("cmake", "-S", PROGRAMS, "-B", tmp_path, f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", tmp_path)
    assert run(tmp_path / "program") == "oarlock 0.1.0, 6 elements\n"


def test_licences_go_with_the_binaries(prefix):
    notices = (prefix / "share/doc/oarlock/THIRD-PARTY-NOTICES").read_text()
    assert all(f"\n{name}: in " in notices for name in ("cJSON", "xxHash", "zlib", "{fmt}", "CLI11"))
    assert (prefix / "share/doc/oarlock/LICENSE").read_text().lstrip().startswith("Apache License")


def test_the_package_files_tell_the_libtorch_it_was_built_for(prefix):
    require_tool("pkg-config")
    folder = next(prefix.rglob("oarlock.pc")).parent
    told = run("pkg-config", "--variable=torch_version", "oarlock", env={"PKG_CONFIG_PATH": str(folder)}).strip()
    assert re.fullmatch(r"\d+\.\d+", told)
    assert f"set(Oarlock_TORCH_VERSION {told})" in next(prefix.rglob("OarlockConfig.cmake")).read_text()


def test_the_command_is_installed(prefix):
    assert run(prefix / "bin" / "oarlock", "--version").startswith("oarlock 0.1.0")


def test_a_program_of_c_needs_only_this_library(prefix, tmp_path):
    run("gcc", "-std=c99", PROGRAMS / "program.c", "-o", tmp_path / "program", *flags(prefix))
    needed = [line for line in run("readelf", "-d", tmp_path / "program").splitlines() if "NEEDED" in line]
    assert [line.split("[")[1].rstrip("]") for line in needed] == ["liboarlock.so.0", "libc.so.6"]
