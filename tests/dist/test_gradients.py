"""When gradients travel between real ranks, what they are divided by, as what they travel, and how much of it."""
import pathlib
import sys

import numpy as np
import pytest
import torch

from training_rows import rows
from world import run_world

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "parity"))
import programs  # noqa: E402

COUNTS = {0: (5, 2), 1: (12, 3)}  # rows per rank and micro-batch


class SumOfLosses(programs.Mlp):
    def forward(self, x, y):
        logits = self.fc2(torch.relu(self.fc1(x)))
        return {"loss": torch.nn.functional.cross_entropy(logits, y, reduction="sum")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gradients")
    batch = ({0: "b"}, {0: "b"})
    programs.export_mlp(folder / "mlp.pt2")
    programs.export_program(programs.seeded(SumOfLosses), programs.mlp_inputs(), folder / "sum.pt2", batch)
    programs.export_program(programs.seeded(programs.MlpWithAnIdleLayer), programs.mlp_inputs(), folder / "idle.pt2", batch)
    return folder


def whole_batch(inputs):
    """The gradients of the mean over all rows, by eager PyTorch."""
    model = programs.seeded(SumOfLosses)
    x, y = (torch.tensor(np.concatenate([part[name] for part in inputs])) for name in ("x", "y"))
    (model(x, y)["loss"] / len(y)).backward()
    return [parameter.grad.flatten() for parameter in model.parameters()]


def assert_close(ours, theirs, tolerance):
    scale = max(expected.abs().max() for expected in theirs)
    for values, expected in zip(ours, theirs, strict=True):
        assert (torch.tensor(values) - expected).abs().max() <= tolerance * scale


@pytest.fixture(scope="module")
def weighted(folder):
    return run_world(2, f"""
from training import *
COUNTS = {COUNTS!r}
with state() as world:
    for each in (False, True):
        training = Training(world, {str(folder / "sum.pt2")!r}, {{"accelerator.gradient_accumulation_steps": 2, "accelerator.sync_each_batch": each}})
        def run():
            for micro, count in enumerate(COUNTS[world.rank]):
                training.call("accumulate_begin", None)
                loss = training.loss(**rows("weighted", 10 * world.rank + micro, count))
                training.call("backward_weighted", training.model, loss, DOUBLE(count))
                training.call("accumulate_end")
        traffic = sent(world, run)
        report(**{{"each" if each else "once": training.gradients(), "sent_each" if each else "sent_once": traffic}})
        training.release()
""")


@pytest.mark.parametrize("when", ["once", "each"])
def test_weighted_backwards_give_the_mean_over_all_rows_of_all_ranks_and_micro_batches(weighted, when):
    inputs = [rows("weighted", 10 * rank + micro, count) for rank in COUNTS for micro, count in enumerate(COUNTS[rank])]
    for rank in weighted:
        assert_close(rank[when], whole_batch(inputs), 1e-6)


def test_the_weights_travel_in_one_number_behind_the_gradients(weighted):
    for rank in weighted:
        assert rank["sent_once"] == ["4810 float32", "1 float64"]


def test_ranks_that_give_weights_and_ranks_that_do_not_are_told(folder):
    for rank in run_world(2, f"""
from training import *
with state() as world:
    training = Training(world, {str(folder / "sum.pt2")!r})
    loss = training.loss(**rows("mixed", world.rank, 4))
    weighted = lambda: training.call("backward_weighted", None, loss, DOUBLE(4))
    report(outcome=attempt(weighted if world.rank == 0 else lambda: training.backward(loss)), then=attempt(world.barrier))
"""):
        told = rank["outcome"] if rank["outcome"]["status"] != "OAR_OK" else rank["then"]
        assert told["status"] in ("OAR_E_MISMATCH", "OAR_E_ABORTED") and "1 float64" in told["text"], told


@pytest.fixture(scope="module")
def held(folder):
    """Backwards under no_sync, the last of them triggered; then an accumulation of 16."""
    return run_world(2, f"""
from training import *
with state() as world:
    training = Training(world, {str(folder / "mlp.pt2")!r})
    losses = [training.loss(**rows("held", 10 * world.rank + i, 8)) for i in range(3)]
    def hold():
        training.call("no_sync_begin", training.model)
        for loss in losses[:2]:
            training.backward(loss)
        report(own=training.gradients())
        training.call("trigger_sync", None)
        training.backward(losses[2])
        training.call("no_sync_end")
    report(held=sent(world, hold), averaged=training.gradients())
    training.release()
    training = Training(world, {str(folder / "mlp.pt2")!r}, {{"accelerator.gradient_accumulation_steps": 16}})
    def accumulate():
        for i in range(16):
            training.micro_batch(rows("accumulated", 100 * world.rank + i, 4))
    report(accumulated=sent(world, accumulate), sums=training.gradients())
""")


def gradients_of(batches):
    """Per batch the gradients of the mean loss, by eager PyTorch."""
    model = programs.seeded(programs.Mlp)
    gradients = []
    for batch in batches:
        model.zero_grad()
        model(torch.tensor(batch["x"]), torch.tensor(batch["y"]))["loss"].backward()
        gradients.append([parameter.grad.flatten() for parameter in model.parameters()])
    return gradients


def total(gradients, factor):
    return [sum(parts) * factor for parts in zip(*gradients)]


def test_no_sync_keeps_gradients_at_home_and_the_triggered_backward_averages_them(held):
    for index, rank in enumerate(held):
        own = gradients_of([rows("held", 10 * index + i, 8) for i in range(2)])
        assert_close(rank["own"], total(own, 1), 1e-6)
        all_of_them = gradients_of([rows("held", 10 * r + i, 8) for r in range(2) for i in range(3)])
        assert_close(rank["averaged"], total(all_of_them, 0.5), 1e-6)
        assert rank["held"] == ["4810 float32"]


def test_an_accumulation_of_sixteen_sends_once(held):
    batches = gradients_of([rows("accumulated", 100 * r + i, 4) for r in range(2) for i in range(16)])
    for rank in held:
        assert rank["accumulated"] == ["4810 float32"]
        assert_close(rank["sums"], total(batches, 1 / 32), 1e-6)


LOW_RANK = {"ddp.matrix_approximation_rank": 1, "ddp.start_power_sgd_iter": 2}
BOTH_WEIGHTS = 64 * 1 + 64 * 1, 10 * 1 + 64 * 1  # (n + m) r of fc1 and fc2; their biases are sent as they are
HOOKS = {  # options and what the third step sends
    "no": ({}, ["4810 float32"]),
    "fp16": ({"ddp.comm_hook": "fp16"}, ["4810 float16"]),
    "bf16": ({"ddp.comm_hook": "bf16"}, ["4810 bfloat16"]),
    "power_sgd": ({"ddp.comm_hook": "power_sgd", **LOW_RANK}, ["74 float32", "74 float32", "128 float32"]),
    "power_sgd_fp16": ({"ddp.comm_hook": "power_sgd", "ddp.comm_wrapper": "fp16", **LOW_RANK},
                       ["74 float16", "74 float16", "128 float16"]),
    "batched_power_sgd": ({"ddp.comm_hook": "batched_power_sgd", **LOW_RANK}, ["70 float32", "70 float32"]),  # 70 * 70 >= 4810
    "views": ({"ddp.gradient_as_bucket_view": True}, ["4810 float32"]),
    "static": ({"ddp.static_graph": True}, ["4810 float32"]),
    "small_buckets": ({"ddp.bucket_cap_mb": 0.001, "ddp.first_bucket_cap_mb": 0.0001},
                      ["650 float32", "4160 float32"]),
}


@pytest.fixture(scope="module")
def hooks(folder):
    return run_world(2, f"""
from training import *
with state() as world:
    for name, options in {({name: options for name, (options, _) in HOOKS.items()})!r}.items():
        training = Training(world, {str(folder / "mlp.pt2")!r}, options)
        gradients = []
        for step in range(3):
            loss = training.loss(**rows("hooks", 10 * world.rank, 16))
            traffic = sent(world, lambda: training.backward(loss))
            gradients = gradients or training.gradients()
        report(**{{name: gradients, "sent " + name: traffic}})
        training.release()
""")


@pytest.mark.parametrize("name", HOOKS)
def test_each_hook_sends_what_its_formula_says(hooks, name):
    for rank in hooks:
        assert rank[f"sent {name}"] == HOOKS[name][1]


@pytest.mark.parametrize("name", HOOKS)
def test_with_each_hook_ranks_agree_and_the_average_is_near_the_exact_one(hooks, name):
    exact = total(gradients_of([rows("hooks", 10 * rank, 16) for rank in range(2)]), 0.5)
    assert hooks[0][name] == hooks[1][name]
    assert_close(hooks[0][name], exact, 1e-2 if "16" in name else 1e-6)


@pytest.mark.parametrize("name", ["views", "static", "small_buckets"])
def test_how_gradients_are_stored_changes_no_bit(hooks, name):
    assert hooks[0][name] == hooks[0]["no"]


def test_a_static_graph_may_leave_out_a_layer_and_pays_for_it_once(folder):
    for rank in run_world(2, f"""
from training import *
with state() as world:
    training = Training(world, {str(folder / "idle.pt2")!r}, {{"ddp.static_graph": True}}, "sgd", {{"lr": 0.1}})
    before = training.parameters()
    traffic = [sent(world, lambda: training.micro_batch(rows("idle", world.rank, 8))) for step in range(2)]
    report(sent=traffic, names=training.names(), before=before, after=training.parameters())
"""):
        assert rank["sent"] == [["4818 float32", "6 int32", "broadcast(6 int64 from rank 0)"], ["4818 float32"]]
        moved = [name for name, a, b in zip(rank["names"], rank["before"], rank["after"]) if a != b]
        assert moved == ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"]


def test_a_hook_that_there_is_not_is_refused_on_all_ranks(folder):
    for rank in run_world(2, f"""
from training import *
with state() as world:
    report(hook=attempt(lambda: Training(world, {str(folder / "mlp.pt2")!r}, {{"ddp.comm_hook": "int8"}})),
           early=attempt(lambda: Training(world, {str(folder / "mlp.pt2")!r}, {{"ddp.comm_hook": "power_sgd", "ddp.start_power_sgd_iter": 1}})))
"""):
        assert rank["hook"]["status"] == "OAR_E_ARGUMENT" and "batched_power_sgd, got int8" in rank["hook"]["text"], rank["hook"]
        assert rank["early"]["status"] == "OAR_E_ARGUMENT" and "start_power_sgd_iter" in rank["early"]["text"], rank["early"]


@pytest.mark.parametrize("backend", ["shm", "gloo"])
def test_a_rank_that_has_fewer_batches_is_named_and_nobody_hangs(folder, backend):
    """Rank 1 has one batch, rank 0 two; nobody joins."""
    rank0, rank1 = run_world(2, f"""
from training import *
with state(comm_backend={backend!r}, comm_timeout_ms=20000) as world:
    training = Training(world, {str(folder / "mlp.pt2")!r}, {{}}, "sgd", {{"lr": 0.1}})
    training.micro_batch(rows("uneven", world.rank, 8))
    if world.rank == 0:
        report(outcome=attempt(lambda: training.micro_batch(rows("uneven", 2, 8))))
    else:
        report(outcome=attempt(world.close))
""")
    told = rank0["outcome"]
    assert told["status"] == "OAR_E_PEER_LOST" and "rank 1" in told["text"] and "gradient bucket 0" in told["text"], told
    assert told["seconds"] < 4, told
    assert rank1["outcome"]["status"] == "OAR_OK", rank1["outcome"]
