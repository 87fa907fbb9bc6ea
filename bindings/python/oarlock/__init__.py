"""Oarlock: train models on one process or many. See README.md of the package, and `help(oarlock.State)` to begin with."""
import atexit as _atexit

from . import _library

LIBRARY_PATH = _library.load()  # before the extension module, which needs its symbols

from . import _c, _errors, _logging  # noqa: E402
from ._errors import *  # noqa: E402,F403

_c.start(_errors.make, _logging.install)
_atexit.register(_c.shutdown)

from ._accelerator import Accelerator  # noqa: E402
from ._checkpoint import Checkpoint  # noqa: E402
from ._config import Config  # noqa: E402
from ._data import Dataset, Loader  # noqa: E402
from ._logging import set_log_level  # noqa: E402
from ._model import Model, Optimizer, Scheduler  # noqa: E402
from ._state import Group, State, Work  # noqa: E402
from ._tensor import Tensor, as_tensor, from_dlpack, from_memory, zeros  # noqa: E402
from ._track import Progress, Tracker  # noqa: E402
from ._tree import Tree  # noqa: E402

for _class in (Accelerator, Checkpoint, Config, Dataset, Group, Loader, Model, Optimizer, Progress, Scheduler, State, Tensor,
               Tracker, Tree, Work):
    _c.set_class(_class.__name__.lower(), _class)

Error = _errors.Error
__version__ = _c.version()
globals().update({_name: getattr(_c, _name) for _name in dir(_c)
                  if _name.isupper() and not _name.startswith("_")})  # the constants of the C interface, without OAR_


def torch_version() -> str:
    """Version and file of the libtorch that is really loaded."""
    return _c.torch_version()


__all__ = ["Accelerator", "Checkpoint", "Config", "Dataset", "Group", "LIBRARY_PATH", "Loader", "Model", "Optimizer", "Progress",
           "Scheduler", "State", "Tensor", "Tracker", "Tree", "Work", "as_tensor", "from_dlpack", "from_memory", "set_log_level",
           "torch_version", "zeros", *_errors.__all__]
