"""What the tests of the exporter share: its functions, small models, and what a saved program holds and gives."""
import json
import pathlib
import sys
import zipfile

import torch
from torch import nn

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import oarlock_ctypes  # noqa: E402
import programs  # noqa: E402

exporter = programs.load_exporter()
export_program, export_weights, ExportError = exporter.export_program, exporter.export_weights, exporter.ExportError
torch.set_num_threads(1)
OAR = oarlock_ctypes.load()
STATE = OAR.make(OAR.lib.oar_state_create, None)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc, self.norm, self.drop = nn.Linear(8, 4), nn.BatchNorm1d(4), nn.Dropout(0.2)

    def forward(self, x):
        return self.drop(self.norm(self.fc(x)))


def net(cls=Net, seed=0):
    return programs.seeded(cls, seed=seed)


def x(rows=6):
    return torch.randn(rows, 8, generator=torch.Generator().manual_seed(1))


def labels(rows=6):
    return torch.arange(rows) % 4


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.block, self.head = nn.Embedding(16, 8), nn.Sequential(nn.Linear(8, 8), nn.ReLU()), nn.Linear(8, 16, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, words):
        return self.head(self.block(self.embed(words))).mean()


WORDS = torch.arange(6).reshape(2, 3)


def record(path):
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read(next(name for name in archive.namelist() if name.endswith("/extra/oarlock.json"))))


def run(path, inputs):
    """Outputs of the saved program by Oarlock, in evaluation."""
    model = OAR.make(OAR.lib.oar_model_load, STATE, str(path).encode(), None)
    OAR.check(OAR.lib.oar_model_set_training(model, 0))
    return OAR.forward(model, inputs)
