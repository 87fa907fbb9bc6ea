"""What cargo itself says of the crates: their tests, the blocks of documentation and README, clippy, formatting, rustdoc."""
import json
import os
import re
import shutil
import subprocess

import pytest
from languages import BUILD, BUILT, SOURCE, environment, is_built

pytestmark = pytest.mark.skipif(not is_built("rust"), reason="the Rust binding was left out (OARLOCK_RUST=none)")

RUST = SOURCE / "bindings/rust"
CARGO = shutil.which("cargo") or os.path.expanduser("~/.cargo/bin/cargo")
PACKAGES = {"workspace": RUST, "generate": RUST / "generate", "examples": SOURCE / "examples/rust"}


def cargo(package, *arguments, **extra):
    settings = environment(OARLOCK_LIB_DIR=BUILD / "lib", CARGO_TARGET_DIR=BUILT / "rust/target", CARGO_NET_OFFLINE="true", **extra)
    return subprocess.run([CARGO, *arguments], cwd=PACKAGES[package], capture_output=True, text=True, timeout=600, env=settings)


def passes(run):
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]
    return run.stdout + run.stderr


def test_the_crates_own_tests_and_the_blocks_of_documentation_pass():
    output = passes(cargo("workspace", "test", "--locked", "-j2"))
    assert "Doc-tests oarlock" in output and "compile fail ... ok" in output


def test_it_builds_without_ndarray():
    passes(cargo("workspace", "check", "--locked", "-j2", "-p", "oarlock", "--no-default-features", RUSTFLAGS="-D warnings"))


@pytest.mark.parametrize("package", PACKAGES)
def test_clippy_has_nothing_to_say(package):
    if cargo(package, "clippy", "--version").returncode != 0:
        pytest.skip("clippy is not installed; rustup component add clippy")
    passes(cargo(package, "clippy", "--locked", "-j2", "--all-targets", "--", "-D", "warnings"))


@pytest.mark.parametrize("package", PACKAGES)
def test_it_is_formatted(package):
    if cargo(package, "fmt", "--version").returncode != 0:
        pytest.skip("rustfmt is not installed; rustup component add rustfmt")
    passes(cargo(package, "fmt", "--all", "--check"))


def test_its_documentation_is_made_without_a_warning():
    passes(cargo("workspace", "doc", "--locked", "-j2", "--no-deps", "--workspace", "--exclude", "programs", RUSTDOCFLAGS="-D warnings"))


WITHOUT_AN_IDIOM = {"oar_bytes_create",  # a vector is what Rust has
                    "oar_error_set",  # for C libraries that are built on this one
                    "oar_tensor_from_torch", "oar_tensor_to_torch"}  # of C++ only: torch.hpp


def test_every_other_function_has_an_idiom():
    code = re.sub(r"//.*", "", "".join(path.read_text() for path in (RUST / "oarlock/src").glob("*.rs")))
    used = set(re.findall(r"\boar_\w+", code))
    assert {entry["name"] for entry in json.loads((SOURCE / "capi/api.json").read_text())["functions"]} - used == WITHOUT_AN_IDIOM


def test_an_unsafe_block_says_why_it_is_safe():
    if cargo("workspace", "clippy", "--version").returncode != 0:
        pytest.skip("clippy is not installed; rustup component add clippy")
    passes(cargo("workspace", "clippy", "--locked", "-j2", "-p", "oarlock", "--", "-D", "warnings", "-D", "clippy::undocumented_unsafe_blocks",
                 "-D", "clippy::missing_safety_doc"))
