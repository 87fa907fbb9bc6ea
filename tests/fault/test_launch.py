"""`oarlock launch`: places, output, failures, signals, and that nothing is left behind, with small shell and Python ranks.

Bounds are four times what the design promises, as design section 13 has it. Every rank carries a marker in its environment,
by which whatever outlives its launcher is found.
"""

import errno
import os
import pathlib
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time
import uuid

import pytest

OARLOCK = str(pathlib.Path(os.environ["OARLOCK_BUILD"]) / "bin/oarlock")
WAIT = 60  # seconds for anything that must happen at all
REPORT_BOUND = 4 * 1.0  # a failure is reported, and the job over, within one second


class Job:
    """One launcher with its ranks."""

    def __init__(self, *arguments, **settings):
        self.marker = uuid.uuid4().hex
        environment = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}
        environment.update(settings.pop("env", {}), LAUNCH_TEST_MARKER=self.marker)
        settings.setdefault("stdin", subprocess.DEVNULL)
        settings.setdefault("stdout", subprocess.PIPE)
        settings.setdefault("stderr", subprocess.PIPE)
        self.process = subprocess.Popen(
            [OARLOCK, "launch", *map(str, arguments)], env=environment, text=True, **settings
        )

    def finish(self, timeout=WAIT):
        output, error = self.process.communicate(timeout=timeout)
        return self.process.returncode, output, error

    def survivors(self):
        """Processes that still carry the marker."""
        needle = f"LAUNCH_TEST_MARKER={self.marker}".encode()
        found = []
        for folder in pathlib.Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                if needle in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
            except OSError:
                pass
        return found

    def wait_for_survivors(self, count, timeout=WAIT):
        """Waits until `count` processes carry the marker, or at most that many for count 0."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            found = self.survivors()
            if len(found) == count:
                return found
            select.select([], [], [], 0.01)
        raise AssertionError(f"{len(found)} processes instead of {count}: {found}")


@pytest.fixture
def launch():
    jobs = []

    def start(*arguments, **settings):
        jobs.append(Job(*arguments, **settings))
        return jobs[-1]

    yield start
    for job in jobs:
        for pid in job.survivors():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        job.process.wait(timeout=WAIT)
        for stream in (job.process.stdout, job.process.stderr):
            if stream:
                stream.close()


def shell(*text):
    return ["sh", "-c", "\n".join(text)]


def python(text):
    return [sys.executable, "-c", text]


def read_line(stream, start):
    """The next line that begins with `start`."""
    for line in stream:
        if line.startswith(start):
            return line
    raise AssertionError(f"the stream ended without a line that begins with {start!r}")


# Places ---------------------------------------------------------------------------------------------------------------


def test_each_rank_finds_its_place(launch):
    names = "RANK WORLD_SIZE LOCAL_RANK LOCAL_WORLD_SIZE NODE_RANK GROUP_RANK MASTER_ADDR OMP_NUM_THREADS"
    job = launch("-n", 3, *shell(f"echo {' '.join('$' + name for name in names.split())}"))
    status, output, error = job.finish()
    assert status == 0, error
    threads = max(1, len(os.sched_getaffinity(0)) // 3)
    assert sorted(output.splitlines()) == [f"[rank {r}] {r} 3 {r} 3 0 0 127.0.0.1 {threads}" for r in range(3)]


def test_ranks_of_one_launch_share_an_id_that_no_other_has(launch):
    identities = []
    for _ in range(2):
        _, output, _ = launch("-n", 2, "--no-prefix", *shell("echo $OARLOCK_LAUNCH_ID $MASTER_PORT")).finish()
        first, second = output.splitlines()
        assert first == second
        identities.append(first.split()[0])
    assert identities[0] != identities[1]


def test_rank_0_alone_inherits_the_listening_socket(launch):
    text = """
import os, socket
fd = os.environ.get("OARLOCK_LISTEN_FD")
if fd is None:
    print(sorted(int(f) for f in os.listdir("/proc/self/fd"))[:3], "sockets",
          sum(os.readlink(f"/proc/self/fd/{f}").startswith("socket:") for f in ("0", "1", "2", "3", "4", "5", "6", "7")
              if os.path.exists(f"/proc/self/fd/{f}")))
