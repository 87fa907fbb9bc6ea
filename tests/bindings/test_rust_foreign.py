"""examples/rust/foreign_model.rs: forward and backward in Rust, data parallel on two ranks, against the same mathematics in numpy."""
import re
import subprocess

import numpy as np
import pytest
import torch
from languages import BUILT, DIGITS, environment, is_built, launch
from safetensors.numpy import load_file

pytestmark = pytest.mark.skipif(not is_built("rust"), reason="the Rust binding was left out (OARLOCK_RUST=none)")

EPOCHS, BATCH, RANKS, RATE, SEED = 5, 32, 2, 1.0, 1
LINE = re.compile(r"epoch (\d+): loss (\S+), test accuracy (\S+)")


def read(name):
    data = load_file(DIGITS / name)
    return data["images"].reshape(-1, 64) / 16.0, data["labels"]


def probabilities(images, weight, bias):
    logits = images @ weight + bias
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponents / exponents.sum(axis=1, keepdims=True)


def rounds(size, epoch):
    """The samples that all ranks together have, step by step; the last round is filled up from the epoch's start."""
    order = torch.randperm(size, generator=torch.Generator().manual_seed(SEED + epoch)).numpy()
    step = BATCH * RANKS
    whole = np.concatenate([order, order[:-size % step]])
    return whole.reshape(-1, step)


def reference():
    """(loss, accuracy) of each epoch, in double precision: softmax regression by SGD on the mean of the ranks' gradients."""
    images, labels = read("train.safetensors")
    test_images, test_labels = read("test.safetensors")
    weight, bias = np.zeros((64, 10)), np.zeros(10)
    for epoch in range(EPOCHS):
        losses = []
        for samples in rounds(len(labels), epoch):
            slope = probabilities(images[samples], weight, bias)
            places = (np.arange(len(samples)), labels[samples])
            losses.append(-np.log(slope[places]).mean())
            slope[places] -= 1
            weight -= RATE * images[samples].T @ slope / len(samples)
            bias -= RATE * slope.mean(axis=0)
        best = probabilities(test_images, weight, bias).argmax(axis=1)
        yield np.mean(losses), (best == test_labels).mean()


def test_two_ranks_learn_what_one_computes():
    command = launch(RANKS, [BUILT / "rust/bin/foreign_model", "--train", DIGITS / "train.safetensors", "--test",
                             DIGITS / "test.safetensors", "--epochs", str(EPOCHS)])
    run = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=240, env=environment())
    assert run.returncode == 0, run.stderr
    epochs = [(float(loss), float(accuracy)) for _, loss, accuracy in LINE.findall(run.stdout)]
    assert len(epochs) == EPOCHS
    for (loss, accuracy), (expected_loss, expected_accuracy) in zip(epochs, reference()):
        assert loss == pytest.approx(expected_loss, abs=1e-4)  # four places are printed
        assert accuracy == pytest.approx(expected_accuracy, abs=1.1 / 360)  # a tie may go to another digit
    assert epochs[-1][1] >= 0.95
