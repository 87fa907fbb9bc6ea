"""What liboarlock_mpi.so is made of: a site's and that of the build tree, and that liboarlock.so knows no MPI."""
import os
import re
import subprocess

import pytest
from mpi_programs import BUILD, SOURCE, WARNINGS, documented_command, run, site  # noqa: F401

FILE = SOURCE / "capi/mpi/oarlock_mpi.cpp"
HEADER = SOURCE / "capi/mpi/include/oarlock/mpi.h"
CALLS = HEADER.with_name("mpi_calls.h")


def symbols(library, *options):
    return [line.split()[-1].split("@")[0] for line in run("nm", "-D", *options, library).splitlines()]


def needed(library):
    return re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", library))


@pytest.fixture(scope="module", params=["of the site", "of the build"])
def library(request, site):  # noqa: F811
    return site.library if request.param == "of the site" else BUILD / "lib/liboarlock_mpi.so"


def test_exactly_the_functions_of_its_header_are_exported(library):
    declared = re.findall(r"^(oar_\w+)\(", HEADER.read_text(), re.M)
    assert len(declared) == 2 and sorted(symbols(library, "--defined-only")) == sorted(declared)


def test_it_never_begins_or_ends_mpi(library):
    called = {name for name in symbols(library, "--undefined-only") if name.startswith("MPI_")}
    assert "MPI_Initialized" in called
    assert called & {"MPI_Init", "MPI_Init_thread", "MPI_Finalize", "MPI_Abort", "MPI_Session_init"} == set()


def test_it_calls_only_public_functions(library):
    api = (SOURCE / "capi/generated/exports.map").read_text()
    called = [name for name in symbols(library, "--undefined-only") if "oar" in name]
    assert {"oar_state_create_with_exchange", "oar_experimental_get"} <= set(called)
    assert [name for name in called if not re.search(rf"\b{name};", api)] == []


def test_liboarlock_knows_no_mpi():
    assert [name for name in needed(os.environ["OARLOCK_LIBRARY"]) if re.search("mpi|pmi", name, re.I)] == []
    assert [name for name in symbols(os.environ["OARLOCK_LIBRARY"]) if re.match("P?MPI_", name)] == []


def test_a_program_with_its_own_exchange_needs_no_library_of_mpi_for_oarlock(site):  # noqa: F811
    assert "mpi.h" not in [path.name for path in (SOURCE / "capi/include/oarlock").iterdir()]
    assert [name for name in needed(next(site.prefix.rglob("liboarlock.so.0.1.0"))) if "mpi" in name] == []


@pytest.mark.parametrize("header", [HEADER, CALLS], ids=lambda path: path.name)
@pytest.mark.parametrize("compiler,language,standard", [("mpicc", "c", "c99"), ("mpicc", "c", "c17"), ("mpicxx", "c++", "c++17")])
def test_its_headers_compile_alone(site, tmp_path, compiler, language, standard, header):  # noqa: F811
    source = tmp_path / "alone.c"
    source.write_text(f"#include <oarlock/{header.name}>\n#include <oarlock/{header.name}>\nint not_empty;\n")
    run(compiler, f"-std={standard}", *WARNINGS, "-Wno-cast-function-type", f"-I{site.prefix}/include", "-x", language,
        "-fsyntax-only", source)


@pytest.mark.parametrize("standard", ["c++11", "c++20"])
def test_its_file_compiles_by_old_and_new_compilers(site, tmp_path, standard):  # noqa: F811
    run("mpicxx", f"-std={standard}", *WARNINGS, f"-I{site.prefix}/include", "-c", FILE, "-o", tmp_path / "oarlock_mpi.o")


def test_the_command_names_the_installed_file(site):  # noqa: F811
    [installed] = site.prefix.rglob("oarlock_mpi.cpp")
    assert installed.read_text() == FILE.read_text()
    assert installed.with_name("lent_calls.h").read_text() == FILE.with_name("lent_calls.h").read_text()
    told = run("pkg-config", "--variable=mpi_source", "oarlock", env=site.environment).strip()
    assert os.path.samefile(told, installed) and "mpi_source" in documented_command()


@pytest.mark.parametrize("header", [HEADER, CALLS], ids=lambda path: path.name)
def test_the_headers_keep_to_120_columns(header):
    assert [number for number, line in enumerate(header.read_text().splitlines(), 1) if len(line) > 120] == []


def test_without_mpi_the_build_goes_on_and_says_so(tmp_path):
    """A machine without MPI, played by a CMake that may not find one."""
    cache = (BUILD / "CMakeCache.txt").read_text()
    settings = [f"-D{name}={re.search(rf'^{name}:[^=]*=(.*)$', cache, re.M)[1]}" for name in ("OARLOCK_TORCH", "OARLOCK_DEPS",
                                                                                          "OARLOCK_PYTHON")]
    configure = ["cmake", "-S", SOURCE, "-G", "Ninja", *settings, "-DCMAKE_DISABLE_FIND_PACKAGE_MPI=ON", "-DOARLOCK_TESTS=OFF"]
    assert "No MPI was found" in run(*configure, "-B", tmp_path / "auto")
    asked = subprocess.run([*configure, "-B", tmp_path / "on", "-DOARLOCK_WITH_MPI=ON"], capture_output=True, text=True, timeout=120)
    assert asked.returncode != 0 and "libopenmpi-dev" in asked.stderr
