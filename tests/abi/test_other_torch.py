"""Another libtorch in the process is refused with both versions and paths, by the first call and every later one. A library that
answers for an older libtorch stands in for it: it is loaded first, as a host's own libtorch would be."""
import os
import pathlib
import subprocess
import sys

import pytest

IMPOSTOR = "unsigned long aoti_torch_abi_version(void) { return 2ul << 56 | 10ul << 48; }\n"
PROGRAM = """
import ctypes, os
library = ctypes.CDLL(os.environ["OARLOCK_LIBRARY"])
library.oar_last_error.restype = ctypes.c_char_p
config = ctypes.c_void_p()
for _ in range(2):
    print(library.oar_config_create(ctypes.byref(config)), config.value, library.oar_last_error().decode())
taken, message = ctypes.c_void_p(), ctypes.c_char_p()
library.oar_config_create(ctypes.byref(config))
print(library.oar_error_take(ctypes.byref(taken)), library.oar_error_message(taken, ctypes.byref(message)), message.value.decode())
text, length = ctypes.create_string_buffer(4096), ctypes.c_size_t(4096)
print(library.oar_torch_version(text, ctypes.byref(length)), text.value.decode())
"""


@pytest.fixture
def lines(tmp_path):
    (tmp_path / "impostor.c").write_text(IMPOSTOR)
    impostor = tmp_path / "libimpostor.so"
    subprocess.run(["cc", "-shared", "-fPIC", str(tmp_path / "impostor.c"), "-o", str(impostor)], check=True, timeout=60)
    run = subprocess.run([sys.executable, "-c", PROGRAM], env={**os.environ, "LD_PRELOAD": str(impostor)}, capture_output=True,
                         text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


@pytest.mark.parametrize("call", [0, 1])
def test_every_call_refuses_another_minor_version(lines, call):
    code, handle, text = lines[call].split(" ", 2)
    assert (code, handle) == ("10", "None")
    assert "2.11.0" in text and "2.10.0" in text
    assert "libtorch_cpu.so" in text and "libimpostor.so" in text


def test_the_error_object_tells_it_too(lines):
    assert lines[2].startswith("0 0 ") and "2.11.0" in lines[2] and "2.10.0" in lines[2]


def test_the_version_can_still_be_asked_for(lines):
    assert lines[3].startswith("0 2.10.0 (") and "libimpostor.so" in lines[2]
