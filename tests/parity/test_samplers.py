"""Loaders' orders against torch.utils.data's own samplers, and the host's batches over ranks against Accelerate's BatchSamplerShard."""
import ctypes
import itertools
import json
import pathlib
import sys

import pytest
import torch
from accelerate.data_loader import BatchSamplerShard
from torch.utils.data import BatchSampler, RandomSampler, SubsetRandomSampler, WeightedRandomSampler

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import oarlock_ctypes  # noqa: E402

OAR = oarlock_ctypes.load()
LIB = OAR.lib
SAMPLER_FN = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_int64, ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p)
SEEDS = (0, 42, 2**33 + 5)


def make_loader(length, rank=0, world_size=1, **options):
    column = OAR.tensor_from_torch(torch.arange(length))
    names, tensors = (ctypes.c_char_p * 1)(b"x"), (ctypes.c_void_p * 1)(column.pointer)
    dataset = OAR.make(LIB.oar_dataset_from_tensors, names, tensors, ctypes.c_size_t(1))
    options.setdefault("num_workers", 0)
    loader = OAR.make(LIB.oar_loader_create, dataset, json.dumps(options).encode())
    OAR.check(LIB.oar_loader_set_shard(loader, rank, world_size))
    return loader


def number(function, loader):
    return OAR.number(ctypes.c_int64, function, loader)


def batches(loader):
    def take():
        tree = OAR.make(LIB.oar_loader_next, loader)
        return None if tree is None else OAR.tensor_to_torch(OAR.make(LIB.oar_tree_get_tensor, tree, b"x")).tolist()
    return list(iter(take, None))


def flat(lists):
    return list(itertools.chain.from_iterable(lists))


def set_indices(loader, indices):
    OAR.check(LIB.oar_loader_set_indices(loader, (ctypes.c_int64 * len(indices))(*indices), ctypes.c_size_t(len(indices))))


def set_weights(loader, weights, num_samples, replacement):
    OAR.check(LIB.oar_loader_set_weights(loader, OAR.tensor_from_torch(weights), ctypes.c_int64(num_samples), int(replacement)))


def tree_of(order):
    """An int64 tensor, or a list of them."""
    if order and isinstance(order[0], list):
        return OAR.tree([torch.tensor(batch) for batch in order])
    return OAR.tree(torch.tensor(order, dtype=torch.int64))


def set_host(function, loader, give):
    def call(epoch, out, _):
        tree = give(epoch)
        if isinstance(tree, list):
            tree = tree_of(tree)
        out[0], tree.pointer = tree.pointer, None
        return 0
    loader.kept = SAMPLER_FN(call)
    OAR.check(function(loader, loader.kept, None, None))


def generator(seed):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("replacement, num_samples", [(False, None), (True, None), (True, 7), (True, 32), (True, 33), (True, 100),
                                                      (False, 7), (False, 13), (False, 14), (False, 30), (False, 100)])
@pytest.mark.parametrize("seed", SEEDS)
def test_random_draws_are_torchs(seed, replacement, num_samples):
    options = {} if num_samples is None else {"num_samples": num_samples}
    loader = make_loader(13, batch_size=4, shuffle=True, seed=str(seed), replacement=replacement, **options)
    for epoch in range(3):
        sampler = RandomSampler(range(13), replacement, num_samples, generator(seed + epoch))
        assert number(LIB.oar_loader_num_samples, loader) == len(sampler)
        assert batches(loader) == list(BatchSampler(sampler, 4, False))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_shuffled_subset_is_torchs(seed):
    indices = [12, 3, 3, 7, 0, 9, 5]
    loader = make_loader(13, batch_size=3, shuffle=True, seed=str(seed))
    set_indices(loader, indices)
    for epoch in range(3):
        assert batches(loader) == list(BatchSampler(SubsetRandomSampler(indices, generator(seed + epoch)), 3, False))


def test_a_subset_without_shuffle_is_as_it_was_given():
    loader = make_loader(13, batch_size=3)
    set_indices(loader, [12, 3, 3, 7])
    assert [batches(loader), batches(loader)] == [[[12, 3, 3], [7]]] * 2
    set_indices(loader, [])
    assert batches(loader) == [] and number(LIB.oar_loader_num_batches, loader) == 0


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.int64])
@pytest.mark.parametrize("replacement, num_samples", [(True, 5), (True, 64), (False, 5), (False, 12), (False, 1)])
@pytest.mark.parametrize("seed", SEEDS)
def test_weighted_draws_are_torchs(seed, replacement, num_samples, dtype):
    weights = torch.tensor([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 0]).to(dtype)
    loader = make_loader(13, batch_size=4, seed=str(seed))
    set_weights(loader, weights, num_samples, replacement)
    for epoch in range(3):
        sampler = WeightedRandomSampler(weights, num_samples, replacement, generator(seed + epoch))
        assert batches(loader) == list(BatchSampler(sampler, 4, False))


