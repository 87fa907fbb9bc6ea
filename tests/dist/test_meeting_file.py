"""Ranks that meet by a file in a folder that all see."""
import subprocess
import time

import pytest

from world import World, command_of, clean_environment, run_world

SECOND = 4.0
SUM = """
with state(**OPTIONS) as world:
    report(sum=sum_of(world, 1 + world.rank))
"""


def by_file(path, timeout_ms=60000):
    """The places by options, the meeting by a file: no address and no port."""
    return (f'OPTIONS = dict(state_rank=int(os.environ["TEST_RANK"]), state_world_size=int(os.environ["TEST_SIZE"]), '
            f'state_meeting_file={str(path)!r}, comm_connect_timeout_ms={timeout_ms})\n')


def test_ranks_meet_by_a_file_and_leave_none(tmp_path):
    results = run_world(3, by_file(tmp_path / "meeting") + SUM, bootstrap="none")
    assert [result["sum"] for result in results] == [6.0] * 3
    assert list(tmp_path.iterdir()) == []


def test_states_one_after_the_other_meet_by_the_same_file(tmp_path):
    results = run_world(3, by_file(tmp_path / "meeting") + SUM * 4, bootstrap="none")
    assert [result["sum"] for result in results] == [6.0] * 3


def leave_file(path):
    """A rank 0 that is killed while it waits."""
    rank = subprocess.Popen(command_of(by_file(path) + "State(**OPTIONS)"), env=clean_environment(TEST_RANK=0, TEST_SIZE=2))
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline and rank.poll() is None
        time.sleep(0.01)
    rank.kill()
    rank.wait()


def test_a_file_that_a_killed_run_left_is_passed_over(tmp_path):
    path = tmp_path / "meeting"
    leave_file(path)
    world = World(2, """
if os.environ["TEST_RANK"] == "0":
    print("waits", flush=True)
    sys.stdin.readline()  # rank 1 looks at the old file meanwhile
""" + by_file(path) + SUM, bootstrap="none")
    world.wait_for_output(0, "waits")
    time.sleep(0.5)
    world.tell(0, "\n")
    assert [result["sum"] for result in world.finish()] == [3.0] * 2


FILES = {"no such file": (None, "No such file"), "left": ("killed", "left by a run that has ended"), "foreign": ("hello\n", "no meeting of ranks")}


@pytest.mark.parametrize("case", FILES)
def test_a_time_out_names_the_file_and_what_is_wrong_with_it(case, tmp_path):
    content, part = FILES[case]
    path = tmp_path / "meeting"
    if content == "killed":
        leave_file(path)
    elif content is not None:
        path.write_text(content)
    results = run_world(1, by_file(path, 300) + "report(outcome=attempt(lambda: State(**OPTIONS)))", bootstrap="none",
                        env={"TEST_RANK": 1, "TEST_SIZE": 2})
    outcome = results[0]["outcome"]
    assert outcome["status"] == "OAR_E_TIMEOUT" and outcome["rank"] == 0 and 0.3 <= outcome["seconds"] < SECOND, outcome
    assert str(path) in outcome["text"] and part in outcome["text"], outcome


def test_a_file_that_another_launch_waits_at_is_refused_at_once(tmp_path):
    path = tmp_path / "meeting"
    rank = subprocess.Popen(command_of(by_file(path) + "State(**OPTIONS)"), env=clean_environment(TEST_RANK=0, TEST_SIZE=2))
    try:
        while not path.exists():
            assert rank.poll() is None
            time.sleep(0.01)
        results = run_world(1, by_file(path) + "report(outcome=attempt(lambda: State(**OPTIONS)))", bootstrap="none",
                            env={"TEST_RANK": 0, "TEST_SIZE": 2})
    finally:
        rank.kill()
        rank.wait()
    outcome = results[0]["outcome"]
    assert outcome["status"] == "OAR_E_ENVIRONMENT" and "in use" in outcome["text"] and outcome["seconds"] < SECOND, outcome


def test_a_folder_that_is_not_there_is_rank_0s_error(tmp_path):
    results = run_world(1, by_file(tmp_path / "none" / "meeting") + "report(outcome=attempt(lambda: State(**OPTIONS)))",
                        bootstrap="none", env={"TEST_RANK": 0, "TEST_SIZE": 2})
    assert results[0]["outcome"]["status"] == "OAR_E_NOT_FOUND" and "state.meeting_file" in results[0]["outcome"]["text"]
