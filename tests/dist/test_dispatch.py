"""One rank reads for all: every case against Accelerate's own DataLoaderDispatcher; its defects, streams, failures, resumes."""
import itertools
import json

import pytest
import torch
from accelerate.data_loader import DataLoaderDispatcher
from torch.utils.data import TensorDataset
from world import run_world

BODY = """
import itertools

STREAM_FN = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_int64, ctypes.c_int64, ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p)

def numbers(length):
    tensor = Tensor(np.arange(length))
    names, handles = (ctypes.c_char_p * 1)(b"x"), (ctypes.c_void_p * 1)(tensor.handle)
    return ctypes.c_void_p(call_out(lib.oar_dataset_from_tensors, names, handles, ctypes.c_size_t(1)))

kept = []
def stream(length, fails_at=-1):
    left = [fails_at]
    def read(epoch, index, out, _):
        if index in left:
            left.remove(index)
            return 9
        if index < length:
            out[0] = call_out(lib.oar_tree_from_int64, ctypes.c_int64(index))
        return 0
    kept.append(STREAM_FN(read))
    return ctypes.c_void_p(call_out(lib.oar_dataset_from_stream, 0, kept[-1], None, None))

def loader_of(dataset, **options):
    options = {"num_workers": 0, **options}
    return ctypes.c_void_p(call_out(lib.oar_loader_create_dispatched, dataset, json.dumps(options).encode(), world.group))

def values(batch, key):
    tensor = ctypes.c_void_p(call_out(lib.oar_tree_get_tensor, batch, key))
    data, size = call_out(lib.oar_tensor_data, tensor), call_out(lib.oar_tensor_numel, tensor, kind=ctypes.c_int64)
    numbers = list((ctypes.c_int64 * size).from_address(data)) if size else []
    lib.oar_tensor_release(tensor)
    return numbers

def take(loader, key=b"x"):
    batch = ctypes.c_void_p(call_out(lib.oar_loader_next, loader))
    if not batch.value:
        return None
    numbers = values(batch, key)
    lib.oar_tree_release(batch)
    return numbers

def epoch(loader, key=b"x"):
    return list(iter(lambda: take(loader, key), None))

def number(loader, name):
    return call_out(getattr(lib, "oar_loader_" + name), loader, kind=ctypes.c_int64)
"""

CASES = BODY + """
with state() as world:
    for split, drop_last, length, batch in itertools.product((False, True), (False, True), range(41), range(1, 9)):
        if split and batch % world.size:
            continue
        dataset = numbers(length)
        loader = loader_of(dataset, batch_size=batch, split_batches=split, drop_last=drop_last)
        given, samples = [], []
        while (rows := take(loader)) is not None:
            given.append(rows)
            samples.append(number(loader, "samples_in_round"))
        assert number(loader, "num_batches") == len(given) and number(loader, "epoch") == 1
        print(json.dumps([split, drop_last, length, batch, given, samples]))
        lib.oar_loader_release(loader)
        lib.oar_dataset_release(dataset)
"""


def theirs(size, split, drop_last, length, batch):
    """Each rank's batches, or None where the reference fails. One process plays all ranks: the slices are taken of one round."""
    rounds, first = [], []

    def slices(data, own, *_, **__):
        if data is None:
            raise ValueError("no batch")
        rows, k = data[0].tolist(), own.stop - own.start
        if not drop_last and not first:  # what is kept to fill up with
            first.append(True)
            return [data[0][own]]
        rounds.append([rows[part * k:(part + 1) * k] for part in range(size)])
        return data
    loader = DataLoaderDispatcher(TensorDataset(torch.arange(length)), split_batches=split, batch_size=batch, drop_last=drop_last,
                                  _drop_last=drop_last, slice_fn=slices)
    kept = loader.state.num_processes
    loader.state.num_processes = size
    try:
        list(loader)
    except ValueError:  # no batch at all
        return None
    finally:
        loader.state.num_processes = kept
    return [[parts[rank] for parts in rounds] for rank in range(size)]


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_every_case_is_the_references(size):
    ranks = run_world(size, CASES, timeout=200)
    lines = [[json.loads(line) for line in rank.stdout.splitlines() if line.startswith("[")] for rank in ranks]
    compared = 0
    for cases in zip(*lines, strict=True):
        split, drop_last, length, batch = cases[0][:4]
        given = [case[4] for case in cases]
        expected = theirs(size, split, drop_last, length, batch)
        in_round = batch if split else batch * size
        assert cases[0][5] == [min(in_round, length - begin) for begin in range(0, len(given[0]) * in_round, in_round)], cases[0]
        if expected is None:
            assert given == [[]] * size, cases[0]
        elif min(length, in_round) < size:  # the reference has too few samples to fill up with
            assert [len(batches[0]) for batches in given] == [1] * size and set(sum((batches[0] for batches in given), [])) == set(range(length))
        else:
            assert given == expected, cases[0]
            compared += 1
    assert compared > 250


