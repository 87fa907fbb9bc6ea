"""The program of docs/adapters.md: on two ranks it trains its adapter and nothing else."""
import json
import os
import pathlib
import re
import subprocess

import pytest
import torch
from safetensors.torch import load_file

SOURCE, BUILD = (pathlib.Path(os.environ[name]) for name in ("OARLOCK_SOURCE", "OARLOCK_BUILD"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("adapters")
    program, = re.findall(r"```c\n(.*?)```", (SOURCE / "docs/adapters.md").read_text(), re.S)
    (folder / "program.c").write_text(program)
    for name in ("digits.pt2", "train.safetensors"):
        (folder / name).symlink_to(SOURCE / "examples/digits" / name)
    subprocess.run(["gcc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "program.c", "-o", "program",
                    f"-I{SOURCE}/capi/include", f"-L{BUILD}/lib", f"-Wl,-rpath,{BUILD}/lib", "-loarlock"], cwd=folder, check=True)
    run = subprocess.run([BUILD / "bin/oarlock", "launch", "-n", "2", "./program"], cwd=folder, capture_output=True, text=True,
                         timeout=120)
    assert run.returncode == 0, run.stderr
    return folder


def test_only_the_adapted_weight_changes(folder):
    before = {name: tensor for name, tensor in torch.export.load(str(SOURCE / "examples/digits/digits.pt2")).state_dict.items()}
    after = load_file(folder / "merged.safetensors")
    assert set(after) == set(before)
    changed = {name for name in after if not torch.equal(after[name], before[name])}
    assert {name for name in changed if not re.search("running_|num_batches", name)} == {"fc2.weight"}


def test_the_merged_weight_is_that_of_the_saved_adapter(folder):
    adapter = load_file(folder / "adapter/adapter_model.safetensors")
    a, b = (adapter[f"base_model.model.fc2.lora_{part}.weight"].double() for part in "AB")
    before = torch.export.load(str(SOURCE / "examples/digits/digits.pt2")).state_dict["fc2.weight"].double()
    assert b.abs().max() > 0
    assert torch.equal(load_file(folder / "merged.safetensors")["fc2.weight"], (before + 2 * (b @ a)).float())
    assert json.loads((folder / "adapter/adapter_config.json").read_text())["target_modules"] == ["fc2"]
