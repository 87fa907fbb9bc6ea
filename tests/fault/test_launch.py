"""`oarlock launch`: places of the ranks, failures, signals, and that nothing is left behind.

Bounds are four times what the design promises, as design section 13 has it.
"""

import os
import pathlib
import re
import signal
import subprocess
import time

import pytest
from launch_job import OARLOCK, REPORT_BOUND, WAIT, launch, python, read_line, shell  # noqa: F401

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


def test_a_torchrun_around_the_launcher_does_not_leak_into_the_ranks(launch):
    names = ["TORCHELASTIC_USE_AGENT_STORE", "TORCHELASTIC_RUN_ID", "TORCHELASTIC_RESTART_COUNT"]
    job = launch("-n", 2, "--no-prefix", *shell("env | grep TORCHELASTIC; echo none of it"),
                 env=dict.fromkeys(names, "True"))
    assert job.finish()[1].splitlines() == ["none of it"] * 2


def test_the_users_thread_count_is_kept_and_the_option_beats_it(launch):
    job = launch("-n", 2, "--no-prefix", *shell("echo $OMP_NUM_THREADS"), env={"OMP_NUM_THREADS": "7"})
    assert job.finish()[1].split() == ["7", "7"]
    arguments = ["-n", 2, "--num-threads", 3, "--no-prefix", *shell("echo $OMP_NUM_THREADS")]
    job = launch(*arguments, env={"OMP_NUM_THREADS": "7"})
    assert job.finish()[1].split() == ["3", "3"]


def test_input_goes_to_rank_0_only(launch):
    job = launch("-n", 2, *shell("echo got:$(cat)"), stdin=subprocess.PIPE)
    output, _ = job.process.communicate("hello", timeout=WAIT)
    assert sorted(output.splitlines()) == ["[rank 0] got:hello", "[rank 1] got:"]


def test_options_of_the_program_are_left_to_it(launch):
    status, output, _ = launch("-n", 1, "echo", "-n", "5", "--grace-seconds", "x").finish()
    assert (status, output) == (0, "5 --grace-seconds x")


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
    report = rf"^oarlock launch: rank 1 \(process \d+\) {re.escape(words)}.* after \d+\.\d s; ending"
    assert re.search(report, error, re.M), error
    quoted = [line for line in error.splitlines() if "  | " in line]
    assert quoted == [f"oarlock launch:   | line {i}" for i in range(21, 31)]
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
    ranks = shell("test $RANK = 1 && exit 9", "trap '' TERM", "while :; do sleep 1; done")
    job = launch("-n", 2, "--grace-seconds", 1, *ranks)
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


