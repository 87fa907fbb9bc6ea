"""The README's C program is compiled as C99 and run with two ranks by the README's own commands; so is every path it names."""
import os
import pathlib
import re
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from setup_tools import require_tool  # noqa: E402

SOURCE = pathlib.Path(os.environ["OARLOCK_SOURCE"])
BUILD = pathlib.Path(os.environ["OARLOCK_BUILD"])
README = (SOURCE / "README.md").read_text()


def c_program():
    return re.search(r"```c\n(.*?)```", README, re.S).group(1)


def commands():
    """All indented blocks, line by line."""
    return [line.strip().partition("  #")[0].rstrip() for line in README.partition("```c")[0].splitlines() +
            README.rpartition("```\n")[2].splitlines() if line.startswith("    ")]


def run(command, folder, **settings):
    environment = {key: value for key, value in os.environ.items() if key not in ("LD_LIBRARY_PATH", "OARLOCK_LIBRARY")}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, env={**environment, **settings})
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def expect_last_losses(output):
    losses = [float(value) for value in re.findall(r"last loss (\S+)", output)]
    assert len(losses) == 2, "each rank prints its last loss"
    # ln(10) = 2.30 is the loss of guessing.
    assert all(loss < 1.0 for loss in losses), losses


@pytest.fixture
def folder(tmp_path):
    """A checkout in which `make build` has been done, and the user has saved the program."""
    (tmp_path / "program.c").write_text(c_program())
    (tmp_path / "examples").symlink_to(SOURCE / "examples")
    (tmp_path / "build").symlink_to(BUILD)
    return tmp_path


def test_the_commands_of_the_readme_build_and_run_its_program(folder):
    require_tool("pkg-config")
    lines = [line for line in commands() if not line.startswith("make ")]
    assert len(lines) == 4 and lines[-1] == "oarlock launch -n 2 ./program"
    expect_last_losses(run(["bash", "-ec", "\n".join(lines)], folder))


def test_every_target_of_make_that_the_readme_names_is_there():
    targets = set(re.findall(r"^([a-z-]+):", (SOURCE / "Makefile").read_text(), re.M))
    named = set(re.findall(r"(?:`|^    )make ([a-z-]+)", README, re.M))
    assert {"build", "demo", "test"} <= named <= targets


def test_the_program_is_strict_c99_and_cpp17(folder):
    for compiler in (["gcc", "-std=c99"], ["g++", "-x", "c++", "-std=c++17"]):
        run([*compiler, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "program.c", f"-I{SOURCE}/capi/include"], folder)


def test_the_program_runs_as_one_rank_without_the_launcher(folder):
    run(["gcc", "program.c", "-o", "program", f"-I{SOURCE}/capi/include", f"-L{BUILD}/lib", f"-Wl,-rpath,{BUILD}/lib", "-loarlock"],
        folder)
    loss, = re.findall(r"last loss (\S+)", run(["./program"], folder))
    assert float(loss) < 1.0


def test_the_c_program_of_the_readme_is_forty_lines():
    assert len(c_program().splitlines()) <= 40
