"""Operations on whole trees equal those of Hugging Face Accelerate 1.15: the same nested data on two ranks of the real package
over gloo, and on two of ours."""
import pathlib
import sys

import pytest
import torch
from accelerate import utils
from torch.utils import _pytree

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "dist")]
import oarlock_ctypes as oc  # noqa: E402
from nested_values import BROADCAST, GATHERED, PADDED, REDUCED, equal_shapes, integers  # noqa: E402
from world import run_world  # noqa: E402

OAR = oc.load()
OURS = f"""
import sys
sys.path[:0] = [{str(HERE)!r}, {str(HERE.parent)!r}]
import torch
import oarlock_ctypes as oc
from nested_values import BATCH, BROADCAST, GATHERED, NUM_SAMPLES, PADDED, REDUCED, objects, ragged
""" + """
torch.set_num_threads(1)
oar = oc.load()
OPS = {"sum": SUM, "mean": AVERAGE, "max": MAX}
wait = ctypes.c_int64(60000)

def call(function, *arguments):
    return oar.value(oar.make(function, *arguments))

def metrics(state):
    accelerator = oar.make(lib.oar_accelerator_create, state, None)
    ids = oar.tensor_from_torch(torch.arange(NUM_SAMPLES))
    names, tensors = (ctypes.c_char_p * 1)(b"id"), (ctypes.c_void_p * 1)(ids.pointer)
    dataset = oar.make(lib.oar_dataset_from_tensors, names, tensors, ctypes.c_size_t(1))
    loader = oar.make(lib.oar_loader_create, dataset, json.dumps({"batch_size": BATCH}).encode())
    oar.check(lib.oar_accelerator_prepare_loader(accelerator, loader))
    rounds = []
    while (batch := oar.make(lib.oar_loader_next, loader)) is not None:
        ids = oar.value(batch)["id"]
        tensors, texts = oar.tree([ids, {"twice": 2 * ids}]), oar.tree([f"sample {i}" for i in ids.tolist()])
        rounds.append({"tensors": call(lib.oar_accelerator_gather_tree_for_metrics, accelerator, tensors, 0),
                       "objects": call(lib.oar_accelerator_gather_tree_for_metrics, accelerator, texts, 0)})
    oar.check(lib.oar_accelerator_close(accelerator))
    return rounds

with state() as world:
    group, rank, ours = world.group, world.rank, {}
    for name, values in GATHERED.items():
        ours[f"gather {name}"] = call(lib.oar_group_gather_tree, group, oar.tree(values(rank)), wait)
    for name, (values, op) in REDUCED.items():
        ours[f"reduce {name}"] = call(lib.oar_group_reduce_tree, group, oar.tree(values(rank)), OPS[op], wait)
    for name, values in BROADCAST.items():
        tree = oar.tree(values(rank))
        oar.check(lib.oar_group_broadcast_tree(group, tree, 1, wait))
        ours[f"broadcast {name}"] = oar.value(tree)
    for name, (dim, value, first) in {**PADDED, "fraction": (1, 0.5, False)}.items():
        ours[f"pad {name}"] = call(lib.oar_group_pad_tree, group, oar.tree(ragged(rank)), ctypes.c_int64(dim),
                                   ctypes.c_double(value), int(first), wait)
    ours["gather_object"] = call(lib.oar_group_gather_objects, group, oar.tree(objects(rank)), wait)
    given = oar.tree([objects(rank), rank]) if rank == 1 else None
    ours["broadcast_object"] = call(lib.oar_group_broadcast_object, group, given, 1, wait)
    ours["metrics"] = metrics(world.handle)
    torch.save(ours, os.path.join(os.environ["OUT"], f"ours-{rank}.pt"))
"""


@pytest.fixture(scope="module")
def sides(tmp_path_factory):
    """Per rank: the reference's results and ours, by name."""
    folder = tmp_path_factory.mktemp("nested")
    run_world(2, bootstrap="environment", command=[sys.executable, str(HERE / "nested_side.py"), str(folder)],
              env={"ACCELERATE_USE_CPU": "true", "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": str(HERE)})
    run_world(2, OURS, env={"OUT": str(folder)})
    return [tuple(torch.load(folder / f"{side}-{rank}.pt", weights_only=False) for side in ("theirs", "ours")) for rank in range(2)]


def plain(value):
    """Tuples as lists: a tree does not tell them apart."""
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return {key: plain(item) for key, item in value.items()} if isinstance(value, dict) else value


def assert_equal(ours, theirs):
    leaves, structure = _pytree.tree_flatten(plain(theirs))
    mine, same = _pytree.tree_flatten(ours)
    assert same == structure
    for given, wanted in zip(mine, leaves):
        if isinstance(wanted, torch.Tensor):
            assert given.dtype == wanted.dtype and given.shape == wanted.shape and torch.equal(given, wanted), (given, wanted)
        else:
            assert given == wanted and type(given) is type(wanted)


CASES = [*(f"gather {name}" for name in GATHERED), *(f"reduce {name}" for name in REDUCED),
         *(f"broadcast {name}" for name in BROADCAST), *(f"pad {name}" for name in PADDED), "gather_object", "broadcast_object", "metrics"]


@pytest.mark.parametrize("case", CASES)
def test_results_are_those_of_accelerate_on_every_rank(sides, case):
    for theirs, ours in sides:
        assert_equal(ours[case], theirs[case])


