"""Finds liboarlock and the libtorch that it works with, loads both, and refuses what does not fit. Imports no torch."""
import ctypes
import importlib.machinery
import importlib.util
import os
import re
import sys
from pathlib import Path

from . import _build

LIBRARY = f"liboarlock.so.{_build.SONAME_VERSION}"
TORCH_FILES = ("libc10.so", "libtorch_cpu.so")


def minor(version: str) -> str:
    """ "2.11.0+cpu" -> "2.11"."""
    return ".".join(version.split(".")[:2])


def loaded_file(name: str) -> str | None:
    """The file of a library that is in this process already."""
    try:
        lines = Path("/proc/self/maps").read_text().splitlines()
    except OSError:
        return None
    return next((line.split(maxsplit=5)[5] for line in lines if line.endswith("/" + name)), None)


def torch_version_of(folder: Path) -> str | None:
    """What the torch in a package folder calls itself, read without running it."""
    try:
        found = re.search(r"""__version__ = ['"]([^'"]+)""", (folder / "version.py").read_text())
    except OSError:
        return None
    return found and found[1]


def refuse_torch(version: str, place: object) -> None:
    if minor(version) != minor(_build.TORCH_VERSION):
        raise ImportError(
            f"this oarlock ({Path(__file__).parent}) was built for torch {minor(_build.TORCH_VERSION)} "
            f"({_build.TORCH_VERSION}), but torch {version} ({place}) is what this process has. Install "
            f"torch=={minor(_build.TORCH_VERSION)}.*, or an oarlock that was built for torch {minor(version)}.")


def load_torch() -> str:
    """Makes sure that one libtorch of the right version is in the process; says which."""
    module = sys.modules.get("torch")
    if module is not None and getattr(module, "__version__", None):
        refuse_torch(str(module.__version__), getattr(module, "__file__", "imported"))
    loaded = loaded_file("libtorch_cpu.so")
    if loaded is not None:
        version = torch_version_of(Path(loaded).parent.parent)
        if version is not None:
            refuse_torch(version, loaded)
        return loaded
    spec = module.__spec__ if module is not None else importlib.util.find_spec("torch")
    if spec is None or not spec.submodule_search_locations:
        return "no torch was found by Python; the library's own search path decides"
    folder = Path(list(spec.submodule_search_locations)[0])
    version = torch_version_of(folder)
    if version is not None:
        refuse_torch(version, folder)
    for file in TORCH_FILES:
        path = folder / "lib" / file
        try:
            ctypes.CDLL(str(path))
        except OSError as error:
            raise ImportError(f"libtorch could not be loaded: {error}. It belongs to the torch {version} in {folder}, which "
                              f"oarlock needs; 'import torch' may say more") from error
    return str(folder / "lib" / TORCH_FILES[-1])


def places() -> list[tuple[str, Path]]:
    """Where liboarlock is looked for, in this order, and why there."""
    named = os.environ.get("OARLOCK_LIB_DIR")
    if named:  # nothing else counts: who names a folder means it
        return [("OARLOCK_LIB_DIR", Path(named).absolute() / LIBRARY)]
    return [("the package's own", Path(__file__).parent / "lib" / LIBRARY)]


def version_text(version: int) -> str:
    return f"{version >> 16}.{version & 0xffff}"


def refusal(version: int) -> str | None:
    """Why a library of this ABI version cannot be used; None if it can. Below 1.0 every minor version is its own."""
    major, minor_number = version >> 16, version & 0xffff
    if major == _build.ABI_MAJOR and (minor_number == _build.ABI_MINOR or (major > 0 and minor_number > _build.ABI_MINOR)):
        return None
    return (f"has ABI version {version_text(version)}; this package was made for "
            f"{_build.ABI_MAJOR}.{_build.ABI_MINOR} and needs {'that one' if _build.ABI_MAJOR == 0 else 'that one or a later minor'}")


def try_library(path: Path) -> str | None:
    """Loads it; what is wrong with it, or None."""
    if not path.exists():
        return "is not there"
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        return f"could not be loaded: {error}"
    try:
        return refusal(library.oar_abi_version())
    except AttributeError:
        return "has no function oar_abi_version"


def load() -> str:
    """Loads libtorch and liboarlock; the path of the latter. ImportError tells every place and what was found there."""
    already = loaded_file(LIBRARY)
    if already is not None:
        wrong = try_library(Path(already))
        if wrong is not None:
            raise ImportError(f"{LIBRARY} is in this process already, but it {wrong}: {already}")
        return already
    torch = load_torch()
    looked = []
    for reason, path in places():
        wrong = try_library(path)
        if wrong is None:
            return str(path)
        looked.append(f"  {path} ({reason}) {wrong}")
    raise ImportError(f"oarlock cannot use any {LIBRARY}. Looked at:\n" + "\n".join(looked)
                      + f"\nlibtorch: {torch}\nSet OARLOCK_LIB_DIR to the folder of a {LIBRARY} of version "
                      f"{_build.ABI_MAJOR}.{_build.ABI_MINOR}, or install the package anew.")
