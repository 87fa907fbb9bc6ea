"""Faults of ranks, on both ways that data takes: who is named, by what operation, within how long (users' faults F1 to F6).

Bounds on one host: a killed rank 50 ms, a mismatch or an early leaver one second; asserted at four times that. A machine that runs
other tests besides may miss the shorter bound once, so it must be met in one of three tries; what is said must be right in all.
"""
import os
import pathlib
import signal
import socket
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(os.environ["OARLOCK_SOURCE"]) / "tests/dist"))
from world import World, run_world  # noqa: E402

BACKENDS = ["shm", "gloo"]
KILL_SECONDS, MISMATCH_SECONDS = 0.05 * 4, 1.0 * 4
TRIES = 3


def kill_in_the_middle(backend, victim):
    """-> seconds from the signal until the last survivor knows"""
    world = World(3, """
world = State()
array = np.zeros(4 << 20, np.float32)
def reduce_for_ever():
    while True: world.all_reduce(array).wait().release()
world.all_reduce(array).wait().release()
print("reducing", flush=True)
outcome = attempt(reduce_for_ever)
report(outcome=outcome, knew=time.monotonic(), later=attempt(world.barrier))
world.close()
""", env={"OARLOCK_COMM_BACKEND": backend})
    for rank in range(3):
        world.wait_for_output(rank, "reducing")
    begin = time.monotonic()
    world.kill(victim)
    results = world.finish(check=False)
    survivors = [result for result in results if result.rank != victim]
    for survivor in survivors:
        outcome = survivor["outcome"]
        assert outcome["status"] == "OAR_E_PEER_LOST" and outcome["rank"] == victim, outcome
        assert f"rank {victim} (process {world.processes[victim].pid}" in outcome["text"], outcome
        assert "during operation " in outcome["text"] and "all_reduce(sum of 4194304 float32)" in outcome["text"], outcome
        assert survivor["later"]["status"] == "OAR_E_ABORTED" and survivor.returncode == 0
    return max(survivor["knew"] for survivor in survivors) - begin


@pytest.mark.parametrize("victim", [0, 1, 2])
@pytest.mark.parametrize("backend", BACKENDS)
def test_f1_a_rank_that_is_killed_in_an_all_reduce_is_named_in_time(backend, victim):
    times = []
    while not times or (min(times) > KILL_SECONDS and len(times) < TRIES):
        times.append(kill_in_the_middle(backend, victim))
    assert min(times) <= KILL_SECONDS, times


@pytest.mark.parametrize("stopped", [0, 1])
@pytest.mark.parametrize("backend", BACKENDS)
def test_f2_a_stopped_rank_is_warned_of_and_then_named(backend, stopped):
    world = World(2, f"""
world = State(comm_late_ms=200)
world.barrier()
print("ready", flush=True)
if world.rank == {stopped}: threading.Event().wait()
report(outcome=attempt(lambda: world.all_reduce(np.zeros(3, np.float32), timeout_ms=1500).wait()))
""", env={"OARLOCK_COMM_BACKEND": backend})
    world.wait_for_output(stopped, "ready")
    world.kill(stopped, signal.SIGSTOP)
    other = 1 - stopped
    world.processes[other].wait(30)
    world.kill(stopped)
    result = world.finish(check=False)[other]
    outcome = result["outcome"]
    assert outcome["status"] == "OAR_E_TIMEOUT" and outcome["rank"] == stopped, outcome
    assert 1.5 <= outcome["seconds"] < 1.5 + MISMATCH_SECONDS, outcome
    if backend == "shm" or other == 0:  # rank 0 warns, where ranks do not see each other
        assert f"rank {stopped} did not call operation 2, all_reduce(sum of 3 float32), after 0.2 s" in result.stderr, result.stderr


MISMATCHES = {
    "dtype": "world.all_reduce(np.zeros(8, [np.float32, np.float64][world.rank])).wait()",
    "size": "world.all_reduce(np.zeros(1000 + world.rank, np.float32)).wait()",
    "size of large tensors": "world.all_reduce(np.zeros(1_000_000 * (1 + world.rank), np.float32)).wait()",
    "operation": "world.barrier() if world.rank else world.all_reduce(np.zeros(3, np.float32)).wait()",
    "order": "[world.barrier(), world.all_gather_bytes(b'')] if world.rank else [world.all_gather_bytes(b''), world.barrier()]",
}


