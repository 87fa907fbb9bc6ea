"""Padding against torch's pad_sequence, packing against the rule itself, the host's own function, and parts of inputs against
Accelerate's split_between_processes."""
import ctypes
import itertools
import json
import pathlib
import sys

import accelerate
import pytest
import torch
from torch.nn.utils.rnn import pad_sequence

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import oarlock_ctypes  # noqa: E402

OAR = oarlock_ctypes.load()
LIB = OAR.lib
ANY_THREAD = 1
SAMPLE_FN = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_int64, ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p)
COLLATE_FN = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p)
STREAM_FN = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_int64, ctypes.c_int64, ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p)


def give(value, out):
    tree = OAR.tree(value)
    out[0], tree.pointer = tree.pointer, None
    return 0


def dataset_of(samples, flags=ANY_THREAD):
    function = SAMPLE_FN(lambda index, out, _: give(samples[index], out))
    dataset = OAR.make(LIB.oar_dataset_from_samples, ctypes.c_int64(len(samples)), flags, function, None, None)
    dataset.kept = function
    return dataset


def stream_of(samples):
    function = STREAM_FN(lambda epoch, index, out, _: give(samples[index], out) if index < len(samples) else 0)
    dataset = OAR.make(LIB.oar_dataset_from_stream, 0, function, None, None)
    dataset.kept = function
    return dataset


def loader_of(dataset, **options):
    loader = OAR.make(LIB.oar_loader_create, dataset, json.dumps(options).encode())
    loader.dataset = dataset
    return loader


def set_padding(loader, column, value=0.0, multiple=1, first=False, mask=None):
    OAR.check(LIB.oar_loader_set_padding(loader, column.encode(), ctypes.c_double(value), ctypes.c_int64(multiple), int(first),
                                         mask and mask.encode()))


def set_collate(loader, join, flags=0):
    loader.joined = COLLATE_FN(join)
    OAR.check(LIB.oar_loader_set_collate(loader, flags, loader.joined, None, None))


def epoch(loader):
    batches = []
    while (batch := OAR.make(LIB.oar_loader_next, loader)) is not None:
        batches.append(OAR.value(batch))
    return batches


def refused(call, code, *words):
    with pytest.raises(oarlock_ctypes.OarlockError) as error:
        call()
    assert error.value.code == code and all(word in error.value.message for word in words), error.value


def sequences(dtype=torch.int64, shape=()):
    random = torch.Generator().manual_seed(3)
    return [torch.randint(1, 100, (length, *shape), generator=random).to(dtype) for length in (3, 0, 7, 5, 5, 1, 2)]


@pytest.mark.parametrize("source", [dataset_of, stream_of])
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("dtype, value", [(torch.int64, -100), (torch.float32, 0.5), (torch.bfloat16, -1), (torch.uint8, 255), (torch.bool, 1)])
def test_padding_is_pad_sequences(source, dtype, value, first):
    rows = sequences(dtype)
    loader = loader_of(source([{"t": row, "n": i} for i, row in enumerate(rows)]), batch_size=3, num_workers=2)
    set_padding(loader, "t", value, first=first)
    for batch, begin in zip(epoch(loader), (0, 3, 6), strict=True):
        expected = pad_sequence(rows[begin:begin + 3], batch_first=True, padding_value=value, padding_side="left" if first else "right")
        assert batch["t"].dtype == dtype and torch.equal(batch["t"], expected)
        assert batch["n"].tolist() == list(range(begin, min(begin + 3, 7)))


@pytest.mark.parametrize("first", [False, True])
def test_a_multiple_and_a_mask(first):
    rows = sequences()
    loader = loader_of(dataset_of([{"t": row} for row in rows]), batch_size=4, num_workers=0)
    set_padding(loader, "t", 9, 1)
    set_padding(loader, "t", 0, 8, first, "attention_mask")  # instead of the one before
    batch = epoch(loader)[0]
    assert batch["t"].shape == (4, 8)
    side = "left" if first else "right"
    lengths = pad_sequence([torch.ones(len(row), dtype=torch.int64) for row in rows[:4]], batch_first=True, padding_side=side)
    missing = torch.zeros(4, 8 - lengths.shape[1], dtype=torch.int64)
    expected = torch.cat([missing, lengths] if first else [lengths, missing], 1)
    assert torch.equal(batch["attention_mask"], expected)


