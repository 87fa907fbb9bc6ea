"""The accelerator over real ranks: what an evaluation counts, and what happens when ranks do not have the same model."""
import pathlib
import sys

import pytest

from world import run_world

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "parity"))
import programs  # noqa: E402

GATHER = """
with state() as world:
    accelerator = ctypes.c_void_p(call_out(lib.oar_accelerator_create, world.handle, None))
    column = Tensor(np.arange({num_samples}, dtype=np.int64))
    names, columns = (ctypes.c_char_p * 1)(b"x"), (ctypes.c_void_p * 1)(column.handle)
    dataset = ctypes.c_void_p(call_out(lib.oar_dataset_from_tensors, names, columns, ctypes.c_size_t(1)))
    loader = ctypes.c_void_p(call_out(lib.oar_loader_create, dataset, b'{options}'))
    check(lib.oar_accelerator_prepare_loader(accelerator, loader))
    epochs = []
    for _ in range(2):
        epochs.append([])
        while batch := call_out(lib.oar_loader_next, loader):
            x = ctypes.c_void_p(call_out(lib.oar_tree_get_tensor, ctypes.c_void_p(batch), b"x"))
            rows = ctypes.c_void_p(call_out(lib.oar_accelerator_gather_for_metrics, accelerator, x))
            count = call_out(lib.oar_tensor_numel, rows, kind=ctypes.c_int64)
            data = ctypes.cast(call_out(lib.oar_tensor_data, rows), ctypes.POINTER(ctypes.c_int64))
            epochs[-1] += data[:count]
    report(epochs=epochs)
    for name, handle in (("loader", loader), ("dataset", dataset), ("accelerator", accelerator)):
        getattr(lib, "oar_" + name + "_release")(handle)
"""


@pytest.mark.parametrize("size", (1, 2, 4))
@pytest.mark.parametrize("num_samples, options", [
    (32, '{"batch_size": 4}'),                           # whole rounds
    (37, '{"batch_size": 4}'),                           # a rest
    (3, '{"batch_size": 4}'),                            # fewer samples than one batch
    (37, '{"batch_size": 8, "split_batches": true}'),    # a global batch
], ids=("whole", "rest", "few", "split"))
def test_an_evaluation_sees_each_sample_once_and_in_order(size, num_samples, options):
    escaped = options.replace("{", "{{").replace("}", "}}")
    body = GATHER.replace("{options}", escaped).format(num_samples=num_samples)
    for rank in run_world(size, body):
        assert rank["epochs"] == [list(range(num_samples))] * 2


def test_ranks_whose_last_batches_differ_in_size_give_what_they_have():
    options = '{{"batch_size": 4, "even_batches": false}}'
    for rank in run_world(2, GATHER.replace("{options}", options).format(num_samples=13)):
        assert rank["epochs"] == [list(range(13))] * 2


DIFFERENT = """
world = State()
model = ctypes.c_void_p(call_out(lib.oar_model_load, world.handle, paths[world.rank].encode(), None))
accelerator = ctypes.c_void_p(call_out(lib.oar_accelerator_create, world.handle, None))
report(prepare=attempt(lambda: check(lib.oar_accelerator_prepare_model(accelerator, model))))
report(later=attempt(world.barrier))
"""


def test_different_models_are_a_mismatch_that_names_the_first_difference(tmp_path):
    programs.export_mlp(tmp_path / "0.pt2")
    programs.export_digits(tmp_path / "1.pt2")
    paths = [str(tmp_path / f"{rank}.pt2") for rank in range(2)]
    for rank in run_world(2, f"paths = {paths!r}\n{DIFFERENT}"):
        assert rank["prepare"]["status"] == "OAR_E_MISMATCH", rank["prepare"]
        for part in ("fc1.weight float32 [64, 64]", "conv1.weight float32 [32, 1, 3, 3]", "rank 1"):
            assert part in rank["prepare"]["text"].lower(), rank["prepare"]
        assert rank["later"]["status"] == "OAR_E_ABORTED", rank["later"]