@pytest.mark.parametrize("difference", MISMATCHES)
@pytest.mark.parametrize("backend", BACKENDS)
def test_f3_different_calls_are_told_on_both_ranks_which_live_on(backend, difference, tmp_path):
    results = run_world(2, f"""
world = State()
outcome = attempt(lambda: {MISMATCHES[difference]})
check(lib.oar_state_dump(world.handle, ({str(tmp_path)!r} + f"/{{world.rank}}.json").encode()))
world.abort("the state is usable for that")
world.close()
world.release()
again = State()  # and the process for another one
again.barrier()
again.close()
report(outcome=outcome)
""", env={"OARLOCK_COMM_BACKEND": backend})
    for result in results:
        outcome = result["outcome"]
        assert outcome["status"] == "OAR_E_MISMATCH" and outcome["seconds"] < MISMATCH_SECONDS, outcome
        assert "rank 0 called" in outcome["text"] and "rank 1 called" in outcome["text"], outcome
    assert results[0]["outcome"]["text"] == results[1]["outcome"]["text"]


@pytest.mark.parametrize("early", [0, 1])
@pytest.mark.parametrize("backend", BACKENDS)
def test_f4_a_rank_that_returns_early_is_named(backend, early):
    results = run_world(2, f"""
world = State()
world.barrier()
if world.rank != {early}: report(outcome=attempt(lambda: world.all_reduce(np.zeros(100_000, np.float32)).wait()))
world.close()
""", env={"OARLOCK_COMM_BACKEND": backend})
    outcome = results[1 - early]["outcome"]
    assert outcome["status"] == "OAR_E_PEER_LOST" and outcome["rank"] == early and outcome["seconds"] < MISMATCH_SECONDS, outcome
    assert "closed it after operation 1" in outcome["text"] and "operation 2, all_reduce(sum of 100000 float32)" in outcome["text"], outcome


@pytest.mark.parametrize("backend", BACKENDS)
def test_f4_a_rank_that_goes_on_to_what_the_others_have_not_come_to_is_named(backend):
    """One that saves alone: its save gathers bytes while the others reduce gradients."""
    results = run_world(3, """
world = State()
world.barrier()
call = (lambda: world.all_gather_bytes(b"a manifest")) if world.rank == 0 else (lambda: world.all_reduce(np.zeros(9, np.float32)).wait())
report(outcome=attempt(call))
world.close()
""", env={"OARLOCK_COMM_BACKEND": backend})
    for result in results:
        outcome = result["outcome"]
        assert outcome["status"] == "OAR_E_MISMATCH" and outcome["seconds"] < MISMATCH_SECONDS, outcome
        assert "rank 0 called all_gather_bytes" in outcome["text"] and "called all_reduce(sum of 9 float32)" in outcome["text"], outcome


def free_port():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        return holder.getsockname()[1]


def test_f5_a_master_that_is_not_there_is_told_with_address_reason_and_time():
    port = free_port()
    result = run_world(1, f"""
report(outcome=attempt(lambda: State(state_rank=1, state_world_size=2, state_master_address="localhost", state_master_port={port},
                                     comm_connect_timeout_ms=700)))
""", bootstrap="none")[0]
    outcome = result["outcome"]
    assert outcome["status"] == "OAR_E_TIMEOUT" and 0.3 <= outcome["seconds"] < 0.7 + MISMATCH_SECONDS, outcome
    for fact in (f"localhost:{port}", "127.0.0.1", "Connection refused", "within 0."):
        assert fact in outcome["text"], (fact, outcome)


def test_f5_a_master_whose_name_nobody_knows_is_told_with_what_the_resolver_says():
    result = run_world(1, """
report(outcome=attempt(lambda: State(state_rank=1, state_world_size=2, state_master_address="no-such-host.invalid", state_master_port=29500,
                                     comm_connect_timeout_ms=700)))
""", bootstrap="none")[0]
    outcome = result["outcome"]
    assert outcome["status"] in ("OAR_E_TIMEOUT", "OAR_E_ENVIRONMENT") and outcome["seconds"] < 15, outcome
    assert "no-such-host.invalid" in outcome["text"], outcome
    assert any(words in outcome["text"] for words in ("not known", "name resolution", "No address")), outcome


def test_f6_the_holder_of_a_port_is_named_with_the_way_out():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        result = run_world(1, f"""
report(outcome=attempt(lambda: State(state_rank=0, state_world_size=2, state_master_port={port})))
""", bootstrap="none")[0]
    outcome = result["outcome"]
    assert outcome["status"] == "OAR_E_ENVIRONMENT" and f"port {port}" in outcome["text"], outcome
    assert f"process {os.getpid()}" in outcome["text"] and "oarlock launch" in outcome["text"], outcome
    assert outcome["seconds"] < 4, outcome