def test_columns_of_more_dimensions_and_paths_below():
    rows = sequences(torch.float64, (4, 2))
    loader = loader_of(dataset_of([{"target": {"boxes": row}} for row in rows]), batch_size=7)
    set_padding(loader, "target.boxes", -1)
    assert torch.equal(epoch(loader)[0]["target"]["boxes"], pad_sequence(rows, batch_first=True, padding_value=-1))


def test_columns_of_tensors_in_memory_take_a_mask_too():
    names, handle = (ctypes.c_char_p * 1)(b"x"), OAR.tensor_from_torch(torch.arange(12).reshape(4, 3))
    dataset = OAR.make(LIB.oar_dataset_from_tensors, names, (ctypes.c_void_p * 1)(handle.pointer), ctypes.c_size_t(1))
    loader = loader_of(dataset, batch_size=4)
    set_padding(loader, "x", 7, 4, False, "mask")
    batch = epoch(loader)[0]
    assert batch["x"][1].tolist() == [3, 4, 5, 7] and batch["mask"].tolist() == [[1, 1, 1, 0]] * 4


@pytest.mark.parametrize("samples, padding, words", [
    ([{"t": torch.zeros(2)}, {"u": torch.zeros(1)}], {"column": "t"}, ("sample 1", "t")),
    ([{"t": "text"}], {"column": "t"}, ("sample 0", "'t'", "no tensor")),
    ([{"t": torch.tensor(1)}], {"column": "t"}, ("no dimensions",)),
    ([{"t": torch.zeros(2, dtype=torch.uint8)}, {"t": torch.zeros(1, dtype=torch.uint8)}], {"column": "t", "value": 256}, ("uint8", "256")),
    ([{"t": torch.zeros(2), "m": 1}], {"column": "t", "mask": "m"}, ("'m'", "already")),
], ids=str)
def test_samples_that_cannot_be_padded_are_named(samples, padding, words):
    loader = loader_of(dataset_of(samples), batch_size=2)
    set_padding(loader, **padding)
    refused(lambda: epoch(loader), oarlock_ctypes.E_ARGUMENT, "epoch 0, batch 0", *words)


def test_what_cannot_be_set():
    loader = loader_of(dataset_of([{"t": torch.zeros(2)}] * 3))
    refused(lambda: set_padding(loader, ""), oarlock_ctypes.E_ARGUMENT, "no name")
    refused(lambda: set_padding(loader, "t", 0, 0), oarlock_ctypes.E_ARGUMENT, "multiple")
    refused(lambda: set_collate(loader, lambda *_: 0, 8), oarlock_ctypes.E_ARGUMENT, "flags")
    OAR.make(LIB.oar_loader_next, loader)
    refused(lambda: set_padding(loader, "t"), oarlock_ctypes.E_STATE, "between epochs")
    refused(lambda: set_collate(loader, lambda *_: 0), oarlock_ctypes.E_STATE, "between epochs")


# The host's own function.

def borrowed(samples):
    tree = oarlock_ctypes.Handle(samples, lambda _: None)
    return OAR.value(tree)


@pytest.mark.parametrize("flags", [0, ANY_THREAD])
@pytest.mark.parametrize("source", [dataset_of, stream_of])
def test_the_host_joins_samples(source, flags):
    def join(samples, out, _):
        rows = borrowed(samples)
        return give({"sum": sum(row["x"] for row in rows), "length": pad_sequence([row["t"] for row in rows], batch_first=True)}, out)
    rows = sequences()
    loader = loader_of(source([{"x": i, "t": row} for i, row in enumerate(rows)]), batch_size=4, num_workers=2)
    set_collate(loader, join, flags)
    first, second = epoch(loader)
    assert (first["sum"], second["sum"]) == (6, 15) and torch.equal(first["length"], pad_sequence(rows[:4], batch_first=True))
    assert len(epoch(loader)) == 2


