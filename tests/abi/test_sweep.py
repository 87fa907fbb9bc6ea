"""NULL, stale, wrong-kind and garbage arguments to every exported function: a code comes back, outputs are untouched, the process
lives. One process per header; if it dies, the call that killed it is named."""
import json
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
API = json.loads((HERE.parent.parent / "capi" / "api.json").read_text())
MAY_BE_NULL = {"nullable"}
HEADERS = sorted({function["header"] for function in API["functions"] if function["params"]})


def can_be_called_wrongly(header):
    """Functions with a handle, or with a pointer that may not be NULL."""
    return {function["name"] for function in API["functions"] if function["header"] == header for parameter in function["params"]
            if parameter["role"] == "handle" or (parameter["role"] != "scalar" and not MAY_BE_NULL & set(parameter["tags"]))}


def sweep(header, folder, armor):
    environment = {**os.environ, "OARLOCK_ARMOR": armor}
    run = subprocess.run([sys.executable, str(HERE / "sweep.py"), header, str(folder)], env=environment, capture_output=True,
                         text=True, timeout=300)
    lines = run.stdout.splitlines()
    last_call = next((line for line in reversed(lines) if line.startswith("CALL")), "no call")
    assert run.returncode == 0, f"the process ended with {run.returncode} at: {last_call}\n{run.stderr[-2000:]}"
    failures = [line for line in lines if line.startswith("FAIL")]
    assert not failures, "\n".join(failures)
    swept = {line.split()[1].rstrip(",") for line in lines if line.startswith("CALL")}
    assert sorted(can_be_called_wrongly(header) - swept) == []


@pytest.mark.parametrize("header", HEADERS)
def test_bad_arguments_with_armor(header, tmp_path):
    sweep(header, tmp_path, "1")


@pytest.mark.parametrize("header", HEADERS)
def test_bad_arguments_without_armor(header, tmp_path):
    sweep(header, tmp_path, "0")
