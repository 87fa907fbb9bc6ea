"""tools/demo, the main job: what its summary says, and that it says so in time."""
import os
import pathlib
import re
import subprocess

SOURCE = pathlib.Path(os.environ["OARLOCK_SOURCE"])
BUILD = pathlib.Path(os.environ["OARLOCK_BUILD"])
SECONDS_MAX = 90


def test_the_demo_trains_is_killed_and_resumes():
    """In one test, because it is one run."""
    run = subprocess.run([SOURCE / "tools/demo", BUILD], capture_output=True, text=True, timeout=SECONDS_MAX)
    assert run.returncode == 0, run.stdout + run.stderr
    summary = run.stdout.partition("== summary")[2]
    assert float(re.search(r"^test accuracy +(\S+) ", summary, re.M).group(1)) >= 0.97
    assert re.search(r"^ranks +2$", summary, re.M)
    assert "final parameters bitwise those of the run that was never stopped" in summary
    checkpoint = pathlib.Path(re.search(r"^checkpoint +(.+)$", summary, re.M).group(1))
    metrics = pathlib.Path(re.search(r"^metrics +(.+)$", summary, re.M).group(1))
    assert (checkpoint / "manifest.json").is_file()
    assert len(metrics.read_text().splitlines()) == 8, "a line per epoch"
