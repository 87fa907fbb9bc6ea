"""`oarlock dump`: what it says of dumps that real ranks wrote, for each way in which ranks diverge, and of files that are no dumps."""
import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

from world import World, run_world

COMMAND = pathlib.Path(os.environ["OARLOCK_BUILD"]) / "bin/oarlock"
BACKENDS = ["shm", "gloo"]


def dump(*paths, status=1):
    """-> lines of standard output, text of standard error"""
    ended = subprocess.run([COMMAND, "dump", *map(str, paths)], capture_output=True, text=True, timeout=60)
    assert ended.returncode == status, ended
    return ended.stdout.splitlines(), ended.stderr


def options(folder, backend, **more):
    return {"OARLOCK_COMM_DUMP_ON_FAILURE": folder, "OARLOCK_COMM_BACKEND": backend, **more}


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_rank_that_called_something_else_is_named(backend, tmp_path):
    folder = tmp_path / "made" / "by the ranks"
    world = World(4, """
with state() as world:
    world.barrier()
    world.barrier()
    if world.rank == 1:
        sys.stdin.readline()  # the others have called
        attempt(world.barrier)
    else:
        work = world.all_reduce(np.zeros(1000, np.float32))
        print("called", flush=True)
        attempt(work.wait)
""", env=options(folder, backend))
    for rank in (0, 2, 3):
        world.wait_for_output(rank, "called")
    world.tell(1, "go on\n")
    world.finish()
    lines, errors = dump(folder)
    assert lines[0] == "rank 1 called barrier as operation 3 where ranks 0, 2, 3 called all_reduce(sum of 1000 float32)"
    assert "ranks 0-3 were told: ranks made different calls" in lines[1]
    marked = [line.split() for line in lines if line.startswith(">")]
    assert [words[1] for words in marked if words[1] == "3"] == ["3"] and len(marked) == 2, lines
    assert errors == ""


def test_calls_are_told_with_their_tags_and_where_they_came_from(tmp_path):
    run_world(2, f"""
with state() as world:
    accelerator = ctypes.c_void_p(call_out(lib.oar_accelerator_create, world.handle, None))
    if world.rank == 0:
        attempt(lambda: check(lib.oar_accelerator_save(accelerator, {str(tmp_path / "checkpoint").encode()!r}, None)))
    else:
        check(lib.oar_group_set_tag(world.group, b"validation loss"))
        attempt(lambda: world.all_reduce(np.zeros(8, np.float32)).wait())
    lib.oar_accelerator_release(accelerator)
""", env=options(tmp_path / "dumps", "shm"))
    lines, _ = dump(tmp_path / "dumps")
    assert lines[0].startswith("rank 1 called all_reduce(sum of 8 float32) tagged 'validation loss' as operation 1 where rank 0 called ")
    assert lines[0].endswith(" in oar_accelerator_save"), lines[0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_rank_that_stopped_is_named_though_it_only_computes(backend, tmp_path):
    world = World(3, """
world = State()
for _ in range(7): world.barrier()
if world.rank == 2: sys.stdin.readline()  # it computes, and calls nothing more: its dump is written behind its back
else: report(outcome=attempt(lambda: world.all_reduce(np.zeros(5, np.int64), timeout_ms=300).wait()))
world.close()
""", env=options(tmp_path, backend))
    for rank in (0, 1):
        world.wait_for_output(rank, "outcome")
    wait_for(tmp_path / "rank_2.json")
    world.tell(2, "go on\n")
    world.finish()
    lines, _ = dump(tmp_path)
    assert lines[0] == "rank 2 stopped after operation 7, barrier while the others wait in operation 8, all_reduce(sum of 5 int64)"
    assert "rank 2 did not call operation 8" in lines[1]


def wait_for(path):
    deadline = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} was not written"
        time.sleep(0.005)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_rank_that_died_has_no_dump(backend, tmp_path):
    world = World(4, """
world = State()
world.barrier()
if world.rank == 3: os.kill(os.getpid(), 9)
attempt(world.barrier)
world.close()
""", env=options(tmp_path, backend))
    results = world.finish(check=False)
    assert results[3].returncode == -signal.SIGKILL
    lines, _ = dump(tmp_path)
    process = world.processes[3].pid
    assert lines[0].startswith(f"rank 3 (process {process} on ") and ") has no dump: it died or never wrote one; " in lines[0]
    assert lines[0].endswith("the others wait in operation 2, barrier")