else:
    listener = socket.socket(fileno=int(fd))
    assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
    assert listener.getsockname() == ("127.0.0.1", int(os.environ["MASTER_PORT"]))
    print("listens")
"""
    status, output, error = launch("-n", 2, *python(text)).finish()
    assert status == 0, error
    assert sorted(output.splitlines()) == ["[rank 0] listens", "[rank 1] [0, 1, 2] sockets 0"]


def test_peers_reach_rank_0_and_are_refused_once_it_is_gone(launch, tmp_path):
    text = f"""
import os, pathlib, socket
gone = pathlib.Path({str(tmp_path)!r})
if os.environ["RANK"] == "0":
    listener = socket.socket(fileno=int(os.environ["OARLOCK_LISTEN_FD"]))
    listener.settimeout({WAIT})
    peer, _ = listener.accept()
    assert peer.recv(1) == b"x"
else:
    address = ("127.0.0.1", int(os.environ["MASTER_PORT"]))
    peer = socket.create_connection(address, timeout={WAIT})
    peer.sendall(b"x")
    assert peer.recv(1) == b""  # rank 0 has ended
    try:
        socket.create_connection(address, timeout={WAIT})
        print("connected")
    except ConnectionRefusedError:
        print("refused")
"""
    status, output, error = launch("-n", 2, *python(text)).finish()
    assert (status, output) == (0, "[rank 1] refused\n"), error


def test_a_released_port_can_be_bound_by_the_program(launch):
    text = "import os, socket; socket.socket().bind(('127.0.0.1', int(os.environ['MASTER_PORT']))); " \
           "print(os.environ.get('OARLOCK_LISTEN_FD'))"
    status, output, error = launch("--release-port", *python(text)).finish()
    assert (status, output) == (0, "None\n"), error


def test_an_outer_launch_does_not_leak_into_an_inner_one(launch):
    job = launch("-n", 2, "--no-prefix", *shell("echo $OARLOCK_LISTEN_FD"), env={"OARLOCK_LISTEN_FD": "99"})
    assert "99" not in job.finish()[1].split()


def test_the_users_thread_count_is_kept_and_the_option_beats_it(launch):
    job = launch("-n", 2, "--no-prefix", *shell("echo $OMP_NUM_THREADS"), env={"OMP_NUM_THREADS": "7"})
    assert job.finish()[1].split() == ["7", "7"]
    job = launch("-n", 2, "--num-threads", 3, "--no-prefix", *shell("echo $OMP_NUM_THREADS"), env={"OMP_NUM_THREADS": "7"})
    assert job.finish()[1].split() == ["3", "3"]


def test_input_goes_to_rank_0_only(launch):
    job = launch("-n", 2, *shell("echo got:$(cat)"), stdin=subprocess.PIPE)
    output, _ = job.process.communicate("hello", timeout=WAIT)
    assert sorted(output.splitlines()) == ["[rank 0] got:hello", "[rank 1] got:"]


def test_options_of_the_program_are_left_to_it(launch):
    status, output, _ = launch("-n", 1, "echo", "-n", "5", "--grace-seconds", "x").finish()
    assert (status, output) == (0, "5 --grace-seconds x")


# Output ---------------------------------------------------------------------------------------------------------------


def test_streams_stay_apart_and_carry_the_rank(launch):
    status, output, error = launch("-n", 2, *shell("echo out", "echo err >&2")).finish()
    assert status == 0
    assert sorted(output.splitlines()) == ["[rank 0] out", "[rank 1] out"]
    assert sorted(error.splitlines()) == ["[rank 0] err", "[rank 1] err"]


def test_many_lines_arrive_whole_and_in_order(launch):
    count = 20000
    text = f"""
import os, sys
rank = os.environ["RANK"]
for i in range({count}):
    sys.stdout.write(f"{{rank}} {{i}} " + "x" * (i % 200) + "\\n")
