"""tools/setup_julia with doubles of what it calls (apt-get, dpkg, id) and of Julia itself."""
import os
import pathlib
import shutil
import subprocess

import pytest

SOURCE = pathlib.Path(os.environ["OARLOCK_SOURCE"])
REAL_TOOLS = ("bash", "sh", "sed", "grep", "head", "tail", "mkdir", "rm", "cp", "mv", "cat", "chmod", "dirname", "touch")
WORKS = '#!/bin/sh\necho "$@" >>"$FAKE_ROOT/started"; echo yes\n'
OLD = "#!/bin/sh\necho old\n"
# Debian 11's Julia on Debian 12: it lives through an exception with the libunwind of Debian 11 only
NEEDS_LIBUNWIND = '#!/bin/sh\ncase "$LD_LIBRARY_PATH" in */julia-1/lib*) echo yes ;; *) exit 139 ;; esac\n'

DOUBLES = {
    "id": 'echo "${FAKE_UID:-0}"',
    "apt-get": r"""
echo "apt-get $*" >>"$FAKE_ROOT/log"
for folder in "$FAKE_ROOT"/cache/oarlock/julia-1/work.*/apt; do
  cat "$folder"/sources/* >"$FAKE_ROOT/sources"; cat "$folder"/preferences/* >"$FAKE_ROOT/preferences"
done
case " $* " in
  *" install julia "*) [ -f "$FAKE_ROOT/debian-julia" ] || exit 100
                       cp "$FAKE_ROOT/debian-julia" "$OARLOCK_SYSTEM_JULIA"; chmod +x "$OARLOCK_SYSTEM_JULIA" ;;
  *" download "*) touch libunwind8_1.3.2.deb ;;
esac""",
    "dpkg": 'mkdir -p "$3/usr/lib/here"; touch "$3/usr/lib/here/libunwind.so.8.0.1" "$3/usr/lib/here/libunwind-x86_64.so.8.0.1"',
}


class Machine:
    """A machine that has only what the doubles say; its lists of packages name one mirror."""

    def __init__(self, root):
        self.root = root
        (root / "apt/sources.list.d").mkdir(parents=True)
        (root / "bin").mkdir()
        (root / "log").touch()
        for name, body in DOUBLES.items():
            self.program(name, f"#!/usr/bin/env bash\n{body}\n")
        for name in (*REAL_TOOLS, "env"):
            (root / "bin" / name).symlink_to(shutil.which(name))
        (root / "apt/sources.list").write_text("deb http://archive.invalid/debian bookworm main\n")
        self.wrapper = root / "cache/oarlock/julia-1/bin/julia"

    def program(self, name, text):
        (self.root / "bin" / name).write_text(text)
        (self.root / "bin" / name).chmod(0o755)

    def setup(self, *arguments, **settings):
        environment = {"PATH": str(self.root / "bin"), "HOME": str(self.root), "FAKE_ROOT": str(self.root),
                       "XDG_CACHE_HOME": str(self.root / "cache"), "OARLOCK_APT_LISTS": str(self.root / "apt"),
                       "OARLOCK_SYSTEM_JULIA": str(self.root / "system-julia"), **{key: str(value) for key, value in settings.items()}}
        return subprocess.run([SOURCE / "tools/setup_julia", *arguments], env=environment, capture_output=True, text=True, timeout=60)

    def done(self):
        log = self.root / "log"
        lines = log.read_text().splitlines()
        log.write_text("")
        return lines


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_debian_11s_julia_is_installed_with_the_libunwind_that_it_needs(machine):
    (machine.root / "debian-julia").write_text(NEEDS_LIBUNWIND)
    run = machine.setup()
    assert run.returncode == 0, run.stderr
    assert "installing Julia" in run.stdout
    installs = [line for line in machine.done() if line.endswith("install julia")]
    assert len(installs) == 1 and "--no-upgrade --no-remove" in installs[0], "packages of the system stay as they are"
    assert "Pin: release n=bullseye\nPin-Priority: 100" in (machine.root / "preferences").read_text()
    assert sorted(path.name for path in (machine.wrapper.parents[1] / "lib").iterdir()) == [
        "libunwind-x86_64.so.8.0.1", "libunwind.so.8.0.1"], "nothing else for the programs that Julia starts"


def test_a_second_run_does_and_says_nothing(machine):
    (machine.root / "debian-julia").write_text(NEEDS_LIBUNWIND)
    assert machine.setup().returncode == 0
    machine.done()
    again = machine.setup()
    assert again.returncode == 0 and again.stdout == again.stderr == "" and machine.done() == []


