"""How the tests start each language's programs, in a tree that bindings/<language>/build has built."""
import dataclasses
import os
import pathlib

import pytest

SOURCE = pathlib.Path(os.environ["OARLOCK_SOURCE"])
BUILD = pathlib.Path(os.environ["OARLOCK_BUILD"])
DIGITS = SOURCE / "examples/digits"
BUILT = BUILD / "bindings"  # bindings/<language>/build writes below BUILT/<language>


@dataclasses.dataclass(frozen=True)
class Language:
    title: str
    scenarios: list  # the command of the scenario runner, without its arguments
    train_digits: list  # the command of the digits trainer, without its arguments


def julia(script):
    return [BUILT / "julia/bin/julia", f"--project={BUILT / 'julia/environment'}", SOURCE / script]


LANGUAGES = {
    "c": Language("C", [BUILD / "bin/scenarios_c"], [BUILD / "examples/train_digits"]),
    "cpp": Language("C++", [BUILD / "bin/scenarios_cpp"], [BUILD / "examples/train_digits"]),
    "rust": Language("Rust", [BUILT / "rust/bin/scenarios"], [BUILT / "rust/bin/train_digits"]),
    "julia": Language("Julia", julia("tests/bindings/scenarios/scenarios.jl"), julia("examples/julia/train_digits.jl")),
    "python": Language("Python", [BUILT / "python/bin/python", SOURCE / "tests/bindings/scenarios/scenarios.py"],
                       [BUILT / "python/bin/python", SOURCE / "examples/python/train_digits.py"]),
}


def environment(**extra):
    """The tests' own environment without what names a rank; `extra` on top."""
    kept = {key: value for key, value in os.environ.items()
            if key not in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", "PYTHONPATH")}
    return {**kept, "OMP_NUM_THREADS": "1", **{key: str(value) for key, value in extra.items()}}


def digits_arguments(project, epochs):
    return ["--program", DIGITS / "digits.pt2", "--train", DIGITS / "train.safetensors", "--test", DIGITS / "test.safetensors",
            "--project", project, "--epochs", str(epochs)]


def launch(ranks, command):
    return [BUILD / "bin/oarlock", "launch", "-n", str(ranks), *command]


def is_built(language):
    """Not if the user left it out. One that is missing for another reason fails its tests."""
    return os.environ.get(f"OARLOCK_{language.upper()}") != "none"


def require_all():
    """For tests of several languages: skips the test that calls it if the user left one of them out."""
    left_out = [language for language in LANGUAGES if not is_built(language)]
    if left_out:
        pytest.skip(f"these bindings were left out: {', '.join(left_out)}")
