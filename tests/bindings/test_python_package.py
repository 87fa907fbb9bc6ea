"""The package outside the tree, installed as its README says, and what it does at import: which libraries it takes and refuses.

Every block of bindings/python/README.md is run: those of a shell in order in one shell, the first of Python as train.py, each
other one as a program of its own.
"""
import os
import re
import shutil
import subprocess
import sysconfig
import zipfile

import pytest
from languages import BUILD, BUILT, SOURCE, environment
from python_program import PYTHON, output, program

README = SOURCE / "bindings/python/README.md"
PACKAGES = sysconfig.get_paths()["purelib"]  # of the tests: torch, numpy, and what a build needs
STUB = "int oar_abi_version(void) { return %s; }\n"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README.read_text(), re.M | re.S)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A home, and in it `sources` with what a user has there after `make build`. pip finds torch, but no network."""
    home = tmp_path_factory.mktemp("home")
    (home / "bin").mkdir()
    (home / "bin/python").symlink_to(shutil.which("python3"))
    shutil.copytree(SOURCE / "bindings/python", home / "sources/bindings/python")
    (home / "sources/build").symlink_to(BUILD)
    (home / "sources/examples").symlink_to(SOURCE / "examples")
    (home / "sources/train.py").write_text(blocks("python")[0])
    return home


def run(place, command, **extra):
    variables = environment(HOME=place, PATH=f"{place / 'bin'}:{os.environ['PATH']}", PYTHONPATH=PACKAGES, PIP_NO_INDEX=1,
                            PIP_NO_BUILD_ISOLATION="false", PIP_DISABLE_PIP_VERSION_CHECK=1, **extra)
    ended = subprocess.run(["bash", "-e", "-c", command], cwd=place / "sources", capture_output=True, text=True, timeout=500, env=variables)
    assert ended.returncode == 0, f"{ended.stdout[-4000:]}\n{ended.stderr[-4000:]}"
    return ended.stdout


@pytest.fixture(scope="module")
def installed(place):
    """What the README's shell printed; the package is in the environment `training` afterwards."""
    return run(place, "\n".join(blocks("sh")))


def test_the_commands_of_the_readme_install_and_train(place, installed):
    assert re.search(r"^0\.1\.0 2\.11", installed, re.M)
    assert len(re.findall(r"^epoch 2: last loss \d", installed, re.M)) == 1, "alone"
    assert len(re.findall(r"^\[rank 0\] epoch 2: last loss \d", installed, re.M)) == 1, "two ranks"
    assert (place / "sources/training/bin/oarlock").exists(), "the command comes with the package"
    assert (place / "sources/training/share/oarlock/oarlock_export/__main__.py").exists(), "what `oarlock export` runs does, too"


@pytest.mark.parametrize("number,printed", [(1, "NOT_FOUND oar_dataset_from_safetensors None"), (2, "comm.timeout_ms"), (3, ""),
                                            (4, "weights [ 1. -2.  3.]"), (5, "error True"), (6, ""), (7, "[3, 1] 0.1.0")])
def test_the_programs_of_the_readme_run(place, installed, number, printed):
    (place / "sources/block.py").write_text(blocks("python")[number])
    said = run(place, ". training/bin/activate; python -W error block.py")
    assert printed in said
    assert len(blocks("python")) == 8


