"""The low level of the Rust binding is what its generator writes today, and holds everything that the headers declare."""
import json
import re
import subprocess

import pytest
from languages import BUILD, SOURCE, is_built

pytestmark = pytest.mark.skipif(not is_built("rust"), reason="the Rust binding was left out (OARLOCK_RUST=none)")

RUST = SOURCE / "bindings/rust"
BINDINGS = RUST / "oarlock-sys/src/bindings.rs"
API = json.loads((SOURCE / "capi/api.json").read_text())


def test_the_checked_in_file_is_current(tmp_path):
    run = subprocess.run([RUST / "generate/run", BUILD, tmp_path / "bindings.rs"], capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "bindings.rs").read_text() == BINDINGS.read_text(), "run bindings/rust/generate/run BUILD"


@pytest.mark.parametrize("kind,declaration", [("functions", r"pub fn (\w+)\("), ("constants", r"pub const (\w+):"),
                                              ("callbacks", r"pub type (\w+) ="), ("handles", r"pub struct (\w+) \{")])
def test_everything_of_the_interface_is_there(kind, declaration):
    declared = {entry if isinstance(entry, str) else entry["name"] for entry in API[kind]}
    there = {name for name in re.findall(declaration, BINDINGS.read_text()) if name.lower().startswith("oar_")}
    assert declared and declared - there == set()


def test_nothing_is_there_that_the_interface_lacks():
    assert {name for name in re.findall(r"pub fn (\w+)\(", BINDINGS.read_text())} == {entry["name"] for entry in API["functions"]}


def test_a_function_keeps_its_documentation():
    text = BINDINGS.read_text()
    undocumented = re.findall(r"(?<!\*/)\n    pub fn (\w+)", text)
    assert undocumented == [] and "Concatenate every rank's `input` along dim 0" in text
