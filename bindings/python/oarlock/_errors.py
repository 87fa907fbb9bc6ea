"""Failures as exceptions: one class per status code, each also the exception that Python's own library would raise."""
from . import _c


class Error(RuntimeError):
    """A call of the library failed. Catch a class below it to catch one kind.

    Attributes:
        code: the status code, `oarlock.E_NOT_FOUND` and so on.
        name: its name, "NOT_FOUND".
        message: what failed, where, and what to do.
        operation: what was being done: "all_reduce", or the function that failed.
        component: the part of the library, "collectives".
        rank: the rank that the error is about, or None.
        vendor_code: a number from below (errno, a callback's value), or 0.
    """

    code: int = _c.E_INTERNAL
    name: str = "INTERNAL"

    def __init__(self, message: str = "", *, operation: str = "", component: str = "", rank: int | None = None,
                 vendor_code: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.operation = operation
        self.component = component
        self.rank = rank
        self.vendor_code = vendor_code

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple:
        return (_rebuild, (type(self), self.message, self.operation, self.component, self.rank, self.vendor_code))


def _rebuild(kind: type, message: str, operation: str, component: str, rank: int | None, vendor_code: int) -> Error:
    """An error that came from another process."""
    return kind(message, operation=operation, component=component, rank=rank, vendor_code=vendor_code)


class InvalidArgument(Error, ValueError):
    """An argument has a value, shape, dtype or device that the function does not take."""


class InvalidHandle(Error, ValueError):
    """The object was released, so that no call can use it."""


class InvalidState(Error):
    """The call does not fit what was done before: not prepared, closed, out of order."""


class NotFound(Error, FileNotFoundError, KeyError):
    """A file, key, name or operator does not exist."""


class Exists(Error, FileExistsError):
    """Something of that name is there already and would be lost."""


class IoFailed(Error, OSError):
    """The operating system refused a read, write or connection."""


class NoSpace(Error, OSError):
    """The disk or quota is full; what was there before is untouched."""


class Corrupt(Error):
    """Bytes of a file are not what its format or checksum says."""


class Unsupported(Error, NotImplementedError):
    """Valid, but not something that this build or object can do."""


class VersionMismatch(Error):
    """A file, library or peer is of a version that this build does not take."""


class OutOfMemory(Error, MemoryError):
    """Memory ran out; what the call was changing may be changed in part."""


class TimedOut(Error, TimeoutError):
    """Peers or data did not come within the time given."""


class Aborted(Error):
    """The group or state was aborted, here or by an earlier failure."""


class PeerLost(Error, ConnectionError):
    """Another rank ended; `rank` says which."""


class Mismatch(Error):
    """Ranks made different calls; the text gives both."""


class CallbackFailed(Error):
    """A callback of another language returned nonzero. A Python callback's own exception comes out instead."""


class InvalidEnvironment(Error):
    """Environment variables, or the libraries really loaded, contradict each other."""


class Forked(Error):
    """The process was forked after the library had been used; use "spawn" for workers that need it."""


class InternalError(Error):
    """A defect of Oarlock; please report it with the text."""


CLASSES = {
    "ARGUMENT": InvalidArgument, "HANDLE": InvalidHandle, "STATE": InvalidState, "NOT_FOUND": NotFound, "EXISTS": Exists,
    "IO": IoFailed, "NO_SPACE": NoSpace, "CORRUPT": Corrupt, "UNSUPPORTED": Unsupported, "VERSION": VersionMismatch,
    "OUT_OF_MEMORY": OutOfMemory, "TIMEOUT": TimedOut, "ABORTED": Aborted, "PEER_LOST": PeerLost, "MISMATCH": Mismatch,
    "CALLBACK": CallbackFailed, "ENVIRONMENT": InvalidEnvironment, "FORKED": Forked, "INTERNAL": InternalError}
for _name, _class in CLASSES.items():
    _class.name, _class.code = _name, getattr(_c, "E_" + _name)
_BY_CODE = {made.code: made for made in CLASSES.values()}


def make(code: int, message: str, component: str, operation: str, rank: int, vendor_code: int) -> Error:
    """The exception of a failed call, which the low level raises."""
    made = _BY_CODE.get(code)
    error = (made or Error)(message, operation=operation, component=component, rank=None if rank < 0 else rank,
                            vendor_code=vendor_code)
    if made is None:  # a code of a later library
        error.code, error.name = code, _c.status_name(code).removeprefix("OAR_E_")
    if vendor_code and isinstance(error, OSError):
        error.errno = vendor_code
    return error


def from_handle(error: _c.ErrorHandle) -> Error:
    """The exception that an error object of the library stands for."""
    return make(_c.error_code(error), _c.error_message(error), _c.error_component(error), _c.error_operation(error),
                _c.error_rank(error), _c.error_vendor_code(error))


__all__ = ["Error", *(_made.__name__ for _made in CLASSES.values())]