# On several ranks every rank of these ends by itself, long before the time-out of its collectives.
TRAINER = """
def prepared(world, path, prepare=True):
    model = ctypes.c_void_p(call_out(lib.oar_model_load, world.handle, path.encode(), None))
    accelerator = ctypes.c_void_p(call_out(lib.oar_accelerator_create, world.handle, None))
    if prepare: check(lib.oar_accelerator_prepare_model(accelerator, model))
    optimizer = ctypes.c_void_p(call_out(lib.oar_optimizer_create, model, b"sgd", b'{"lr": 0.1}'))
    check(lib.oar_accelerator_prepare_optimizer(accelerator, optimizer))
    return model, accelerator, optimizer

def first_of(model, name):
    tensor = ctypes.c_void_p(call_out(lib.oar_model_tensor, model, name.encode()))
    return ctypes.cast(call_out(lib.oar_tensor_data, tensor), ctypes.POINTER(ctypes.c_float))[0]

def backward(model, accelerator, x):
    tree = ctypes.c_void_p(call_out(lib.oar_tree_create_list))
    check(lib.oar_tree_append_tensor(tree, x.handle))
    outputs = ctypes.c_void_p(call_out(lib.oar_model_forward, model, tree))
    loss = ctypes.c_void_p(call_out(lib.oar_tree_get_tensor, outputs, b"loss"))
    return attempt(lambda: check(lib.oar_accelerator_backward(accelerator, loss)))
"""


@pytest.fixture(scope="module")
def partial(tmp_path_factory):
    folder = tmp_path_factory.mktemp("partial")
    programs.export_partial(folder / "frozen.pt2", frozen=True)
    programs.export_partial(folder / "unused.pt2", frozen=False)
    programs.export_partial(folder / "pretrained.pt2", frozen=True, seed=1)
    return folder


def test_what_rank_zero_alone_has_loaded_reaches_frozen_parameters_too(partial):
    body = """
world = State()
model = ctypes.c_void_p(call_out(lib.oar_model_load, world.handle, paths[world.rank].encode(), None))
accelerator = ctypes.c_void_p(call_out(lib.oar_accelerator_create, world.handle, None))
check(lib.oar_accelerator_prepare_model(accelerator, model))
report(values=[first_of(model, name) for name in ("back.weight", "head.weight")])
"""
    paths = [str(partial / name) for name in ("pretrained.pt2", "frozen.pt2")]
    first, second = run_world(2, f"paths = {paths!r}\n{TRAINER}{body}")
    assert first["values"] == second["values"]


LOADERS = """
world = State()
check(lib.oar_state_seed(world.handle, ctypes.c_int64(7 + world.rank)))
accelerator = ctypes.c_void_p(call_out(lib.oar_accelerator_create, world.handle, None))
column = Tensor(np.arange(sizes[world.rank], dtype=np.int64))
names, columns = (ctypes.c_char_p * 1)(b"x"), (ctypes.c_void_p * 1)(column.handle)
dataset = ctypes.c_void_p(call_out(lib.oar_dataset_from_tensors, names, columns, ctypes.c_size_t(1)))
loader = ctypes.c_void_p(call_out(lib.oar_loader_create, dataset, b'{"batch_size": 4, "shuffle": true}'))
report(prepare=attempt(lambda: check(lib.oar_accelerator_prepare_loader(accelerator, loader))))
rows = []
while len(set(sizes)) == 1 and (batch := call_out(lib.oar_loader_next, loader)):
    x = ctypes.c_void_p(call_out(lib.oar_tree_get_tensor, ctypes.c_void_p(batch), b"x"))
    gathered = ctypes.c_void_p(call_out(lib.oar_accelerator_gather_for_metrics, accelerator, x))
    rows += ctypes.cast(call_out(lib.oar_tensor_data, gathered), ctypes.POINTER(ctypes.c_int64))[:8]
report(rows=rows)
"""


def test_ranks_with_generators_of_their_own_read_one_order():
    for rank in run_world(2, f"sizes = [16, 16]\n{LOADERS}"):
        assert sorted(rank["rows"]) == list(range(16))


