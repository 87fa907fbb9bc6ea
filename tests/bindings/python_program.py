"""Runs a program in the Python that has the package: alone, or as two ranks."""
import subprocess
import sys
import textwrap

from languages import BUILT, SOURCE, environment

sys.path.insert(0, str(SOURCE / "tests/dist"))
from world import World  # noqa: E402

PYTHON = BUILT / "python/bin/python"
TIME_LIMIT_S = 120


def program(script, *options, python=PYTHON, cwd=None, check=True, **variables):
    """The process after its end; `check`: it has to end with 0."""
    run = subprocess.run([str(python), *options, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=TIME_LIMIT_S,
                         cwd=cwd, env=environment(**variables))
    assert not check or run.returncode == 0, f"exit {run.returncode}\n{run.stdout}\n{run.stderr}"
    return run


def output(script, *options, **more):
    """The lines that it prints."""
    return program(script, *options, **more).stdout.splitlines()


def two_ranks(script, **variables):
    """The started world of two ranks."""
    return World(2, None, command=[str(PYTHON), "-c", textwrap.dedent(script)], env=variables or None)
