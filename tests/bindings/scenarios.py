"""Runs the scenarios of scenarios.json in one language and tells, by name, how each ended.

A language's test file is two lines:

    from scenarios import scenario_tests
    results, test_scenario = scenario_tests("rust")
"""
import json
import pathlib
import re
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "dist"))
from languages import BUILD, LANGUAGES, environment, is_built  # noqa: E402
from world import World  # noqa: E402

SCENARIOS = json.loads((pathlib.Path(__file__).parent / "scenarios.json").read_text())["scenarios"]
TIME_LIMIT_S = 240
LINE = re.compile(r"^(ok|not ok) (\w+)(?:: (.*))?$", re.M)


def said(output):
    """Scenario -> None, or what went wrong; from one rank's output."""
    return {name: None if word == "ok" else text or "no text" for word, name, text in LINE.findall(output)}


def run_alone(language, names, folder):
    """All scenarios of one rank, in one process: what one of them breaks, the next ones show."""
    command = [*LANGUAGES[language].scenarios, folder, *names]
    run = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=TIME_LIMIT_S, env=environment())
    results = said(run.stdout)
    for name in names:
        results.setdefault(name, f"the runner ended with {run.returncode} before it\n{run.stdout[-2000:]}\n{run.stderr[-4000:]}")
    return results


def run_on_two(language, name, folder):
    """One scenario on two ranks; rank 1 of lost_rank_named does not live to say anything."""
    command = [str(part) for part in (*LANGUAGES[language].scenarios, folder, name)]
    ranks = World(2, None, command=command).finish(timeout=TIME_LIMIT_S, check=False)
    speakers = ranks[:1] if name == "lost_rank_named" else ranks
    for rank in speakers:
        result = said(rank.stdout).get(name, f"rank {rank.rank} ended with {rank.returncode}\n{rank.stdout}\n{rank.stderr[-4000:]}")
        if result is not None:
            return result
    return None


def run_all(language, folder):
    results = run_alone(language, [entry["name"] for entry in SCENARIOS if entry["ranks"] == 1], folder)
    for entry in SCENARIOS:
        if entry["ranks"] == 2:
            work = folder / entry["name"]
            work.mkdir()
            results[entry["name"]] = run_on_two(language, entry["name"], work)
    return results


def scenario_tests(language):
    """The fixture that runs them once, and keeps the results for the matrix, and the test of each."""

    @pytest.fixture(scope="module")
    def results(tmp_path_factory):
        if not is_built(language):
            pytest.skip(f"the binding of {language} was left out")
        results = run_all(language, tmp_path_factory.mktemp(language))
        kept = BUILD / "scenarios"
        kept.mkdir(exist_ok=True)
        (kept / f"{language}.json").write_text(json.dumps(results, indent=1))
        return results

    @pytest.mark.parametrize("name", [entry["name"] for entry in SCENARIOS])
    def test_scenario(results, name):
        assert results[name] is None, results[name]

    return results, test_scenario
