"""launch_barrier: seconds from the command to the end of the first barrier of two ranks (and of the command); peer the same
through `accelerate launch`."""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from rows import alternate, print_row, wanted

IDS = ("launch_barrier",)
BIN = pathlib.Path(os.environ["OARLOCK_BUILD"]) / "bin"
PEER = """
from accelerate import Accelerator
accelerator = Accelerator()
assert accelerator.num_processes == 2
accelerator.wait_for_everyone()
"""


def seconds_of(command, **environment):
    start = time.perf_counter()
    subprocess.run(command, env={**os.environ, **environment}, check=True, timeout=300, capture_output=True)
    return time.perf_counter() - start


def measure_ours():
    return seconds_of([BIN / "oarlock", "launch", "-n", "2", BIN / "program_barrier"])


def measure_theirs(script):
    return seconds_of([sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", script],
                      ACCELERATE_USE_CPU="true")


if wanted("launch_barrier"):
    with tempfile.TemporaryDirectory() as folder:
        script = pathlib.Path(folder) / "wait.py"
        script.write_text(PEER)
        ours, theirs = alternate(measure_ours, lambda: measure_theirs(script))
    print_row("launch_barrier", "s", ours, "accelerate launch", theirs, bar="<= 0.08")
