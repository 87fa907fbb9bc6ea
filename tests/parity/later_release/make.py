"""Makes the programs of this folder with a later torch than the one that is built with, and what they give there.

Run: python tests/parity/later_release/make.py  (last run with torch 2.15.0, schema 8.20; the files are kept)
"""

import json
import pathlib

import torch
from torch import nn
from torch.nn import functional as F

FOLDER = pathlib.Path(__file__).parent
AUTO = torch.export.Dim.AUTO


class Classifier(nn.Module):
    """Convolution, BatchNorm, a buffer that is not saved, a size as a number, a no_grad region, tied weights, nested outputs."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.up, self.down = nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False)
        self.down.weight = self.up.weight
        self.register_buffer("shift", torch.linspace(-1, 1, 4), persistent=False)

    def forward(self, images, labels):
        x = torch.relu(self.norm(self.conv(images))).mean((2, 3))
        with torch.no_grad():
            scale = x.abs().amax(-1, keepdim=True) + images.shape[0] // 2
        logits = self.down(torch.tanh(self.up(x / scale))) + self.shift
        return {"loss": F.cross_entropy(logits, labels), "logits": logits}


class Branches(nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x):
        y = torch.cond(x.sum() > 0, lambda x: self.left(x) * x.shape[0], lambda x: self.right(x).sin(), (x,))
        return {"loss": y.pow(2).mean(), "y": y}


def cases():
    torch.manual_seed(0)
    images, labels = torch.rand(6, 1, 4, 4), torch.tensor([0, 1, 2, 3, 0, 1])
    yield "classifier", Classifier(), (images, labels), ({0: AUTO}, {0: AUTO})
    yield "branches", Branches(), (torch.rand(5, 4) - 0.9,), ({0: AUTO},)


def main():
    for name, module, inputs, shapes in cases():
        program = torch.export.export(module.train(), inputs, dynamic_shapes=shapes)
        for graph_module in program.graph_module.modules():
            for node in graph_module.graph.nodes if isinstance(graph_module, torch.fx.GraphModule) else ():
                node.meta.pop("stack_trace", None)
        torch.export.save(program, FOLDER / f"{name}.pt2")
        outputs = module(*inputs)
        outputs["loss"].backward()
        gradients = {n: (torch.zeros_like(p) if p.grad is None else p.grad).tolist() for n, p in module.named_parameters()}
        expected = {"torch": torch.__version__, "inputs": [x.tolist() for x in inputs],
                    "outputs": {key: value.tolist() for key, value in outputs.items()}, "gradients": gradients}
        (FOLDER / f"{name}.json").write_text(json.dumps(expected))


if __name__ == "__main__":
    main()