def test_weights_are_copied():
    weights = torch.ones(13, dtype=torch.float64)
    loader = make_loader(13, seed=1)
    set_weights(loader, weights, 20, True)
    weights[:] = torch.nan
    assert flat(batches(loader)) == list(WeightedRandomSampler(torch.ones(13), 20, True, generator(1)))


def test_the_hosts_order_is_cut_as_any_order_is():
    for even, drop_last, rank in itertools.product((True, False), (True, False), range(3)):
        loader = make_loader(50, rank, 3, batch_size=4, even_batches=even, drop_last=drop_last)
        orders = {epoch: list(range(49 - epoch, 2, -1 - epoch)) for epoch in range(3)}
        set_host(LIB.oar_loader_set_sampler, loader, orders.get)
        for epoch in range(3):
            expected = list(BatchSamplerShard(BatchSampler(orders[epoch], 4, drop_last), 3, rank, even_batches=even))
            assert number(LIB.oar_loader_num_batches, loader) == len(expected)
            assert batches(loader) == expected


def cut(length, sizes):
    order, lists = list(range(length)), []
    for size in itertools.cycle(sizes):
        if not order:
            return lists
        lists.append(order[:size])
        order = order[size:]


class Batches(list):
    """A batch sampler that says no batch_size; Accelerate reads drop_last of it."""

    def __init__(self, lists, drop_last):
        super().__init__(lists)
        self.drop_last = drop_last


def test_the_hosts_batches_are_given_out_as_the_references():
    compared = 0
    for length, sizes, world, even, drop_last in itertools.product(
            range(0, 24), ((3, 2, 4), (1,), (5, 1)), range(1, 5), (True, False), (True, False)):
        lists = cut(length, sizes)
        if not lists:
            continue
        rounds = []
        for rank in range(world):
            loader = make_loader(24, rank, world, even_batches=even, drop_last=drop_last)
            set_host(LIB.oar_loader_set_batch_sampler, loader, lambda epoch: lists)
            # one rank alone is not wrapped, and drop_last is the loader's to apply: a batch is never short
            expected = lists if world == 1 else list(BatchSamplerShard(Batches(lists, drop_last), world, rank, even_batches=even))
            assert batches(loader) == expected, (length, sizes, world, rank, even, drop_last)
            rounds.append(expected)
            compared += 1
        if not drop_last:
            loader = make_loader(24, 0, world, even_batches=even)
            set_host(LIB.oar_loader_set_batch_sampler, loader, lambda epoch: lists)
            assert number(LIB.oar_loader_num_samples, loader) == length
    assert compared > 2000


def test_a_round_of_the_hosts_batches_knows_its_real_samples():
    lists = [[0, 1, 2], [3, 4], [5, 6, 7, 8], [9, 10, 11], [12, 13]]
    loader = make_loader(14, 0, 2)
    set_host(LIB.oar_loader_set_batch_sampler, loader, lambda epoch: lists)
    seen = []
    while OAR.make(LIB.oar_loader_next, loader) is not None:
        seen.append(number(LIB.oar_loader_samples_in_round, loader))
    assert seen == [5, 7, 2]


def orders(kind):
    loader = make_loader(40, batch_size=1 if kind == "batches" else 3, seed=7, shuffle=kind == "replacement",
                         **({"replacement": True, "num_samples": 50} if kind == "replacement" else {}))
    if kind == "weights":
        set_weights(loader, torch.arange(40), 60, True)
    elif kind == "indices":
        set_indices(loader, list(range(30, 10, -1)))
    elif kind == "order":
        set_host(LIB.oar_loader_set_sampler, loader, lambda epoch: list(range(epoch, 40)))
    elif kind == "batches":
        set_host(LIB.oar_loader_set_batch_sampler, loader, lambda epoch: cut(40, (3, epoch + 1)))
    return loader


