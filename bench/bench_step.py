"""What a training step, its first one, and a rank's memory cost: MLP 64-64-10, batch 32, one thread, fused AdamW."""
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE)]
import models  # noqa: E402
import rows  # noqa: E402
from step_runs import ENVIRONMENT, TIMEOUT_S, figures, ours  # noqa: E402

IDS = ("step_mlp_1rank", "step_mlp_2ranks", "first_step", "rss_rank")
WARM_UP, STEPS = 200, 2000
LAUNCH = [sys.executable, "-m", "accelerate.commands.launch", "--num_machines", "1", "--mixed_precision", "no",
          "--dynamo_backend", "no", "--main_process_port", "0"]


def seconds_to_first_step(command):
    begin = time.perf_counter()
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        line = process.stdout.readline()
        elapsed = time.perf_counter() - begin
        process.communicate(timeout=TIMEOUT_S)
    if "first step" not in line or process.returncode != 0:
        sys.exit(f"{command}: no first step")
    return elapsed


def accelerate(ranks):
    script = [HERE / "peers/step_mlp_accelerate.py", WARM_UP, STEPS]
    return [sys.executable, *script] if ranks == 1 else [*LAUNCH, "--multi_gpu", "--num_processes", ranks, *script]


def bench_steps(program, inputs):
    for ranks, bar in ((1, "<= 0.4"), (2, "<= 0.15")):
        bench_id = f"step_mlp_{ranks}rank{'s' if ranks > 1 else ''}"
        memory = rows.wanted("rss_rank") and ranks == 1
        if not rows.wanted(bench_id) and not memory:
            continue
        mine, theirs = rows.alternate(lambda: figures(ours(program, inputs, WARM_UP, STEPS, ranks)), lambda: figures(accelerate(ranks)))
        rows.print_row(bench_id, "us/step", [f["us_per_step"][0] for f in mine], "accelerate",
                       [f["us_per_step"][0] for f in theirs], bar)
        if memory:
            rows.print_row("rss_rank", "MiB", [f["vm_hwm_kib"][0] / 1024 for f in mine], "accelerate",
                           [f["vm_hwm_kib"][0] / 1024 for f in theirs], "<= 0.25")


def bench_first_step(program, inputs):
    if not rows.wanted("first_step"):
        return
    command = ours(program, inputs, 1, 0)
    peer = [sys.executable, HERE / "peers/first_step_torch.py"]
    mine, theirs = rows.alternate(lambda: seconds_to_first_step(command), lambda: seconds_to_first_step(peer))
    rows.print_row("first_step", "s", mine, "torch", theirs, "<= 0.2")


def main():
    with tempfile.TemporaryDirectory() as folder:
        program, inputs = models.export("mlp", folder)
        bench_steps(program, inputs)
        bench_first_step(program, inputs)


main()