def test_the_wheel_holds_what_is_needed_and_no_path_of_this_machine():
    [wheel] = (BUILT / "python/dist").glob("oarlock-*-cp311-abi3-linux_*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for name in ("oarlock/_c.abi3.so", "oarlock/_c.pyi", "oarlock/py.typed", "oarlock/lib/liboarlock.so.0"):
        assert name in names
    assert any(name.endswith(".data/scripts/oarlock") for name in names)
    assert {name.rpartition("/")[2] for name in names if ".dist-info/licenses/" in name} == {"LICENSE", "THIRD-PARTY-NOTICES"}
    metadata = zipfile.ZipFile(wheel).read(next(name for name in names if name.endswith("/METADATA"))).decode()
    assert "Requires-Dist: torch==2.11.*" in metadata
    folder = PYTHON.parents[1] / f"lib/python{sysconfig.get_python_version()}/site-packages/oarlock"
    for file, path in (("lib/liboarlock.so.0", "$ORIGIN/../../torch/lib"), ("_c.abi3.so", "$ORIGIN/lib")):
        dynamic = subprocess.run(["readelf", "-d", str(folder / file)], capture_output=True, text=True, check=True).stdout
        assert re.findall(r"R(?:UN)?PATH.*\[(.*)\]", dynamic) == [path]


def test_versions_of_package_library_and_interface_agree():
    """pyproject.toml and CMakeLists.txt say them once more, since pip reads them before anything is built."""
    lines = output("""
        import importlib.metadata, oarlock, oarlock._build as build
        print(importlib.metadata.version("oarlock"), oarlock.__version__)
        print(oarlock.torch_version().split()[0].startswith(build.TORCH_VERSION + "."), (build.ABI_MAJOR, build.ABI_MINOR) ==
              (oarlock.VERSION_MAJOR, oarlock.VERSION_MINOR))
    """)
    assert len(set(lines[0].split())) == 1 and lines[1] == "True True"


def test_tracebacks_name_what_users_import():
    run = program("import oarlock; oarlock.Dataset.from_safetensors('nowhere')", check=False)
    assert run.stderr.splitlines()[-1].startswith("oarlock.NotFound: ")
    assert output("import oarlock; print(oarlock.Loader.__module__)") == ["oarlock"]


# Import ---------------------------------------------------------------------------------------------------------------------
def test_import_is_clean_and_brings_neither_torch_nor_numpy():
    run = program("import sys, oarlock; print([name for name in ('torch', 'numpy') if name in sys.modules])", "-X", "dev", "-W", "error")
    assert (run.stdout, run.stderr) == ("[]\n", "")


@pytest.mark.parametrize("order", ["import torch, oarlock", "import oarlock, torch"])
def test_torch_and_oarlock_share_one_libtorch_in_either_order(order):
    lines = output(f"""
        {order}
        print(len({{line.split()[5] for line in open("/proc/self/maps") if line.rstrip().endswith("libtorch_cpu.so")}}))
        ours = oarlock.zeros(3)
        theirs = torch.from_dlpack(ours)
        theirs += 1
        print(ours.tolist(), theirs.data_ptr() == ours.data_ptr())
        back = oarlock.from_dlpack(theirs)
        print(back.data_ptr() == ours.data_ptr(), oarlock.as_tensor(torch.zeros(2, dtype=torch.bfloat16)).dtype)
    """)
    assert lines == ["1", "[1.0, 1.0, 1.0] True", "True bfloat16"]


def refused(script="import oarlock; oarlock.State", **variables):
    run = program(script, check=False, **variables)
    assert run.returncode == 1
    return run.stderr.splitlines()


def test_a_missing_library_is_told_with_the_place_and_the_way_out(tmp_path):
    said = "\n".join(refused(OARLOCK_LIB_DIR=tmp_path))
    assert "ImportError" in said and f"{tmp_path}/liboarlock.so.0 (OARLOCK_LIB_DIR) is not there" in said and "install the package anew" in said


@pytest.mark.parametrize("version,told", [("1 << 16", "ABI version 1.0"), ("2", "ABI version 0.2"), ("0", "ABI version 0.0")])
def test_a_library_of_another_version_is_refused_with_both_versions(tmp_path, version, told):
    (tmp_path / "stub.c").write_text(STUB % version)
    subprocess.run(["cc", "-shared", "-fPIC", str(tmp_path / "stub.c"), "-o", str(tmp_path / "liboarlock.so.0")], check=True, timeout=60)
    said = "\n".join(refused(OARLOCK_LIB_DIR=tmp_path))
    assert told in said and "made for 0.1" in said and str(tmp_path) in said


def test_a_file_that_is_no_library_is_told(tmp_path):
    (tmp_path / "liboarlock.so.0").write_text("this is no library")
    assert "could not be loaded" in "\n".join(refused(OARLOCK_LIB_DIR=tmp_path))


@pytest.mark.parametrize("folder", [BUILD / "lib", "."])
def test_another_library_is_taken_from_the_named_folder(folder):
    """The library of the build tree instead of the package's own copy; also where the name is relative."""
    [line] = output("import oarlock; print(oarlock.LIBRARY_PATH, oarlock.State().rank)", OARLOCK_LIB_DIR=folder, cwd=BUILD / "lib")
    assert line == f"{BUILD / 'lib/liboarlock.so.0'} 0"


def fake_torch(folder, version):
    (folder / "torch/lib").mkdir(parents=True)
    (folder / "torch/__init__.py").write_text(f"__version__ = '{version}'\n")
    (folder / "torch/version.py").write_text(f"__version__ = '{version}'\n")
    (folder / "empty.c").write_text("")
    library = folder / "torch/lib/libtorch_cpu.so"
    subprocess.run(["cc", "-shared", "-fPIC", str(folder / "empty.c"), "-o", str(library)], check=True, timeout=60)
    return library


@pytest.mark.parametrize("how", ["imported", "found", "loaded"])
def test_a_torch_of_another_minor_is_refused_with_both_versions_and_paths(tmp_path, how):
    library = fake_torch(tmp_path, "2.10.0+cpu")
    said = {"imported": lambda: refused("import torch, oarlock; oarlock.State", PYTHONPATH=tmp_path), "found": lambda: refused(PYTHONPATH=tmp_path),
            "loaded": lambda: refused(LD_PRELOAD=library)}[how]()
    assert said[-1].startswith("ImportError") and "2.10.0+cpu" in said[-1] and "2.11" in said[-1]
    assert str(tmp_path / "torch") in said[-1] and "site-packages/oarlock" in said[-1]


UNDOCUMENTED = """
    import inspect, oarlock
    for name in oarlock.__all__:
        thing = getattr(oarlock, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            if not inspect.getdoc(thing) or thing.__doc__ is None:
                print(name, "has no documentation")
            members = inspect.getmembers(thing) if inspect.isclass(thing) and thing.__module__.startswith("oarlock") else []
            for member, value in members:
                own = member in vars(thing) and not member.startswith("_")
                function = value.fget if isinstance(value, property) else value
                if own and (inspect.isfunction(function) or inspect.ismethod(function)):
                    if not inspect.getdoc(value):
                        print(f"{name}.{member} has no documentation")
                    if "return" not in function.__annotations__:
                        print(f"{name}.{member} has no types")
"""


def test_everything_public_is_documented_and_typed():
    assert output(UNDOCUMENTED) == []


def test_type_hints_name_every_function_that_the_module_has():
    lines = output("import oarlock._c as c; print(*[n for n in dir(c) if callable(getattr(c, n)) and not n.startswith(('_', 'Swig', 'SWIG'))])")
    stub = (SOURCE / "bindings/python/oarlock/_c.pyi").read_text()
    assert [name for name in lines[0].split() if f"def {name}(" not in stub and f"class {name}" not in stub] == []


def test_timers_profiles_and_messages_are_the_states(tmp_path):
    assert output("""
        import os
        import oarlock
        with oarlock.State() as state:
            try:
                with state.timer("step"):
                    raise ValueError
            except ValueError:
                pass
            print(state.timer_report()["step"]["count"], state.timer_report(all_ranks=True)["step"]["slowest_rank"])
            state.reset_timers()
            print(state.timer_report())
            with state.profile(directory=os.environ["TRACES"], active=1, repeat=2) as profile:
                steps = []
                for _ in range(3):
                    state.op("aten::relu", oarlock.zeros((2,)))
                    steps.append(profile.step())
            for _ in range(2):  # the block's own error comes out, and the profile has ended
                try:
                    with state.profile(directory="/dev/null/none"):
                        raise KeyError("mine")
                except KeyError as error:
                    print(error)
            print([report is not None for report in steps], profile.reports == steps[:2], "aten::relu" in steps[0]["table"])
            try:
                state.log("loud", "no such level")
            except oarlock.InvalidArgument as error:
                print("loud" in str(error))
            state.log("debug", "not shown", ranks="in_order")
            state.synchronize_rng()
            state.set_deterministic(True, warn_only=True)
            state.set_deterministic(False)
        print(oarlock.memory_report()["rss_peak"] > 0)
    """, TRACES=str(tmp_path)) == ["1 0", "{}", "'mine'", "'mine'", "[True, True, False] True True", "True", "True"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["profile_0.json", "profile_0_1.json"]


# Samples that Python makes ---------------------------------------------------------------------------------------------------
def test_samples_by_number_are_joined_and_an_exception_comes_out():
    assert output("""
        import oarlock
        def sample(index):
            if index == 5:
                raise ValueError("no such picture")
            return {"number": index, "pair": [index / 2, str(index)]}
        loader = oarlock.Loader(oarlock.Dataset.from_samples(6, sample), batch_size=2, num_workers=2)
        batches = iter(loader)
        first = next(batches)
        print(first["number"].tolist(), first["pair"][0].tolist(), list(first["pair"][1]))
        try:
            list(loader)
        except ValueError as error:
            print(error)
    """) == ["[0, 1] [0.0, 0.5] ['0', '1']", "no such picture"]


def test_an_iterable_is_read_pass_by_pass_and_resumed():
    lines = output("""
        import oarlock
        def stream():
            return oarlock.Dataset.from_iterable(lambda epoch: ({"x": 10 * epoch + i} for i in range(5)))
        first = oarlock.Loader(stream(), batch_size=2)
        print([batch["x"].tolist() for batch in first], [batch["x"].tolist() for batch in first])
        first = oarlock.Loader(stream(), batch_size=2)
        next(iter(first))
        second = oarlock.Loader(stream(), batch_size=2)
        second.load_state(first.state)
        print([batch["x"].tolist() for batch in second])
    """)
    assert lines == ["[[0, 1], [2, 3], [4]] [[10, 11], [12, 13], [14]]", "[[2, 3], [4]]"]


def test_an_iterable_that_raised_has_not_ended():
    assert output("""
        import oarlock
        def numbers(epoch):
            yield 1
            raise KeyError("torn")
        loader = oarlock.Loader(oarlock.Dataset.from_iterable(numbers), batch_size=1)
        given = 0
        for _ in range(3):
            try:
                for batch in loader:
                    given += 1
            except KeyError as error:
                print(error, given)
    """) == ["'torn' 0", "'torn' 1", "'torn' 1"]
