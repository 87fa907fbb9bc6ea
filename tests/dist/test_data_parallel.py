"""What data parallelism keeps equal between real ranks: buffers, and gradients inside an accumulation."""
import pathlib
import sys

import pytest
import safetensors.torch
import torch

from micro_batches import TWO_MICRO_BATCHES, gradients_of_two_micro_batches, save_rows
from world import run_world

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "parity"))
import programs  # noqa: E402
from train_steps import train_steps  # noqa: E402

STATISTICS = ("bn1.running_mean", "bn1.running_var", "bn2.running_mean", "bn2.running_var")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data_parallel")
    programs.export_digits(folder / "digits.pt2", dropout=0.0)
    programs.export_mlp(folder / "mlp.pt2")
    programs.export_program(programs.seeded(programs.MlpWithAnIdleLayer), programs.mlp_inputs(), folder / "idle.pt2", ({0: "b"}, {0: "b"}))
    images, labels = programs.digits_inputs(160)
    safetensors.torch.save_file({"images": images, "labels": labels}, folder / "digits.safetensors")
    save_rows(programs.mlp_inputs(160), folder / "mlp.safetensors")
    return folder


def buffers_of_two_ranks(folder, out, micro, config):
    train_steps(out, 2, micro=micro, program=folder / "digits.pt2", data=folder / "digits.safetensors", weights_each=1,
                loader={"batch_size": 8}, config=config)
    return [safetensors.torch.load_file(out / f"weights-{rank}.safetensors") for rank in range(2)]


def statistics_are_equal(ranks):
    return {torch.equal(ranks[0][name], ranks[1][name]) for name in STATISTICS}


@pytest.mark.parametrize("accumulation, micro, equal", [
    (1, 3, True),
    (4, 8, True),    # the last micro-batch synchronised
    (4, 6, False),   # two more since the last that did: each rank has its own
])
def test_buffers_become_rank_0s_with_each_synchronised_backward(folder, tmp_path, accumulation, micro, equal):
    config = {"accelerator.gradient_accumulation_steps": accumulation}
    ranks = buffers_of_two_ranks(folder, tmp_path, micro, config)
    assert statistics_are_equal(ranks) == {equal}


@pytest.mark.parametrize("accumulation", [1, 4])
def test_without_the_option_each_rank_keeps_its_own_buffers(folder, tmp_path, accumulation):
    config = {"accelerator.gradient_accumulation_steps": accumulation, "ddp.broadcast_buffers": False}
    ranks = buffers_of_two_ranks(folder, tmp_path, 8, config)
    assert statistics_are_equal(ranks) == {False}
    assert torch.equal(ranks[0]["fc.weight"], ranks[1]["fc.weight"]), "parameters are equal all the same"


@pytest.mark.parametrize("accumulation", [1, 4])
def test_rank_0s_buffers_are_those_of_its_own_batches(folder, tmp_path, accumulation):
    """They do not depend on whether they are sent: training forwards only write them."""
    config = {"accelerator.gradient_accumulation_steps": accumulation}
    sent = buffers_of_two_ranks(folder, tmp_path / "sent", 8, config)
    kept = buffers_of_two_ranks(folder, tmp_path / "kept", 8, {**config, "ddp.broadcast_buffers": False})
    for name in STATISTICS:
        assert torch.equal(sent[0][name], kept[0][name]), name


def test_sync_each_batch_averages_over_ranks_inside_the_accumulation(folder):
    own = gradients_of_two_micro_batches(folder)
    averaged = gradients_of_two_micro_batches(folder, accelerator_sync_each_batch=True)
    assert not torch.equal(own[0][0], own[1][0])
    assert torch.equal(averaged[0][0], averaged[1][0])
    torch.testing.assert_close(averaged[0][0], (own[0][0] + own[1][0]) / 2, rtol=0, atol=1e-7)


def test_sync_each_batch_gives_the_same_sums(folder):
    own = gradients_of_two_micro_batches(folder)
    averaged = gradients_of_two_micro_batches(folder, accelerator_sync_each_batch=True)
    for rank in range(2):
        torch.testing.assert_close(averaged[rank][1], own[rank][1], rtol=0, atol=1e-7)


def test_a_parameter_without_a_gradient_is_named_on_every_rank(folder):
    body = TWO_MICRO_BATCHES.replace("check(lib.oar_accelerator_backward(accelerator, loss))",
                                "report(outcome=attempt(lambda: check(lib.oar_accelerator_backward(accelerator, loss)))); break")
    given = {"program": str(folder / "idle.pt2"), "data": str(folder / "mlp.safetensors"), "options": "", "prepare": "pass"}
    for rank in run_world(2, body.format(**given)):
        assert rank["outcome"]["status"] != "OAR_OK" and "idle.weight" in rank["outcome"]["text"], rank["outcome"]
        assert "find_unused_parameters" in rank["outcome"]["text"], rank["outcome"]


def test_find_unused_parameters_lets_one_stay_without_a_gradient(folder, tmp_path):
    train_steps(tmp_path, 2, micro=4, program=folder / "idle.pt2", data=folder / "mlp.safetensors", weights_each=1,
                optimizer_json={"lr": 0.1}, loader={"batch_size": 16}, config={"ddp.find_unused_parameters": True})
    ranks = [safetensors.torch.load_file(tmp_path / f"weights-{rank}.safetensors") for rank in range(2)]
    before = programs.seeded(programs.MlpWithAnIdleLayer).state_dict()
    for name in before:
        assert torch.equal(ranks[0][name], ranks[1][name]), name
        assert torch.equal(ranks[0][name], before[name]) == name.startswith("idle."), name
