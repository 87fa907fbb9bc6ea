"""CSV files read by Oarlock, against the csv module of Python, numpy and torch's ConcatDataset and Subset."""
import csv
import ctypes
import json
import pathlib
import sys

import numpy as np
import pytest
import torch
from torch.utils.data import ConcatDataset, Subset, TensorDataset

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import oarlock_ctypes  # noqa: E402

OAR = oarlock_ctypes.load()
LIB = OAR.lib
NO_HEADER, FOUND, TEXT = 1, 0, 255
DTYPES = {"bool": 1, "uint8": 2, "int8": 3, "int16": 4, "int32": 5, "int64": 6, "float32": 9, "float64": 10}


def open_csv(path, columns=None, delimiter=None, flags=0):
    names = None if columns is None else (ctypes.c_char_p * len(columns))(*(name.encode() for name in columns))
    dtypes = None if columns is None else (ctypes.c_int32 * len(columns))(*columns.values())
    count = ctypes.c_size_t(0 if columns is None else len(columns))
    return OAR.make(LIB.oar_dataset_from_csv, str(path).encode(), names, count, dtypes, count, delimiter, flags)


def size(dataset):
    return OAR.number(ctypes.c_int64, LIB.oar_dataset_size, dataset)


def rows(dataset, indices=None):
    """{column: tensor or list of texts}"""
    indices = range(size(dataset)) if indices is None else indices
    batch = OAR.make(LIB.oar_dataset_get, dataset, (ctypes.c_int64 * len(indices))(*indices), ctypes.c_size_t(len(indices)))
    return OAR.value(batch)


def write(tmp_path, text):
    path = tmp_path / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_columns_are_what_their_fields_allow(tmp_path):
    batch = rows(open_csv(write(tmp_path, "i,f,t,n\n1,0.5,a,7\n-2,3,\"b,\"\"c\"\"\nd\",1e400\n")), [1, 0])
    assert batch["i"].dtype == torch.int64 and batch["i"].tolist() == [-2, 1]
    assert batch["f"].dtype == torch.float64 and batch["f"].tolist() == [3.0, 0.5]
    assert batch["t"] == ['b,"c"\nd', "a"]
    assert batch["n"] == ["1e400", "7"]  # no float64


