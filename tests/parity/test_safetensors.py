"""Files of the safetensors package and of zipfile and torch.save read by Oarlock, and Oarlock's read by the package."""
import json
import os
import subprocess
import zipfile

import numpy as np
import pytest
import safetensors.torch
import torch

PROGRAM = os.path.join(os.environ["OARLOCK_BUILD"], "bin", "internal_format")
E_NOT_FOUND, E_CORRUPT = 4, 8


def run(*arguments):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 1), done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, lines


def raw(tensor):
    return tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes().hex() if tensor.numel() else ""


def tensors():
    torch.manual_seed(0)
    names = ("float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool", "uint16",
             "uint32", "uint64", "complex64", "float8_e4m3fn", "float8_e5m2")
    result = {name: torch.randint(0, 2, (2, 3)).to(getattr(torch, name)) for name in names}
    result["scalar"] = torch.tensor(1.25)
    result["none"] = torch.zeros(0, 5)
    result["a \"quoted\" \u00e9\u4e16 name"] = torch.randn(7)
    return result


@pytest.fixture
def package_file(tmp_path):
    path = tmp_path / "package.safetensors"
    safetensors.torch.save_file(tensors(), path, {"format": "pt", "note": "\u00e9\n\"x\""})
    return path


def test_every_tensor_of_the_package_is_read_bit_for_bit(package_file):
    code, lines = run("safetensors", package_file)
    assert code == 0, lines
    assert lines.pop()["metadata"] == {"format": "pt", "note": "\u00e9\n\"x\""}
    expected = tensors()
    assert {line["name"] for line in lines} == set(expected)
    for line in lines:
        tensor = expected[line["name"]]
        assert line["dtype"] == str(tensor.dtype).removeprefix("torch.")
        assert line["shape"] == list(tensor.shape)
        assert line["hex"] == raw(tensor), line["name"]


def test_the_package_reads_what_oarlock_wrote(package_file, tmp_path):
    path = tmp_path / "ours.safetensors"
    code, lines = run("copy", package_file, path)
    assert code == 0, lines
    assert lines[0]["size_bytes"] == path.stat().st_size
    back = safetensors.torch.load_file(path)
    for name, tensor in tensors().items():
        assert back[name].dtype == tensor.dtype and raw(back[name]) == raw(tensor), name
    with safetensors.safe_open(path, "pt") as file:
        assert file.metadata() == {"format": "pt", "note": "\u00e9\n\"x\""}


def test_the_checksum_is_that_of_the_bytes(package_file, tmp_path):
    _, written = run("copy", package_file, tmp_path / "ours.safetensors")
    _, read = run("checksum", tmp_path / "ours.safetensors")
    assert written == read
    (tmp_path / "ours.safetensors").write_bytes((tmp_path / "ours.safetensors").read_bytes()[:-1] + b"\xff")
    assert run("checksum", tmp_path / "ours.safetensors")[1][0]["checksum"] != written[0]["checksum"]


def test_missing_and_damaged_files_are_named(package_file, tmp_path):
    code, lines = run("safetensors", tmp_path / "nothing.safetensors")
    assert code == 1 and lines[-1]["code"] == E_NOT_FOUND and "nothing.safetensors" in lines[-1]["message"]
    short = tmp_path / "short.safetensors"
    short.write_bytes(package_file.read_bytes()[:-1])
    code, lines = run("safetensors", short)
    assert code == 1 and lines[-1]["code"] == E_CORRUPT
    assert "short.safetensors" in lines[-1]["message"] and "byte" in lines[-1]["message"]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_archives_of_zipfile_are_read(tmp_path, method):
    contents = {"root/text.json": b'{"a": 1}' * 1000, "root/empty": b"", "root/\u00e9.bin": os.urandom(5000)}
    path = tmp_path / "made.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    code, lines = run("zip", path)
    assert code == 0, lines
    assert {line["name"]: bytes.fromhex(line["hex"]) for line in lines} == contents


def test_archives_of_torch_are_read(tmp_path):
    path = tmp_path / "state.pt"
    torch.save({"weight": torch.arange(1000.0), "bias": torch.ones(3)}, path)
    code, lines = run("zip", path)
    assert code == 0, lines
    records = {line["name"]: bytes.fromhex(line["hex"]) for line in lines}
    assert records["state/data/0"] == np.arange(1000, dtype=np.float32).tobytes()
    with zipfile.ZipFile(path) as archive:
        assert records == {name: archive.read(name) for name in archive.namelist()}


def test_an_exported_program_is_read(tmp_path):
    path = tmp_path / "program.pt2"
    torch.export.save(torch.export.export(torch.nn.Linear(3, 2), (torch.randn(4, 3),)), path)
    code, lines = run("zip", path)
    assert code == 0, lines
    with zipfile.ZipFile(path) as archive:
        expected = {name: archive.read(name).hex() for name in archive.namelist()}
    assert {line["name"]: line["hex"] for line in lines} == expected


def test_a_large_archive_with_many_records_is_read(tmp_path):
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:  # more than 65,535 records: zip64
        for i in range(65600):
            archive.writestr(f"r/{i}", b"")
    code, lines = run("zip", path)
    assert code == 0, lines[-1]
    assert len(lines) == 65600 and lines[65599]["name"] == "r/65599"
