"""Every block of docs/exporting.md is run: net.py is saved, then the shell's and Python's in the order of the page."""
import os
import pathlib
import re
import subprocess
import sys

import pytest

SOURCE = pathlib.Path(os.environ["OARLOCK_SOURCE"])
BUILD = pathlib.Path(os.environ["OARLOCK_BUILD"])
GUIDE = (SOURCE / "docs/exporting.md").read_text()
ONE_AFTER_ANOTHER = """
import contextlib, io, sys
for number, block in enumerate(sys.argv[1].split("\\f")):
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        with open(f"block{number}.py", "w") as file:
            file.write(block)
        exec(compile(block, f"block{number}.py", "exec"), {"__name__": f"block{number}"})
    print(f"block {number}: {said.getvalue().strip()}")
"""


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.M | re.S)


def run(command, folder):
    environment = {**os.environ, "PATH": f"{BUILD / 'bin'}:{os.environ['PATH']}", "OARLOCK_PYTHON": sys.executable,
                   "PYTHONPATH": f"{folder}:{SOURCE / 'bindings/python'}", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guide")
    first = blocks("python")[0]
    assert first.startswith("# net.py\n")
    (folder / "net.py").write_text(first)
    return folder


def test_the_commands_save_programs_and_say_what_the_guide_shows(folder):
    said = run(["bash", "-ec", "\n".join(blocks("sh"))], folder)
    shown, = blocks("text")
    assert re.sub(r"\d[\d,]* bytes", "", said).startswith(re.sub(r"\d[\d,]* bytes", "", shown))
    assert (folder / "net.pt2").exists() and (folder / "weights.safetensors").exists()
    assert (folder / "graph.pt2").stat().st_size < (folder / "net.pt2").stat().st_size


def test_the_programs_of_the_guide_run(folder):
    python = blocks("python")[1:]
    said = run([sys.executable, "-c", ONE_AFTER_ANOTHER, "\f".join(python)], folder)
    assert len(re.findall("^block", said, re.M)) == len(python) == 4
    assert {"net.pt2", "net.safetensors", "gpt2.pt2", "bags.pt2"} <= set(os.listdir(folder))
    assert "torch.where or torch.cond" in said and "in forward: return y.mean() if" in said, "the error that the last block shows"


def test_everything_the_guide_links_is_there():
    for link in re.findall(r"\]\(([^)#]+)\)", GUIDE):
        assert (SOURCE / "docs" / link).exists(), link