def test_uneven_parts_are_as_equal_as_can_be():
    ranks = run_world(3, BODY + """
with state() as world:
    report(epochs=[epoch(loader_of(numbers(length), batch_size=2, even_batches=False)) for length in (0, 1, 6, 8)])
""")
    assert [rank["epochs"] for rank in ranks] == [[[], [[0]], [[0, 1]], [[0, 1], [6]]], [[], [], [[2, 3]], [[2, 3], [7]]], [[], [], [[4, 5]], [[4, 5]]]]


def test_a_stream_is_read_by_one_rank_only_and_a_failure_is_everyones():
    ranks = run_world(2, BODY + """
with state() as world:
    dataset = stream(7, fails_at=5) if world.rank == 0 else stream(0)
    loader = loader_of(dataset, batch_size=2)
    seen = []
    while True:
        became = attempt(lambda: seen.append(take(loader, None)))
        if became["status"] != "OAR_OK":
            seen.append([became["status"], became["text"]])
        elif seen[-1] is None:
            break
    report(seen=seen)
""")
    for rank, expected in zip(ranks, ([[0, 1], [4, 5]], [[2, 3], [6, 0]]), strict=True):
        batches = [batch for batch in rank["seen"][:-1] if batch[0] != "OAR_E_CALLBACK"]
        failures = [batch for batch in rank["seen"][:-1] if batch[0] == "OAR_E_CALLBACK"]
        assert batches == expected and len(failures) == 1 and "sample 5" in failures[0][1], rank["seen"]
    assert "rank 0, which reads for all" in str(ranks[1]["seen"])


def test_a_resume_goes_on_and_fills_up_from_the_epochs_start():
    ranks = run_world(2, BODY + """
def text(loader):
    size = ctypes.c_size_t(0)
    check(lib.oar_loader_state(loader, None, ctypes.byref(size)))
    buffer = ctypes.create_string_buffer(size.value)
    check(lib.oar_loader_state(loader, buffer, ctypes.byref(size)))
    return buffer.value

with state() as world:
    options = {"batch_size": 3, "shuffle": True, "seed": 5}
    whole, resumed = loader_of(numbers(17), **options), loader_of(numbers(17), **options)
    epoch(whole)
    first = [take(whole), take(whole)]
    check(lib.oar_loader_load_state(resumed, text(whole)))
    report(same=[epoch(whole), epoch(whole)] == [epoch(resumed), epoch(resumed)], epoch=number(resumed, "epoch"))
""")
    assert [rank["same"] for rank in ranks] == [True, True] and ranks[1]["epoch"] == 3


def test_it_cannot_be_sharded_again():
    ranks = run_world(2, BODY + """
with state() as world:
    loader = loader_of(numbers(4))
    report(refused=attempt(lambda: check(lib.oar_loader_set_shard(loader, world.rank, world.size))),
           split=attempt(lambda: loader_of(numbers(4), batch_size=3, split_batches=True)))
""")
    assert ranks[0]["refused"]["status"] == "OAR_E_UNSUPPORTED" and ranks[1]["split"]["status"] == "OAR_E_ARGUMENT"


def test_text_columns_travel_in_parts():
    ranks = run_world(2, BODY + """
with state() as world:
    path = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"dispatch-{os.getpid()}.csv")
    with open(path, "w") as file:
        file.write("n,t\\n" + "".join(f"{i},text {i}\\n" for i in range(5)))
    dataset = ctypes.c_void_p(call_out(lib.oar_dataset_from_csv, path.encode(), None, ctypes.c_size_t(0), None, ctypes.c_size_t(0), None, 0))
    os.remove(path)
    loader = loader_of(dataset, batch_size=4)
    batch = ctypes.c_void_p(call_out(lib.oar_loader_next, loader))
    size = call_out(lib.oar_tree_size, batch, b"t", kind=ctypes.c_int64)
    buffer, texts = ctypes.create_string_buffer(50), []
    for i in range(size):
        room = ctypes.c_size_t(50)
        check(lib.oar_tree_get_string(batch, f"t.{i}".encode(), buffer, ctypes.byref(room)))
        texts.append(buffer.value.decode())
    report(numbers=values(batch, b"n"), texts=texts)
""")
    assert [rank["numbers"] for rank in ranks] == [[0, 1, 2], [3, 4, 0]]
    assert [rank["texts"] for rank in ranks] == [["text 0", "text 1", "text 2"], ["text 3", "text 4", "text 0"]]
