"""The digits trainer of a language beside that of C: two ranks, equal bit for bit, resumed too, and short.

A language's test file is this:

    from digits import digits_tests
    from languages import SOURCE

    globals().update(digits_tests("rust", SOURCE / "examples/rust/train_digits.rs"))
"""
import json
import shutil
import subprocess

import pytest

from languages import LANGUAGES, digits_arguments, environment, is_built, launch

EPOCHS = 3
MAX_LINES = 80


def train(language, project, *more):
    """What two ranks printed."""
    command = launch(2, [*LANGUAGES[language].train_digits, *digits_arguments(project, EPOCHS), *more])
    run = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=240, env=environment())
    assert run.returncode == 0, f"{language}\n{run.stdout}\n{run.stderr}"
    return run


def metrics(project):
    return [{key: line[key] for key in ("step", "loss", "accuracy")} for line in map(json.loads, (project / "metrics.jsonl").open())]


def tensors(project, epoch):
    """Every file of tensors of a checkpoint, as bytes."""
    return {path.name: path.read_bytes() for path in (project / f"checkpoints/checkpoint_{epoch}").glob("*.safetensors")}


def stop_after_an_epoch(project):
    """What a run leaves that is killed after its first checkpoint."""
    for epoch in range(1, EPOCHS):
        shutil.rmtree(project / f"checkpoints/checkpoint_{epoch}")
    lines = (project / "metrics.jsonl").read_text().splitlines(keepends=True)
    (project / "metrics.jsonl").write_text(lines[0])


def digits_tests(language, source):
    @pytest.fixture(scope="module")
    def runs(tmp_path_factory):
        """Project folder and output of the run in C and of the one in the language."""
        if not is_built(language):
            pytest.skip(f"the binding of {language} was left out")
        folder = tmp_path_factory.mktemp(language)
        return {name: (folder / name, train(name, folder / name)) for name in ("c", language)}

    def test_it_prints_the_same(runs):
        ours, theirs = runs[language][1], runs["c"][1]
        assert ours.stdout == theirs.stdout and f"after {EPOCHS} epochs" in ours.stdout
        notes = [[line.split("  loss")[1] for line in run.stderr.splitlines() if "  loss" in line] for run in (ours, theirs)]
        assert notes[0] == notes[1] != []

    def test_its_metrics_are_equal_bit_for_bit(runs):
        assert metrics(runs[language][0]) == metrics(runs["c"][0]) and len(metrics(runs["c"][0])) == EPOCHS

    def test_its_checkpoints_are_equal_bit_for_bit(runs):
        for epoch in range(EPOCHS):
            ours, theirs = (tensors(runs[name][0], epoch) for name in (language, "c"))
            assert "model.safetensors" in ours and ours == theirs, f"epoch {epoch}"

    def test_a_resumed_run_ends_with_the_same_bits(runs, tmp_path):
        whole = runs[language][0]
        project = tmp_path / "resumed"
        shutil.copytree(whole, project)
        stop_after_an_epoch(project)
        train(language, project, "--resume")
        assert metrics(project) == metrics(whole) and tensors(project, EPOCHS - 1) == tensors(whole, EPOCHS - 1)

    def test_a_wrong_flag_gives_the_usage(tmp_path):
        if not is_built(language):
            pytest.skip(f"the binding of {language} was left out")
        run = subprocess.run([*map(str, LANGUAGES[language].train_digits), "--epoch", "1"], capture_output=True, text=True, timeout=60,
                             env=environment())
        assert run.returncode == 2 and run.stderr.startswith("usage: train_digits --program P --train T --test T --project DIR")

    def test_it_is_short():
        assert len(source.read_text().splitlines()) <= MAX_LINES

    return {name: value for name, value in locals().items() if name.startswith("test_") or name == "runs"}
