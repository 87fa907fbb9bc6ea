"""A checkpoint that one language wrote is resumed by every other, and the run ends with the bits of one that never stopped."""
import json
import shutil
import subprocess

import pytest

from languages import LANGUAGES, digits_arguments, environment, launch, require_all

TRAINERS = [language for language in LANGUAGES if language != "cpp"]  # C++ has the trainer of C
COMPARED = ("model.safetensors", "optimizer_0.safetensors", "random_state-0.safetensors", "random_state-1.safetensors")


def train(language, project, epochs, *more):
    command = launch(2, [*LANGUAGES[language].train_digits, *digits_arguments(project, epochs), *more])
    run = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=240, env=environment())
    assert run.returncode == 0, f"{language}\n{run.stdout}\n{run.stderr}"


@pytest.fixture(scope="module", autouse=True)
def all_languages():
    require_all()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Two epochs in one go, by the program in C."""
    project = tmp_path_factory.mktemp("whole") / "run"
    train("c", project, 2)
    return project


@pytest.fixture(scope="module", params=TRAINERS)
def written(request, tmp_path_factory):
    """One epoch of two, stopped at its checkpoint: what is left of a run that was to be of two epochs and was killed."""
    project = tmp_path_factory.mktemp(request.param) / "run"
    train(request.param, project, 2)
    shutil.rmtree(project / "checkpoints/checkpoint_1")
    metrics = project / "metrics.jsonl"
    metrics.write_text(metrics.read_text().splitlines(keepends=True)[0])
    return project


@pytest.mark.parametrize("reader", TRAINERS)
def test_a_run_goes_on_in_another_language(written, reader, whole, tmp_path):
    project = tmp_path / "run"
    shutil.copytree(written, project)
    train(reader, project, 2, "--resume")
    for name in COMPARED:
        ours, theirs = (path / "checkpoints/checkpoint_1" / name for path in (project, whole))
        assert ours.read_bytes() == theirs.read_bytes(), name
    ours, theirs = ([{key: line[key] for key in ("step", "loss", "accuracy")} for line in map(json.loads, file.open())]
                    for file in (project / "metrics.jsonl", whole / "metrics.jsonl"))
    assert ours == theirs