@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_of_every_type(tmp_path, dtype):
    numbers = [0, 1] if dtype == "bool" else [0, 255] if dtype == "uint8" else [-7, 12]
    batch = rows(open_csv(write(tmp_path, "x\n" + "".join(f"{number}\n" for number in numbers)), {"x": DTYPES[dtype]}))
    assert torch.equal(batch["x"], torch.tensor(numbers, dtype=getattr(torch, dtype)))


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_what_pythons_writer_writes_comes_back(tmp_path, line_end, delimiter, quoting):
    table = [["a", "b c", ""], ["1", 'say ""hi""', "x"], ["", delimiter, "two\nlines"], ["é", "  spaces  ", '"'], ["2", "", "end"]]
    with open(tmp_path / "table.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows(table)
    columns = {"first": TEXT, "second": TEXT, "third": TEXT}
    batch = rows(open_csv(tmp_path / "table.csv", columns, delimiter.encode(), NO_HEADER))
    assert list(zip(batch["first"], batch["second"], batch["third"])) == [tuple(row) for row in table]


def test_numbers_are_numpys(tmp_path):
    table = np.random.default_rng(1).standard_normal((200, 3)) * 10.0 ** np.random.default_rng(2).integers(-30, 30, (200, 3))
    np.savetxt(tmp_path / "table.csv", table, delimiter=",", header="a,b,c", comments="", fmt="%.17g")
    batch = rows(open_csv(tmp_path / "table.csv"))
    expected = np.loadtxt(tmp_path / "table.csv", delimiter=",", skiprows=1)
    assert np.array_equal(np.stack([batch[name].numpy() for name in "abc"], 1), expected)


def test_columns_come_in_the_order_asked_for(tmp_path):
    path = write(tmp_path, "\ufeffa,b,c\n1,2,3\n")
    assert list(rows(open_csv(path, {"c": FOUND, "a": FOUND}))) == ["c", "a"]


def test_a_header_alone_is_a_table_without_rows(tmp_path):
    dataset = open_csv(write(tmp_path, "a,b\n"), {"a": DTYPES["float32"], "b": FOUND})
    assert size(dataset) == 0 and rows(dataset)["a"].shape == (0,) and rows(dataset)["b"] == []


def refused(call, code, *words):
    with pytest.raises(oarlock_ctypes.OarlockError) as error:
        call()
    assert error.value.code == code and all(word in error.value.message for word in words), error.value


@pytest.mark.parametrize("text, words", [
    ("", ("empty",)), ("a,b\n1\n", ("line 2", "1 fields where 2")), ("a,b\n1,2\n1,2,3\n", ("line 3", "3 fields")),
    ("a\n1\n\"2\n3\n", ("line 3, column 1", "never closed")), ("a\n\"1\"2\n", ("line 2, column 4", "behind a closing quote")),
    ("a,b\n1,2\"3\n", ("line 2, column 4", "quote inside")), ("a\n1\r2\n", ("line 2, column 2", "carriage return")),
    ("a,a\n1,2\n", ("two columns", "'a'")), ("a,\n1,2\n", ("no name",)), (b"a\n1\n2\xff\n", ("line 3, column 2", "UTF-8")),
    ("a,b\n1,2\n\n", ("line 3", "1 fields")),
], ids=str)
def test_no_table_is_refused_with_its_place(tmp_path, text, words):
    refused(lambda: open_csv(write(tmp_path, text)), oarlock_ctypes.E_CORRUPT, "table.csv", *words)


@pytest.mark.parametrize("dtype, field", [("int64", "1.5"), ("int64", ""), ("uint8", "256"), ("int8", "-129"), ("bool", "2"),
                                          ("float32", "one"), ("float64", " 1"), ("int32", "9999999999"), ("int64", "+1")])
def test_a_field_that_is_no_number_is_named(tmp_path, dtype, field):
    path = write(tmp_path, f"t,x\na,1\n\"b\nb\",{field}\n")
    refused(lambda: open_csv(path, {"x": DTYPES[dtype]}), oarlock_ctypes.E_CORRUPT, "line 4, column 4", f"'{field}'", dtype, "'x'")


def test_arguments_that_cannot_be(tmp_path):
    path = write(tmp_path, "a,b\n1,2\n")
    refused(lambda: open_csv(tmp_path / "none.csv"), oarlock_ctypes.E_NOT_FOUND, "none.csv")
    refused(lambda: open_csv(path, {"c": FOUND}), oarlock_ctypes.E_NOT_FOUND, "'c'", "a, b")
    refused(lambda: open_csv(path, None, None, NO_HEADER), oarlock_ctypes.E_ARGUMENT, "names")
    refused(lambda: open_csv(path, None, b'"'), oarlock_ctypes.E_ARGUMENT, "delimiter")
    refused(lambda: open_csv(path, None, b"::"), oarlock_ctypes.E_ARGUMENT, "delimiter", "::")
    refused(lambda: open_csv(path, {"a": 12}), oarlock_ctypes.E_ARGUMENT, "'a'")
    refused(lambda: open_csv(path, {"a": 99}), oarlock_ctypes.E_ARGUMENT, "99")
    refused(lambda: open_csv(path, None, None, 2), oarlock_ctypes.E_ARGUMENT, "flags")


# Parts of data sets.

def tensors(column):
    names, handles = (ctypes.c_char_p * 1)(b"x"), OAR.tensor_from_torch(column)
    return OAR.make(LIB.oar_dataset_from_tensors, names, (ctypes.c_void_p * 1)(handles.pointer), ctypes.c_size_t(1))


def concatenate(*parts):
    return OAR.make(LIB.oar_dataset_concatenate, (ctypes.c_void_p * len(parts))(*(part.pointer for part in parts)),
                    ctypes.c_size_t(len(parts)))


def subset(dataset, indices):
    return OAR.make(LIB.oar_dataset_subset, dataset, (ctypes.c_int64 * len(indices))(*indices), ctypes.c_size_t(len(indices)))


def test_a_concatenation_is_torchs():
    columns = [torch.arange(5.0), torch.empty(0), torch.arange(10.0, 13.0)]
    ours, theirs = concatenate(*map(tensors, columns)), ConcatDataset([TensorDataset(column) for column in columns])
    assert size(ours) == len(theirs) == 8
    for indices in ([0, 1], [5, 7], [4, 5, 0, 7, 7], list(range(8))):
        assert rows(ours, indices)["x"].tolist() == [float(theirs[i][0]) for i in indices]


def test_a_subset_is_torchs():
    column, indices = torch.arange(20) ** 2, [19, 3, 3, 0]
    ours, theirs = subset(tensors(column), indices), Subset(TensorDataset(column), indices)
    assert rows(ours)["x"].tolist() == [int(theirs[i][0]) for i in range(len(theirs))]
    assert rows(subset(ours, [2, 0]))["x"].tolist() == [9, 361]
    assert size(subset(ours, [])) == 0


def test_loaders_read_parts_with_workers():
    dataset = concatenate(tensors(torch.arange(50)), subset(tensors(torch.arange(100, 200)), list(range(0, 100, 2))))
    options = {"batch_size": 7, "shuffle": True, "seed": 3, "num_workers": 2}
    loader = OAR.make(LIB.oar_loader_create, dataset, json.dumps(options).encode())
    seen = []
    while (batch := OAR.make(LIB.oar_loader_next, loader)) is not None:
        seen += OAR.value(batch)["x"].tolist()
    everything = list(range(50)) + list(range(100, 200, 2))
    assert seen == [everything[i] for i in torch.randperm(100, generator=torch.Generator().manual_seed(3))]


def test_parts_that_do_not_fit_are_named():
    refused(lambda: rows(concatenate(tensors(torch.zeros(2, 3)), tensors(torch.zeros(2, 4)))), oarlock_ctypes.E_ARGUMENT, "x", "[3]", "[4]")
    refused(lambda: concatenate(), oarlock_ctypes.E_ARGUMENT, "at least one")
    refused(lambda: subset(tensors(torch.zeros(2)), [1, 2]), oarlock_ctypes.E_ARGUMENT, "sample 2 at place 1")
    refused(lambda: rows(concatenate(tensors(torch.zeros(2))), [2]), oarlock_ctypes.E_ARGUMENT, "2 samples")


STREAM_FN = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_int64, ctypes.c_int64, ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p)


