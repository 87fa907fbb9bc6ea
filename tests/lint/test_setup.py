"""tools/setup with doubles of what it calls (apt-get, dpkg, id, python3, pip), and a build with its printed settings."""
import os
import pathlib
import shutil
import subprocess

import pytest

SOURCE = pathlib.Path(os.environ["OARLOCK_SOURCE"])
BUILD = pathlib.Path(os.environ["OARLOCK_BUILD"])
SETTINGS = ("OARLOCK_TORCH", "OARLOCK_DEPS", "OARLOCK_PYTHON", "OARLOCK_JULIA", "OARLOCK_APT_LISTS", "XDG_CACHE_HOME")
REAL_TOOLS = ("bash", "sh", "sed", "grep", "tr", "cut", "tail", "mkdir", "rm", "cp", "cat", "ls", "find", "basename", "dirname", "touch",
              "flock", "cc", "ar", "as", "ld", "chmod", "env")
ZLIB = ("adler32", "crc32", "inflate", "inffast", "inftrees", "zutil", "deflate", "trees")

DOUBLES = {
    "id": 'echo "${FAKE_UID:-0}"',
    "dpkg-query": 'grep -qx "${@: -1}" "$FAKE_ROOT/packages" && echo "install ok installed"',
    "apt-get": r"""
echo "apt-get $*" >>"$FAKE_ROOT/log"
case " $* " in
  *" install "*) for word in "$@"; do case "$word" in -*|install) ;; *) echo "$word" >>"$FAKE_ROOT/packages" ;; esac; done ;;
  *" source "*)
    sources=$(ls -d "$FAKE_ROOT"/home_of_user/cache/oarlock/deps-build.*/apt/sources)
    cat "$sources"/* >"$FAKE_ROOT/sources"
    touch cjson.dsc xxhash.dsc zlib.dsc ;;
esac""",
    "dpkg-source": 'cp -r "$FAKE_ROOT/src/$(basename "${@: -1}" .dsc)-1" .',
    "python3": r"""
if [ "$1 $2" = "-m venv" ]; then
  echo "venv" >>"$FAKE_ROOT/log"
  mkdir -p "$3/bin" "$3/lib/python3.11/site-packages/torch/include"
  cp "$FAKE_ROOT/bin/pip" "$FAKE_ROOT/bin/python3" "$3/bin/"; cp "$FAKE_ROOT/bin/python3" "$3/bin/python"
fi""",
    "pip": 'echo "pip $*" >>"$FAKE_ROOT/log"',
    "julia-that-works": 'echo yes',
    "cargo": r"""
case "$1" in
  --version) echo "cargo ${FAKE_CARGO:-1.95.0} (0123456 2026-01-01)" ;;
  fetch) case " $* " in
    *" --offline "*) [ -f "$FAKE_ROOT/crates" ] ;;
    *) echo "cargo $*" >>"$FAKE_ROOT/log"; touch "$FAKE_ROOT/crates" ;;
  esac ;;
esac""",
    "python-with-all": 'case "$2" in *submodule_search*) echo "$FAKE_ROOT/own/torch" ;; esac',
    "python-with-none": 'case "$2" in *submodule_search*) echo "$FAKE_ROOT/own/torch" ;; *) echo "accelerate" >&2; exit 1 ;; esac',
}


