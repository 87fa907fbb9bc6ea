"""comm.backend 'nccl' on a host without GPUs, through the C interface: every rank is told what is missing, and nothing of CUDA is in
liboarlock.so."""
import os
import pathlib
import re
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "dist"))
from world import run_world  # noqa: E402

LIBRARY = pathlib.Path(os.environ["OARLOCK_LIBRARY"])
CUDA_LIBRARY = LIBRARY.parent / "liboarlock_cuda.so"
needs_cuda_library = pytest.mark.skipif(not CUDA_LIBRARY.exists(),
                                        reason="liboarlock_cuda.so was not built: the headers of NCCL and CUDA were not found")

STATE = """
try:
    state = State()
    report(status="OAR_OK")
except OarError as error:
    report(status=error.status, text=error.text)
"""


def needed(library):
    return re.findall(r"NEEDED.*\[(.*)\]", subprocess.run(["readelf", "-d", library], capture_output=True, text=True, check=True).stdout)


@needs_cuda_library
def test_without_cuda_every_rank_is_told_and_ends():
    for rank in run_world(2, STATE, env={"OARLOCK_COMM_BACKEND": "nccl"}):
        assert rank["status"] == "OAR_E_ENVIRONMENT"
        assert "option comm.backend is 'nccl', but on rank 0: " in rank["text"]


def test_another_backend_is_an_error_that_names_nccl():
    [rank] = run_world(1, STATE, env={"OARLOCK_COMM_BACKEND": "ncl"})
    assert rank["status"] == "OAR_E_ARGUMENT" and "auto, shm, gloo or nccl, got 'ncl'" in rank["text"]


def test_nothing_of_nccl_is_linked():
    assert [name for name in needed(LIBRARY) if "nccl" in name or "cuda" in name] == []


@needs_cuda_library
def test_the_cuda_library_needs_nothing_but_the_c_and_cpp_libraries_and_exports_one_name():
    assert {name.split(".so")[0] for name in needed(CUDA_LIBRARY)} <= {"libstdc++", "libgcc_s", "libc", "libm", "libdl"}
    symbols = subprocess.run(["nm", "-D", "--defined-only", CUDA_LIBRARY], capture_output=True, text=True, check=True).stdout
    assert [line.split()[-1] for line in symbols.splitlines()] == ["oarlock_cuda_nccl_calls"]
