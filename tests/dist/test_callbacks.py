"""The log's callback while a thread of Oarlock's own has something to say: where it runs, and what it may call."""
import pytest

from world import World

ANY_THREAD = 1


def run(flags, in_callback="None"):
    """Rank 1 comes to a barrier only when the callback of rank 0 has heard that it is late."""
    world = World(2, f"""
LOG = ctypes.CFUNCTYPE(None, ctypes.c_int32, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p)
main = threading.get_native_id()
world = State(comm_late_ms=100)

def listen(level, component, message, user_data):
    if component != b"comm": return
    report(on_main=threading.get_native_id() == main, text=message.decode(), inside=({in_callback}))
    print("heard", flush=True)

callback = LOG(listen)
check(lib.oar_log_set_callback(ctypes.c_int32({flags}), callback, None, None))
if world.rank == 1: sys.stdin.readline()
report(barrier=attempt(lambda: world.barrier(30000)))
check(lib.oar_log_set_callback(ctypes.c_int32(0), LOG(), None, None))
world.close()
""")
    world.wait_for_output(0, "heard")
    world.tell(1, "go on\n")
    return world.finish()


def test_without_the_flag_the_waiting_call_delivers_what_an_own_thread_says():
    results = run(0)
    assert results[0]["on_main"] and "rank 1" in results[0]["text"]
    assert [result["barrier"]["status"] for result in results] == ["OAR_OK", "OAR_OK"]


def test_with_the_flag_the_callback_runs_on_the_own_thread():
    assert not run(ANY_THREAD)[0]["on_main"]


@pytest.mark.parametrize("call", ["world.barrier(1000)", "check(lib.oar_state_close(world.handle))",
                                  "world.all_gather_bytes(b'x')"])
def test_calls_that_wait_for_ranks_are_refused_on_own_threads_and_harm_nothing(call):
    results = run(ANY_THREAD, f"attempt(lambda: {call})")
    assert results[0]["inside"]["status"] == "OAR_E_STATE" and results[0]["inside"]["seconds"] < 4
    assert "thread" in results[0]["inside"]["text"]
    assert [result["barrier"]["status"] for result in results] == ["OAR_OK", "OAR_OK"]


def test_a_call_on_an_own_thread_ends_nothing_that_waits_for_that_thread():
    """The last reference of a group lies in the reaper while its own thread calls in."""
    world = World(2, """
LOG = ctypes.CFUNCTYPE(None, ctypes.c_int32, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p)
world = State(comm_late_ms=100)

def listen(level, component, message, user_data):
    if component != b"comm": return
    config = ctypes.c_void_p()
    report(status=lib.oar_config_create(ctypes.byref(config)))
    print("heard", flush=True)

callback = LOG(listen)
check(lib.oar_log_set_callback(ctypes.c_int32(1), callback, None, None))
if world.rank == 1:
    sys.stdin.readline()
    world.barrier()
    world.close()
else:
    work = world.all_reduce(np.zeros(4, np.float32))  # rank 1 will not make this call
    work.release()
    lib.oar_group_release(world.group)
    lib.oar_state_release(world.handle)
    sys.stdin.readline()
""")
    world.wait_for_output(0, "heard")
    world.tell(0, "end\n")
    world.tell(1, "go on\n")
    results = world.finish(check=False)
    assert results[0].returncode == 0, results[0]
    assert results[0]["status"] == 0