@pytest.mark.parametrize("backend", BACKENDS)
def test_ranks_that_agree_are_told_so(backend, tmp_path):
    run_world(2, f"""
with state() as world:
    for _ in range(11): world.barrier()
    world.all_reduce(np.zeros(3, np.float32)).wait().release()
    check(lib.oar_state_dump(world.handle, ({str(tmp_path)!r} + f"/{{world.rank}}.json").encode()))
""", env={"OARLOCK_COMM_BACKEND": backend})
    lines, _ = dump(tmp_path, status=0)
    assert lines[0] == "both ranks agree up to operation 12, all_reduce(sum of 3 float32)"


def test_a_call_that_still_waits_is_told_from_one_that_failed(tmp_path):
    world = World(2, f"""
world = State()
world.barrier()
if world.rank == 0: work = world.all_reduce(np.zeros(4, np.float32))
check(lib.oar_state_dump(world.handle, ({str(tmp_path)!r} + f"/{{world.rank}}.json").encode()))
print("dumped", flush=True)
sys.stdin.readline()
world.close()
""")
    for rank in (0, 1):
        world.wait_for_output(rank, "dumped")
    for rank in (0, 1):
        world.tell(rank, "go on\n")
    world.finish()
    lines, _ = dump(tmp_path)
    assert lines[0] == "rank 1 stopped after operation 1, barrier while rank 0 waits in operation 2, all_reduce(sum of 4 float32)"


def test_a_send_that_nobody_receives_is_named(tmp_path):
    run_world(2, """
with state() as world:
    world.barrier()
    if world.rank == 0: report(outcome=attempt(lambda: world.start("send", np.zeros(4, np.float32), 1, timeout_ms=300).wait()))
    else: attempt(world.barrier)
""", env=options(tmp_path, "auto"))
    lines, _ = dump(tmp_path)
    text = "\n".join(lines)
    assert "rank 1" in lines[0] and "rank 0" in lines[0], text


def test_dumps_are_read_by_programs_too(tmp_path):
    run_world(2, """
with state() as world:
    if world.rank == 1: attempt(world.barrier)
    else: attempt(lambda: world.broadcast(np.zeros(2, np.float64)).wait())
""", env=options(tmp_path, "auto"))
    found = json.loads("\n".join(dump("--json", tmp_path)[0]))
    assert (found["verdict"], found["operation"], found["ranks"], found["missing"]) == ("mismatch", 1, [1], []), found
    assert [(row["ranks"], row["call"]) for row in found["rows"]] == [([0], "broadcast(2 float64 from rank 0)"), ([1], "barrier")]
    assert found["group"] == "world" and [entry["rank"] for entry in found["dumps"]] == [0, 1]


# --- files by hand

def operation(sequence, call, state="done", **more):
    return {"sequence": sequence, "operation": call.split("(")[0], "call": call, "state": state,
            "queued_at_unix_us": 1_700_000_000_000_000 + sequence, "queued_at_us": sequence, "started_at_us": sequence,
            "ended_at_us": sequence + 5 if state == "done" else None, **more}


def file_of(rank, *groups, size=2, run="process 1 on here, port 2", written=10):
    return {"format": "oarlock dump", "version": 1, "run": run, "rank": rank, "world_size": size, "written_at_unix_us": written,
            "members": [{"rank": i, "process": 100 + i, "host": "here"} for i in range(size)],
            "groups": [{"name": name, "ranks": ranks, "operations": operations} for name, ranks, operations in groups]}


def write(folder, **files):
    for name, content in files.items():
        (folder / f"{name}.json").write_text(content if isinstance(content, str) else json.dumps(content))


def barriers(last, state="done"):
    return [operation(i, "barrier", "done" if i < last else state) for i in range(1, last + 1)]


