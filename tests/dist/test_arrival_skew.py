"""How late ranks come to operations: a straggler is named while nothing has failed (fault F14)."""
import os
import signal
import threading

import pytest

from world import World, run_world

BACKENDS = ["shm", "gloo"]
SKEW = """
import ctypes
def skew(world):
    out = ctypes.c_void_p()
    check(lib.oar_group_arrival_skew(world.group, ctypes.c_int64(0), ctypes.byref(out)))
    return json.loads(take_bytes(out))
"""


@pytest.mark.parametrize("slow", [0, 2])
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_rank_that_sleeps_before_each_call_is_the_straggler(backend, slow):
    results = run_world(3, SKEW + f"""
with state(comm_arrival_skew=True) as world:
    for _ in range(30):
        if world.rank == {slow}: time.sleep(0.01)  # the fault
        world.barrier()
    report(skew=skew(world))
""", env={"OARLOCK_COMM_BACKEND": backend})
    assert results[0]["skew"] == results[1]["skew"] == results[2]["skew"]
    told = results[0]["skew"]
    assert told["straggler"] == slow and told["num_operations"] == 30, told
    ranks = {entry["rank"]: entry for entry in told["ranks"]}
    assert ranks[slow]["late_us_p50"] >= 8000 and ranks[slow]["num_last"] >= 28, told
    for rank in {0, 1, 2} - {slow}:
        assert ranks[rank]["waited_us_p50"] >= 8000 and ranks[rank]["late_us_p50"] < ranks[slow]["late_us_p50"] / 2, told


def limit_by_stopping(pid, until):
    """A tenth of a core: 10 of every 100 milliseconds, as a control group's quota gives it out."""
    while not until.is_set():
        os.kill(pid, signal.SIGSTOP)
        until.wait(0.09)
        os.kill(pid, signal.SIGCONT)
        until.wait(0.01)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_rank_with_a_tenth_of_a_core_is_the_straggler(backend):
    world = World(2, SKEW + """
world = State(comm_arrival_skew=True)
array = np.zeros(1000, np.float32)
world.barrier()
print("ready", flush=True)
end = time.monotonic() + 1.5
stop = np.zeros(1, np.float32)
while stop[0] == 0:  # a step that computes and communicates
    sum(i * i for i in range(2000))
    stop[0] = world.rank == 0 and time.monotonic() > end
    world.all_reduce(stop).wait().release()
report(skew=skew(world))
world.close()
""", env={"OARLOCK_COMM_BACKEND": backend})
    world.wait_for_output(1, "ready")
    until = threading.Event()
    limiter = threading.Thread(target=limit_by_stopping, args=(world.processes[1].pid, until))
    limiter.start()
    try:
        world.processes[0].wait(60)
    finally:
        until.set()
        limiter.join()
    told = world.finish()[0]["skew"]
    assert told["straggler"] == 1, told
    assert told["ranks"][1]["late_us_max"] >= 50_000, told


def test_without_the_option_it_is_refused_on_every_rank_and_the_group_goes_on():
    results = run_world(2, SKEW + """
with state() as world:
    outcome = attempt(lambda: skew(world))
    world.barrier()
    report(outcome=outcome)
""")
    for result in results:
        assert result["outcome"]["status"] == "OAR_E_STATE" and "comm.arrival_skew" in result["outcome"]["text"], result["outcome"]
