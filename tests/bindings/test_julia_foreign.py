"""examples/julia/foreign_model.jl: forward and backward in Julia, data parallel on two ranks."""
import re
import subprocess

import pytest

from languages import DIGITS, environment, is_built, julia, launch

LINE = re.compile(r"epoch (\d+): loss (\S+), test accuracy (\S+)")


def test_it_learns_the_digits_on_two_ranks():
    if not is_built("julia"):
        pytest.skip("the Julia binding was left out (OARLOCK_JULIA=none)")
    command = launch(2, [*julia("examples/julia/foreign_model.jl"), "--train", DIGITS / "train.safetensors", "--test",
                         DIGITS / "test.safetensors", "--epochs", "5"])
    run = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=240, env=environment())
    assert run.returncode == 0, run.stderr
    epochs = [(int(epoch), float(loss), float(accuracy)) for epoch, loss, accuracy in LINE.findall(run.stdout)]
    assert [epoch for epoch, *_ in epochs] == [1, 2, 3, 4, 5]
    losses = [loss for _, loss, _ in epochs]
    assert losses == sorted(losses, reverse=True)
    # Chance is 0.1.
    assert epochs[-1][2] >= 0.95
