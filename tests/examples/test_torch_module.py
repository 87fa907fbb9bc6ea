"""torch.hpp: the example and a program of many kinds of modules, built by CMake against the installed tree and a libtorch."""
import os
import pathlib
import re
import subprocess

import pytest
import torch
from safetensors.torch import load_file

SOURCE, BUILD = (pathlib.Path(os.environ[name]) for name in ("OARLOCK_SOURCE", "OARLOCK_BUILD"))
EXAMPLE, HERE = SOURCE / "examples/torch", pathlib.Path(__file__).parent
TORCH = re.search(r"^OARLOCK_TORCH:\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.M).group(1)
DIGITS = SOURCE / "examples/digits"


def run(*command, check=True, **options):
    environment = {key: value for key, value in os.environ.items() if key not in ("LD_LIBRARY_PATH", "OARLOCK_LIBRARY")}
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300,
                          env={**environment, "OMP_NUM_THREADS": "1"}, **options)
    assert done.returncode == 0 or not check, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """(prefix, folder with both programs); the test's program takes the place of the example's source."""
    folder = tmp_path_factory.mktemp("torch")
    run("cmake", "--install", BUILD, "--prefix", folder / "prefix")
    (folder / "source").mkdir()
    (folder / "source/CMakeLists.txt").write_text(
        (EXAMPLE / "CMakeLists.txt").read_text().replace("train_torch_module", "modules"))
    (folder / "source/modules.cpp").write_text((HERE / "torch/modules.cpp").read_text())
    for name, source in (("modules", folder / "source"), ("train_torch_module", EXAMPLE)):
        run("cmake", "-S", source, "-B", folder / name, f"-DCMAKE_PREFIX_PATH={folder / 'prefix'}", f"-DTORCH={TORCH}")
        run("cmake", "--build", folder / name)
    return folder


def losses(built, ranks, kind, out, steps, *load, check=True):
    launch = [built / "prefix/bin/oarlock", "launch", "-n", ranks] if ranks else []
    done = run(*launch, built / "modules/modules", kind, out, steps, *load, check=check)
    if not check:
        return done
    return [float(value) for value in re.findall(r"loss (\S+)", done.stdout)]


@pytest.mark.parametrize("ranks", (1, 2))
def test_the_example_learns_the_digits(built, tmp_path, ranks):
    done = run(built / "prefix/bin/oarlock", "launch", "-n", ranks, built / "train_torch_module/train_torch_module", "--train",
               DIGITS / "train.safetensors", "--test", DIGITS / "test.safetensors", "--project", tmp_path / "run", "--epochs", 3)
    assert float(re.findall(r"test accuracy (\S+)", done.stdout)[-1]) >= 0.92
    assert (tmp_path / "run/checkpoints/checkpoint_2/model.safetensors").is_file()


def test_losses_are_those_of_a_plain_libtorch_loop(built, tmp_path):
    """Bit for bit, with statistics, clipping, a tied weight and a layer that is called twice."""
    ours, plain = losses(built, 0, "adamw", tmp_path / "ours", 12), losses(built, 0, "plain", "-", 12)
    assert len(ours) == 12 and ours == plain


def test_every_name_of_the_module_is_saved(built, tmp_path):
    losses(built, 0, "sgd", tmp_path / "out", 1)
    saved = load_file(tmp_path / "out/model.safetensors")
    layers = [f"{layer}.{part}" for layer in ("in", "shared", "again", "frozen", "norm") for part in ("weight", "bias")]
    statistics = [f"norm.{name}" for name in ("running_mean", "running_var", "num_batches_tracked")]
    assert set(saved) == {*layers, *statistics, "tied"}
    assert torch.equal(saved["tied"], saved["in.weight"]) and torch.equal(saved["again.bias"], saved["shared.bias"])
    assert int(saved["norm.num_batches_tracked"]) == 1
    states = {name.rpartition(".")[0] for name in load_file(tmp_path / "out/optimizer_0.safetensors")}
    assert not [name for name in states if name.startswith(("frozen", "tied", "again"))]


def test_two_ranks_hold_the_same_weights_and_buffers(built, tmp_path):
    losses(built, 2, "sgd", tmp_path / "two", 4)
    ranks = [load_file(tmp_path / f"two-{rank}.safetensors") for rank in range(2)]
    assert [name for name in ranks[0] if not torch.equal(ranks[0][name], ranks[1][name])] == []


def test_two_ranks_step_as_one_with_their_micro_batches(built, tmp_path):
    """Bit for bit: two ranks sum two gradients, one rank adds the same two (design section 13)."""
    two = losses(built, 2, "adamw", tmp_path / "two", 6)
    one = losses(built, 1, "accumulate", tmp_path / "one", 12)
    assert sorted(two) == sorted(one)
    ours, theirs = (load_file(tmp_path / f"{name}-0.safetensors") for name in ("two", "one"))
    trained = [name for name in ours if "running" not in name and "tracked" not in name]
    assert [name for name in trained if not torch.equal(ours[name], theirs[name])] == []


@pytest.mark.parametrize("ranks", (1, 2))
def test_a_resumed_run_equals_the_run_that_was_not_stopped(built, tmp_path, ranks):
    losses(built, ranks, "adamw", tmp_path / "whole", 6)
    losses(built, ranks, "adamw", tmp_path / "first", 3)
    losses(built, ranks, "adamw", tmp_path / "rest", 3, tmp_path / "first")
    for rank in range(ranks):
        rest, whole = (tmp_path / f"{name}-{rank}.safetensors" for name in ("rest", "whole"))
        assert rest.read_bytes() == whole.read_bytes()


def test_a_parameter_that_forward_leaves_out_needs_the_option(built, tmp_path):
    done = losses(built, 2, "missing", tmp_path / "missing", 1, check=False)
    assert done.returncode != 0 and "idle.weight" in done.stderr and "find_unused_parameters" in done.stderr
    assert len(losses(built, 2, "idle", tmp_path / "idle", 2)) == 4


def test_another_libtorch_is_refused_by_cmake(built, tmp_path):
    fake = tmp_path / "torch/include/torch/headeronly"
    fake.mkdir(parents=True)
    (fake / "version.h").write_text("#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 4\n")
    done = run("cmake", "-S", EXAMPLE, "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={built / 'prefix'}",
               f"-DTORCH={tmp_path / 'torch'}", check=False)
    assert done.returncode != 0 and "2.4" in done.stderr
