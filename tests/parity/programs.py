"""Models that the parity tests and benches export. Weights are seeded: the same on every machine."""

import importlib.util
import json
import pathlib
import sys
import zipfile

import torch
from torch import nn


def load_exporter():
    """The folder oarlock/export of the Python package as the module oarlock_export; without the rest of the package."""
    if "oarlock_export" not in sys.modules:
        folder = pathlib.Path(__file__).resolve().parents[2] / "bindings/python/oarlock/export"
        spec = importlib.util.spec_from_file_location("oarlock_export", folder / "__init__.py", submodule_search_locations=[str(folder)])
        sys.modules["oarlock_export"] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules["oarlock_export"]


def export_program(module, example_inputs, path, dynamic=None, kwargs=None):
    """Export `module` in its present mode to `path`; `dynamic` as the exporter of the package takes it. Returns the ExportedProgram."""
    return load_exporter().export_program(module, tuple(example_inputs), path, dynamic=dynamic, kwargs=kwargs, train=False)


class Mlp(nn.Module):
    """64-64-10, the model of the step benches."""

    def __init__(self, dropout=0.0):
        super().__init__()
        self.fc1 = nn.Linear(64, 64)
        self.drop = nn.Dropout(dropout)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x, y):
        logits = self.fc2(self.drop(torch.relu(self.fc1(x))))
        return {"loss": nn.functional.cross_entropy(logits, y), "logits": logits}


class MlpWithAnIdleLayer(Mlp):
    """Its layer `idle` gets no gradient."""

    def __init__(self):
        super().__init__()
        self.idle = torch.nn.Linear(3, 2)


class DigitsNet(nn.Module):
    """Convolutions with BatchNorm and dropout on 8x8 images; takes the raw bytes, 0 to 16."""

    def __init__(self, dropout=0.25):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(32)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(64)
        self.pool = nn.MaxPool2d(2)
        self.drop = nn.Dropout(dropout)
        self.fc = nn.Linear(64 * 4 * 4, 10)

    def forward(self, images, labels):
        x = images.to(torch.float32).unsqueeze(1) / 16
        x = torch.relu(self.bn1(self.conv1(x)))
        x = self.pool(torch.relu(self.bn2(self.conv2(x))))
        logits = self.fc(self.drop(x.flatten(1)))
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}


class Centred(nn.Module):
    """Reads a buffer that it updates: a running centre, as streaming normalisers and codebooks have it."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 1)
        self.register_buffer("centre", torch.zeros(8))

    def forward(self, images, labels):
        outputs = self.fc(images - self.centre).squeeze(1)
        self.centre.mul_(0.5).add_(images.mean(0), alpha=0.5)
        return {"loss": (outputs - labels).pow(2).mean()}


def seeded(make, seed=0):
    """make() with the default generator at `seed`, in training mode."""
    torch.manual_seed(seed)
    return make().train()


def mlp_inputs(batch=32, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return (torch.randn(batch, 64, generator=generator), torch.randint(0, 10, (batch,), generator=generator))


def digits_inputs(batch=32, seed=1):
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 17, (batch, 8, 8), generator=generator, dtype=torch.uint8)
    return (images, torch.randint(0, 10, (batch,), generator=generator))


def export_mlp(path, dropout=0.0, seed=0):
    """The 64-64-10 MLP with a dynamic batch; inputs x [B,64] float32 and y [B] int64, outputs loss and logits."""
    return export_program(seeded(lambda: Mlp(dropout), seed), mlp_inputs(), path, ({0: "b"}, {0: "b"}))


def export_digits(path, dropout=0.25, seed=0):
    """The digits network with a dynamic batch; dropout=0.0 is the variant without random numbers."""
    return export_program(seeded(lambda: DigitsNet(dropout), seed), digits_inputs(), path, ({0: "b"}, {0: "b"}))


def centred_inputs(batch=32, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return (torch.randn(batch, 8, generator=generator), torch.randn(batch, generator=generator))


def export_centred(path, seed=0):
    return export_program(seeded(Centred, seed), centred_inputs(), path, ({0: "b"}, {0: "b"}))


class Partial(nn.Module):
    """Two linear layers; the first is frozen, or its output is not used."""

    def __init__(self, frozen, width):
        super().__init__()
        self.back = nn.Linear(width, width)
        self.head = nn.Linear(width, 1)
        self.frozen = frozen
        self.back.requires_grad_(not frozen)

    def forward(self, x):
        return {"loss": self.head(self.back(x) if self.frozen else x).pow(2).mean()}


def export_partial(path, frozen, seed=0, width=4):
    return export_program(seeded(lambda: Partial(frozen, width), seed), (torch.ones(3, width),), path, ({0: "b"},))


def edited(source, path, edit, record="models/model.json"):
    """A copy of the archive in which `edit` returned another document (or text) for one record."""
    with zipfile.ZipFile(source) as given, zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as target:
        for name in given.namelist():
            data = given.read(name)
            if name.endswith(record):
                document = edit(json.loads(data))
                data = document.encode() if isinstance(document, str) else json.dumps(document).encode()
            target.writestr(name, data)
    return path
