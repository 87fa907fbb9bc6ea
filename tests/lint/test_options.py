"""The committed files that are made from the table of options are what the table says now."""

import json
import os
import pathlib
import re
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


def test_some_source_reads_every_key():
    """A row without a reader is a setting that is silently ignored. Readers name the key, or its last part in a section."""
    keys = re.findall(r'#define OAR_OPTION_\w+ (".*")', (SOURCE / "capi/include/oarlock/options.h").read_text())
    sources = [path for folder in ("cxx", "capi/src") for path in (SOURCE / folder).rglob("*.cpp")]
    text = "".join(path.read_text() for path in sources if path.stem not in ("option_keys", "option_reach", "options"))
    unread = [key for key in map(json.loads, keys)
              if f'"{key}"' not in text and not ("." in key and f'"{key.partition(".")[2]}"' in text)]
    assert len(keys) > 50 and set(unread) <= {"log.level"}  # the log reads its variable
