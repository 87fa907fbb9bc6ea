"""examples/train_digits.c: what it learns, writes and resumes."""
import json
import os
import pathlib
import re
import subprocess

import pytest

SOURCE = pathlib.Path(os.environ["OARLOCK_SOURCE"])
BUILD = pathlib.Path(os.environ["OARLOCK_BUILD"])
DIGITS = SOURCE / "examples/digits"


def train(project, *arguments, ranks=2):
    return subprocess.run(
        [BUILD / "bin/oarlock", "launch", "-n", str(ranks), BUILD / "examples/train_digits", "--program", DIGITS / "digits.pt2",
         "--train", DIGITS / "train.safetensors", "--test", DIGITS / "test.safetensors", "--project", project, *arguments],
        capture_output=True, text=True, timeout=240, env={**os.environ, "OMP_NUM_THREADS": "1"})


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    project = tmp_path_factory.mktemp("digits") / "whole"
    run = train(project, "--epochs", "8")
    assert run.returncode == 0, run.stderr
    return project, run


def test_it_learns_the_digits(whole):
    accuracy = float(re.search(r"test accuracy (\S+) after 8 epochs", whole[1].stdout).group(1))
    assert accuracy >= 0.97
    # Of 360 images, each counted once, a part of k / 360.
    assert any(f"{k / 360:.4f}" == f"{accuracy:.4f}" for k in range(361))


def test_it_shows_loss_rate_and_speed(whole):
    last = [line for line in whole[1].stderr.splitlines() if "epoch 8" in line][-1]
    assert re.search(r"1437/1437 samples .* samples/s .* loss \S+  lr \S+", last), last


def test_only_the_main_process_shows_progress(whole):
    assert "[rank 0] epoch 8" in whole[1].stderr
    assert "[rank 1] epoch" not in whole[1].stderr


def test_it_keeps_three_checkpoints_and_a_line_of_metrics_per_epoch(whole):
    assert sorted(path.name for path in (whole[0] / "checkpoints").iterdir()) == [f"checkpoint_{n}" for n in (5, 6, 7)]
    lines = [json.loads(line) for line in (whole[0] / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [23 * epoch for epoch in range(1, 9)]
    assert lines[-1]["loss"] < lines[0]["loss"] and lines[-1]["accuracy"] >= 0.97


def test_a_resumed_run_ends_with_the_same_bits(whole, tmp_path):
    """Its latest checkpoint is taken away, as if it had ended one epoch earlier."""
    project = tmp_path / "resumed"
    subprocess.run(["cp", "-r", whole[0], project], check=True)
    subprocess.run(["rm", "-r", project / "checkpoints/checkpoint_7"], check=True)
    run = train(project, "--epochs", "8", "--resume")
    assert run.returncode == 0, run.stderr
    for name in ("model.safetensors", "optimizer_0.safetensors", "random_state-1.safetensors"):
        ours, theirs = (path / "checkpoints/checkpoint_7" / name for path in (project, whole[0]))
        assert ours.read_bytes() == theirs.read_bytes(), name


def test_resuming_nothing_is_an_error_with_a_reason(tmp_path):
    run = train(tmp_path / "none", "--epochs", "1", "--resume")
    assert run.returncode != 0
    assert "train_digits:" in run.stderr and "checkpoints" in run.stderr


def test_a_missing_program_is_named(tmp_path):
    run = subprocess.run([BUILD / "examples/train_digits", "--program", tmp_path / "no.pt2", "--train",
                          DIGITS / "train.safetensors", "--test", DIGITS / "test.safetensors", "--project", tmp_path,
                          "--epochs", "1"], capture_output=True, text=True, timeout=60)
    assert run.returncode == 1 and "no.pt2" in run.stderr


def test_it_is_a_program_of_150_lines_that_includes_only_oarlock_and_the_c_library():
    lines = (SOURCE / "examples/train_digits.c").read_text().splitlines()
    assert len(lines) <= 150
    includes = {line.split()[1] for line in lines if line.startswith("#include")}
    assert includes == {"<oarlock/oarlock.h>", "<stdio.h>", "<stdlib.h>", "<string.h>"}
