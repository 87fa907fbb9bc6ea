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
        for part in ("fc1.weight float [64, 64]", "conv1.weight float [32, 1, 3, 3]", "rank 1"):
            assert part in rank["prepare"]["text"].lower(), rank["prepare"]
        assert rank["later"]["status"] == "OAR_E_ABORTED", rank["later"]