def test_a_julia_that_was_removed_is_installed_again(machine):
    (machine.root / "debian-julia").write_text(NEEDS_LIBUNWIND)
    assert machine.setup().returncode == 0
    (machine.root / "system-julia").unlink()
    machine.done()
    assert machine.setup().returncode == 0
    assert [line for line in machine.done() if line.endswith("install julia")]


def test_a_julia_on_the_path_is_used_and_nothing_installed(machine):
    machine.program("julia", WORKS)
    assert machine.setup(FAKE_UID=1000).returncode == 0
    assert machine.done() == []
    environment = {"PATH": str(machine.root / "bin"), "FAKE_ROOT": str(machine.root)}
    subprocess.run([machine.wrapper, "a", "b c"], check=True, env=environment, timeout=60)
    assert (machine.root / "started").read_text().splitlines()[-1] == "a b c"


def test_a_julia_that_is_too_old_is_passed_over(machine):
    machine.program("julia", OLD)
    (machine.root / "debian-julia").write_text(WORKS)
    assert machine.setup().returncode == 0
    assert str(machine.root / "system-julia") in machine.wrapper.read_text()


def test_a_julia_that_is_named_is_used(machine):
    machine.program("own", WORKS)
    run = machine.setup(FAKE_UID=1000, OARLOCK_JULIA=machine.root / "bin/own")
    assert run.returncode == 0 and machine.done() == [] and not machine.wrapper.exists()
    assert machine.setup("--print", OARLOCK_JULIA=machine.root / "bin/own").stdout == f"OARLOCK_JULIA={machine.root}/bin/own\n"


def test_a_named_julia_that_is_too_old_is_an_error(machine):
    machine.program("own", OLD)
    run = machine.setup(OARLOCK_JULIA=machine.root / "bin/own")
    assert run.returncode == 1 and f"OARLOCK_JULIA={machine.root}/bin/own is no Julia of version 1.5" in run.stderr


def test_none_leaves_julia_out(machine):
    run = machine.setup(FAKE_UID=1000, OARLOCK_JULIA="none")
    assert run.returncode == 0 and machine.done() == [] and not machine.wrapper.exists()


def test_without_root_it_gives_the_command_and_changes_nothing(machine):
    run = machine.setup(FAKE_UID=1000)
    assert run.returncode == 1 and machine.done() == []
    assert f"sudo XDG_CACHE_HOME='{machine.root}/cache' {SOURCE}/tools/setup_julia" in run.stderr
    assert "OARLOCK_JULIA=<julia>" in run.stderr and "OARLOCK_JULIA=none" in run.stderr


def test_an_installation_that_fails_is_an_error_with_the_way_out(machine):
    run = machine.setup()
    assert run.returncode == 1 and "installing Julia failed" in run.stderr and "OARLOCK_JULIA=none" in run.stderr
    assert not machine.wrapper.exists()


LISTS = {  # as the distributions write them -> the mirror
    "sources.list": "deb [signed-by=/k] http://a.invalid/debian bookworm main contrib\ndeb http://no.invalid/debian x y\n",
    "sources.list.d/debian.list": "#deb http://no.invalid/debian x y\ndeb http://a.invalid/debian/ bookworm main\n",
    "sources.list.d/debian.sources": "Types: deb\nURIs: http://no.invalid/debian-security\nSuites: bookworm-security\n\n"
                                     "Types: deb\nURIs: http://a.invalid/debian\nSuites: bookworm\nComponents: main\n",
}


@pytest.mark.parametrize("file", LISTS)
def test_the_mirror_is_the_one_that_the_systems_lists_name(machine, file):
    (machine.root / "apt/sources.list").unlink()
    (machine.root / "apt" / file).write_text(LISTS[file])
    (machine.root / "debian-julia").write_text(WORKS)
    run = machine.setup()
    assert run.returncode == 0, run.stderr
    lines = (machine.root / "sources").read_text().splitlines()
    suite = lines.index("Suites: bullseye")
    assert lines[suite - 1].rstrip("/") == "URIs: http://a.invalid/debian"


def test_a_machine_without_a_mirror_of_debian_is_told_so(machine):
    (machine.root / "apt/sources.list").write_text("deb http://archive.invalid/ubuntu jammy main\n")
    run = machine.setup()
    assert run.returncode == 1 and "no archive of Debian" in run.stderr and "OARLOCK_JULIA=<julia>" in run.stderr
