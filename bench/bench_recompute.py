"""recompute_memory_*: the most that a training step has live on the heap above what is live between steps, with activation checkpointing
over the blocks of a decoder of depth 4, 8, 16, against torch.utils.checkpoint over the same blocks; both under one allocation counter
(memory_count.c). In the same row: our own figure without it, the drop, and the drop that is expected (expected_kib)."""
import pathlib
import statistics
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE)]
import models  # noqa: E402
import rows  # noqa: E402
import step_runs  # noqa: E402

IDS = ("recompute_memory_4", "recompute_memory_8", "recompute_memory_16")
CASES = {"recompute_memory_4": ("decoder", 4), "recompute_memory_8": ("decoder_8", 8), "recompute_memory_16": ("decoder_16", 16)}
WARM_UP, STEPS = 10, 5
EXPECTED_TOLERANCE = 0.03
WIDTH, TOKENS, VOCABULARY = 128, 8 * 128, 256


def expected_kib(depth):
    """(without, with), from the shapes. U: one activation, TOKENS x WIDTH floats.

    A block saves 16 U for its backward: its input, norm1's output, q k v (3), the attention's output, the first sum, norm2's output,
    up's output (4), gelu's output (4).
    Without: all of them at the end of the forward, with the final norm's input and output, the logits, their shifted copy and its
    log-softmax, each of the three VOCABULARY / WIDTH U.
    With: every block keeps its input. The most is live in the first block's backward, for a block's (12 WIDTH + 13) WIDTH gradients
    outweigh its input: its 16 U again, its output's gradient, that of gelu's output (4) and that of down's weight, and the gradients
    of the other blocks and of the head.
    """
    unit, floats = TOKENS * WIDTH * 4 / 1024, 4 / 1024
    block_gradients = (12 * WIDTH + 13) * WIDTH * floats
    without = (16 * depth + 2 + 3 * VOCABULARY / WIDTH) * unit
    recomputed = (16 + 1 + 4) * unit + (4 * WIDTH * WIDTH + VOCABULARY * WIDTH) * floats + (depth - 1) * block_gradients
    return without, recomputed


def bench(bench_id, folder):
    name, depth = CASES[bench_id]
    program, inputs = models.export(name, folder)
    environment = {"LD_PRELOAD": str(step_runs.BUILD / "bench/libmemory_count.so")}

    def measured(command):
        return step_runs.figures(command, environment)

    def kib(figures):
        return [f["memory_bytes"][1] / 1024 for f in figures]

    mine, theirs = rows.alternate(
        lambda: measured(step_runs.ours(program, inputs, WARM_UP, STEPS, recompute="blocks.*")),
        lambda: measured([sys.executable, HERE / "peers/step_torch.py", name, WARM_UP, STEPS, "--recompute"]))
    without = measured(step_runs.ours(program, inputs, WARM_UP, STEPS))
    for other in (theirs[0], without):
        step_runs.require_equal_losses(bench_id, mine[0], other)
    expected_without, expected_with = expected_kib(depth)
    [without_kib] = kib([without])
    for figure, expected in ((without_kib, expected_without), (statistics.median(kib(mine)), expected_with)):
        if abs(figure / expected - 1) > EXPECTED_TOLERANCE:
            sys.exit(f"{bench_id}: {figure:.0f} KiB, where the shapes say {expected:.0f}: what is counted is not what is meant")
    rows.print_row(bench_id, "KiB", kib(mine), "torch", kib(theirs), "<= 1.03", without=without_kib,
                   drop=without_kib / statistics.median(kib(mine)), drop_expected=expected_without / expected_with,
                   expected=expected_with, expected_without=expected_without)


def main():
    with tempfile.TemporaryDirectory() as folder:
        for bench_id in filter(rows.wanted, IDS):
            bench(bench_id, folder)


main()
