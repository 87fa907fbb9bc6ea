"""Runs build/bin/program_train_steps (tests/programs/train_steps.c) on some ranks and reads what it wrote."""
import json
import os
import pathlib
import subprocess

BUILD = pathlib.Path(os.environ["OARLOCK_BUILD"])
TIMEOUT_S = 300


def train_steps(out, ranks, **values):
    """values: the program's keys; dicts become JSON. Returns the losses per rank."""
    out.mkdir(parents=True, exist_ok=True)
    words = [f"{key}={json.dumps(value) if isinstance(value, dict) else value}" for key, value in values.items()]
    command = [BUILD / "bin/program_train_steps", f"out={out}", *words]
    if ranks > 1:
        command = [BUILD / "bin/oarlock", "launch", "-n", str(ranks), *command]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    run = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, env=environment)
    assert run.returncode == 0, f"{' '.join(map(str, command))}\n{run.stdout}\n{run.stderr}"
    return [[float(line) for line in (out / f"losses-{rank}.txt").read_text().split()] for rank in range(ranks)]


def weights(out):
    """The bytes of the final weights."""
    return (out / "weights.safetensors").read_bytes()
