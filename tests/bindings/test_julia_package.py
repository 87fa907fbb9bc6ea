"""The Julia package outside the source tree: installed as its README says, by Pkg, without a network, into a home of its own.

Every block of bindings/julia/README.md is run: those of a shell in order in one shell, the first of Julia as train.jl, the other
ones in order in one program.
"""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from languages import BUILD, SOURCE, environment, is_built

README = SOURCE / "bindings/julia/README.md"
# With no registry at all Pkg asks the network for one.
NO_PACKAGES = 'name = "NoPackages"\nuuid = "0a1b2c3d-0000-4000-8000-000000000000"\nrepo = ""\n\n[packages]\n'


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README.read_text(), re.M | re.S)


def julia_itself():
    """The Julia that the binding was built with, without what bindings/julia/build sets for the tests."""
    printed = subprocess.run([SOURCE / "tools/setup_julia", "--print"], check=True, capture_output=True, text=True, timeout=60)
    return pathlib.Path(shutil.which(printed.stdout.strip().removeprefix("OARLOCK_JULIA=")))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A home with Julia on its PATH, and a folder `sources` with what a user has there after `make build`."""
    if not is_built("julia"):
        pytest.skip("the Julia binding was left out (OARLOCK_JULIA=none)")
    home = tmp_path_factory.mktemp("home")
    registry = home / ".julia/registries/NoPackages"
    registry.mkdir(parents=True)
    (registry / "Registry.toml").write_text(NO_PACKAGES)
    (home / "bin").mkdir()
    (home / "bin/julia").symlink_to(julia_itself())
    sources = home / "sources"
    shutil.copytree(SOURCE / "bindings/julia/Oarlock.jl", sources / "bindings/julia/Oarlock.jl")
    (sources / "build").symlink_to(BUILD)
    (sources / "examples").symlink_to(SOURCE / "examples")
    return home


def run(place, script, **extra):
    variables = environment(HOME=place, PATH=f"{place / 'bin'}:{os.environ['PATH']}", JULIA_NUM_THREADS=2, **extra)
    for name in ("OARLOCK_LIB_DIR", "JULIA_DEPOT_PATH", "JULIA_LOAD_PATH", "JULIA_PROJECT"):
        if name not in extra:
            variables.pop(name, None)
    ended = subprocess.run(["bash", "-e", "-c", script], cwd=place / "sources", capture_output=True, text=True, timeout=500, env=variables)
    assert ended.returncode == 0, f"{ended.stdout[-4000:]}\n{ended.stderr[-4000:]}"
    return ended.stdout


@pytest.fixture(scope="module")
def installed(place):
    """What running the README printed; the package is in the project `training` afterwards."""
    train, *others = blocks("julia")
    (place / "sources/train.jl").write_text(train)
    (place / "sources/others.jl").write_text("\n".join(others))
    return run(place, "\n".join([*blocks("sh"), "julia --project=training others.jl"]))


def test_every_block_of_the_readme_runs(installed):
    assert "0.1.0 2.11" in installed
    assert len(re.findall(r"^epoch 2: last loss 0\.\d+", installed, re.M)) == 1, "alone"
    assert len(re.findall(r"^\[rank 0\] epoch 2: last loss 0\.\d+", installed, re.M)) == 1, "two ranks"
    assert "NOT_FOUND oar_dataset_from_safetensors nothing" in installed
    assert "[rank 0] epoch 1: loss" in installed, "the foreign model"
    assert installed.endswith("6\n"), "the last block of Julia"


def test_pkg_tests_the_installed_package(place, installed):
    assert "Oarlock tests passed" in run(place, "julia --project=training -e 'using Pkg; Pkg.test(\"Oarlock\")' 2>&1",
                                         OARLOCK_LIB_DIR=place / "oarlock/lib")


def test_the_systems_loader_finds_the_library_too(place, installed):
    shown = run(place, "julia --project=training -e 'using Oarlock; print(Oarlock.library_path())'",
                LD_LIBRARY_PATH=place / "oarlock/lib")
    assert pathlib.Path(shown).resolve().parent == (place / "oarlock/lib").resolve()


def test_without_a_network_the_load_path_does_in_place_of_pkg(place, installed):
    assert 'JULIA_LOAD_PATH="$PWD/bindings/julia:"' in README.read_text()
    shown = run(place, "JULIA_LOAD_PATH=\"$PWD/bindings/julia:\" julia -e 'using Oarlock; print(Oarlock.library_version())'",
                OARLOCK_LIB_DIR=place / "oarlock/lib")
    assert shown == "0.1.0"
