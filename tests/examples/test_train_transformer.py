"""examples/train_transformer.c: a transformer built in C learns to sort, on one process and on two."""
import json
import os
import pathlib
import re
import subprocess

import pytest

SOURCE = pathlib.Path(os.environ["OARLOCK_SOURCE"])
BUILD = pathlib.Path(os.environ["OARLOCK_BUILD"])
PROGRAM = BUILD / "examples/train_transformer"


def train(command):
    run = subprocess.run(command, capture_output=True, text=True, timeout=240, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert run.returncode == 0, run.stderr
    return [tuple(map(float, match)) for match in re.findall(r"epoch \d+: loss (\S+), (\S+) of the digits", run.stdout)]


@pytest.mark.parametrize("launch", [[], [BUILD / "bin/oarlock", "launch", "-n", "2"]], ids=["one process", "two ranks"])
def test_it_learns_to_sort(launch, tmp_path):
    epochs = train([*launch, PROGRAM, tmp_path / "checkpoint"])
    assert len(epochs) == 4 and epochs[-1][0] < 0.25 * epochs[0][0]
    assert epochs[-1][1] >= 0.95
    # Of 512 rows of 8 digits, each counted once though 7 does not divide 512.
    assert any(f"{k / 4096:.4f}" == f"{epochs[-1][1]:.4f}" for k in range(4097))
    manifest = json.loads((tmp_path / "checkpoint/manifest.json").read_text())
    assert "model.safetensors" in json.dumps(manifest)


def test_its_checkpoint_has_the_names_of_the_scopes(tmp_path):
    from safetensors import safe_open

    train([PROGRAM, tmp_path / "checkpoint"])
    with safe_open(tmp_path / "checkpoint/model.safetensors", "pt") as weights:
        assert {"embedding", "blocks.0.attention.in.weight", "blocks.1.mlp.out.bias", "head.weight"} <= set(weights.keys())


def test_it_includes_only_oarlock_and_the_c_library():
    lines = (SOURCE / "examples/train_transformer.c").read_text().splitlines()
    included = {re.match(r"#include <(.*)>", line).group(1) for line in lines if line.startswith("#include")}
    assert included == {"oarlock/oarlock.h", "stdarg.h", "stdio.h", "stdlib.h"}
    assert len(lines) <= 290
