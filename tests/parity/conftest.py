"""What tests of the C interface share: the library, and a state of one rank."""
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import oarlock_ctypes  # noqa: E402


@pytest.fixture(scope="module")
def oar():
    return oarlock_ctypes.Oarlock(os.environ["OARLOCK_LIBRARY"])


@pytest.fixture
def state(oar):
    handle = oar.make(oar.lib.oar_state_create, None)
    yield handle
    oar.check(oar.lib.oar_state_close(handle))