"""
    status, output, error = launch("-n", 4, *python(text)).finish()
    assert status == 0, error
    lines = output.splitlines()
    assert len(lines) == 4 * count
    for rank in range(4):
        mine = [line for line in lines if line.startswith(f"[rank {rank}] ")]
        assert mine == [f"[rank {rank}] {rank} {i} " + "x" * (i % 200) for i in range(count)]


def test_a_slow_reader_loses_nothing(launch):
    job = launch("-n", 2, *python("import sys; sys.stdout.write(('y' * 99 + '\\n') * 30000)"))
    select.select([], [], [], 0.5)  # pipes and buffers fill
    status, output, _ = job.finish()
    assert status == 0
    assert sorted(set(output.splitlines())) == [f"[rank {r}] " + "y" * 99 for r in (0, 1)]
    assert len(output.splitlines()) == 60000


def test_a_reader_that_leaves_does_not_stop_the_ranks(launch, tmp_path):
    done = tmp_path / "done"
    job = launch("-n", 2, *python(f"import sys\nfor i in range(20000): print('z' * 99)\nopen({str(done)!r}, 'a').write('x')"))
    job.process.stdout.close()
    job.process.stdout = None
    assert job.finish()[0] == 0
    assert done.read_text() == "xx"


def test_an_unfinished_last_line_is_finished(launch):
    assert launch("-n", 2, *shell("test $RANK = 1 || printf tail")).finish()[1] == "[rank 0] tail\n"


def test_bars_in_a_file_keep_their_carriage_returns(launch):
    job = launch("-n", 2, *shell("test $RANK = 1 || printf '\\rbar 1\\rbar 2\\n'"))
    assert job.process.stdout.buffer.read() == b"[rank 0] bar 1\r[rank 0] bar 2\n"


def test_no_prefix_and_log_files(launch, tmp_path):
    logs = tmp_path / "a/b"
    job = launch("-n", 2, "--no-prefix", "--log-dir", logs, *shell("echo out$RANK", "echo err$RANK >&2"))
    assert sorted(job.finish()[1].splitlines()) == ["out0", "out1"]
    assert {p.name: p.read_text() for p in logs.iterdir()} == {
        "rank_0.out": "out0\n", "rank_0.err": "err0\n", "rank_1.out": "out1\n", "rank_1.err": "err1\n"}


def read_terminal(master, process):
    """Everything that is written to a pseudo-terminal until its writers are gone."""
    seen, end = b"", time.monotonic() + WAIT
    while time.monotonic() < end:
        if not select.select([master], [], [], 0.2)[0]:
            if process.poll() is not None:
                return seen
            continue
        try:
            chunk = os.read(master, 65536)
        except OSError as error:
            assert error.errno == errno.EIO
            return seen
        if not chunk:
            return seen
        seen += chunk
    raise AssertionError(f"the launcher did not end; it wrote {seen!r}")


def screen_lines(written):
    """What a terminal shows after these bytes: only newline, carriage return and 'clear to the end of the line'."""
    lines, row, column = [""], 0, 0
    for piece in re.findall(r"\x1b\[K|\r|\n|[^\r\n\x1b]+", written.decode()):
        if piece == "\n":
            row += 1
            lines.append("")
        elif piece == "\r":
            column = 0
        elif piece == "\x1b[K":
            lines[row] = lines[row][:column]
        else:
            lines[row] = lines[row][:column].ljust(column) + piece + lines[row][column + len(piece):]
            column += len(piece)
        if piece == "\n":
            column = 0
    return [line for line in lines if line]


def test_on_a_terminal_bars_redraw_and_lines_stay_whole(launch):
    text = """
import os, sys, time
assert sys.stderr.isatty() and sys.stdout.isatty()
if os.environ["RANK"] == "0":
    for i in range(30):
        sys.stderr.write(f"\\rbar {i}"); sys.stderr.flush(); time.sleep(0.005)
    sys.stderr.write("\\n")
else:
    for i in range(10):
        print("line", i, flush=True); time.sleep(0.015)
