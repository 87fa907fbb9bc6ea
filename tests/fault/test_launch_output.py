"""`oarlock launch`: what the ranks print arrives whole, in order, named, and looks right on a terminal."""

import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest
from launch_job import WAIT, launch, python, read_line, read_lines, read_terminal, screen_lines, shell  # noqa: F401


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


@pytest.mark.parametrize("status", [0, 3])
def test_what_ranks_write_as_they_end_together_is_complete(launch, status):
    """Each fills a pipe in one write and is gone before anyone has read it; half of them fail."""
    text = f"""
import os
rank = int(os.environ["RANK"])
os.write(1, b"".join(b"%d %d\\n" % (rank, i) for i in range(6000)) + b"end")
os._exit({status} if rank % 2 else 0)
"""
    got, output, error = launch("-n", 8, *python(text)).finish()
    assert got == status, error
    lines = output.splitlines()
    for rank in range(8):
        mine = [line for line in lines if line.startswith(f"[rank {rank}] ")]
        assert mine == [f"[rank {rank}] {rank} {i}" for i in range(6000)] + [f"[rank {rank}] end"]


def test_a_slow_reader_loses_nothing(launch):
    job = launch("-n", 2, *python("import sys; sys.stdout.write(('y' * 99 + '\\n') * 30000)"))
    select.select([], [], [], 0.5)  # pipes and buffers fill
    status, output, _ = job.finish()
    assert status == 0
    assert sorted(set(output.splitlines())) == [f"[rank {r}] " + "y" * 99 for r in (0, 1)]
    assert len(output.splitlines()) == 60000


LINES_OF_A_FLOOD = 3000  # 200 KB: more than a terminal, a pipe and what lies before them hold


def flood(told):
    """Ranks that fill whatever is not read, say so in the file `told`, and do so again when they get SIGTERM."""
    return python(f"""
import os, signal, sys
def tell(word):
    with open({str(told)!r}, "w") as file:
        file.write(word + "\\n")
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
for i in range({LINES_OF_A_FLOOD}):
    print(i, "y" * 60)
sys.stdout.flush()
tell("full")
signal.sigwait([signal.SIGTERM])
tell("told")
""")


@pytest.mark.parametrize("what", ["terminal", "pipe"])
def test_output_that_is_not_read_holds_up_neither_ranks_nor_signals(launch, tmp_path, what):
    told = tmp_path / "told"
    os.mkfifo(told)
    reader, writer = pty.openpty() if what == "terminal" else os.pipe()
    job = launch("-n", 2, *flood(told), stdout=writer, stderr=writer)
    os.close(writer)
    words = os.open(told, os.O_RDWR)  # both ends, so that it never ends between two ranks
    assert read_lines(words, 2) == ["full", "full"]
    job.process.send_signal(signal.SIGTERM)
    assert read_lines(words, 2) == ["told", "told"]
    os.close(words)
    lines = screen_lines(read_terminal(reader, job.process))
    os.close(reader)
    for rank in range(2):
        mine = [line for line in lines if line.startswith(f"[rank {rank}] ")]
        assert mine == [f"[rank {rank}] {i} " + "y" * 60 for i in range(LINES_OF_A_FLOOD)]
    assert job.process.wait(timeout=WAIT) == 0


def failing_flood(launch, folder, **streams):
    """A job whose ranks have ended, rank 1 by a failure, and whose output waits for a reader."""
    told, go = str(folder / "told"), str(folder / "go")
    os.mkfifo(told)
    os.mkfifo(go)
    job = launch("-n", 2, *python(f"""
import os, sys
if os.environ["RANK"] == "0":
    print(("y" * 60 + "\\n") * {LINES_OF_A_FLOOD}, end="", flush=True)
open({told!r}, "w").write("here\\n")
os.read(os.open({go!r}, os.O_RDONLY), 3)  # one line, not both
sys.exit(7 if os.environ["RANK"] == "1" else 0)
"""), **streams)
    fds = [os.open(path, os.O_RDWR) for path in (told, go)]
    assert read_lines(fds[0], 2) == ["here", "here"]
    os.write(fds[1], b"on\n")  # whoever reads it ends, and then the other
    os.write(fds[1], b"on\n")
    job.wait_for_survivors(2)  # the launcher itself
    for fd in fds:
        os.close(fd)
    return job


def test_output_waits_for_a_reader_who_takes_a_pause(launch, tmp_path):
    """`oarlock launch ... | less`: 10 s were the bound once."""
    job = failing_flood(launch, tmp_path)
    with pytest.raises(subprocess.TimeoutExpired):
        job.process.wait(timeout=11)
    status, output, error = job.finish()
    assert (status, len(output.splitlines())) == (7, LINES_OF_A_FLOOD)
    assert "exited with status 7" in error


def test_a_second_signal_drops_what_nobody_reads_and_says_so(launch, tmp_path):
    job = failing_flood(launch, tmp_path)
    job.process.send_signal(signal.SIGINT)
    read_line(job.process.stderr, "oarlock launch: SIGINT: ")
    job.press_until_it_ends(signal.SIGINT)
    status, output, error = job.finish()
    assert status == 7
    assert re.search(r"^oarlock launch: \d+ bytes of output were not read and are dropped$", error, re.M), error
    assert len(output.splitlines()) < LINES_OF_A_FLOOD


def test_the_report_of_a_failure_survives_when_output_is_dropped(launch, tmp_path):
    reader, writer = os.pipe()
    job = failing_flood(launch, tmp_path, stdout=writer, stderr=writer)
    os.close(writer)
    job.press_until_it_ends(signal.SIGINT, presses=40)  # within 2 s; it waits for a reader of its last words for 5
    written = read_terminal(reader, job.process).decode().splitlines()
    os.close(reader)
    assert job.process.wait(timeout=WAIT) == 7
    assert len(written) < LINES_OF_A_FLOOD
    own = [line for line in written if line.startswith("oarlock launch: ")]
    assert any("exited with status 7" in line for line in own) and "are dropped" in own[-1], own


def test_a_terminated_job_does_not_wait_for_a_reader_that_takes_nothing(launch, tmp_path):
    """`process.terminate(); process.wait()` of a program that never reads its pipe."""
    job = failing_flood(launch, tmp_path)
    begin = time.monotonic()
    job.process.terminate()
    assert job.process.wait(timeout=WAIT) == 7
    assert time.monotonic() - begin < 4 * 10


def test_a_reader_that_leaves_does_not_stop_the_ranks(launch, tmp_path):
    done = tmp_path / "done"
    job = launch("-n", 2, *python(f"for i in range(20000): print('z' * 99)\nopen({str(done)!r}, 'a').write('x')"))
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


def test_on_a_terminal_an_unfinished_line_is_shown_as_it_is(launch):
    """It is all that may reach the terminal beside the prefix and what moves the cursor: no byte of other memory."""
    text = """
import sys
for i in range(1000):
    sys.stdout.write("y" * 30); sys.stdout.flush()
    sys.stdout.write("y" * 30); sys.stdout.flush()
    sys.stdout.write("done\\n"); sys.stdout.flush()
"""
    master, slave = pty.openpty()
    job = launch("-n", 2, *python(text), stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    written = read_terminal(master, job.process)
    os.close(master)
    assert job.process.wait(timeout=WAIT) == 0
    pieces = {piece for piece in re.split(rb"\r|\n|\x1b\[K", written) if piece}
    unknown = [piece for piece in pieces if not re.fullmatch(rb"\[rank [01]\] y{0,60}(done)?", piece)]
    assert unknown == []