def test_two_ranks_that_called_something_else_are_both_named_and_who_had_not_come_too(tmp_path):
    calls = ["barrier", "gather(1 int64 per rank to rank 0)", "barrier", "broadcast_bytes(from rank 0)", "barrier"]
    for rank, call in enumerate(calls):
        write(tmp_path, **{str(rank): file_of(rank, ("world", list(range(7)), [operation(1, call, "awaiting ranks")]), size=7)})
    write(tmp_path, late=file_of(5, ("world", list(range(7)), []), size=7))
    lines, _ = dump(tmp_path)
    assert lines[0] == ("rank 1 called gather(1 int64 per rank to rank 0) and rank 3 called broadcast_bytes(from rank 0) as operation 1 "
                        "where ranks 0, 2, 4 called barrier; rank 5 had not come to it; "
                        "rank 6 (process 106 on here) has no dump: it died or never wrote one")


def test_of_several_groups_the_one_that_hangs_is_told_and_where_its_missing_rank_is(tmp_path):
    write(tmp_path, a=file_of(0, ("world", [0, 1], barriers(4)), ("rows", [0, 1], barriers(3, "awaiting ranks"))),
          b=file_of(1, ("world", [0, 1], barriers(5, "awaiting ranks")), ("rows", [0, 1], barriers(2))))
    lines, _ = dump(tmp_path)
    sentences = [lines[0], *[line for line in lines if line.startswith("group ")]]
    assert sentences[0] == ("rank 0 stopped after operation 4, barrier while rank 1 waits in operation 5, barrier; "
                            "rank 0 waits in operation 3, barrier of group 'rows'"), lines
    assert "rank 1 stopped after operation 2" in sentences[1]


def test_a_dump_that_was_written_before_the_others_is_not_taken_for_a_rank_that_stopped(tmp_path):
    write(tmp_path, a=file_of(0, ("world", [0, 1], barriers(9))), b=file_of(1, ("world", [0, 1], barriers(7))))
    lines, _ = dump(tmp_path, status=0)
    assert lines[0] == "both ranks agree up to operation 7, barrier (dumps that were written later go on to operation 9)"


def test_one_rank_that_has_not_completed_what_others_have_is_named(tmp_path):
    write(tmp_path, a=file_of(0, ("world", [0, 1], barriers(9))), b=file_of(1, ("world", [0, 1], barriers(9, "moving data"))))
    lines, _ = dump(tmp_path)
    assert lines[0] == "rank 0 completed operation 9, barrier, and rank 1 has not"


def test_operations_that_a_long_run_has_dropped_are_not_missed(tmp_path):
    recent = [operation(i, "barrier") for i in range(2000, 3024)]
    write(tmp_path, a=file_of(0, ("world", [0, 1], recent + [operation(3024, "barrier", "awaiting ranks")])),
          b=file_of(1, ("world", [0, 1], [operation(1999, "barrier"), *recent])))
    lines, _ = dump(tmp_path)
    assert lines[0] == "rank 1 stopped after operation 3023, barrier while rank 0 waits in operation 3024, barrier"


def test_files_that_are_no_dumps_of_the_run_are_left_out_by_name(tmp_path):
    good = ("world", [0, 1], barriers(2))
    write(tmp_path, a=file_of(0, good), b=file_of(1, good), old=file_of(1, ("world", [0, 1], barriers(1)), written=5),
          other=file_of(0, ("world", [0, 1], barriers(7)), run="process 9 on here, port 2"), foreign={"format": "something"},
          cut=json.dumps(file_of(0, good))[:200], newer={**file_of(0, good), "version": 2}, empty="", list="[1]",
          wrong={**file_of(0, good), "rank": 7}, deep="[" * 1000, kind={**file_of(0, good), "groups": [3]})
    (tmp_path / "notes.txt").write_text("not looked at")
    lines, errors = dump(tmp_path, status=0)
    assert lines[0] == "both ranks agree up to operation 2, barrier"
    left_out = {line.split(": ")[1].removeprefix(f"left out {tmp_path}/"): line for line in errors.splitlines()}
    assert set(left_out) == {f"{name}.json" for name in ("old", "other", "foreign", "cut", "newer", "empty", "list", "wrong", "deep", "kind")}
    assert "rank 1 wrote a newer one" in left_out["old.json"] and "of another run" in left_out["other.json"]
    assert "no dump of a rank" in left_out["foreign.json"] and "version 2" in left_out["newer.json"]


def test_what_cannot_be_read_is_said(tmp_path):
    assert "no dump of a rank" in dump(tmp_path, status=2)[1]
    assert "there is no file or folder" in dump(tmp_path / "nowhere", status=2)[1]
    assert "needs" in dump(status=2)[1] or "required" in dump(status=2)[1]
