"""What the scenarios share: how one is registered, an error that has to come, the digits, how many handles are alive."""
import ctypes
import gc
import os
from contextlib import contextmanager
from pathlib import Path

import oarlock
import oarlock._c as c

DIGITS = Path(os.environ["OARLOCK_SOURCE"]) / "examples/digits"
SCENARIOS = {}


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


@contextmanager
def raises(kind, *texts):
    """The block has to raise `kind`; every text has to be in what it says. Gives a list that gets the error."""
    caught = []
    try:
        yield caught
    except kind as error:
        caught.append(error.with_traceback(None))
    assert caught, f"{kind} was not raised"
    for text in texts:
        assert str(text) in str(caught[0]), f"{text!r} is not in {str(caught[0])!r}"


_count = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.POINTER(ctypes.c_int64))(c.experimental_get("live_handle_count"))


def live_handles():
    gc.collect()
    count = ctypes.c_int64()
    assert _count(ctypes.byref(count)) == 0
    return count.value


def digits(columns=None):
    return oarlock.Dataset.from_safetensors(DIGITS / "test.safetensors", columns)
