"""Starts `oarlock launch` with small shell and Python ranks and finds whatever outlives it."""

import errno
import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
import uuid

import pytest

OARLOCK = str(pathlib.Path(os.environ["OARLOCK_BUILD"]) / "bin/oarlock")
WAIT = 60  # seconds for anything that must happen at all
REPORT_BOUND = 4 * 1.0  # a failure is reported, and the job over, within one second


class Job:
    """One launcher with its ranks; or another command, with whatever it starts."""

    def __init__(self, *arguments, **settings):
        self.marker = uuid.uuid4().hex
        environment = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}
        environment.update(settings.pop("env", {}), LAUNCH_TEST_MARKER=self.marker)
        settings.setdefault("stdin", subprocess.DEVNULL)
        settings.setdefault("stdout", subprocess.PIPE)
        settings.setdefault("stderr", subprocess.PIPE)
        command = settings.pop("command", [OARLOCK, "launch", *map(str, arguments)])
        prepare = settings.pop("preexec_fn", lambda: None)

        def begin():
            for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):  # whatever runs the tests may ignore them
                signal.signal(number, signal.SIG_DFL)
            prepare()

        self.process = subprocess.Popen(
            command, env=environment, text=True, preexec_fn=begin, **settings
        )

    def finish(self, timeout=WAIT):
        output, error = self.process.communicate(timeout=timeout)
        return self.process.returncode, output, error

    def press_until_it_ends(self, number, presses=20 * WAIT):
        """As someone who is impatient; what comes within 200 ms of the first counts as the same signal."""
        for _ in range(presses):
            self.process.send_signal(number)
            try:
                return self.process.wait(timeout=0.05)
            except subprocess.TimeoutExpired:
                pass

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


def read_line(stream, start, others=None):
    """The next line that begins with `start`; those before it go into the list `others`."""
    for line in stream:
        if line.startswith(start):
            return line
        if others is not None:
            others.append(line)
    raise AssertionError(f"the stream ended without a line that begins with {start!r}")


class Terminal:
    """A terminal with someone who types, for a job that it controls."""

    def __init__(self):
        self.master, self.slave = pty.openpty()
        self.seen = ""

    def settings(self):
        """What makes it the controlling terminal of a job, whose first process leads a session."""
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), self.slave)
        return {**streams, "start_new_session": True, "preexec_fn": lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)}

    def type(self, text):
        os.write(self.master, text.encode())

    def expect(self, pattern, count=1):
        """Waits until the pattern has come so often since the last call; gives what its groups caught."""
        end = time.monotonic() + WAIT
        while len(found := list(re.finditer(pattern, self.seen))) < count:
            assert time.monotonic() < end, f"no {pattern!r} in {self.seen!r}"
            if not select.select([self.master], [], [], 0.2)[0]:
                continue
            try:
                self.seen += os.read(self.master, 4096).decode()
            except OSError as error:
                assert error.errno == errno.EIO
                raise AssertionError(f"no {pattern!r} in {self.seen!r}") from error
        self.seen = self.seen[found[count - 1].end():]
        return [match.groups() for match in found[:count]]

    def close(self):
        for fd in (self.master, self.slave):
            os.close(fd)


def state_of(pid):
    """'R', 'S', 'T', ... of proc(5)"""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def wait_for_states(pids, is_right):
    end = time.monotonic() + WAIT
    while not all(is_right(state_of(pid)) for pid in pids):
        assert time.monotonic() < end, {pid: state_of(pid) for pid in pids}
        select.select([], [], [], 0.01)


def read_lines(fd, count):
    """The next `count` lines, which must come in time."""
    seen = b""
    while seen.count(b"\n") < count:
        assert select.select([fd], [], [], WAIT)[0], f"nothing came after {seen!r}"
        seen += os.read(fd, 1)
    return seen.decode().splitlines()


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