"""
    master, slave = pty.openpty()
    job = launch("-n", 2, *python(text), stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    lines = screen_lines(read_terminal(master, job.process))
    os.close(master)
    assert job.process.wait(timeout=WAIT) == 0
    assert [line for line in lines if "rank 1" in line] == [f"[rank 1] line {i}" for i in range(10)]
    assert [line for line in lines if "rank 0" in line] == ["[rank 0] bar 29"]
    assert len(lines) == 11


# Failures -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how, status, words", [
    ("exit 3", 3, "exited with status 3"),
    ("kill -SEGV $$", 128 + signal.SIGSEGV, "was killed by SIGSEGV (11)"),
])
def test_the_first_failure_is_reported_with_its_last_lines(launch, how, status, words):
    noise = "for i in $(seq 30); do echo line $i >&2; done"
    job = launch("-n", 2, *shell(f"test $RANK = 0 && exec sleep {WAIT}", noise, how))
    got, _, error = job.finish()
    assert got == status
    assert re.search(rf"^oarlock launch: rank 1 \(process \d+\) {re.escape(words)}.* after \d+\.\d s; ending", error, re.M), error
    assert [line for line in error.splitlines() if "  | " in line] == [f"oarlock launch:   | line {i}" for i in range(21, 31)]
    assert job.survivors() == []


def test_a_rank_killed_in_the_middle_is_reported_in_time_and_nobody_is_left(launch):
    job = launch("-n", 3, *shell("echo $$ >&2", f"sleep {WAIT} &", f"sleep {WAIT}"))
    pid = int(read_line(job.process.stderr, "[rank 1]").split()[-1])
    job.wait_for_survivors(2 + 3 * 3)
    begin = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    report = read_line(job.process.stderr, "oarlock launch: rank 1")
    assert time.monotonic() - begin < REPORT_BOUND
    assert f"(process {pid}) was killed by SIGKILL (9)" in report
    assert job.finish()[0] == 128 + signal.SIGKILL
    assert time.monotonic() - begin < REPORT_BOUND
    assert job.survivors() == []


def test_a_rank_that_ignores_sigterm_is_killed_after_the_grace(launch):
    job = launch("-n", 2, "--grace-seconds", 1, *shell("test $RANK = 1 && exit 9", "trap '' TERM", "while :; do sleep 1; done"))
    begin = time.monotonic()
    status, _, error = job.finish()
    assert status == 9
    assert 1.0 <= time.monotonic() - begin < 4 * 2.0
    assert "ranks still run 1 s after they were told to end" in error
    assert job.survivors() == []


def test_ranks_that_end_themselves_after_a_failure_are_not_signalled(launch, tmp_path):
    ended = tmp_path / "ended"
    text = f"""
import os, socket, sys
if os.environ["RANK"] == "1":
    peer = socket.create_connection(("127.0.0.1", int(os.environ["MASTER_PORT"])), timeout={WAIT})
    sys.exit(5)
