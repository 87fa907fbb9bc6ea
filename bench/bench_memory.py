"""step_memory_*: the most that a training step has live on the heap above what is live between steps, against plain PyTorch: the
same model, batch and fused AdamW, both sides under one allocation counter (memory_count.c). What is live between steps (weights,
gradients' absence, optimizer state, and the interpreter on the peer's side) is no part of it."""
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE)]
import models  # noqa: E402
import rows  # noqa: E402
import step_runs  # noqa: E402

IDS = ("step_memory_mlp", "step_memory_decoder", "step_memory_conv")
CASES = {"step_memory_mlp": "mlp_wide", "step_memory_decoder": "decoder", "step_memory_conv": "conv"}
WARM_UP, STEPS = 10, 5


def bench(bench_id, folder):
    name = CASES[bench_id]
    program, inputs = models.export(name, folder)
    counter = {"LD_PRELOAD": step_runs.BUILD / "bench/libmemory_count.so"}
    environment = {key: str(value) for key, value in counter.items()}
    mine, theirs = rows.alternate(
        lambda: step_runs.figures(step_runs.ours(program, inputs, WARM_UP, STEPS), environment),
        lambda: step_runs.figures([sys.executable, HERE / "peers/step_torch.py", name, WARM_UP, STEPS], environment))
    step_runs.require_equal_losses(bench_id, mine[0], theirs[0])
    rows.print_row(bench_id, "KiB", [f["memory_bytes"][1] / 1024 for f in mine], "torch",
                   [f["memory_bytes"][1] / 1024 for f in theirs], "<= 1.03")


def main():
    with tempfile.TemporaryDirectory() as folder:
        for bench_id in filter(rows.wanted, IDS):
            bench(bench_id, folder)


main()
