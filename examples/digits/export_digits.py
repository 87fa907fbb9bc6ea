"""Makes the files of this folder: the program and the images that examples/train_digits.c trains on.

    python examples/digits/export_digits.py [folder]

Needs torch, scikit-learn and safetensors (the full set-up's Python). The files are kept in the repository, so that training
needs no Python at all; tests/parity/test_digits_assets.py makes them again and compares.
"""

import pathlib
import sys

import torch
from safetensors.torch import save_file
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "bindings/python"))  # where the package is not installed
from oarlock.export import export_program  # noqa: E402

SOURCE = "UCI ML hand-written digits, test set, by way of sklearn.datasets.load_digits"
CITATION = "E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits. UCI Machine Learning Repository, 1998."
LICENCE = "CC BY 4.0"
SIZE_BYTES_MAX = 250_000


class DigitsNet(nn.Module):
    """Convolutions with BatchNorm and dropout. Takes the raw bytes (0 to 16) and scales them itself; the loss is inside."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 24, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(24)
        self.conv2 = nn.Conv2d(24, 48, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(48)
        self.pool = nn.MaxPool2d(2)
        self.drop = nn.Dropout(0.25)
        self.fc1 = nn.Linear(48 * 4 * 4, 48)
        self.fc2 = nn.Linear(48, 10)

    def forward(self, images, labels):
        x = images.to(torch.float32).unsqueeze(1) / 16
        x = torch.relu(self.bn1(self.conv1(x)))
        x = self.pool(torch.relu(self.bn2(self.conv2(x))))
        x = torch.relu(self.fc1(self.drop(x.flatten(1))))
        logits = self.fc2(x)
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}


def make_program(path):
    torch.manual_seed(0)
    example = (torch.zeros(32, 8, 8, dtype=torch.uint8), torch.zeros(32, dtype=torch.int64))
    export_program(DigitsNet(), example, path, dynamic="batch")


def make_splits():
    digits = load_digits()
    images = digits.images.astype("uint8")
    labels = digits.target.astype("int64")
    parts = train_test_split(images, labels, test_size=0.2, random_state=0, stratify=labels)
    return {"train": (parts[0], parts[2]), "test": (parts[1], parts[3])}


def write(folder):
    make_program(folder / "digits.pt2")
    for split, (images, labels) in make_splits().items():
        tensors = {"images": torch.from_numpy(images).contiguous(), "labels": torch.from_numpy(labels).contiguous()}
        metadata = {"source": SOURCE, "citation": CITATION, "licence": LICENCE, "split": f"{split}, 80/20, stratified, random_state=0"}
        save_file(tensors, str(folder / f"{split}.safetensors"), metadata=metadata)
    for path in (folder / "digits.pt2", folder / "train.safetensors", folder / "test.safetensors"):
        size = path.stat().st_size
        print(f"{path}: {size} bytes")
        if size >= SIZE_BYTES_MAX:
            raise SystemExit(f"{path} has {size} bytes; the limit is {SIZE_BYTES_MAX}")


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    target.mkdir(parents=True, exist_ok=True)
    write(target)