def test_padding_comes_before_the_host():
    loader = loader_of(dataset_of([{"t": row} for row in sequences()]), batch_size=7)
    set_padding(loader, "t", 0, 10)
    set_collate(loader, lambda samples, out, _: give({"lengths": torch.tensor([len(row["t"]) for row in borrowed(samples)])}, out))
    assert epoch(loader)[0]["lengths"].tolist() == [10] * 7


@pytest.mark.parametrize("answer, words", [(3, ("returned 3",)), (0, ("gave nothing",))])
@pytest.mark.parametrize("flags", [0, ANY_THREAD])
def test_a_host_that_fails_is_told_with_its_batch_and_asked_again(answer, words, flags):
    answers = [answer]

    def join(samples, out, _):
        return answers.pop() if answers else give({"n": len(borrowed(samples))}, out)
    loader = loader_of(dataset_of([{"x": i} for i in range(4)]), batch_size=2, num_workers=1)
    set_collate(loader, join, flags)
    refused(lambda: epoch(loader), oarlock_ctypes.E_CALLBACK, "batch 0", "0 1", *words)
    answers.clear()
    assert [batch["n"] for batch in epoch(loader)] == [2, 2]


def test_a_host_that_gives_another_kind_of_handle_is_told():
    def join(samples, out, _):
        tensor = OAR.tensor_from_torch(torch.zeros(1))
        out[0], tensor.pointer = tensor.pointer, None
        return 0
    loader = loader_of(dataset_of([{"x": 1}]))
    set_collate(loader, join)
    refused(lambda: epoch(loader), oarlock_ctypes.E_HANDLE, "tensor")


# Packing.

def packed(documents, row_length, value=0.0):
    source = dataset_of([{"t": row} for row in documents])
    rows = OAR.make(LIB.oar_dataset_pack, source, b"t", ctypes.c_int64(row_length), ctypes.c_double(value))
    rows.source = source
    return rows


def rows_by_the_rule(documents, row_length):
    """[[(document, tokens)]]: a document that fits goes into the open row, else a new one begins."""
    rows = []
    for number, document in enumerate(documents):
        room = row_length - sum(len(tokens) for _, tokens in rows[-1]) if rows else 0
        if len(document) > room:
            pieces = [document[begin:begin + row_length] for begin in range(0, len(document), row_length)]
            rows += [[(number, piece)] for piece in pieces]
        elif document:
            rows[-1].append((number, document))
    return rows


@pytest.mark.parametrize("row_length", [1, 2, 5, 8, 100])
@pytest.mark.parametrize("seed", range(4))
def test_rows_are_packed_by_the_rule_and_nothing_is_lost(row_length, seed):
    random = torch.Generator().manual_seed(seed)
    lengths = torch.randint(0, 14, (30,), generator=random).tolist()
    documents = [torch.randint(1, 1000, (length,), generator=random) for length in lengths]
    dataset = packed(documents, row_length, -7)
    expected = rows_by_the_rule([document.tolist() for document in documents], row_length)
    batch = epoch(loader_of(dataset, batch_size=max(1, len(expected)), num_workers=2))[0]
    assert batch["t"].shape == (len(expected), row_length)
    seen = {number: [] for number in range(30)}
    for row, tokens, positions, numbers in zip(expected, *(batch[name].tolist() for name in ("t", "positions", "documents")), strict=True):
        real = [token for _, piece in row for token in piece]
        assert tokens == real + [-7] * (row_length - len(real))
        assert numbers == [i for i, (_, piece) in enumerate(row) for _ in piece] + [-1] * (row_length - len(real))
        place = itertools.count()
        for document, piece in row:
            for token in piece:
                at = next(place)
                assert positions[at] == len(seen[document])
                seen[document].append(token)
        assert positions[len(real):] == [0] * (row_length - len(real))
    assert [seen[number] for number in range(30)] == [document.tolist() for document in documents]


