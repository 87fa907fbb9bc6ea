"""The crates outside the source tree, against an installed library: the README's commands and programs, and the examples.

Nothing but what the README says tells cargo or a program where the library lies.
"""
import os
import re
import shutil
import subprocess
import sys

import pytest
from languages import BUILD, SOURCE, digits_arguments, environment, is_built

sys.path.insert(0, str(SOURCE / "tests"))
from setup_tools import require_tool  # noqa: E402

pytestmark = pytest.mark.skipif(not is_built("rust"), reason="the Rust binding was left out (OARLOCK_RUST=none)")

README = SOURCE / "bindings/rust/README.md"
CARGO = shutil.which("cargo") or os.path.expanduser("~/.cargo/bin/cargo")
LEFT_OUT = ("OARLOCK_LIB_DIR", "OARLOCK_LIBRARY", "LD_LIBRARY_PATH", "PKG_CONFIG_PATH", "CARGO_TARGET_DIR")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README.read_text(), re.M | re.S)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with a folder `sources` that holds what a user has there after `make build`; the crates are copies."""
    require_tool("pkg-config")
    home = tmp_path_factory.mktemp("home")
    for folder in ("bindings/rust", "examples/rust"):
        shutil.copytree(SOURCE / folder, home / "sources" / folder, ignore=shutil.ignore_patterns("target", "generate"))
    (home / "sources/examples/digits").symlink_to(SOURCE / "examples/digits")
    (home / "sources/build").symlink_to(BUILD)
    return home


def shell(home, script, **extra):
    variables = {key: value for key, value in environment().items() if key not in LEFT_OUT}
    cargo_home = os.environ.get("CARGO_HOME", os.path.expanduser("~/.cargo"))
    rustup_home = os.environ.get("RUSTUP_HOME", os.path.expanduser("~/.rustup"))
    variables |= {"HOME": str(home), "CARGO_HOME": cargo_home, "RUSTUP_HOME": rustup_home, "CARGO_NET_OFFLINE": "true",
                  "CARGO_BUILD_JOBS": "2", "PATH": f"{os.path.dirname(CARGO)}:{os.environ['PATH']}"}
    return subprocess.run(["bash", "-e", "-c", script], cwd=home / "sources", capture_output=True, text=True, timeout=600,
                          env={**variables, **{key: str(value) for key, value in extra.items()}})


def done(run):
    assert run.returncode == 0, f"{run.stdout[-4000:]}\n{run.stderr[-4000:]}"
    return run.stdout


@pytest.fixture(scope="module")
def printed(home):
    """What the README's commands print, with its two programs at their places; the library is installed afterwards."""
    build_script, program = blocks("rust,no_run")
    install, start = blocks("sh")
    (home / "build.rs").write_text(build_script)
    (home / "main.rs").write_text(program)
    place = "cp $HOME/build.rs training/build.rs; cp $HOME/main.rs training/src/main.rs\n"
    return done(shell(home, install + place + start))


def test_the_readmes_program_runs_alone_and_on_two_ranks(printed):
    assert len(re.findall(r"^epoch 2: last loss 0\.\d+$", printed, re.M)) == 1
    assert len(re.findall(r"^\[rank 0\] epoch 2: last loss 0\.\d+$", printed, re.M)) == 1


LIBRARY = {  # how cargo is told where the installed library is
    "by pkg-config": {"PKG_CONFIG_PATH": "oarlock/lib/pkgconfig"},
    "by OARLOCK_LIB_DIR": {"OARLOCK_LIB_DIR": "oarlock/lib"},
}


@pytest.mark.parametrize("way", LIBRARY)
def test_the_examples_are_built_and_run_outside_the_tree(home, printed, tmp_path, way):
    found = {name: home / path for name, path in LIBRARY[way].items()}
    done(shell(home, "cargo build --quiet --locked --manifest-path examples/rust/Cargo.toml", **found))
    arguments = " ".join(map(str, digits_arguments(tmp_path / "run", 1)))
    assert "after 1 epochs" in done(shell(home, f"~/oarlock/bin/oarlock launch -n 2 examples/rust/target/debug/train_digits {arguments}"))


def wrong_places(home):
    """Settings with which no library is found -> what the build says then."""
    empty = home / "empty"
    (empty / "other").mkdir(parents=True, exist_ok=True)
    (empty / "other/oarlock.pc").write_text("Name: oarlock\nDescription: another one\nVersion: 0.2.0\nLibs: -loarlock\n")
    nowhere = {"PKG_CONFIG_LIBDIR": empty}
    return {
        "an empty folder": ({"OARLOCK_LIB_DIR": empty}, [f"OARLOCK_LIB_DIR={empty} holds no liboarlock.so", "PKG_CONFIG_PATH"]),
        "a relative path": ({"OARLOCK_LIB_DIR": "oarlock/lib"}, ["OARLOCK_LIB_DIR=oarlock/lib is not an absolute path"]),
        "nothing": (nowhere, ["OARLOCK_LIB_DIR is not set", "pkg-config was asked", "Install Oarlock"]),
        "another version": ({**nowhere, "PKG_CONFIG_PATH": empty / "other"}, [">= 0.1, < 0.2", f"PKG_CONFIG_PATH={empty / 'other'}", "0.2.0"]),
    }


@pytest.mark.parametrize("case", ["an empty folder", "a relative path", "nothing", "another version"])
def test_a_library_that_is_not_found_stops_the_build_with_the_places(home, case):
    settings, words = wrong_places(home)[case]
    run = shell(home, "cargo check --quiet --locked --manifest-path bindings/rust/Cargo.toml -p oarlock-sys", **settings)
    assert run.returncode != 0
    for word in words:
        assert word in run.stderr, run.stderr
