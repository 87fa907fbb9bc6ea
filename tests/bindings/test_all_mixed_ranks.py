"""Ranks of one world in different languages: they train together, and each learns of the other's death."""
import itertools
import json

import pytest

from languages import LANGUAGES, digits_arguments, require_all
from scenarios import World, said

PAIRS = [pair for pair in itertools.permutations(("c", "rust", "julia", "python"), 2)]


@pytest.fixture(scope="module", autouse=True)
def all_languages():
    require_all()


def texts(command):
    return [str(part) for part in command]


@pytest.mark.parametrize("waiting, dying", PAIRS, ids=lambda name: name)
def test_a_rank_that_dies_is_named_in_the_language_that_waits(waiting, dying, tmp_path):
    commands = [texts([*LANGUAGES[language].scenarios, tmp_path, "lost_rank_named"]) for language in (waiting, dying)]
    ranks = World(2, None, commands=commands).finish(timeout=120, check=False)
    assert said(ranks[0].stdout) == {"lost_rank_named": None}, f"{ranks[0].stdout}\n{ranks[0].stderr}"
    assert ranks[1].returncode == -9


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """One epoch by two ranks of C."""
    return train("c", "c", tmp_path_factory.mktemp("alone") / "run")


def train(first, second, project):
    commands = [texts([*LANGUAGES[language].train_digits, *digits_arguments(project, 1)]) for language in (first, second)]
    World(2, None, commands=commands).finish(timeout=240)
    [line] = map(json.loads, (project / "metrics.jsonl").open())
    return {key: line[key] for key in ("step", "loss", "accuracy")}, (project / "checkpoints/checkpoint_0/model.safetensors").read_bytes()


@pytest.mark.parametrize("first, second", [("c", "rust"), ("rust", "julia"), ("julia", "python"), ("python", "c")], ids=lambda name: name)
def test_two_languages_train_one_model(first, second, alone, tmp_path):
    assert train(first, second, tmp_path / "run") == alone
