"""`oarlock launch` on a terminal, with a shell or alone: Ctrl-C, Ctrl-Z, and who may read it."""

import signal
import sys

import pytest
from launch_job import OARLOCK, WAIT, Terminal, launch, shell, wait_for_states  # noqa: F401

READY = r"\] ready (\d+)"  # with the end of the prefix: the shell shows the command, too
# Ends at SIGUSR1, which the launcher passes on after whatever it passed on before.
COUNTING = ["n=0", "trap 'n=$((n+1))' INT", "trap 'echo count $n; exit 0' USR1", "echo ready $$", "while :; do sleep 0.05; done"]


@pytest.fixture
def terminal():
    opened = Terminal()
    yield opened
    opened.close()


@pytest.fixture
def interactive_shell(launch, terminal):
    """A shell with job control on that terminal."""
    return launch(command=["bash", "--norc", "--noprofile", "-i"], **terminal.settings())


def pids_of(found):
    return [int(groups[0]) for groups in found]


def test_ctrl_c_reaches_each_rank_once(launch, terminal):
    job = launch("-n", 2, *shell(*COUNTING), **terminal.settings())
    terminal.expect(READY, 2)
    terminal.type("\x03")
    terminal.expect("SIGINT: passed on")
    job.process.send_signal(signal.SIGUSR1)
    assert sorted(terminal.expect(r"\[rank (\d)\] count (\d+)", 2)) == [("0", "1"), ("1", "1")]
    assert job.process.wait(timeout=WAIT) == 0


def test_ctrl_z_stops_the_whole_job_and_fg_continues_it(interactive_shell, terminal, tmp_path):
    (tmp_path / "rank.py").write_text("""
import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
print("ready", os.getpid(), flush=True)
signal.sigwait([signal.SIGINT])
print("over")
""")
    terminal.type(f"{OARLOCK} launch -n 2 {sys.executable} {tmp_path}/rank.py\n")
    ranks = pids_of(terminal.expect(READY, 2))
    for _ in range(2):  # it works more than once
        terminal.type("\x1a")
        terminal.expect("Stopped")
        wait_for_states(ranks, lambda state: state == "T")
        terminal.type("fg\n")
        wait_for_states(ranks, lambda state: state != "T")
    terminal.type("\x03")
    terminal.expect(r"\] over", 2)
    terminal.type("exit\n")
    assert interactive_shell.process.wait(timeout=WAIT) == 0
    assert interactive_shell.survivors() == []


@pytest.mark.parametrize("how", ["TERM", "KILL"])
def test_a_stopped_job_that_is_killed_leaves_nobody(interactive_shell, terminal, how):
    terminal.type(f"{OARLOCK} launch -n 2 sh -c 'echo ready $$; exec sleep {WAIT}'\n")
    ranks = pids_of(terminal.expect(READY, 2))
    terminal.type("\x1a")
    terminal.expect("Stopped")
    wait_for_states(ranks, lambda state: state == "T")
    terminal.type(f"kill -{how} %1\n")
    interactive_shell.wait_for_survivors(1)  # the shell


def test_ctrl_z_without_a_shell_that_could_continue_the_job_does_nothing(launch, terminal):
    """Such as `docker run -it` or `ssh -t host oarlock launch`: the kernel itself ignores it there."""
    job = launch("-n", 2, *shell(*COUNTING), **terminal.settings())
    terminal.expect(READY, 2)
    terminal.type("\x1a\x03")
    terminal.expect("SIGINT: passed on")
    job.process.send_signal(signal.SIGUSR1)
    terminal.expect(r"\] count 1", 2)
    assert job.process.wait(timeout=WAIT) == 0


# One rank alone ------------------------------------------------------------------------------------------------------


def type_one_rank(terminal, tmp_path, text):
    (tmp_path / "rank.py").write_text(text)
    terminal.type(f"{OARLOCK} launch {sys.executable} {tmp_path}/rank.py; echo status $?\n")


def test_one_rank_reads_the_terminal_and_changes_its_mode(interactive_shell, terminal, tmp_path):
    type_one_rank(terminal, tmp_path, """
import getpass
print("got", input("give: "), flush=True)
print("hidden", getpass.getpass("secret: ")[::-1])
""")
    terminal.expect("give: ")
    terminal.type("one\n")
    terminal.expect("got one")
    terminal.expect("secret: ")
    terminal.type("two\n")
    terminal.expect("hidden owt")
    terminal.expect("status 0")


def test_one_rank_gets_ctrl_c_once_and_decides_itself(interactive_shell, terminal, tmp_path):
    type_one_rank(terminal, tmp_path, """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
for i in range(3):
    print("ready", i, flush=True)
    signal.sigwait([signal.SIGINT])
print("over; pending:", len(signal.sigpending()))
""")
    for i in range(3):
        terminal.expect(f"ready {i}")
        terminal.type("\x03")
    terminal.expect("over; pending: 0")
    terminal.expect("status 0")


def test_one_rank_that_ctrl_c_ends_gives_its_status(interactive_shell, terminal):
    terminal.type(f"{OARLOCK} launch sh -c 'echo ready 1$?; exec sleep {WAIT}'; echo status $?\n")
    terminal.expect("ready 10")
    terminal.type("\x03")
    terminal.expect("was killed by SIGINT")
    interactive_shell.wait_for_survivors(1)


def test_one_rank_stops_and_continues_with_the_job(interactive_shell, terminal, tmp_path):
    type_one_rank(terminal, tmp_path, """
import os
print("ready", os.getpid(), flush=True)
print("got", input())
""")
    rank = pids_of(terminal.expect(r"ready (\d+)"))
    terminal.type("\x1a")
    terminal.expect("Stopped")
    wait_for_states(rank, lambda state: state == "T")
    terminal.type("fg\n")
    wait_for_states(rank, lambda state: state != "T")
    terminal.type("one\n")
    terminal.expect("got one")


def test_one_rank_is_told_of_signals_that_only_the_launcher_got(launch, terminal):
    job = launch(*shell("trap 'exit 4' TERM", "echo ready $$", "while :; do sleep 0.05; done"), **terminal.settings())
    terminal.expect(r"ready (\d+)")
    job.process.terminate()
    assert job.process.wait(timeout=WAIT) == 4