peer, _ = socket.socket(fileno=int(os.environ["OARLOCK_LISTEN_FD"])).accept()
peer.settimeout({WAIT})
peer.recv(1)
open({str(ended)!r}, "w").write("by itself")
"""
    status, _, error = launch("-n", 2, *python(text)).finish()
    assert status == 5, error
    assert ended.read_text() == "by itself"


def test_a_process_left_by_a_good_rank_is_ended(launch):
    job = launch("-n", 2, *shell(f"setsid sleep {WAIT} >/dev/null 2>&1 &", "exit 0"))
    assert job.finish()[0] == 0
    assert job.survivors() == []


# Signals --------------------------------------------------------------------------------------------------------------

TRAPPING = ["trap 'echo told >&2; exit 0' INT", "echo ready", "while :; do sleep 0.05; done"]


def test_interrupt_is_passed_on_and_a_clean_end_gives_0(launch):
    job = launch("-n", 2, *shell(*TRAPPING))
    for _ in range(2):
        assert job.process.stdout.readline().endswith("ready\n")
    job.process.send_signal(signal.SIGINT)
    status, _, error = job.finish()
    assert status == 0, error
    assert error.count("told") == 2  # once per rank
    assert "SIGINT: passed on to the ranks" in error
    assert job.survivors() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_the_ranks_gives_its_status(launch, number):
    job = launch("-n", 2, *python("import signal; signal.signal(signal.SIGINT, signal.SIG_DFL); print('ready', flush=True); signal.pause()"))
    for _ in range(2):
        job.process.stdout.readline()
    job.process.send_signal(number)
    assert job.finish()[0] == 128 + number
    assert job.survivors() == []


def test_user_signals_are_messages_only(launch):
    job = launch("-n", 2, *shell("trap 'echo usr; exit 0' USR1", "echo ready", "while :; do sleep 0.05; done"))
    for _ in range(2):
        job.process.stdout.readline()
    job.process.send_signal(signal.SIGUSR1)
    status, output, _ = job.finish()
    assert (status, sorted(output.splitlines())) == (0, ["[rank 0] usr", "[rank 1] usr"])


def test_a_second_interrupt_kills(launch):
    job = launch("-n", 2, *shell("trap '' INT TERM", "echo ready", f"while :; do sleep 0.1; done"))
    for _ in range(2):
        job.process.stdout.readline()
    job.process.send_signal(signal.SIGINT)
    read_line(job.process.stderr, "oarlock launch: SIGINT: passed on")
    begin = time.monotonic()
    job.process.send_signal(signal.SIGINT)
    status, _, error = job.finish()
    assert time.monotonic() - begin < REPORT_BOUND
    assert status == 128 + signal.SIGKILL
    assert "killing the ranks that are left" in error
    assert job.survivors() == []


def test_ctrl_c_on_the_terminal_reaches_each_rank_once(launch):
    master, slave = pty.openpty()
    job = launch("-n", 2, *shell("n=0", "trap 'n=$((n+1))' INT", "echo ready", "i=0",
                                 "while [ $n = 0 ]; do sleep 0.05; done", "sleep 0.3", "echo count $n"),
                 stdin=slave, stdout=slave, stderr=slave,
                 start_new_session=True, preexec_fn=lambda: __import__("fcntl").ioctl(0, __import__("termios").TIOCSCTTY, 0))
    os.close(slave)
    seen = b""
    while seen.count(b"ready") < 2:
        assert select.select([master], [], [], WAIT)[0]
        seen += os.read(master, 4096)
    os.write(master, b"\x03")
    lines = screen_lines(read_terminal(master, job.process))
    os.close(master)
    assert [line for line in lines if "count" in line].count("[rank 0] count 1") == 1
    assert [line for line in lines if "count" in line].count("[rank 1] count 1") == 1
    assert job.process.wait(timeout=WAIT) == 0


@pytest.mark.parametrize("which", ["the launcher", "its supervisor"])
def test_whichever_process_of_the_launcher_is_killed_nobody_is_left(launch, which):
    job = launch("-n", 2, *shell(f"setsid sleep {WAIT} >/dev/null 2>&1 &", f"sleep {WAIT} &", "trap '' TERM INT HUP", "echo ready",
                                 f"while :; do sleep 0.1; done"))
    for _ in range(2):
        job.process.stdout.readline()
    victim = job.process.pid
    if which == "its supervisor":
        victim = int(pathlib.Path(f"/proc/{victim}/task/{victim}/children").read_text().split()[0])
    begin = time.monotonic()
    os.kill(victim, signal.SIGKILL)
    job.process.wait(timeout=WAIT)
    job.wait_for_survivors(0)
    assert time.monotonic() - begin < REPORT_BOUND
    assert job.process.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)


# Bad input ------------------------------------------------------------------------------------------------------------


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


def test_a_given_port_is_used(launch):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert launch("--master_port".replace("_", "-"), port, *shell("echo $MASTER_PORT")).finish()[1] == f"{port}\n"


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
    (["-n", "0", "true"], "in range"),
    (["-n", "many", "true"], "Value many not in range"),
    (["--num-proceses", "2", "true"], "unknown option '--num-proceses' (did you mean '--num-processes'?)"),
    (["--master-port", "99999", "true"], "in range"),
    (["--grace-seconds", "-1", "true"], "in range"),
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
    (["env"], 0, "liboarlock"),
    ([], 2, "Subcommands"),
    (["lunch"], 2, "did you mean 'launch'?"),
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
