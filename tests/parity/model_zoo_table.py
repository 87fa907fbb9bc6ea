"""Writes docs/model-zoo.md from what a full run of test_model_zoo.py saw."""

import torch
import transformers

HEAD = """# Model zoo

What exports, trains and evaluates, made by a full run of `tests/parity/test_model_zoo.py` (seed {seed}, torch {torch},
transformers {transformers}; never by hand):

    OARLOCK_TEST_FULL=1 OARLOCK_ZOO_TABLE=docs/model-zoo.md ctest --test-dir build -R parity_model_zoo

Each architecture is drawn in a small random configuration, exported with `export_program` (see [`exporting.md`](exporting.md)), and
run by Oarlock with dropout on under a seed, at other sizes than exported. Differences are from Python: of the loss, of all gradients
(relative to the largest of the model), of the loss over {steps} steps of AdamW, of all weights after them (relative to the largest), and of the
loss in evaluation against `model.eval()`. 0 means equal bit for bit; the test's bound is 1e-5. "Against" says with what the training
was compared: the eager module, or, where torch.export itself traces another order of operations than eager runs, the exported program
run by Python (which must then be within 1e-5 of the eager module as well). Weights whose true gradient is zero (a key's bias in
attention, a bias before BatchNorm) walk by rounding under AdamW and are left out of the weights after {steps} steps; the test lists them.

| Architecture | Kind | Source | May change | Nodes | Gradients | Against | Loss | Gradient | {steps} steps | Weights | Evaluation |
|---|---|---|---|---|---|---|---|---|---|---|---|
"""
REFUSED_HEAD = """
## What does not export, and what to do

| What | Because of | Reason | What works |
|---|---|---|---|
"""


def number(value):
    return "0" if value == 0 else f"{value:.0e}"


def table(architectures, results, refused, seed, steps):
    text = HEAD.format(seed=seed, torch=torch.__version__.partition("+")[0], transformers=transformers.__version__, steps=steps)
    for name, row in results.items():
        sizes = list(dict.fromkeys(label for dims in row["dynamic"].values() for label in dims if label))
        reference = {"eager": "eager", "program": "program"}[row["reference"]]
        text += (f"| `{name}` | {architectures[name].kind} | {architectures[name].source} | {', '.join(sizes)} | {row['nodes']} | "
                 f"{row['parameters']} | {reference} | {number(row['loss_difference'])} | {number(row['gradient_difference'])} | "
                 f"{number(row['steps_difference'])} | {number(row['weights_difference'])} | {number(row['evaluation_difference'])} |\n")
    text += REFUSED_HEAD
    for name, row in refused.items():
        text += f"| `{name}` | {row.because} | {row.reason} | {row.instead} |\n"
    return text