class Machine:
    """A machine that has only what the doubles say."""

    def __init__(self, root):
        self.root = root
        self.cache = root / "home_of_user/cache/oarlock"
        for folder in ("bin", "home_of_user", "own/torch/include", "apt/sources.list.d"):
            (root / folder).mkdir(parents=True)
        for name in ("packages", "log"):
            (root / name).touch()
        for name, body in DOUBLES.items():
            (root / "bin" / name).write_text(f"#!/usr/bin/env bash\n{body}\n")
            (root / "bin" / name).chmod(0o755)
        for name in REAL_TOOLS:
            (root / "bin" / name).symlink_to(shutil.which(name))
        self.write_source("cjson", {"cJSON.c": "int cjson;", "cJSON.h": ""})
        self.write_source("xxhash", {"xxhash.c": "int xxhash;", "xxhash.h": ""})
        self.write_source("zlib", {**{f"{name}.c": f"int z_{name};" for name in ZLIB}, "zlib.h": "", "zconf.h": ""})
        (root / "apt/sources.list").write_text("# comment\ndeb [arch=amd64] http://archive.invalid jammy main\n")

    def write_source(self, name, files):
        folder = self.root / "src" / f"{name}-1"
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            (folder / file).write_text(text + "\n")

    def setup(self, *arguments, **settings):
        environment = {"PATH": str(self.root / "bin"), "HOME": str(self.root / "home_of_user"), "FAKE_ROOT": str(self.root),
                       "XDG_CACHE_HOME": str(self.root / "home_of_user/cache"), "OARLOCK_APT_LISTS": str(self.root / "apt"),
                       "OARLOCK_JULIA": str(self.root / "bin/julia-that-works"),  # test_setup_julia.py looks at that part
                       **{key: str(value) for key, value in settings.items()}}
        return subprocess.run([SOURCE / "tools/setup", *arguments], env=environment, capture_output=True, text=True, timeout=60)

    def done(self):
        """What was called since the last look."""
        log = self.root / "log"
        lines = log.read_text().splitlines()
        log.write_text("")
        return lines


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_core_installs_packages_three_wheels_and_three_libraries(machine):
    run = machine.setup("core")
    assert run.returncode == 0, run.stderr
    done = machine.done()
    assert [line for line in done if line.startswith("pip")] == [
        "pip install --no-cache-dir --disable-pip-version-check -q --no-deps torch==2.11.0 nvidia-cuda-runtime==13.0.96 "
        "nvidia-cuda-cupti==13.0.85"]
    installed = (machine.root / "packages").read_text().split()
    assert "cmake" in installed and "libgtest-dev" in installed and "abigail-tools" not in installed
    assert sorted(path.name for path in (machine.cache / "deps-1/lib").iterdir()) == ["libcjson.a", "libxxhash.a", "libz.a"]
    for name in ("cmake", "torch==2.11.0", "cJSON"):
        assert name in run.stdout, "it says what it installs"


def test_full_adds_the_packages_that_tests_compare_with(machine):
    assert machine.setup("full").returncode == 0
    wheels = [line for line in machine.done() if line.startswith("pip")]
    assert len(wheels) == 6 and "accelerate==1.15.0" in wheels[1] and "--no-deps" not in wheels[1]
    pins = (SOURCE / "bindings/python/pyproject.toml").read_text()
    assert all(f'"{wheel}"' in pins for wheel in wheels[2].split(" -q ")[1].split())
    assert "nvidia-cuda-crt" in wheels[3] and "--no-deps" in wheels[3]  # headers alone
    assert wheels[4].endswith("torch==2.11.0 transformers==5.23.0") and wheels[5].endswith("tensorboard==2.20.0")
    installed = (machine.root / "packages").read_text().split()
    assert {"abigail-tools", "libopenmpi-dev", "openmpi-bin", "gfortran", "slurmctld", "slurmd", "slurm-client", "iproute2"} <= set(
        installed)


@pytest.mark.parametrize("level", ["core", "full"])
def test_a_second_run_does_nothing(machine, level):
    assert machine.setup(level).returncode == 0
    assert machine.done() != []
    again = machine.setup(level)
    assert again.returncode == 0 and machine.done() == []
    assert again.stdout.startswith(f"setup: ready ({level})") and len(again.stdout.splitlines()) == 1


def test_without_root_it_gives_the_command_and_changes_nothing(machine):
    (machine.root / "packages").write_text("\n".join(["make", "cmake", "ninja-build"]) + "\n")
    run = machine.setup("core", FAKE_UID=1000)
    assert run.returncode == 1 and machine.done() == []
    command = next(line.strip() for line in run.stderr.splitlines() if "sudo" in line)
    assert command == ("sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends g++ ccache pkg-config python3 "
                       "python3-venv ca-certificates dpkg-dev xz-utils libfmt-dev libcli11-dev libgtest-dev'")
    assert "OARLOCK_DEPS=<prefix>" in run.stderr


def test_nothing_needs_root_once_the_packages_are_there(machine):
    assert machine.setup("core").returncode == 0
    shutil.rmtree(machine.cache)
    machine.done()
    assert machine.setup("core", FAKE_UID=1000).returncode == 0
    assert [line for line in machine.done() if " install " in line and line.startswith("apt-get")] == []


