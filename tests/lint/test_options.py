"""The committed files that are made from the table of options are what the table says now."""

import os
import pathlib
import subprocess

import pytest

BUILD = pathlib.Path(os.environ["OARLOCK_BUILD"])
SOURCE = pathlib.Path(os.environ["OARLOCK_SOURCE"])


@pytest.mark.parametrize(
    "kind, committed", [("header", "capi/include/oarlock/options.h"), ("markdown", "docs/options.md")]
)
def test_the_committed_file_is_current(tmp_path, kind, committed):
    made = tmp_path / "made"
    subprocess.run([BUILD / "bin/gen_options", kind, made], check=True, timeout=60)
    assert made.read_text() == (SOURCE / committed).read_text(), (
        f"{committed} is stale; run: cmake --build {BUILD} --target options"
    )


def test_lines_of_the_header_fit():
    header = (SOURCE / "capi/include/oarlock/options.h").read_text()
    assert max(len(line) for line in header.splitlines()) <= 120
