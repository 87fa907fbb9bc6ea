"""A rank of two dies, fails or stops in the training of an eager, a traced and a host's own model: what the other one learns, and when."""
import signal

import pytest
from test_foreign_model import CALLBACKS, GIVE_BOTH
from test_operators import SCENE
from world import World

SECOND = 4.0  # the bound of one second, times four

# The training of test_operators; at(step, place) is where rank 1 comes to its end.
STEPS = SCENE[:SCENE.index("for step in range(3):")] + """
def train():
    for step in range(4):
        at(step, "forward")
        outputs = ctypes.c_void_p(call_out(lib.oar_model_forward, model, batch(world.rank)))
        loss = ctypes.c_void_p(call_out(lib.oar_tree_get_tensor, outputs, b"loss"))
        at(step, "backward")
        check(lib.oar_accelerator_backward(accelerator, loss))
        at(step, "step")
        check(lib.oar_accelerator_step(accelerator, optimizer, None))
"""
HOST = CALLBACKS + """
def train():
    for step_number in range(4):
        at(step_number, "forward")
        run()
        at(step_number, "step")
        step()
"""
AT = """
def at(step, place):
    if world.rank == 1 and step == 2 and place == "{place}":
        {act}
"""
KILL = "import signal; os.kill(os.getpid(), signal.SIGKILL)"
END = """
outcome = attempt(train)
report(outcome=outcome, later=attempt(world.barrier))
lib.oar_state_close(world.handle)
report(closed=True)
"""


def scene(kind, place, act, **options):
    source = HOST.replace("{backward}", GIVE_BOTH) if kind == "host" else STEPS.replace("{traced}", repr(kind == "traced"))
    return source.replace("{options}", repr(options)) + AT.replace("{place}", place).replace("{act}", act) + END


@pytest.mark.parametrize("kind", ["eager", "traced", "host"])
@pytest.mark.parametrize("place", ["forward", "step"])
def test_the_survivor_of_a_killed_rank_names_it(kind, place):
    survivor, killed = World(2, scene(kind, place, KILL)).finish(timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    outcome = survivor["outcome"]
    assert outcome["status"] in ("OAR_E_PEER_LOST", "OAR_E_ABORTED") and "rank 1" in outcome["text"], outcome
    assert outcome["seconds"] < SECOND + 2, outcome
    assert survivor["later"]["status"] != "OAR_OK" and survivor["closed"] and survivor.returncode == 0


@pytest.mark.parametrize("kind", ["eager", "traced", "host"])
def test_a_rank_whose_own_code_fails_and_leaves_is_named(kind):
    """An exception between forward and backward; the rank closes its state and ends."""
    survivor, failed = World(2, scene(kind, "forward", "lib.oar_state_abort(world.handle, b'its own code failed'); sys.exit(3)")).finish(
        timeout=60, check=False)
    assert failed.returncode == 3
    outcome = survivor["outcome"]
    assert outcome["status"] == "OAR_E_ABORTED" and "rank 1" in outcome["text"] and "its own code failed" in outcome["text"], outcome
    assert outcome["seconds"] < SECOND + 2 and survivor["closed"] and survivor.returncode == 0


@pytest.mark.parametrize("kind", ["eager", "traced"])
def test_a_stopped_rank_is_named_when_the_time_is_up(kind):
    world = World(2, scene(kind, "forward", "import signal; print('stops', flush=True); os.kill(os.getpid(), signal.SIGSTOP)", comm_timeout_ms=3000))
    world.wait_for_output(1, "stops")
    world.wait_for_output(0, "closed")
    world.kill(1)
    survivor, _ = world.finish(timeout=60, check=False)
    outcome = survivor["outcome"]
    assert outcome["status"] == "OAR_E_TIMEOUT" and "rank 1" in outcome["text"] and outcome["seconds"] < 20, outcome


FORWARD_FAILS = """
inner = forward
calls = 0
def forward(model, inputs, outputs, data):
    global calls
    calls += 1
    if world.rank == 1 and calls == 3:
        return 7
    return inner(model, inputs, outputs, data)
forward = FORWARD(forward)
check(lib.oar_model_set_forward(model, forward, None, None))
"""


def test_a_forward_callback_that_fails_on_one_rank_ends_both_in_time():
    """Rank 1 gets OAR_E_CALLBACK and ends; rank 0 waits for it in the backward."""
    source = scene("eager", "never", "pass").replace("def train():", FORWARD_FAILS + "\ndef train():")
    waiting, failed = World(2, source + "\nif world.rank == 1: os._exit(4)\n").finish(timeout=60, check=False)
    assert failed["outcome"]["status"] == "OAR_E_CALLBACK" and "returned 7" in failed["outcome"]["text"]
    outcome = waiting["outcome"]
    assert outcome["status"] != "OAR_OK" and "rank 1" in outcome["text"] and outcome["seconds"] < SECOND + 10, outcome
