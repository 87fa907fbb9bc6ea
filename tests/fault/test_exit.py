"""How processes end with Oarlock inside: nothing of the host's is called once it is exiting, and nothing crashes."""
import os
import subprocess
import sys
import textwrap

import pytest

PRELUDE = """
import ctypes, sys, threading, _ctypes, os
lib = ctypes.CDLL(os.environ["OARLOCK_LIBRARY"])
lib.oar_progress_release.restype = lib.oar_state_release.restype = None
RELEASE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
LINE = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_char_p, ctypes.c_void_p)

def make_state():
    state = ctypes.c_void_p()
    assert lib.oar_state_create(None, ctypes.byref(state)) == 0
    return state
"""

PROGRAMS = {
    "a release that only exit could run": """
        release, line = RELEASE(lambda data: print("released")), LINE(lambda text, data: 0)
        progress = ctypes.c_void_p()
        assert lib.oar_progress_create(make_state(), b"epoch", ctypes.c_int64(3), b"samples", ctypes.byref(progress)) == 0
        assert lib.oar_progress_set_callback(progress, line, None, release) == 0
        lib.oar_progress_release(progress)  # as a finalizer would, with no call after it
        print("end of program")
        """,
    "a state that was never closed": """
        make_state()
        print("end of program")
        """,
    "a library that was closed with a state alive, which a thread that has ended had made": """
        thread = threading.Thread(target=make_state)
        thread.start()
        thread.join()
        _ctypes.dlclose(lib._handle)
        print("end of program")
        """,
}


@pytest.mark.parametrize("case", PROGRAMS)
def test_the_process_ends_with_its_own_status(case):
    program = PRELUDE + textwrap.dedent(PROGRAMS[case]) + "sys.stdout.flush()\nsys.exit(7)\n"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, env=os.environ)
    assert (ended.returncode, ended.stdout) == (7, "end of program\n"), ended.stderr
