"""Folders of adapters: saves that end in the middle, disks that fail, and folders that somebody made to do harm.

A save leaves the whole folder or none, an earlier one as it is, and lets the next one work. A load gives a status within
seconds, and a model that is as before.
"""
import errno
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "parity")]
import lora_side  # noqa: E402
import oarlock_ctypes as oc  # noqa: E402

OAR = oc.load()
STATE = OAR.make(OAR.lib.oar_state_create, None)
BUILD = pathlib.Path(os.environ["OARLOCK_BUILD"])
NAMES = ["adapter_config.json", "adapter_model.safetensors"]
TENSOR = "base_model.model.first.lora_A.weight"


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return lora_side.export("mlp", tmp_path_factory.mktemp("program") / "mlp.pt2")


def load(program):
    return OAR.make(OAR.lib.oar_model_load, STATE, str(program).encode(), None)


def save(program, folder, **shim):
    """In a process of its own, under the shim where it is asked for anything."""
    environment = {**os.environ, **{f"OAR_SHIM_{key}": value for key, value in shim.items()}}
    if shim:
        environment["LD_PRELOAD"] = str(BUILD / "lib" / "libkill_shim.so")
    return subprocess.run([BUILD / "bin" / "program_save_adapter", program, folder], env=environment, capture_output=True,
                          text=True, timeout=60)


@pytest.fixture(scope="module")
def steps(program, tmp_path_factory):
    """What a save does to files, in order."""
    parent = tmp_path_factory.mktemp("steps")
    assert save(program, parent / "adapter", PATH=parent.name, LOG=str(parent / "log")).returncode == oc.OK
    return [line.split()[1] for line in (parent / "log").read_text().splitlines()]


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_save_that_is_killed_leaves_all_or_nothing(program, steps, tmp_path):
    assert {"open", "write", "fsync", "rename", "mkdir"} <= set(steps)
    earlier = tmp_path / "adapter_before"
    assert save(program, earlier).returncode == oc.OK
    whole, seen = files(earlier), set()
    for number in range(1, len(steps) + 1):
        folder = tmp_path / f"adapter_{number}"
        killed = save(program, folder, PATH=tmp_path.name, AT=f"any:{number}", TORN="1")
        assert killed.returncode == -signal.SIGKILL, (number, killed)
        seen.add(folder.exists())
        if folder.exists():
            assert files(folder) == whole
        else:
            assert save(program, folder).returncode == oc.OK and files(folder) == whole
        assert files(earlier) == whole
    assert seen == {False, True}
    left = sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith("adapter_"))
    assert left == [], "the next save removes what a killed one left"


@pytest.mark.parametrize("kind", ["mkdir", "open", "write", "fsync", "rename"])
@pytest.mark.parametrize("error, code", [("ENOSPC", oc.E_NO_SPACE), ("EROFS", oc.E_IO)])
def test_a_save_that_fails_says_why_and_leaves_nothing(program, tmp_path, kind, error, code):
    failed = save(program, tmp_path / "adapter", PATH=tmp_path.name, AT=f"{kind}:1", ERRNO=error, TORN="1")
    assert failed.returncode == code and os.strerror(getattr(errno, error)) in failed.stderr, failed
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def saved(program, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "adapter"
    assert save(program, folder).returncode == oc.OK
    return folder


@pytest.fixture
def folder(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "adapter")


def config(folder, **changes):
    path = folder / NAMES[0]
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def tensors(folder, change):
    loaded = load_file(folder / NAMES[1])
    change(loaded)
    save_file(loaded, folder / NAMES[1])


def cut(folder, name, size):
    path = folder / name
    path.write_bytes(path.read_bytes()[:size])


def instead(folder, name, make):
    (folder / name).unlink()
    make(folder / name)


HARM = {
    "a cut header": (lambda f: cut(f, NAMES[1], 50), oc.E_CORRUPT),
    "cut values": (lambda f: cut(f, NAMES[1], -1), oc.E_CORRUPT),
    "an empty configuration": (lambda f: cut(f, NAMES[0], 0), oc.E_CORRUPT),
    "deep JSON": (lambda f: (f / NAMES[0]).write_text("[" * 100_000), oc.E_CORRUPT),
    "a huge rank": (lambda f: config(f, r=(1 << 53) - 1), oc.E_ARGUMENT),
    "no rank": (lambda f: config(f, r=0), oc.E_CORRUPT),
    "a scale that is no number": (lambda f: config(f, lora_alpha="NaN"), oc.E_CORRUPT),
    "a kind that is no text": (lambda f: config(f, peft_type={"a": 1}), oc.E_UNSUPPORTED),
    "a matrix of no rows": (lambda f: tensors(f, lambda t: t.update({TENSOR: torch.zeros(0, 16)})), oc.E_ARGUMENT),
    "a number for a matrix": (lambda f: tensors(f, lambda t: t.update({TENSOR: torch.zeros(())})), oc.E_ARGUMENT),
    "half of an adapter": (lambda f: tensors(f, lambda t: t.pop(TENSOR)), oc.E_CORRUPT),
    "a tensor without a module": (lambda f: tensors(f, lambda t: t.update({"base_model.model..lora_A.weight": torch.ones(1)})),
                                  oc.E_UNSUPPORTED),
    "a pipe for a configuration": (lambda f: instead(f, NAMES[0], os.mkfifo), oc.E_ARGUMENT),
    "a pipe for tensors": (lambda f: instead(f, NAMES[1], os.mkfifo), oc.E_ARGUMENT),
    "a device": (lambda f: instead(f, NAMES[1], lambda path: path.symlink_to("/dev/zero")), oc.E_ARGUMENT),
    "a folder for tensors": (lambda f: instead(f, NAMES[1], os.mkdir), oc.E_ARGUMENT),
    "a link to itself": (lambda f: instead(f, NAMES[1], lambda path: path.symlink_to(NAMES[1])), oc.E_IO),
    "a link to nothing": (lambda f: instead(f, NAMES[1], lambda path: path.symlink_to("nowhere")), oc.E_NOT_FOUND),
}


@pytest.mark.parametrize("what", HARM)
@pytest.mark.parametrize("is_fresh", [True, False], ids=["fresh", "adapted"])
def test_a_folder_that_does_harm_is_refused_and_changes_nothing(program, folder, what, is_fresh):
    do_harm, code = HARM[what]
    model = load(program)
    if not is_fresh:
        OAR.check(OAR.lib.oar_model_load_lora(model, str(folder).encode()))
        OAR.parameter(model, "first.lora_B.weight").fill_(3)
    before = {name: OAR.parameter(model, name).clone() for name in OAR.parameter_names(model)}
    do_harm(folder)
    with pytest.raises(oc.OarlockError) as caught:
        OAR.check(OAR.lib.oar_model_load_lora(model, str(folder).encode()))
    assert caught.value.code == code, caught.value.message
    assert str(folder) in caught.value.message
    after = {name: OAR.parameter(model, name) for name in OAR.parameter_names(model)}
    assert list(after) == list(before) and all(torch.equal(after[name], before[name]) for name in before)


def test_links_to_good_files_are_read(program, folder, tmp_path):
    for name in NAMES:
        shutil.move(folder / name, tmp_path / name)
        (folder / name).symlink_to(tmp_path / name)
    OAR.check(OAR.lib.oar_model_load_lora(load(program), str(folder).encode()))