KINDS = ["replacement", "weights", "indices", "order", "batches"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("done", [0, 1, 4])
def test_a_resume_goes_on_without_the_epochs_before(kind, done):
    whole, resumed = orders(kind), orders(kind)
    for _ in range(2):
        batches(whole)
    for _ in range(done):
        OAR.make(LIB.oar_loader_next, whole)
    state = OAR.text(LIB.oar_loader_state, whole)
    OAR.check(LIB.oar_loader_load_state(resumed, state.encode()))
    assert [batches(whole), batches(whole)] == [batches(resumed), batches(resumed)]
    again = orders(kind)
    OAR.check(LIB.oar_loader_seek(again, ctypes.c_int64(2), ctypes.c_int64(done)))
    assert OAR.text(LIB.oar_loader_state, again) == state or done == 0


@pytest.mark.parametrize("kind, other", list(itertools.permutations(KINDS, 2)))
def test_a_state_of_another_order_is_refused(kind, other):
    loader = orders(kind)
    OAR.make(LIB.oar_loader_next, loader)
    with pytest.raises(oarlock_ctypes.OarlockError) as refused:
        OAR.check(LIB.oar_loader_load_state(orders(other), OAR.text(LIB.oar_loader_state, loader).encode()))
    assert refused.value.code == oarlock_ctypes.E_ARGUMENT and "another order" in refused.value.message


def refused(call, *words, code=oarlock_ctypes.E_ARGUMENT):
    with pytest.raises(oarlock_ctypes.OarlockError) as error:
        call()
    assert error.value.code == code and all(word in error.value.message for word in words), error.value


def test_orders_that_exclude_each_other_are_refused():
    give = {"replacement": True}
    refused(lambda: make_loader(4, **give), "loader.replacement", "loader.shuffle")
    refused(lambda: make_loader(4, num_samples=3), "loader.num_samples", "loader.shuffle")
    refused(lambda: make_loader(4, num_samples=0, shuffle=True), "loader.num_samples", "0")
    refused(lambda: set_weights(make_loader(4, shuffle=True), torch.ones(4), 4, True), "loader.shuffle")
    for function, options, word in ((LIB.oar_loader_set_sampler, {"shuffle": True}, "loader.shuffle"),
                                    (LIB.oar_loader_set_batch_sampler, {"shuffle": True}, "loader.shuffle"),
                                    (LIB.oar_loader_set_batch_sampler, {"batch_size": 4}, "loader.batch_size"),
                                    (LIB.oar_loader_set_batch_sampler, {"split_batches": True}, "loader.split_batches")):
        refused(lambda: set_host(function, make_loader(4, **options), lambda epoch: [0]), word)


def test_an_order_is_changed_only_between_epochs():
    loader = make_loader(4)
    OAR.make(LIB.oar_loader_next, loader)
    refused(lambda: set_indices(loader, [0]), "between epochs", code=oarlock_ctypes.E_STATE)
    batches(loader)
    set_indices(loader, [2])
    assert batches(loader) == [[2]]
    OAR.check(LIB.oar_loader_close(loader))
    refused(lambda: set_indices(loader, [0]), "closed", code=oarlock_ctypes.E_STATE)


def test_a_host_that_fails_is_asked_again():
    loader, answers = make_loader(4, batch_size=4), [[9], [3, 1]]
    set_host(LIB.oar_loader_set_sampler, loader, lambda epoch: answers.pop(0))
    refused(lambda: batches(loader), "epoch 0", "9", "4 samples", code=oarlock_ctypes.E_CALLBACK)
    assert batches(loader) == [[3, 1]]


def test_a_host_that_returns_no_tree_is_told():
    loader = make_loader(4)
    loader.kept = SAMPLER_FN(lambda epoch, out, _: 0)
    OAR.check(LIB.oar_loader_set_sampler(loader, loader.kept, None, None))
    refused(lambda: batches(loader), "gave nothing", code=oarlock_ctypes.E_CALLBACK)
    loader.failing = SAMPLER_FN(lambda epoch, out, _: 7)
    OAR.check(LIB.oar_loader_set_sampler(loader, loader.failing, None, None))
    refused(lambda: number(LIB.oar_loader_num_batches, loader), "returned 7", code=oarlock_ctypes.E_CALLBACK)


def test_a_handle_of_another_kind_is_told():
    loader = make_loader(4)
    set_host(LIB.oar_loader_set_sampler, loader, lambda epoch: OAR.tensor_from_torch(torch.arange(4)))
    refused(lambda: batches(loader), "tensor", code=oarlock_ctypes.E_HANDLE)
