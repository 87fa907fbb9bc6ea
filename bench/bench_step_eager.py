"""Training steps against plain PyTorch: the same model, batch and fused AdamW, one thread. Both sides' losses must agree first."""
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE)]
import models  # noqa: E402
import rows  # noqa: E402
import step_runs  # noqa: E402

IDS = ("step_mlp_eager", "step_decoder_tiny", "step_compute")
# id: (model, warm-up steps, counted steps, bar)
CASES = {
    "step_mlp_eager": ("mlp", 200, 2000, "<= 0.6"),
    "step_decoder_tiny": ("decoder_tiny", 50, 300, "<= 0.7"),
    "step_compute": ("compute", 10, 10, "<= 1.02"),
}


def bench(bench_id, folder):
    name, warm_up, steps, bar = CASES[bench_id]
    program, inputs = models.export(name, folder)
    mine, theirs = rows.alternate(
        lambda: step_runs.figures(step_runs.ours(program, inputs, warm_up, steps)),
        lambda: step_runs.figures([sys.executable, HERE / "peers/step_torch.py", name, warm_up, steps]))
    step_runs.require_equal_losses(bench_id, mine[0], theirs[0])
    rows.print_row(bench_id, "us/step", [f["us_per_step"][0] for f in mine], "torch",
                   [f["us_per_step"][0] for f in theirs], bar)


def main():
    with tempfile.TemporaryDirectory() as folder:
        for bench_id in filter(rows.wanted, IDS):
            bench(bench_id, folder)


main()
