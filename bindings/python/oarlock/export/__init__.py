"""Save a PyTorch model as a program that Oarlock trains without Python.

    from oarlock.export import export_program

    export_program(net, images, "net.pt2", loss=nn.CrossEntropyLoss(), targets=labels, dynamic="batch")

This folder needs torch and nothing else: neither Oarlock's library nor the rest of the package. It is also what the
command `oarlock export FILE:FUNCTION` runs. docs/exporting.md is the guide.
"""
import sys

try:
    import torch
except ImportError as _missing:
    raise ImportError(f"exporting needs torch, and the Python {sys.executable} has none that works: {_missing}") from _missing
if tuple(map(int, torch.__version__.split(".")[:2])) < (2, 11):
    raise ImportError(f"exporting needs torch 2.11 or later; that of {sys.executable} is {torch.__version__}")

from .errors import ExportError
from .program import export_program
from .weights import export_weights

__all__ = ["ExportError", "export_program", "export_weights"]
