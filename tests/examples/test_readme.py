"""The README's C program is compiled as C99 and run as it stands, with two ranks."""
import os
import pathlib
import re
import subprocess

SOURCE = pathlib.Path(os.environ["OARLOCK_SOURCE"])
BUILD = pathlib.Path(os.environ["OARLOCK_BUILD"])


def c_program():
    return re.search(r"```c\n(.*?)```", (SOURCE / "README.md").read_text(), re.S).group(1)


def test_the_c_program_of_the_readme_trains_with_two_ranks(tmp_path):
    (tmp_path / "program.c").write_text(c_program())
    subprocess.run(["gcc", "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "program.c", "-o", "program",
                    f"-I{SOURCE}/capi/include", f"-L{BUILD}/lib", f"-Wl,-rpath,{BUILD}/lib", "-loarlock"],
                   cwd=tmp_path, check=True, timeout=60)
    (tmp_path / "examples").symlink_to(SOURCE / "examples")
    run = subprocess.run([BUILD / "bin/oarlock", "launch", "-n", "2", "./program"], cwd=tmp_path, capture_output=True,
                         text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    losses = [float(value) for value in re.findall(r"last loss (\S+)", run.stdout)]
    assert len(losses) == 2, "each rank prints its last loss"
    # ln(10) = 2.30 is the loss of guessing.
    assert all(loss < 1.0 for loss in losses), losses


def test_the_c_program_of_the_readme_is_about_forty_lines():
    code = [line for line in c_program().splitlines() if line.strip()]
    assert len(code) <= 45
