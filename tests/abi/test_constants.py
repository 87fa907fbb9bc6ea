"""The #define constants of the public headers against the committed baseline: abidiff does not see them.

A binary has them compiled in, so none may change or go. Until 1.0 one may, with an entry in docs/abi-breaks.md.
"""
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(os.environ["OARLOCK_SOURCE"])
INCLUDE = ROOT / "capi" / "include"
BASELINE = ROOT / "tests" / "abi" / "baseline" / "constants.txt"
BREAKS = (ROOT / "docs" / "abi-breaks.md").read_text()


def baseline():
    return dict(line.split(" ", 1) for line in BASELINE.read_text().splitlines())


def values_now(names):
    """What the preprocessor makes of each name today; None if it is gone. The version's own numbers are meant to change."""
    source = "#include <oarlock/oarlock.h>\n" + "".join(f'"{name}" {name}\n' for name in names)
    lines = subprocess.run(["cc", "-std=c99", f"-I{INCLUDE}", "-E", "-P", "-x", "c", "-"], input=source, capture_output=True, text=True,
                           check=True, timeout=60).stdout.splitlines()
    found = dict(re.fullmatch(r'"(OAR_\w+)" (.*)', line).groups() for line in lines if line.startswith('"OAR_'))
    return {name: None if found[name] == name else found[name] for name in names}


def test_no_constant_changed_its_value():
    before = baseline()
    assert len(before) > 100
    now = values_now(before)
    changed = {name: f"{before[name]} -> {now[name]}" for name in before if now[name] != before[name] and name not in BREAKS}
    assert changed == {}, "name them in docs/abi-breaks.md"


def test_the_preprocessor_is_really_asked():
    assert values_now(["OAR_OK", "OAR_NEVER_DEFINED"]) == {"OAR_OK": "0", "OAR_NEVER_DEFINED": None}
