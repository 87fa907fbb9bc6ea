"""The C program of docs/in-situ.md is compiled as C99 and run."""
import os
import pathlib
import re
import subprocess

SOURCE = pathlib.Path(os.environ["OARLOCK_SOURCE"])
BUILD = pathlib.Path(os.environ["OARLOCK_BUILD"])


def test_the_program_of_the_guide_runs(tmp_path):
    program = re.search(r"```c\n(.*?)```", (SOURCE / "docs/in-situ.md").read_text(), re.S).group(1)
    (tmp_path / "program.c").write_text(program)
    subprocess.run(["gcc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{SOURCE}/capi/include", tmp_path / "program.c",
                    "-o", tmp_path / "program", f"-L{BUILD}/lib", "-loarlock", f"-Wl,-rpath,{BUILD}/lib"], check=True, timeout=120)
    done = subprocess.run([tmp_path / "program", SOURCE / "examples/digits/digits.pt2"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"^step \d: sample \d has score -?\d+\.\d{3} for class 0$", done.stdout, re.M)) == 3
