"""The `oarlock` command: bad input, ports, and what it tells without running anything."""

import errno
import os
import socket
import subprocess

import pytest
from launch_job import OARLOCK, WAIT, launch, shell  # noqa: F401


def test_a_port_in_use_is_named_with_its_holder(launch):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        status, output, error = launch("-n", 2, "--master-port", port, "true").finish()
    assert (status, output) == (1, "")
    assert f"cannot listen on 127.0.0.1:{port}, held by process {os.getpid()} (" in error
    assert f"(errno {errno.EADDRINUSE})" in error
    assert "give another --master-port" in error


@pytest.mark.parametrize("spelling", ["--master-port", "--main_process_port"])
def test_a_given_port_is_used(launch, spelling):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert launch(spelling, port, *shell("echo $MASTER_PORT")).finish()[1] == f"{port}\n"


def bad_programs(folder):
    (folder / "plain.txt").write_text("no program")
    (folder / "script.py").write_text("print(1)")
    garbage = folder / "garbage"
    garbage.write_bytes(b"\x00\x01\x02 neither binary nor script")
    garbage.chmod(0o755)
    return {
        "no_such_program_anywhere": (127, "there is no program 'no_such_program_anywhere' in PATH"),
        str(folder / "none"): (127, "there is no program '"),
        str(folder): (126, "is a directory; a program is needed"),
        str(folder / "plain.txt"): (126, "is not executable; make it so with: chmod +x"),
        str(folder / "script.py"): (126, "run it by its interpreter: oarlock launch ... python3"),
        str(garbage): (126, "neither a binary nor a script with a #! line"),
    }


def test_programs_that_cannot_be_run(launch, tmp_path):
    for program, (status, words) in bad_programs(tmp_path).items():
        got, output, error = launch("-n", 2, program).finish()
        assert (got, output) == (status, ""), (program, error)
        assert words in error


@pytest.mark.parametrize("arguments, words", [
    (["-n", "2"], "no program is given"),
    (["-n", "0", "true"], "oarlock launch: --num-processes: '0' is no whole number from 1 to 4096"),
    (["-n", "many", "true"], "'many' is no whole number from 1 to 4096"),
    (["-n", "2.5", "true"], "'2.5' is no whole number from 1 to 4096"),
    (["-n"], "--num-processes needs a value"),
    (["--nproc-per-node", "0", "true"], "'0' is no whole number from 1 to 4096"),
    (["--num-proceses", "2", "true"], "unknown option '--num-proceses' (did you mean '--num-processes'?)"),
    (["--master-port", "99999", "true"], "'99999' is no whole number from 0 to 65535"),
    (["--grace-seconds", "-1", "true"], "'-1' is no number from 0 to 86400"),
])
def test_usage_errors_give_2(launch, arguments, words):
    status, output, error = launch(*arguments).finish()
    assert (status, output) == (2, "")
    assert words in error


def test_an_unwritable_log_directory(launch, tmp_path):
    (tmp_path / "file").write_text("")
    status, _, error = launch("--log-dir", tmp_path / "file" / "logs", "true").finish()
    assert status == 1
    assert "cannot make the directory" in error


@pytest.mark.parametrize("arguments, status, words", [
    (["--version"], 0, "oarlock 0.1.0"),
    (["--help"], 0, "launch"),
    (["launch", "--help"], 0, "--grace-seconds"),
    (["launch", "--help"], 0, "Usage: oarlock launch [OPTIONS] PROGRAM [ARGUMENTS...]"),
    (["env"], 0, "liboarlock"),
    ([], 2, "Subcommands"),
    (["lunch"], 2, "did you mean 'launch'?"),
    (["-n", "2", "launch"], 2, "unknown option '-n'; a command comes first"),
    (["env", "now"], 2, "oarlock env: "),
])
def test_the_command_itself(arguments, status, words):
    done = subprocess.run([OARLOCK, *arguments], capture_output=True, text=True, timeout=WAIT)
    assert done.returncode == status
    assert words in (done.stderr if status else done.stdout)


def test_env_tells_of_a_wrong_variable():
    environment = dict(os.environ, OARLOCK_COMM_TIMEOUT_MS="soon")
    done = subprocess.run([OARLOCK, "env"], capture_output=True, text=True, timeout=WAIT, env=environment)
    assert done.returncode == 1
    assert "OARLOCK_COMM_TIMEOUT_MS (option 'comm.timeout_ms') must be an integer, but is 'soon'" in done.stdout


def test_the_command_does_not_load_libtorch():
    listed = subprocess.run(["ldd", OARLOCK], capture_output=True, text=True, timeout=WAIT, check=True).stdout
    assert "torch" not in listed and "c10" not in listed
