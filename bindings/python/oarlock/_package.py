"""Everything of the package that needs liboarlock; `oarlock` shows it."""
import atexit as _atexit

from . import _library

LIBRARY_PATH = _library.load()  # before the extension module, which needs its symbols

from . import _c, _constants, _errors, _logging  # noqa: E402
from ._constants import *  # noqa: E402,F403
from ._errors import (  # noqa: E402
    Aborted, CallbackFailed, Corrupt, Error, Exists, Forked, InternalError, InvalidArgument, InvalidEnvironment,
    InvalidHandle, InvalidState, IoFailed, Mismatch, NoSpace, NotFound, OutOfMemory, PeerLost, TimedOut, Unsupported,
    VersionMismatch)

_c.start(_errors.make, _logging.install)
_atexit.register(_c.shutdown)

from ._accelerator import Accelerator  # noqa: E402
from ._checkpoint import Checkpoint  # noqa: E402
from ._config import Config  # noqa: E402
from ._data import Dataset, Loader  # noqa: E402
from ._logging import set_log_level  # noqa: E402
from ._memory import find_executable_batch_size  # noqa: E402
from ._mesh import Mesh  # noqa: E402
from ._model import Model  # noqa: E402
from ._optimizer import Optimizer, OptimizerState, Scheduler  # noqa: E402
from ._op import load_library, no_grad, op, op_names, op_signatures, ops  # noqa: E402
from ._services import Profile, memory_report  # noqa: E402
from ._session import Session  # noqa: E402
from ._state import Group, State, Work  # noqa: E402
from ._tensor import Tensor, as_tensor, from_dlpack, from_memory, from_npy, zeros  # noqa: E402
from ._track import Progress, Tracker  # noqa: E402
from ._tree import Tree  # noqa: E402

for _made in (Accelerator, Checkpoint, Config, Dataset, Group, Loader, Mesh, Model, Optimizer, Progress, Scheduler, Session,
              State, Tensor, Tracker, Tree, Work):
    _c.set_class(_made.__name__.lower(), _made)

__version__ = _c.version()


def torch_version() -> str:
    """Version and file of the libtorch that is really loaded."""
    return _c.torch_version()


__all__ = ["Accelerator", "Checkpoint", "Config", "Dataset", "Group", "LIBRARY_PATH", "Loader", "Mesh", "Model", "Optimizer",
           "Profile", "Progress", "Scheduler", "Session", "State", "Tensor", "Tracker", "Tree", "Work", "as_tensor", "find_executable_batch_size", "from_dlpack", "from_memory", "from_npy", "load_library", "memory_report", "no_grad", "op",
           "op_names", "op_signatures", "ops", "set_log_level", "torch_version", "zeros", *_constants.__all__, *_errors.__all__]

for _name in __all__:  # as users write them: oarlock.NotFound in a traceback, not the file that it is written in
    if isinstance(globals()[_name], type):
        globals()[_name].__module__ = __package__
