"""Generated files are what their generators write today."""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(os.environ.get("OARLOCK_SOURCE", pathlib.Path(__file__).resolve().parents[2]))


def run(*arguments):
    return subprocess.run([sys.executable, str(ROOT / "tools" / "extract_api.py"), *arguments], capture_output=True, text=True,
                          timeout=120)


def test_the_api_files_are_current():
    result = run("--check")
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_public_function_is_documented():
    result = run("--check-docs")
    assert result.returncode == 0, result.stdout
