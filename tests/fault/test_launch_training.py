"""`oarlock launch` around a real training: a rank dies in the middle of an epoch, Ctrl-C comes in the middle of a save.

Points of a save rotate by day; the seed is printed and taken from OARLOCK_TEST_SEED.
"""
import datetime
import os
import pathlib
import random
import re
import signal
import time

import pytest
from launch_job import REPORT_BOUND, WAIT, launch, read_line, wait_for_states  # noqa: F401

BUILD = pathlib.Path(os.environ["OARLOCK_BUILD"])
DIGITS = pathlib.Path(os.environ["OARLOCK_SOURCE"]) / "examples/digits"
SEED = int(os.environ.get("OARLOCK_TEST_SEED", datetime.date.today().toordinal()))
EPOCHS = 3
SHIM = {"LD_PRELOAD": str(BUILD / "lib/libkill_shim.so"), "OAR_SHIM_PATH": "checkpoint_1", "OAR_SHIM_RANK": "0"}


def training(project, epochs, *arguments):
    return ["-n", 2, "--num-threads", 1, BUILD / "examples/train_digits", "--program", DIGITS / "digits.pt2", "--train",
            DIGITS / "train.safetensors", "--test", DIGITS / "test.safetensors", "--project", project, "--epochs", epochs,
            *arguments]


def pid_of_rank(job, rank):
    for pid in job.survivors():
        if f"RANK={rank}".encode() in pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            return pid
    raise AssertionError(f"no process of rank {rank}")


@pytest.mark.parametrize("rank", [0, 1])
def test_a_rank_killed_in_the_middle_of_an_epoch_is_reported_in_time(launch, tmp_path, rank):
    job = launch(*training(tmp_path / "run", 1000))
    read_line(job.process.stderr, "[rank 0] epoch 2 ")  # its first bars; an epoch has ten
    pid = pid_of_rank(job, rank)
    begin = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    others = []
    report = read_line(job.process.stderr, f"oarlock launch: rank {rank}", others)
    assert time.monotonic() - begin < REPORT_BOUND
    assert re.match(rf"oarlock launch: rank {rank} \(process {pid}\) was killed by SIGKILL \(9\) after \d+\.\d s", report)
    rest = job.process.stderr.read()
    assert job.process.wait(timeout=WAIT) == 128 + signal.SIGKILL
    assert time.monotonic() - begin < REPORT_BOUND
    if rank == 0:  # the one that shows how far it is
        assert re.search(r"^oarlock launch:   \| epoch \d+ .* samples", rest, re.M), rest
    told = "".join(others) + rest  # whom the other one lost: it may say so before the launcher does
    assert re.search(rf"^\[rank {1 - rank}\] train_digits: .*rank {rank} ", told, re.M), told
    assert job.survivors() == []


def test_ctrl_c_in_the_middle_of_a_save_leaves_an_old_or_a_new_checkpoint(launch, tmp_path, capsys):
    """So a resumed run ends with the same bits as one that nobody stopped."""
    log = tmp_path / "operations"
    assert launch(*training(tmp_path / "whole", EPOCHS), env={**SHIM, "OAR_SHIM_LOG": str(log)}).finish()[0] == 0
    steps = [line.split()[1] for line in log.read_text().splitlines()]
    points = sorted(random.Random(SEED).sample(range(1, len(steps) + 1), 2) + [steps.index("rename") + 1])
    with capsys.disabled():
        print(f"\nCtrl-C at operations {points} of {len(steps)}, OARLOCK_TEST_SEED={SEED}")
    for point in points:
        where = f"stopped before {point} {steps[point - 1]}, OARLOCK_TEST_SEED={SEED}"
        project = tmp_path / f"stopped_{point}"
        job = launch(*training(project, EPOCHS), env={**SHIM, "OAR_SHIM_AT": f"any:{point}", "OAR_SHIM_STOP": "1"})
        read_line(job.process.stderr, "[rank 0] epoch 2 ")
        rank_0 = pid_of_rank(job, 0)
        wait_for_states([rank_0], lambda state: state == "T")  # in the save
        job.process.send_signal(signal.SIGINT)
        read_line(job.process.stderr, "oarlock launch: SIGINT: passed on")
        os.kill(rank_0, signal.SIGCONT)
        assert job.finish()[0] == 128 + signal.SIGINT, where
        assert job.survivors() == [], where
        status, _, error = launch(*training(project, EPOCHS, "--resume")).finish()
        assert status == 0, f"{where}\n{error}"
        for name in ("model.safetensors", "optimizer_0.safetensors", "random_state-1.safetensors"):
            ours, theirs = (path / "checkpoints" / f"checkpoint_{EPOCHS - 1}" / name for path in (project, tmp_path / "whole"))
            assert ours.read_bytes() == theirs.read_bytes(), f"{where}: {name}"