def test_documents_that_cannot_be_packed():
    refused(lambda: packed([torch.zeros(2), torch.zeros(2, dtype=torch.int64)], 4), oarlock_ctypes.E_ARGUMENT, "sample 1", "int64")
    refused(lambda: packed([torch.zeros(2, 2)], 4), oarlock_ctypes.E_ARGUMENT, "sample 0", "[2, 2]")
    refused(lambda: packed([torch.zeros(2)], 0), oarlock_ctypes.E_ARGUMENT, "row_length")
    refused(lambda: OAR.make(LIB.oar_dataset_pack, stream_of([]), b"t", ctypes.c_int64(4), ctypes.c_double(0)), oarlock_ctypes.E_UNSUPPORTED, "stream")
    size = OAR.number(ctypes.c_int64, LIB.oar_dataset_size, packed([], 4))
    assert size == 0 and OAR.number(ctypes.c_int64, LIB.oar_dataset_size, packed([torch.zeros(0)], 4)) == 0


# Parts of inputs.

def split(value, part, num_parts, pad=False):
    return OAR.value(OAR.make(LIB.oar_tree_split, OAR.tree(value), part, num_parts, int(pad)))


def theirs(inputs, part, num_parts, pad):
    state = accelerate.PartialState(cpu=True)
    kept = state.num_processes, state.process_index
    state.num_processes, state.process_index = num_parts, part
    try:
        with state.split_between_processes(inputs, apply_padding=pad) as mine:
            return mine
    finally:
        state.num_processes, state.process_index = kept


@pytest.mark.parametrize("pad", [False, True])
def test_lists_are_split_as_the_reference_does(pad):
    for length, num_parts in itertools.product(range(1, 20), range(1, 6)):
        inputs = [f"prompt {i}" for i in range(length)]
        for part in range(num_parts):
            assert split(inputs, part, num_parts, pad) == theirs(list(inputs), part, num_parts, pad), (length, part, num_parts)


def test_tensors_and_maps_are_split_as_the_reference_does():
    for length, num_parts in itertools.product(range(0, 12), range(1, 5)):
        rows, texts = torch.arange(2 * length).reshape(length, 2), [str(i) for i in range(length)]
        for part in range(num_parts):
            mine, other = split({"x": rows, "t": texts}, part, num_parts), theirs({"x": rows.clone(), "t": list(texts)}, part, num_parts, False)
            assert torch.equal(mine["x"], other["x"]) and mine["t"] == other["t"]
            begin, end = ctypes.c_int64(), ctypes.c_int64()
            OAR.check(LIB.oar_rows_split(ctypes.c_int64(length), part, num_parts, ctypes.byref(begin), ctypes.byref(end)))
            assert torch.equal(rows[begin.value:end.value], other["x"])


def test_padded_parts_are_equally_long_and_repeat_the_last_row():
    rows = torch.arange(14).reshape(7, 2)
    parts = [split(rows, part, 3, True) for part in range(3)]
    assert [part.tolist() for part in parts] == [rows[0:3].tolist(), [*rows[3:5].tolist(), [12, 13]], [*rows[5:7].tolist(), [12, 13]]]


def test_nothing_is_split_into_nothing():
    assert [split([], part, 2, pad) for part in range(2) for pad in (False, True)] == [[]] * 4
    assert split(torch.zeros(0, 3), 1, 2, True).shape == (0, 3)
    assert split({"a": 5, "b": "text", "c": torch.tensor(1)}, 1, 2, True)["b"] == "text"


def test_what_cannot_be_split():
    refused(lambda: split({"a": [1, 2], "b": torch.zeros(3)}, 0, 2), oarlock_ctypes.E_ARGUMENT, "'a' has 2", "'b' has 3")
    refused(lambda: split([1], 2, 2), oarlock_ctypes.E_ARGUMENT, "part")
    refused(lambda: split([1], 0, 0), oarlock_ctypes.E_ARGUMENT, "part")