def test_a_compiler_that_fails_is_an_error_and_the_next_run_begins_again(machine):
    machine.write_source("xxhash", {"xxhash.c": "this is no C"})
    run = machine.setup("core")
    assert run.returncode == 1 and "building them failed" in run.stderr and "no C" in run.stderr
    assert not (machine.cache / "deps-1/complete").exists()
    machine.write_source("xxhash", {"xxhash.c": "int xxhash;"})
    assert machine.setup("core").returncode == 0


LISTS = {  # as the distributions write them -> what must be asked for
    "sources.list": ("deb [signed-by=/k] http://a.invalid jammy main universe\n#deb http://no.invalid x y\n",
                     "deb-src [signed-by=/k] http://a.invalid jammy main universe\n"),
    "sources.list.d/debian.sources": ("Types: deb\nURIs: http://b.invalid\nSuites: bookworm\nComponents: main\n",
                                      "Types: deb-src\nURIs: http://b.invalid\nSuites: bookworm\nComponents: main\n"),
    "sources.list.d/ubuntu.sources": ("Types: deb\nURIs: http://c.invalid\nSuites: noble\nComponents: main universe\n",
                                      "Types: deb-src\nURIs: http://c.invalid\nSuites: noble\nComponents: main universe\n"),
}


@pytest.mark.parametrize("file", LISTS)
def test_every_way_to_list_packages_is_read(machine, file):
    (machine.root / "apt/sources.list").write_text("")
    (machine.root / "apt" / file).write_text(LISTS[file][0])
    assert machine.setup("core").returncode == 0
    assert (machine.root / "sources").read_text() == LISTS[file][1]


def test_no_list_of_packages_is_an_error_with_the_way_out(machine):
    (machine.root / "apt/sources.list").unlink()
    run = machine.setup("core")
    assert run.returncode == 1 and "OARLOCK_DEPS=<prefix>" in run.stderr


OFFLINE = {  # level -> settings with which nothing is installed
    "core": {"OARLOCK_TORCH": "own/torch", "OARLOCK_DEPS": "own"},
    "full": {"OARLOCK_PYTHON": "bin/python-with-all", "OARLOCK_DEPS": "own"},
}


@pytest.mark.parametrize("level", OFFLINE)
def test_what_the_user_has_is_taken_without_root_or_network(machine, level):
    (machine.root / "crates").touch()
    run = machine.setup(level, FAKE_UID=1000, **{key: machine.root / path for key, path in OFFLINE[level].items()})
    assert run.returncode == 0, run.stderr
    assert machine.done() == []
    assert f"OARLOCK_TORCH={machine.root}/own/torch OARLOCK_DEPS={machine.root}/own" in run.stdout


def test_full_never_puts_a_second_torch_beside_the_users(machine):
    run = machine.setup("full", OARLOCK_TORCH=machine.root / "own/torch", OARLOCK_DEPS=machine.root / "own")
    assert run.returncode == 1 and "OARLOCK_PYTHON" in run.stderr and machine.done() == []


def test_what_the_users_python_lacks_is_named(machine):
    run = machine.setup("full", OARLOCK_PYTHON=machine.root / "bin/python-with-none", OARLOCK_DEPS=machine.root / "own")
    assert run.returncode == 1 and "accelerate\n" in run.stderr and "accelerate==1.15.0" in run.stderr


def test_a_folder_without_torch_is_refused(machine):
    run = machine.setup("core", OARLOCK_TORCH=machine.root, OARLOCK_DEPS=machine.root / "own")
    assert run.returncode == 1 and f"no torch headers in '{machine.root}'" in run.stderr


def test_crates_are_fetched_by_their_lock_files_and_by_the_full_level_only(machine):
    assert machine.setup("core").returncode == 0
    assert [line for line in machine.done() if line.startswith("cargo")] == []
    run = machine.setup("full")
    fetched = [line for line in machine.done() if line.startswith("cargo")]
    assert fetched and all(" --locked " in line for line in fetched), run.stderr


def test_without_cargo_it_says_how_to_get_it(machine):
    (machine.root / "bin/cargo").unlink()
    assert machine.setup("core").returncode == 0
    run = machine.setup("full")
    assert run.returncode == 1 and f"{machine.root}/home_of_user/.cargo/bin" in run.stderr and "rustup" in run.stderr
    assert machine.setup("full", OARLOCK_RUST="none").returncode == 0