def stream(first, length, fails_at=()):
    """Counts up from `first`, more of it in later epochs; samples of fails_at fail once."""
    left = list(fails_at)

    def read(epoch, index, out, _):
        if index in left:
            left.remove(index)
            return 5
        if index < length + epoch:
            tree = OAR.make(LIB.oar_tree_from_int64, ctypes.c_int64(first + index))
            out[0], tree.pointer = tree.pointer, None
        return 0
    function = STREAM_FN(read)
    dataset = OAR.make(LIB.oar_dataset_from_stream, 0, function, None, None)
    dataset.kept = function
    return dataset


def stream_batches(dataset, epochs=1):
    loader = OAR.make(LIB.oar_loader_create, dataset, b'{"batch_size": 4}')
    seen = []
    while len(seen) < epochs:
        seen.append([])
        while True:
            try:
                batch = OAR.make(LIB.oar_loader_next, loader)
            except oarlock_ctypes.OarlockError as error:
                assert error.code == oarlock_ctypes.E_CALLBACK and "sample" in error.message
                continue
            if batch is None:
                break
            seen[-1].append(OAR.value(batch).tolist())
    return seen


def test_streams_follow_each_other_in_every_epoch():
    assert stream_batches(concatenate(stream(0, 3), stream(100, 0), stream(200, 4)), 2) == [
        [[0, 1, 2, 200], [201, 202, 203]], [[0, 1, 2, 3], [100, 200, 201, 202], [203, 204]]]


def test_a_stream_that_fails_goes_on_where_it_was():
    assert stream_batches(concatenate(stream(0, 3, [0, 2]), stream(200, 2, [0, 1]))) == [[[0, 1, 2, 200], [201]]]


def test_streams_and_numbered_samples_are_not_joined():
    refused(lambda: concatenate(stream(0, 3), tensors(torch.zeros(2))), oarlock_ctypes.E_ARGUMENT, "1 of 2", "streams")
    refused(lambda: subset(stream(0, 3), [0]), oarlock_ctypes.E_UNSUPPORTED, "stream")
