"""examples/foreign_model.c: a model in plain C learns the digits on two ranks, and leaves checkpoints."""
import os
import pathlib
import re
import subprocess

SOURCE = pathlib.Path(os.environ["OARLOCK_SOURCE"])
BUILD = pathlib.Path(os.environ["OARLOCK_BUILD"])
DIGITS = SOURCE / "examples/digits"


def train(project, ranks, epochs):
    run = subprocess.run([BUILD / "bin/oarlock", "launch", "-n", str(ranks), BUILD / "examples/foreign_model", "--train",
                          DIGITS / "train.safetensors", "--test", DIGITS / "test.safetensors", "--project", project, "--epochs",
                          str(epochs)], capture_output=True, text=True, timeout=120, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert run.returncode == 0, run.stderr
    return [float(value) for value in re.findall(r"test accuracy (\S+)", run.stdout)]


def test_it_learns_the_digits_on_two_ranks(tmp_path):
    accuracies = train(tmp_path / "two", 2, 8)
    assert len(accuracies) == 8 and accuracies[-1] >= 0.94
    assert (tmp_path / "two/checkpoints/checkpoint_7/model.safetensors").is_file()


def test_one_rank_does_too(tmp_path):
    assert train(tmp_path / "one", 1, 4)[-1] >= 0.93


def test_it_calls_nothing_but_oarlock_and_the_c_library():
    includes = set(re.findall(r"#include <(.*)>", (SOURCE / "examples/foreign_model.c").read_text()))
    assert includes == {"oarlock/oarlock.h", "math.h", "stdio.h", "stdlib.h", "string.h"}
