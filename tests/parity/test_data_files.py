"""Files that NumPy writes, read by Oarlock."""
import ctypes
import pathlib
import sys

import numpy as np
import pytest
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import oarlock_ctypes  # noqa: E402

OAR = oarlock_ctypes.load()
E_VERSION = 10
DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64", "float16", "float32", "float64",
          "complex64", "complex128")


def open_npy(path):
    return OAR.make(OAR.lib.oar_tensor_from_npy, str(path).encode())


def values(handle):
    return OAR.tensor_to_torch(OAR.make(OAR.lib.oar_tensor_contiguous, handle))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (7,), (3, 4), (2, 0, 5), (2, 3, 4)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_every_type_shape_and_order(tmp_path, dtype, shape, order):
    array = np.asarray(np.random.default_rng(1).integers(0, 2, shape).astype(dtype), order=order)
    np.save(tmp_path / "a.npy", array)
    handle = open_npy(tmp_path / "a.npy")
    assert np.array_equal(values(handle).numpy(), array)
    assert OAR.number(ctypes.c_int32, OAR.lib.oar_tensor_is_read_only, handle) == 1


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_format(tmp_path, version):
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    with open(tmp_path / "a.npy", "wb") as file:
        np.lib.format.write_array(file, array, version=version)
    assert np.array_equal(values(open_npy(tmp_path / "a.npy")).numpy(), array)


def whole(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(1000, dtype=np.int64))
    return (tmp_path / "a.npy").read_bytes()


@pytest.mark.parametrize("array", [np.array(["text"]), np.zeros(2, dtype=">f4"), np.zeros(2, dtype=[("a", "f4"), ("b", "i4")])],
                         ids=["texts", "big-endian", "records"])
def test_what_is_no_array_of_numbers_is_refused(tmp_path, array):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(oarlock_ctypes.OarlockError) as refused:
        open_npy(tmp_path / "a.npy")
    assert refused.value.code == oarlock_ctypes.E_UNSUPPORTED and "a.npy" in refused.value.message


def test_a_file_cut_anywhere_is_refused(tmp_path):
    data = whole(tmp_path)
    for length in [*range(0, 140), 1000, len(data) - 1]:
        (tmp_path / "cut.npy").write_bytes(data[:length])
        with pytest.raises(oarlock_ctypes.OarlockError) as refused:
            open_npy(tmp_path / "cut.npy")
        assert refused.value.code == oarlock_ctypes.E_CORRUPT, length


@pytest.mark.parametrize("old, new, code", [
    (b"NUMPY\x01", b"NUMPY\x04", E_VERSION), (b"NUMPY", b"NUMPX", 8), (b"(1000,)", b"(-100,)", 8), (b"(1000,)", b"(10000)", 8),
    (b"(1000,), }" + 15 * b" ", b"(9223372036854775807,), }", 8), (b"False", b"Maybe", 8), (b"'shape'", b"'shale'", 8), (b"'<i8'", b"'<i9'", 9)])
def test_a_header_that_lies_is_refused(tmp_path, old, new, code):
    data = whole(tmp_path)
    assert old in data
    (tmp_path / "bad.npy").write_bytes(data.replace(old, new, 1))
    with pytest.raises(oarlock_ctypes.OarlockError) as refused:
        open_npy(tmp_path / "bad.npy")
    assert refused.value.code == code, refused.value.message


def test_tokens_of_a_numpy_memmap(tmp_path):
    tokens = np.random.default_rng(2).integers(0, 65536, 1001).astype(np.uint16)
    tokens.tofile(tmp_path / "tokens.bin")
    for stride, labels in ((16, 0), (5, 1), (0, 1)):
        dataset = OAR.make(OAR.lib.oar_dataset_from_tokens, str(tmp_path / "tokens.bin").encode(), 11, ctypes.c_int64(16),
                           ctypes.c_int64(stride), labels)
        step, window = stride or 16, 16 + labels
        begins = range(0, len(tokens) - window + 1, step)
        assert OAR.number(ctypes.c_int64, OAR.lib.oar_dataset_size, dataset) == len(begins)
        indices = (ctypes.c_int64 * len(begins))(*range(len(begins)))
        batch = OAR.value(OAR.make(OAR.lib.oar_dataset_get, dataset, indices, ctypes.c_size_t(len(begins))))
        for name, further in (("tokens", 0), ("labels", 1))[:1 + labels]:
            expected = np.stack([tokens[begin + further:begin + further + 16] for begin in begins]).astype(np.int64)
            assert torch.equal(batch[name], torch.from_numpy(expected))
