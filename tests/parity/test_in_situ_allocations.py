"""What a warm run of a session allocates: what the operators allocate when they are called by hand, and nothing more."""
import os
import pathlib
import subprocess
import sys

import pytest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent)]
import programs  # noqa: E402

BUILD = pathlib.Path(os.environ["OARLOCK_BUILD"])


def test_a_warm_run_allocates_nothing_of_its_own(tmp_path):
    if "OARLOCK_SANITIZE:STRING=\n" not in (BUILD / "CMakeCache.txt").read_text() + "\n":
        pytest.skip("sanitizers have their own malloc")
    programs.export_mlp(tmp_path / "mlp.pt2")
    done = subprocess.run([next(BUILD.rglob("internal_in_situ_allocations")), tmp_path / "mlp.pt2"], capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0, done.stderr
    counts = dict(zip(("row major", "column major", "copied"), (tuple(map(int, line.split())) for line in done.stdout.splitlines()),
                      strict=True))
    assert [(name, ours, theirs) for name, (ours, theirs) in counts.items() if not 0 < ours == theirs] == []
