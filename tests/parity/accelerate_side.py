"""The reference's side of test_accelerate.py and test_accelerate_ranks.py: every case of a list in one process per rank, under Hugging Face Accelerate.

    accelerate launch ... accelerate_side.py CASES.json OUT     writes OUT/<case>-<rank>.json: the losses of this rank
"""
import json
import pathlib
import sys

import safetensors.torch
import torch
from accelerate import Accelerator, DataLoaderConfiguration
from accelerate.state import AcceleratorState, GradientState
from accelerate.utils import DDPCommunicationHookType, DistributedDataParallelKwargs, set_seed


class Columns(torch.utils.data.Dataset):
    """Samples as maps by column name, as our loader gives them."""

    def __init__(self, path):
        self.columns = safetensors.torch.load_file(path)

    def __len__(self):
        return len(next(iter(self.columns.values())))

    def __getitem__(self, index):
        return {name: column[index] for name, column in self.columns.items()}


def make_optimizer(case, parameters):
    if case["optimizer"] == "adamw":
        return torch.optim.AdamW(parameters, lr=case["lr"], weight_decay=case["weight_decay"], fused=True)
    return torch.optim.SGD(parameters, lr=case["lr"], momentum=case["momentum"], fused=True)


def ddp_of(case):
    """The keyword object of its communication hook: [] without one."""
    if "ddp" not in case:
        return []
    return [DistributedDataParallelKwargs(comm_hook=DDPCommunicationHookType(case["ddp"]["comm_hook"]),
                                          comm_state_option=case["ddp"].get("state", {}))]


def run(case):
    # The reference keeps these in shared objects; the process group outlives them.
    AcceleratorState._reset_state()
    GradientState._reset_state()
    accelerator = Accelerator(
        mixed_precision=case.get("precision", "no"), gradient_accumulation_steps=case["accumulation"], kwargs_handlers=ddp_of(case),
        dataloader_config=DataLoaderConfiguration(use_seedable_sampler=True, data_seed=case["shuffle_seed"]))
    model = torch.export.load(case["program"]).module()
    optimizer = make_optimizer(case, model.parameters())
    total = case["schedule_steps"]
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: max(0.0, (total - step) / total))
    loader = torch.utils.data.DataLoader(Columns(case["data"]), batch_size=case["batch"], shuffle=True)
    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    once = case.get("schedule") == "once"  # per optimizer step, by hand, whatever the number of ranks
    if not once:
        scheduler = accelerator.prepare(scheduler)
    losses = []
    set_seed(case["seed"])
    while True:
        for batch in loader:
            with accelerator.accumulate(model):
                loss = model(*(batch[name] for name in case.get("inputs", ("images", "labels"))))["loss"]
                accelerator.backward(loss)
                if accelerator.sync_gradients:
                    accelerator.clip_grad_norm_(model.parameters(), case["clip"])
                optimizer.step()
                if not once or accelerator.sync_gradients:
                    scheduler.step()
                optimizer.zero_grad()
            losses.append(loss.item())
            if len(losses) == case["micro"]:
                return accelerator.process_index, losses


def main():
    cases, out = json.loads(pathlib.Path(sys.argv[1]).read_text()), pathlib.Path(sys.argv[2])
    torch.set_num_threads(1)
    for case in cases:
        rank, losses = run(case)
        (out / f"{case['name']}-{rank}.json").write_text(json.dumps(losses))


main()
