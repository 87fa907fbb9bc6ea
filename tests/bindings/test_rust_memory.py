"""100,000 objects of each kind, made and dropped in Rust, leave memory and the number of handles as they were.

The bound is closed: what malloc gives for the smallest object takes 32 bytes, so a leak of one object per pair grows memory by
3,125 KiB or more; half of that is far above what pages and malloc's own book-keeping move. Measured after 100,000 pairs have gone
before, when the pool of handles has its size (4,096 slots wait before one is used again; armor, off here, keeps a million)."""
import subprocess

import pytest
from languages import BUILT, environment, is_built

pytestmark = pytest.mark.skipif(not is_built("rust"), reason="the Rust binding was left out (OARLOCK_RUST=none)")

PAIRS = 100_000
KIB_MAX = PAIRS * 32 // 2 // 1024
KINDS = ("config", "tensor", "array", "refused_tensor", "dlpack", "tree", "error", "closure", "failing_closure", "group",
         "work", "data_set", "loader", "model", "operator", "session", "forward", "progress")


@pytest.mark.parametrize("kind", KINDS)
def test_memory_stays_flat(kind):
    run = subprocess.run([BUILT / "rust/bin/memory", kind, str(PAIRS)], capture_output=True, text=True, timeout=240,
                         env=environment(OARLOCK_ARMOR="0"))
    assert run.returncode == 0, run.stderr
    growth_kib, handles = map(int, run.stdout.split())
    assert growth_kib <= KIB_MAX and handles == 0
