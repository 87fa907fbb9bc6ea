"""threads.intra_op is libtorch's own number of threads, as torch in the same process sees it."""
import pathlib
import subprocess
import sys

import pytest

PROGRAM = """
import sys
sys.path.insert(0, {folder!r})
import torch
import oarlock_ctypes
oar = oarlock_ctypes.load()
config = oar.make(oar.lib.oar_config_create)
oar.check(oar.lib.oar_config_merge_json(config, {options!r}.encode()))
state = oar.make(oar.lib.oar_state_create, config)
print(torch.get_num_threads())
"""
FOLDER = str(pathlib.Path(__file__).parent.parent)


@pytest.mark.parametrize("options, threads", [("{}", 2), ('{"threads.intra_op": 3}', 3)], ids=("left-as-it-is", "set"))
def test_the_option_sets_the_threads_of_one_operator(options, threads, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    run = subprocess.run([sys.executable, "-c", PROGRAM.format(folder=FOLDER, options=options)], capture_output=True, text=True,
                         timeout=120)
    assert run.returncode == 0, run.stderr
    assert run.stdout == f"{threads}\n"
