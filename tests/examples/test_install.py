"""A user's programs against the *installed* tree: C99 and C++17 by pkg-config, and find_package. The tree is moved first."""
import os
import pathlib
import shutil
import subprocess

import pytest

PROGRAMS = pathlib.Path(__file__).resolve().parent / "install"
BUILD = pathlib.Path(os.environ["OARLOCK_BUILD"])


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
    folder = next(prefix.rglob("oarlock.pc")).parent
    found = run("pkg-config", "--cflags", "--libs", "oarlock", env={"PKG_CONFIG_PATH": str(folder)}).split()
    libraries = [flag[2:] for flag in found if flag.startswith("-L")]
    return found + [f"-Wl,-rpath,{pathlib.Path(folder).resolve()}" for folder in libraries]


@pytest.mark.skipif(shutil.which("pkg-config") is None, reason="pkg-config is not installed")
def test_c99_by_pkg_config(prefix, tmp_path):
    run("cc", "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", PROGRAMS / "program.c", "-o", tmp_path / "program", *flags(prefix))
    assert run(tmp_path / "program") == "oarlock 0.1.0, 6 elements\n"


@pytest.mark.skipif(shutil.which("pkg-config") is None, reason="pkg-config is not installed")
def test_cpp17_by_pkg_config(prefix, tmp_path):
    run("c++", "-std=c++17", "-Wall", "-Wextra", "-pedantic", "-Werror", PROGRAMS / "program.cpp", "-o", tmp_path / "program",
        *flags(prefix))
    assert run(tmp_path / "program") == "oarlock 0.1.0, C++\n"


def test_find_package(prefix, tmp_path):
    run("cmake", "-S", PROGRAMS, "-B", tmp_path, f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", tmp_path)
    assert run(tmp_path / "program") == "oarlock 0.1.0, 6 elements\n"


def test_the_command_is_installed(prefix):
    assert run(prefix / "bin" / "oarlock", "--version").startswith("oarlock 0.1.0")


def test_a_program_of_c_needs_only_this_library(prefix, tmp_path):
    run("cc", "-std=c99", PROGRAMS / "program.c", "-o", tmp_path / "program", *flags(prefix))
    needed = [line for line in run("readelf", "-d", tmp_path / "program").splitlines() if "NEEDED" in line]
    assert [line.split("[")[1].rstrip("]") for line in needed] == ["liboarlock.so.0", "libc.so.6"]