def test_a_fraction_makes_integers_float_on_every_rank(sides):
    """Differs: the reference leaves the rank that is long enough with integers, so that its own gather of the two fails."""
    kinds = [theirs["pad fraction"]["columns"][0].dtype for theirs, _ in sides]
    assert kinds == [torch.int64, torch.float32]
    for theirs, ours in sides:
        wanted = plain(theirs["pad fraction"])
        wanted["columns"][0] = wanted["columns"][0].to(torch.float32)
        assert_equal(ours["pad fraction"], wanted)


BATCHES = [{"x": torch.arange(6).reshape(3, 2), "nested": [torch.ones(3, 1, dtype=torch.bfloat16), (torch.zeros(3),)]},
           {"x": -torch.arange(4).reshape(2, 2), "nested": [torch.ones(2, 1, dtype=torch.bfloat16) * 2, (torch.ones(2),)]}]


def made(function, tree, *arguments):
    pointer = oc.ctypes.c_void_p()
    OAR.check(function(OAR.tree(tree), *arguments, oc.ctypes.byref(pointer)))
    return OAR.value(oc.Handle(pointer.value, OAR.lib.oar_tree_release))


def test_concatenate():
    assert_equal(made(OAR.lib.oar_tree_concatenate, BATCHES, oc.ctypes.c_int64(0)), utils.concatenate(BATCHES))
    same_rows = [BATCHES[0], BATCHES[0]]
    columns = [{"x": batch["x"], "y": batch["nested"][0]} for batch in same_rows]
    assert_equal(made(OAR.lib.oar_tree_concatenate, columns, oc.ctypes.c_int64(1)), utils.concatenate(columns, dim=1))


@pytest.mark.parametrize("rows", [slice(0, 2), slice(1, None), slice(-2, None), slice(0, 3, 2), slice(5, 9)])
def test_slices(rows):
    numbers = [oc.ctypes.c_int64(0 if rows.start is None else rows.start), oc.ctypes.c_int64(2**63 - 1 if rows.stop is None else rows.stop),
               oc.ctypes.c_int64(rows.step or 1)]
    assert_equal(made(OAR.lib.oar_tree_slice, BATCHES[0], *numbers), utils.slice_tensors(BATCHES[0], rows))


def test_conversions():
    batch = {**BATCHES[0], "text": "kept", "number": 3, "flag": torch.tensor([True]), "scalar": torch.tensor(2.5)}
    assert_equal(made(OAR.lib.oar_tree_to_float32, batch), utils.convert_to_fp32(batch))
    assert_equal(made(OAR.lib.oar_tree_to_numbers, batch), utils.listify(batch))
    assert_equal(made(OAR.lib.oar_tree_to_device, batch, b"cpu", 0, None, oc.ctypes.c_size_t(0)), utils.send_to_device(batch, "cpu"))


@pytest.mark.parametrize("rows, parts", [(1, 2), (3, 2), (4, 3), (3, 4), (4, 6), (1, 6), (2, 6), (61, 6)])
def test_padding_to_a_multiple(rows, parts):
    batch = {"x": torch.arange(rows * 2).reshape(rows, 2) + 1}
    ours = made(OAR.lib.oar_tree_pad_to_multiple, batch, oc.ctypes.c_int64(rows), oc.ctypes.c_int64(parts))
    assert_equal(ours, utils.pad_input_tensors(batch, rows, parts))


def test_batch_sizes():
    size = oc.ctypes.c_int64()
    for batch in ({"a": torch.zeros(3, 2), "b": torch.zeros(9)}, [(torch.zeros(5),)], torch.zeros(2)):
        OAR.check(OAR.lib.oar_tree_batch_size(OAR.tree(batch), oc.ctypes.byref(size)))
        assert size.value == utils.find_batch_size(batch)
    for batch, error in (([], ValueError), ({"a": 3}, TypeError)):
        with pytest.raises(error):
            utils.find_batch_size(batch)
        assert OAR.lib.oar_tree_batch_size(OAR.tree(batch), oc.ctypes.byref(size)) == oc.E_ARGUMENT


def test_one_rank_is_that_of_the_reference():
    """The reference does not look at what it gathers on one rank, and clones what it reduces."""
    state = OAR.make(OAR.lib.oar_state_create, None)
    group = OAR.make(OAR.lib.oar_state_group, state)
    wait = oc.ctypes.c_int64(0)
    mixed = {"loss": torch.tensor(1.0), "text": "kept"}
    assert_equal(OAR.value(OAR.make(OAR.lib.oar_group_gather_tree, group, OAR.tree(mixed), wait)), utils.gather(mixed))
    for values in (equal_shapes, integers):
        ours = OAR.value(OAR.make(OAR.lib.oar_group_reduce_tree, group, OAR.tree(values(0)), 1, wait))
        assert_equal(ours, utils.reduce(values(0), "sum"))
    with pytest.raises(TypeError):
        utils.reduce(mixed)
    with pytest.raises(oc.OarlockError) as caught:
        OAR.make(OAR.lib.oar_group_reduce_tree, group, OAR.tree(mixed), 1, wait)
    assert caught.value.code == oc.E_ARGUMENT and "'text'" in caught.value.message
