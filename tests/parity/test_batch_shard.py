"""Loaders through the C interface against Accelerate's BatchSamplerShard, SeedableRandomSampler and torch.randperm."""

import ctypes
import itertools
import json
import sys
from pathlib import Path

import pytest
import torch
from accelerate.data_loader import BatchSamplerShard, prepare_data_loader
from torch.utils.data import BatchSampler, DataLoader, SequentialSampler

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import oarlock_ctypes  # noqa: E402

LENGTHS = range(0, 41)


@pytest.fixture(scope="module")
def oar():
    return oarlock_ctypes.load()


def make_dataset(oar, length):
    column = oar.tensor_from_torch(torch.arange(length))
    names, tensors = (ctypes.c_char_p * 1)(b"x"), (ctypes.c_void_p * 1)(column.pointer)
    return oar.make(oar.lib.oar_dataset_from_tensors, names, tensors, ctypes.c_size_t(1))


def make_loader(oar, dataset, rank=0, world_size=1, **options):
    options.setdefault("num_workers", 0)
    loader = oar.make(oar.lib.oar_loader_create, dataset, json.dumps(options).encode())
    oar.check(oar.lib.oar_loader_set_shard(loader, rank, world_size))
    return loader


def number(oar, function, loader):
    return oar.number(ctypes.c_int64, function, loader)


def next_batch(oar, loader):
    tree = oar.make(oar.lib.oar_loader_next, loader)
    if tree is None:
        return None
    return oar.tensor_to_torch(oar.make(oar.lib.oar_tree_get_tensor, tree, b"x")).tolist()


def epoch(oar, loader):
    return list(iter(lambda: next_batch(oar, loader), None))


def reference_batches(length, batch_size, rank, world_size, split, even, drop_last):
    sampler = BatchSampler(SequentialSampler(range(length)), batch_size, drop_last)
    if world_size == 1:  # prepare_data_loader wraps nothing then
        return list(sampler)
    return list(BatchSamplerShard(sampler, world_size, rank, split_batches=split, even_batches=even))


@pytest.mark.parametrize("world_size", range(1, 6))
@pytest.mark.parametrize("split, even, drop_last", list(itertools.product([False, True], repeat=3)))
def test_every_rank_gets_the_references_batches(oar, world_size, split, even, drop_last):
    compared = 0
    for length in LENGTHS:
        dataset = make_dataset(oar, length)
        for batch_size in range(1, 9):
            if split and batch_size % world_size != 0:
                continue
            for rank in range(world_size):
                case = f"length {length} batch {batch_size} rank {rank}"
                loader = make_loader(oar, dataset, rank, world_size, batch_size=batch_size, split_batches=split,
                                     even_batches=even, drop_last=drop_last)
                expected = reference_batches(length, batch_size, rank, world_size, split, even, drop_last)
                assert epoch(oar, loader) == expected, case
                assert number(oar, oar.lib.oar_loader_num_batches, loader) == len(expected), case
                compared += 1
    assert compared >= len(LENGTHS) * world_size


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("even", [False, True])
def test_num_samples_counts_each_sample_that_any_rank_gets_once(oar, even, drop_last):
    for length, batch_size, world_size in itertools.product(LENGTHS, range(1, 5), range(2, 4)):
        ranks = [reference_batches(length, batch_size, rank, world_size, False, even, drop_last)
                 for rank in range(world_size)]
        distinct = {sample for batches in ranks for batch in batches for sample in batch}
        loader = make_loader(oar, make_dataset(oar, length), 0, world_size, batch_size=batch_size, even_batches=even,
                             drop_last=drop_last)
        assert number(oar, oar.lib.oar_loader_num_samples, loader) == len(distinct), (length, batch_size, world_size)


def test_split_batches_refuses_what_the_reference_refuses(oar):
    for batch_size, world_size in itertools.product(range(1, 9), range(1, 6)):
        if batch_size % world_size == 0:
            continue
        sampler = BatchSampler(SequentialSampler(range(4)), batch_size, False)
        with pytest.raises(ValueError):
            BatchSamplerShard(sampler, world_size, 0, split_batches=True)
        with pytest.raises(oarlock_ctypes.OarlockError) as refused:
            make_loader(oar, make_dataset(oar, 4), 0, world_size, batch_size=batch_size, split_batches=True)
        assert refused.value.code == oarlock_ctypes.E_ARGUMENT
        assert f"batch_size is {batch_size}, world_size {world_size}" in refused.value.message


@pytest.mark.parametrize("seed", [0, 1, 42, 2**31, 2**32 + 5, 2**62 + 1])
@pytest.mark.parametrize("length", [1, 2, 10, 1437, 100_003])
def test_the_order_is_torch_randperm_of_seed_plus_epoch(oar, length, seed):
    loader = make_loader(oar, make_dataset(oar, length), batch_size=length, shuffle=True, seed=str(seed))
    for e in range(3):
        expected = torch.randperm(length, generator=torch.Generator().manual_seed(seed + e)).tolist()
        assert epoch(oar, loader) == [expected]


@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_shuffled_epochs_equal_prepare_data_loader(oar, world_size):
    for rank in range(world_size):
        loader = DataLoader(torch.arange(37), batch_size=4, shuffle=True)
        prepared = prepare_data_loader(loader, device=torch.device("cpu"), num_processes=world_size, process_index=rank,
                                       put_on_device=False, use_seedable_sampler=True, data_seed=42)
        ours = make_loader(oar, make_dataset(oar, 37), rank, world_size, batch_size=4, shuffle=True, seed=42)
        for _ in range(3):
            assert epoch(oar, ours) == [batch.tolist() for batch in prepared]


def test_workers_change_nothing(oar):
    dataset = make_dataset(oar, 1000)
    runs = []
    for workers in (0, 1, 2, 4):
        loader = make_loader(oar, dataset, 1, 3, batch_size=7, shuffle=True, seed=3, num_workers=workers)
        runs.append([epoch(oar, loader) for _ in range(2)])
    assert all(run == runs[0] for run in runs)


@pytest.mark.parametrize("workers", [0, 2])
def test_seek_equals_not_having_stopped(oar, workers):
    dataset = make_dataset(oar, 50)
    options = dict(batch_size=3, shuffle=True, seed=11, num_workers=workers)
    whole = make_loader(oar, dataset, 1, 2, **options)
    expected = [epoch(oar, whole) for _ in range(2)]
    for e, position in itertools.product(range(2), range(len(expected[0]) + 1)):
        loader = make_loader(oar, dataset, 1, 2, **options)
        oar.check(oar.lib.oar_loader_seek(loader, ctypes.c_int64(e), ctypes.c_int64(position)))
        assert epoch(oar, loader) == expected[e][position:]


def test_an_index_out_of_range_is_named(oar):
    dataset = make_dataset(oar, 5)
    indices = (ctypes.c_int64 * 2)(0, 5)
    with pytest.raises(oarlock_ctypes.OarlockError, match=r"\[0, 5\) is valid, got 5") as refused:
        oar.make(oar.lib.oar_dataset_get, dataset, indices, ctypes.c_size_t(2))
    assert refused.value.code == oarlock_ctypes.E_ARGUMENT


def test_an_unknown_option_names_the_nearest(oar):
    with pytest.raises(oarlock_ctypes.OarlockError, match="did you mean 'loader.batch_size'"):
        make_loader(oar, make_dataset(oar, 5), bach_size=2)