@pytest.mark.parametrize("how, status", [("ends", 3), ("is killed", 128 + signal.SIGKILL)])
def test_what_the_user_started_before_is_left_alone(tmp_path, how, status):
    """`monitor & exec oarlock launch ...`: the monitor is the launcher's child, but none of its own."""
    os.mkfifo(tmp_path / "go")
    rank = f"read line < {tmp_path}/go; exit 3"
    script = f"sleep {WAIT} & echo $!; exec {OARLOCK} launch -n 1 sh -c 'echo ready; {rank}'"
    job = subprocess.Popen(["sh", "-c", script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    monitor = int(job.stdout.readline())
    try:
        assert job.stdout.readline() == "ready\n"
        if how == "ends":
            (tmp_path / "go").write_text("on\n")
        else:
            own = pathlib.Path(f"/proc/{job.pid}/task/{job.pid}/children").read_text().split()
            os.kill(next(int(pid) for pid in own if int(pid) != monitor), signal.SIGKILL)
        assert job.wait(timeout=WAIT) == status
        assert "sleep" in pathlib.Path(f"/proc/{monitor}/stat").read_text()
    finally:
        os.kill(monitor, signal.SIGKILL)
        job.stdout.close()


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
    text = """
import signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
print("ready", flush=True)
signal.pause()
"""
    job = launch("-n", 2, *python(text))
    for _ in range(2):
        job.process.stdout.readline()
    job.process.send_signal(number)
    assert job.finish()[0] == 128 + number
    assert job.survivors() == []


def test_a_parent_that_ignores_its_children_does_not_hang_the_launcher(launch):
    job = launch("-n", 2, *shell("grep SigIgn /proc/self/status", "exit $RANK"),
                 preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    status, output, error = job.finish()
    assert status == 1, error
    ignored = [int(line.split()[-1], 16) for line in output.splitlines()]
    assert len(ignored) == 2 and not any(mask >> (signal.SIGCHLD - 1) & 1 for mask in ignored), output


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_a_signal_that_was_ignored_at_the_start_stays_ignored(launch, number):
    """`nohup oarlock launch`, or a background job of a script."""
    job = launch("-n", 2, *shell("trap 'exit 5' USR1", "echo ready", "while :; do sleep 0.05; done"),
                 preexec_fn=lambda: signal.signal(number, signal.SIG_IGN))
    for _ in range(2):
        job.process.stdout.readline()
    job.process.send_signal(number)
    job.process.send_signal(signal.SIGUSR1)  # its trap shows that the ranks were left alone before
    status, _, error = job.finish()
    assert status == 5, error
    assert "passed on" not in error


def test_user_signals_are_messages_only(launch):
    job = launch("-n", 2, *shell("trap 'echo usr; exit 0' USR1", "echo ready", "while :; do sleep 0.05; done"))
    for _ in range(2):
        job.process.stdout.readline()
    job.process.send_signal(signal.SIGUSR1)
    status, output, _ = job.finish()
    assert (status, sorted(output.splitlines())) == (0, ["[rank 0] usr", "[rank 1] usr"])


def supervisor_of(job):
    pid = job.process.pid
    return int(pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def test_a_termination_of_every_process_is_one(launch, tmp_path):
    """systemd and batch systems signal every process of a job, so it comes directly and through the launcher."""
    pipe = tmp_path / "go"
    os.mkfifo(pipe)
    saving = f"trap 'read line < {pipe}; echo saved; exit 0' TERM"
    job = launch("-n", 2, *shell(saving, "echo ready", "while :; do sleep 0.05; done"))
    for _ in range(2):
        job.process.stdout.readline()
    for pid in (supervisor_of(job), job.process.pid):
        os.kill(pid, signal.SIGTERM)
    read_line(job.process.stderr, "oarlock launch: SIGTERM: passed on")
    with open(pipe, "w") as go:
        go.write("on\non\n")
        go.flush()
        status, output, error = job.finish()
    assert (status, sorted(output.splitlines())) == (0, ["[rank 0] saved", "[rank 1] saved"]), error
    assert "again" not in error


def test_a_second_interrupt_kills(launch):
    job = launch("-n", 2, *shell("trap '' INT TERM", "echo ready", "while :; do sleep 0.1; done"))
    for _ in range(2):
        job.process.stdout.readline()
    job.process.send_signal(signal.SIGINT)
    read_line(job.process.stderr, "oarlock launch: SIGINT: passed on")
    begin = time.monotonic()
    job.press_until_it_ends(signal.SIGINT)
    status, _, error = job.finish()
    assert time.monotonic() - begin < REPORT_BOUND
    assert status == 128 + signal.SIGKILL
    assert "SIGINT again: killing the ranks that are left" in error
    assert job.survivors() == []


@pytest.mark.parametrize("which", ["the launcher", "its supervisor"])
def test_whichever_process_of_the_launcher_is_killed_nobody_is_left(launch, which):
    job = launch("-n", 2, *shell(f"setsid sleep {WAIT} >/dev/null 2>&1 &", f"sleep {WAIT} &", "trap '' TERM INT HUP",
                                 "echo ready", "while :; do sleep 0.1; done"))
    for _ in range(2):
        job.process.stdout.readline()
    victim = supervisor_of(job) if which == "its supervisor" else job.process.pid
    begin = time.monotonic()
    os.kill(victim, signal.SIGKILL)
    job.process.wait(timeout=WAIT)
    job.wait_for_survivors(0)
    assert time.monotonic() - begin < REPORT_BOUND
    assert job.process.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