def test_data_sets_of_different_sizes_are_a_mismatch():
    for rank in run_world(2, f"sizes = [16, 12]\n{LOADERS}"):
        assert rank["prepare"]["status"] == "OAR_E_MISMATCH", rank["prepare"]
        assert "num_samples 16" in rank["prepare"]["text"] and "num_samples 12" in rank["prepare"]["text"]


@pytest.mark.parametrize("find_unused", (False, True))
def test_an_unused_parameter_is_named_or_left_alone(partial, find_unused):
    body = f"""
world = State(ddp_find_unused_parameters={find_unused})
model, accelerator, optimizer = prepared(world, {str(partial / "unused.pt2")!r})
x = Tensor(np.full((3, 4), 1.0 + world.rank, np.float32))
outcomes = []
for _ in range(2):
    outcomes.append(backward(model, accelerator, x))
    check(lib.oar_accelerator_step(accelerator, optimizer, None))
report(outcomes=outcomes, values=[first_of(model, name) for name in ("back.weight", "head.weight")])
"""
    first, second = run_world(2, TRAINER + body)
    assert first["values"] == second["values"]
    for outcome in first["outcomes"] + second["outcomes"]:
        assert outcome["status"] == ("OAR_OK" if find_unused else "OAR_E_STATE"), outcome
        assert find_unused or "back.weight" in outcome["text"], outcome


def test_a_model_that_was_not_prepared_is_refused_at_the_step(partial):
    body = f"""
world = State()
model, accelerator, optimizer = prepared(world, {str(partial / "frozen.pt2")!r}, prepare=False)
report(backward=backward(model, accelerator, Tensor(np.ones((3, 4), np.float32))),
       step=attempt(lambda: check(lib.oar_accelerator_step(accelerator, optimizer, None))))
"""
    for rank in run_world(2, TRAINER + body):
        assert rank["step"]["status"] == "OAR_E_STATE" and "head.weight" in rank["step"]["text"], rank["step"]


@pytest.mark.parametrize("bad_rank", (0, 1))
def test_only_rank_zeros_user_json_is_read_and_its_failure_is_everyones(partial, tmp_path, bad_rank):
    body = f"""
world = State(comm_timeout_ms=20000)
model, accelerator, optimizer = prepared(world, {str(partial / "frozen.pt2")!r})
text = b"{{bad" if world.rank == {bad_rank} else b"{{}}"
report(save=attempt(lambda: check(lib.oar_accelerator_save(accelerator, {str(tmp_path / "saved")!r}.encode(), text))))
world.barrier()
"""
    for rank in run_world(2, TRAINER + body):
        assert rank["save"]["status"] == ("OAR_E_ARGUMENT" if bad_rank == 0 else "OAR_OK"), rank["save"]
    assert (tmp_path / "saved").exists() == (bad_rank == 1)


def test_out_of_memory_on_one_rank_in_load_is_told_to_all_at_once(tmp_path):
    programs.export_partial(tmp_path / "big.pt2", frozen=True, width=3000)
    body = f"""
import resource
world = State(comm_timeout_ms=60000)
path = {str(tmp_path / "big.pt2")!r}
model, accelerator, optimizer = prepared(world, path)
backward(model, accelerator, Tensor(np.ones((3, 3000), np.float32)))
saved = {str(tmp_path / "saved")!r}.encode()
check(lib.oar_accelerator_save(accelerator, saved, None))
if world.rank == 1:
    used = int(open("/proc/self/statm").read().split()[0]) * 4096
    resource.setrlimit(resource.RLIMIT_AS, (used + 2 ** 20, resource.getrlimit(resource.RLIMIT_AS)[1]))
report(load=attempt(lambda: check(lib.oar_accelerator_load(accelerator, saved))))
if world.rank == 1: resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
world.barrier()
"""
    for rank in run_world(2, TRAINER + body):
        assert rank["load"]["status"] == "OAR_E_OUT_OF_MEMORY", rank["load"]
        assert rank["load"]["seconds"] < 30, rank["load"]
