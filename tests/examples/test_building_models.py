"""docs/building-models.md: its blocks are one program."""
import os
import pathlib
import re
import subprocess

SOURCE = pathlib.Path(os.environ["OARLOCK_SOURCE"])
LIBRARY = pathlib.Path(os.environ["OARLOCK_LIBRARY"])


def test_the_blocks_of_the_guide_are_a_program_that_runs(tmp_path):
    blocks = re.findall(r"```c\n(.*?)```", (SOURCE / "docs/building-models.md").read_text(), flags=re.S)
    assert len(blocks) >= 5
    (tmp_path / "guide.c").write_text("\n".join(blocks))
    subprocess.run(["cc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{SOURCE / 'capi/include'}", tmp_path / "guide.c",
                    "-o", tmp_path / "guide", LIBRARY, f"-Wl,-rpath,{LIBRARY.parent}"], check=True, timeout=120)
    subprocess.run([tmp_path / "guide"], check=True, timeout=120)