@pytest.mark.parametrize("version", ["1.84.1", "0.99.0"])
def test_a_cargo_that_is_too_old_is_named_with_its_version(machine, version):
    run = machine.setup("full", FAKE_CARGO=version)
    assert run.returncode == 1 and f"of version {version}" in run.stderr and "Install Rust 1.85 or later" in run.stderr


def test_another_word_is_refused(machine):
    run = machine.setup("ful")
    assert run.returncode == 1 and "core|full|--print" in run.stderr


# The real thing ---------------------------------------------------------------------------------------------------------


def cached(build):
    """The cache of a configured build as a dictionary."""
    lines = (line.partition("=") for line in (build / "CMakeCache.txt").read_text().splitlines() if "=" in line)
    return {name.partition(":")[0]: value for name, _, value in lines}


def call(*command, **settings):
    environment = {key: value for key, value in os.environ.items() if key not in SETTINGS or key == "XDG_CACHE_HOME"}
    run = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=600,
                         env={**environment, **{key: str(value) for key, value in settings.items()}})
    assert run.returncode == 0, f"{command}\n{run.stdout[-4000:]}\n{run.stderr[-4000:]}"
    return run.stdout


def own_prefix(prefix):
    """Everything that a build takes from OARLOCK_DEPS, in one folder."""
    this = cached(BUILD)
    shutil.copytree(this["OARLOCK_DEPS"], prefix, symlinks=True)
    for header, room in (("OARLOCK_FMT_INCLUDE", "fmt"), ("OARLOCK_GTEST_INCLUDE", "gtest")):
        (prefix / "include" / room).symlink_to(pathlib.Path(this[header]) / room)
    for cli11 in pathlib.Path(this["OARLOCK_FMT_INCLUDE"]).glob("CLI"):
        (prefix / "include/CLI").symlink_to(cli11)
    return prefix


def test_a_build_takes_the_libraries_of_a_prefix(tmp_path):
    """Without root, without a network, without anything that setup installs: the room `base` is configured and built so."""
    prefix = own_prefix(tmp_path / "prefix")
    doubles = Machine(tmp_path / "machine")
    torch = cached(BUILD)["OARLOCK_TORCH"]
    run = doubles.setup("core", FAKE_UID=1000, OARLOCK_TORCH=torch, OARLOCK_DEPS=prefix)
    assert run.returncode == 0 and doubles.done() == [], run.stderr
    build = tmp_path / "build"
    call("cmake", "-S", SOURCE, "-B", build, "-G", "Ninja", "-DOARLOCK_TESTS=OFF", "-DOARLOCK_BENCHMARKS=OFF", OARLOCK_TORCH=torch,
         OARLOCK_DEPS=prefix)
    found = cached(build)
    for name in ("FMT_INCLUDE", "CJSON_INCLUDE", "CJSON_LIBRARY", "XXHASH_LIBRARY", "ZLIB_LIBRARY"):
        assert found[f"OARLOCK_{name}"].startswith(str(prefix)), name
    call("cmake", "--build", build, "--target", "room_base", "-j", "2")


@pytest.mark.parametrize("preset", ["release", "address", "thread"])
def test_a_preset_configures_with_what_setup_installed(tmp_path, preset):
    this = cached(BUILD)
    call("cmake", "--preset", preset, "-S", SOURCE, "-B", tmp_path, OARLOCK_TORCH=this["OARLOCK_TORCH"],
         OARLOCK_DEPS=this["OARLOCK_DEPS"], OARLOCK_PYTHON=this["OARLOCK_PYTHON"])
    found = cached(tmp_path)
    for name in ("OARLOCK_TORCH", "OARLOCK_DEPS", "OARLOCK_PYTHON"):
        assert found[name] == this[name]
    assert f'"{this["OARLOCK_PYTHON"]}" "-m" "pytest"' in (tmp_path / "tests/CTestTestfile.cmake").read_text()


def test_a_plain_configure_takes_what_setup_prints(tmp_path):
    printed = dict(line.split("=", 1) for line in call(SOURCE / "tools/setup", "--print").splitlines())
    if not (pathlib.Path(printed["OARLOCK_TORCH"]) / "include").is_dir():
        pytest.skip("this build was not made with what tools/setup installs")
    call("cmake", "-S", SOURCE, "-B", tmp_path, "-G", "Ninja")
    found = cached(tmp_path)
    assert {name: found[name] for name in printed} == printed
