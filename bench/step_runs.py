"""Runs of a training program, ours or a peer's, and the figures that they print."""
import os
import pathlib
import subprocess
import sys

BUILD = pathlib.Path(os.environ["OARLOCK_BUILD"])
TIMEOUT_S = 300
LOSS_TOLERANCE = 1e-5
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true", "CUDA_VISIBLE_DEVICES": ""}


def ours(program, inputs, warm_up, steps, ranks=1, recompute=None):
    options = [f"--recompute={recompute}"] if recompute else []
    command = [BUILD / "bench/step_program", program, warm_up, steps, *options, *inputs]
    return command if ranks == 1 else [BUILD / "bin/oarlock", "launch", "-n", ranks, *command]


def figures(command, environment=None):
    """The numbers behind the words that a run prints; ends the bench unless the loss fell."""
    run = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=TIMEOUT_S,
                         env={**ENVIRONMENT, **(environment or {})})
    if run.returncode != 0:
        sys.exit(f"{command}: {run.stdout}{run.stderr}")
    words = [line.split("] ")[-1].split() for line in run.stdout.splitlines()]
    found = {word[0]: [float(x) for x in word[1:]] for word in words if word and word[0] in
             ("us_per_step", "vm_hwm_kib", "losses", "memory_bytes")}
    losses = found["losses"]
    if not losses[-1] < losses[0]:
        sys.exit(f"{command}: the loss did not fall ({losses[0]} to {losses[-1]}), so nothing was measured")
    return found


def require_equal_losses(bench_id, mine, theirs):
    for i, (our_loss, their_loss) in enumerate(zip(mine["losses"][:-1], theirs["losses"][:-1], strict=True)):
        if abs(our_loss - their_loss) > LOSS_TOLERANCE * max(1, abs(their_loss)):
            sys.exit(f"{bench_id}: step {i + 1} has loss {our_loss}, the peer {their_loss}: nothing was measured")
