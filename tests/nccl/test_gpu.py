"""Collectives of tensors on two GPUs by NCCL, against closed forms. Label gpu; skips with a message elsewhere."""
import pathlib
import sys

import pytest
import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "dist"))
from world import run_world  # noqa: E402

pytestmark = pytest.mark.skipif(torch.cuda.device_count() < 2,
                                reason=f"needs two GPUs for NCCL, {torch.cuda.device_count()} are here")

BODY = """
import torch
rank = int(os.environ["RANK"])
torch.cuda.set_device(rank)
state = State()
lib.oar_tensor_from_torch.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
def handle(tensor):
    out = ctypes.c_void_p()
    check(lib.oar_tensor_from_torch(tensor._cdata, torch.__version__.split("+")[0].encode(), ctypes.byref(out)))
    return out
for numel in (1, 1000, 1 << 22):
    tensor = torch.full((numel,), float(rank + 1), device="cuda")
    check(lib.oar_group_all_reduce(state.group, handle(tensor), SUM, ctypes.c_int64(0), None))
    assert tensor.eq(3).all().item(), tensor
mine, whole = torch.full((5,), rank, device="cuda"), torch.empty(10, dtype=torch.int64, device="cuda")
check(lib.oar_group_all_gather(state.group, handle(mine), handle(whole), ctypes.c_int64(0), None))
assert whole.tolist() == [0] * 5 + [1] * 5
other = torch.empty(5, dtype=torch.int64, device="cuda")
calls = [(lib.oar_group_send, mine), (lib.oar_group_receive, other)]
for function, tensor in calls if rank == 0 else reversed(calls):
    check(function(state.group, handle(tensor), 1 - rank, ctypes.c_int64(0), None))
assert other.tolist() == [1 - rank] * 5
report(passed=True)
"""


def test_two_gpus_reduce_gather_and_exchange():
    for rank in run_world(2, BODY, env={"OARLOCK_COMM_BACKEND": "nccl"}):
        assert rank["passed"]
