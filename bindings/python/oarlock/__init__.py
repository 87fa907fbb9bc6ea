"""Oarlock: train models on one process or many. See README.md of the package, and `help(oarlock.State)` to begin with."""
import importlib as _importlib
import typing as _typing

try:
    from ._package import *  # noqa: F403
    from ._package import __all__, __version__  # noqa: F401
    _missing = None
except ImportError as _error:  # what needs no liboarlock works all the same: oarlock.export
    __all__ = []
    _missing = _error.with_traceback(None)

if _typing.TYPE_CHECKING:
    from .export import ExportError, export_program, export_weights  # noqa: F401
else:
    def __getattr__(name):
        if name in ("ExportError", "export_program", "export_weights"):  # on first use: they import torch
            return getattr(_importlib.import_module(".export", __name__), name)
        if _missing is not None and name[:2] != "__" and name != "export":
            raise ImportError(str(_missing)) from _missing
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
