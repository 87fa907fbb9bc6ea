"""Programs under MPI: built against the installed library by MPI's own compilers, as a site does, and run by mpirun."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from setup_tools import require_tool  # noqa: E402

SOURCE = pathlib.Path(os.environ["OARLOCK_SOURCE"])
BUILD = pathlib.Path(os.environ["OARLOCK_BUILD"])
EXAMPLES = SOURCE / "examples/mpi"
HERE = pathlib.Path(__file__).resolve().parent
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
SECONDS = 60  # in which a program under mpirun must end
PLACES = re.compile(r"(OMPI|PMI|PMIX|SLURM|MPI|MV2)_|(RANK|WORLD_SIZE|LOCAL_RANK|LOCAL_WORLD_SIZE|MASTER_ADDR|MASTER_PORT)$")


def environment(**settings):
    """This process's, without what would tell a place, or the library that the tests of the build tree use."""
    inherited = {key: value for key, value in os.environ.items()
                 if not PLACES.match(key) and key not in ("LD_LIBRARY_PATH", "OARLOCK_LIBRARY")}
    return {**inherited, "OMP_NUM_THREADS": "1", **settings}


def run(*command, expected=0, **options):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=SECONDS + 30, **options)
    assert result.returncode == expected, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


class Site:
    """An installed Oarlock, and liboarlock_mpi.so compiled from its file by the command of docs/mpi.md."""

    def __init__(self, folder):
        self.folder = folder
        self.prefix = folder / "prefix"
        self.library = folder / "liboarlock_mpi.so"
        run("cmake", "--install", BUILD, "--prefix", self.prefix)
        for built_here in self.prefix.rglob("liboarlock_mpi.so"):
            built_here.unlink()  # so that only what the site compiles can be found
        self.environment = environment(PKG_CONFIG_PATH=str(next(self.prefix.rglob("oarlock.pc")).parent))
        run("sh", "-ec", documented_command(), cwd=folder, env=self.environment)

    def flags(self):
        flags = run("pkg-config", "--cflags", "--libs", "oarlock", env=self.environment).split()
        return [f"-L{self.folder}", f"-Wl,-rpath,{self.folder}", "-loarlock_mpi", *flags]

    def compile(self, compiler, source):
        """-> the program. Sources of Fortran and C may have the same name."""
        program = self.folder / f"{source.stem}_{source.suffix[1:]}"
        warnings = ["-Wall", "-Wextra"] if compiler == "mpifort" else ["-std=c99", *WARNINGS]
        run(compiler, *warnings, source, "-o", program, *self.flags(), "-lpthread", cwd=self.folder, env=self.environment)
        return program


def documented_command():
    [command] = re.findall(r"^ +(mpicxx .*)$", (SOURCE / "docs/mpi.md").read_text(), re.M)
    return command


def mpirun(num_ranks, *program, **settings):
    """-> what the ranks print. mpirun itself ends them all after SECONDS."""
    return run("mpirun", "--allow-run-as-root", "--oversubscribe", "--timeout", SECONDS, "-n", num_ranks, *program,
               env=environment(**settings))


def can_name_hosts():
    """Whether a process may have a host name of its own."""
    return subprocess.run(["unshare", "--uts", "true"], capture_output=True, timeout=30).returncode == 0


def mpirun_on_hosts(places, program, *arguments, **settings):
    """mpirun of one rank per entry of `places`, on host number places[rank]: a name of its own, by which Oarlock tells hosts apart.
    To MPI they remain one host."""
    if not can_name_hosts():
        pytest.skip("a process cannot have a host name of its own here (that needs root)")
    naming = " ".join(f"{rank}) hostname node{place};;" for rank, place in enumerate(places))
    script = f'case $OMPI_COMM_WORLD_RANK in {naming} esac; exec "$@"'
    return mpirun(len(places), "unshare", "--uts", "sh", "-ec", script, "sh", program, *arguments, OARLOCK_COMM_ADDRESS="127.0.0.1",
                  **settings)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    require_tool("mpirun")
    require_tool("pkg-config")
    return Site(tmp_path_factory.mktemp("site"))


def require_fortran():
    if shutil.which("gfortran") is None:
        require_tool("gfortran")
