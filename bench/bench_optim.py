"""A step of the optimizer over 101 M parameters in 289 tensors (a decoder of width 512), beside torch.optim with fused=True on
the same threads (OMP_NUM_THREADS, else 2) and the same gradients. The parameters afterwards must be torch's."""
import math
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE)]
import rows  # noqa: E402

IDS = ("optim_adamw_100M", "optim_sgd_100M")
BUILD = pathlib.Path(os.environ["OARLOCK_BUILD"])
CASES = {"optim_adamw_100M": ("adamw", "{}"), "optim_sgd_100M": ("sgd", '{"momentum": 0.9}')}
STEPS = 10


def figures(command, environment):
    """ms of the median step and of the fastest, and the sum."""
    text = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True, timeout=600,
                          env=environment).stdout
    return [float(number) for number in text.split()]


def bench(bench_id):
    name, options = CASES[bench_id]
    environment = {**os.environ, "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "2")}
    environment.pop("OARLOCK_ARMOR", None)
    mine, theirs = rows.alternate(lambda: figures([BUILD / "bench/optim_step", name, options, STEPS], environment),
                                  lambda: figures([sys.executable, HERE / "peers/optim_torch.py", name, options, STEPS], environment))
    sums = mine[0][2], theirs[0][2]
    assert math.isclose(*sums, rel_tol=1e-9), f"{bench_id}: the parameters differ: {sums}"
    rows.print_row(bench_id, "ms", [f[0] for f in mine], "torch fused", [f[0] for f in theirs], "<= 1.0",
                   fastest_step=min(f[1] for f in mine), fastest_step_theirs=min(f[1] for f in theirs))


for wanted in filter(rows.wanted, CASES):
    bench(wanted)
