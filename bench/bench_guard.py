"""What does the guard cost? Nanoseconds of a guarded call that enters one handle and does nothing (oar_tensor_numel), over a call
that is not guarded (oar_abi_version). Armor off, as in production. No peer: nobody else has such an edge."""
IDS = ("guard_overhead",)
import os
import pathlib
import subprocess

import rows

PROGRAM = pathlib.Path(os.environ["OARLOCK_BUILD"]) / "bench" / "guard"


def measure():
    environment = {key: value for key, value in os.environ.items() if key != "OARLOCK_ARMOR"}
    output = subprocess.run([str(PROGRAM)], capture_output=True, text=True, check=True, timeout=120, env=environment).stdout
    guarded, bare = map(float, output.split())
    return guarded - bare


if rows.wanted("guard_overhead"):
    measure()
    rows.print_row("guard_overhead", "ns", [measure() for _ in range(7)], bar=None)
