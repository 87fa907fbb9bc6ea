"""Trains a small convnet on handwritten digits, on as many ranks as it is started with.

    oarlock launch -n 2 python train_digits.py --program digits.pt2 --train train.safetensors --test test.safetensors
        --project run --epochs 8 [--resume]

Checkpoints go to run/checkpoints, metrics to run/metrics.jsonl. --resume goes on from the latest checkpoint.
"""
import argparse
import sys

import numpy
import oarlock


def train_epoch(state, accelerator, model, optimizer, scheduler, loader):
    """One epoch; the mean loss of all ranks."""
    total, batches = 0.0, 0
    model.train()
    with oarlock.Progress(state, f"epoch {loader.epoch + 1}", loader.num_samples) as progress:
        for batch in loader:
            loss = model(batch)["loss"]
            accelerator.backward(loss)  # averages gradients over ranks meanwhile
            accelerator.clip_grad_norm(model, 1.0)
            rate = optimizer.lr
            accelerator.step(optimizer, scheduler)
            progress.advance(loader.samples_in_round, f"loss {loss.item():.3f}  lr {rate:.5f}")
            total, batches = total + loss.item(), batches + 1
    return accelerator.reduce_mean(total / batches)


def evaluate(accelerator, model, loader):
    """The share of the test set's digits that are recognised; each sample counts once."""
    correct = total = 0
    model.eval()
    for batch in loader:
        logits = numpy.asarray(accelerator.gather_for_metrics(model(batch)["logits"]))
        labels = numpy.asarray(accelerator.gather_for_metrics(batch["labels"]))
        correct, total = correct + (logits.argmax(1) == labels).sum(), total + len(labels)
    return correct / total


def main(options):
    with oarlock.State(seed=7, project_dir=options.project, checkpoint={"total_limit": 3}) as state:  # finds its rank and its peers
        accelerator = oarlock.Accelerator(state)
        train = oarlock.Loader(oarlock.Dataset.from_safetensors(options.train), batch_size=32, shuffle=True, seed=42)
        test = oarlock.Loader(oarlock.Dataset.from_safetensors(options.test), batch_size=32)
        model = oarlock.Model.load(state, options.program)
        train, test, model = accelerator.prepare(train, test, model)  # each rank gets its share
        optimizer = accelerator.prepare(oarlock.Optimizer(model, "adamw", lr=0.004))
        scheduler = accelerator.prepare(
            oarlock.Scheduler(optimizer, "cosine", warmup_steps=20, total_steps=len(train) * options.epochs))
        if options.resume:
            accelerator.load()
        with oarlock.Tracker(state, path=f"{options.project}/metrics.jsonl") as tracker:
            while train.epoch < options.epochs:
                loss = train_epoch(state, accelerator, model, optimizer, scheduler, train)
                tracker.log(optimizer.num_steps, loss=loss, accuracy=evaluate(accelerator, model, test))
                accelerator.save()
        state.print(f"test accuracy {evaluate(accelerator, model, test):.4f} after {options.epochs} epochs")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        usage="train_digits --program P --train T --test T --project DIR --epochs N [--resume]", description=__doc__.splitlines()[0])
    for name in ("program", "train", "test", "project"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    if options.epochs < 1:
        parser.error("--epochs must be at least 1")
    try:
        main(options)
    except oarlock.Error as error:
        sys.exit(f"train_digits: {error}")
