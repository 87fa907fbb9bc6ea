"""What Oarlock writes, read by the packages that others read it with: safetensors, and Python's json."""
import json
import os
import pathlib
import subprocess

import pytest
import torch
import xxhash
from safetensors import safe_open
from safetensors.torch import load_file

PROGRAM = str(pathlib.Path(os.environ["OARLOCK_BUILD"]) / "bin" / "internal_checkpoint")
DTYPES = {"Float": torch.float32, "Double": torch.float64, "Half": torch.float16, "BFloat16": torch.bfloat16,
          "Long": torch.int64, "Int": torch.int32, "Short": torch.int16, "Char": torch.int8, "Byte": torch.uint8,
          "Bool": torch.bool}
SHAPES = {"matrix": (3, 5), "scalar": (), "empty": (2, 0, 3)}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    directory = tmp_path_factory.mktemp("dtypes") / "checkpoint"
    subprocess.run([PROGRAM, "dtypes", directory], check=True, timeout=60)
    return directory


def alternating(dtype, shape):
    """The bytes 0 1 0 1 ... seen as dtype: what the program wrote."""
    size = torch.empty(shape, dtype=dtype).nbytes
    data = bytes(i % 2 for i in range(size))
    return torch.frombuffer(bytearray(data), dtype=dtype).reshape(shape) if size else torch.empty(shape, dtype=dtype)


def test_safetensors_package_reads_every_dtype_and_shape(checkpoint):
    tensors = load_file(checkpoint / "model.safetensors")
    assert len(tensors) == len(DTYPES) * len(SHAPES) + 1
    for dtype_name, dtype in DTYPES.items():
        for shape_name, shape in SHAPES.items():
            found = tensors[f"{dtype_name}.{shape_name}"]
            assert found.dtype == dtype and found.shape == shape, (dtype_name, shape_name)
            assert torch.equal(found.reshape(-1).view(torch.uint8), alternating(dtype, shape).reshape(-1).view(torch.uint8))
    assert torch.equal(tensors["transposed"], torch.arange(6).reshape(2, 3).T)


def test_safetensors_package_finds_the_metadata_that_tools_ask_for(checkpoint):
    with safe_open(checkpoint / "model.safetensors", framework="pt") as file:
        assert file.metadata() == {"format": "pt"}


def test_manifest_is_plain_json_and_lists_every_file(checkpoint):
    manifest = json.loads((checkpoint / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["format"], manifest["major"], manifest["world_size"]) == ("oarlock.checkpoint", 1, 1)
    assert manifest["user"] == "n\u00e4he"
    assert manifest["libtorch_version"].split("+")[0] == torch.__version__.split("+")[0]
    listed = {file["path"]: file["size_bytes"] for file in manifest["files"]}
    there = {path.name: path.stat().st_size for path in checkpoint.iterdir() if path.name != "manifest.json"}
    assert listed == there


def test_checksums_are_those_of_the_xxhash_command(checkpoint):
    """The algorithm is named in the format; another implementation must agree."""
    manifest = json.loads((checkpoint / "manifest.json").read_text(encoding="utf-8"))
    for file in manifest["files"]:
        assert xxhash.xxh3_128_hexdigest((checkpoint / file["path"]).read_bytes()) == file["xxh3_128"]
    text = (checkpoint / "manifest.json").read_bytes()
    body = text[: text.rindex(b'  "checksum"')]
    assert xxhash.xxh3_128_hexdigest(body) == manifest["checksum"]
