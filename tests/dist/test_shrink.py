"""Ranks that go on without those that were lost: the survivors make a smaller world of their old one."""
import json
import os
import pathlib
import signal
import subprocess

import pytest
import torch

from hosts import hosts, world_on
from test_accelerator import TRAINER, programs
from world import REPORT, World, clean_environment, command_of, run_world

SECOND = 1.0

MEETS = """
world = State()
world.all_reduce(np.ones(4)).wait().release()
print("met", flush=True)
"""
LOSES = """
def lose(state):
    try:
        while True: state.barrier()
    except OarError as error:
        return error
"""
GOES_ON = """
def go_on(state, **terms):
    start = time.monotonic()
    smaller = state.shrink(**terms)
    seconds = time.monotonic() - start
    state.close()
    state.release()
    array = np.full(300_000, 10.0 ** smaller.rank)
    smaller.all_reduce(array).wait().release()
    report(place=[smaller.rank, smaller.size, smaller.number("local_rank"), smaller.number("local_world_size")],
           sum=[array.min(), array.max()], seconds=seconds)
    return smaller
"""
SURVIVES = LOSES + GOES_ON + MEETS + """
error = lose(world)
report(lost=error.status, culprit=error.rank)
world = go_on(world)
world.close()
"""


def lose_ranks(world, victims):
    for rank in range(len(world.processes)):
        world.wait_for_output(rank, "met")
    for victim in victims:
        world.kill(victim, signal.SIGKILL)


def expect_world_of(results, survivors):
    """By rank of the old world: each has its place in the new one, and sums are right."""
    ones = float("1" * len(survivors))
    for place, rank in enumerate(survivors):
        assert results[rank]["place"] == [place, len(survivors), place, len(survivors)], results[rank]["place"]
        assert results[rank]["sum"] == [ones, ones]


@pytest.mark.parametrize("backend", ["shm", "gloo"])
@pytest.mark.parametrize("victims", [[2], [0], [0, 1], [1, 2, 3]])
def test_the_survivors_make_a_smaller_world(victims, backend):
    world = World(4, SURVIVES, env={"OARLOCK_COMM_BACKEND": backend})
    lose_ranks(world, victims)
    results = world.finish(check=False)
    survivors = [rank for rank in range(4) if rank not in victims]
    for rank in survivors:
        assert results[rank].returncode == 0, results[rank].stderr
        assert results[rank]["lost"] in ("OAR_E_PEER_LOST", "OAR_E_ABORTED"), results[rank]["lost"]
        assert results[rank]["seconds"] < 4 * SECOND
    expect_world_of(results, survivors)


@pytest.mark.parametrize("backend", ["shm", "gloo"])
def test_a_world_shrinks_again_and_again_and_loses_its_rank_0_each_time(backend):
    world = World(4, LOSES + GOES_ON + MEETS + """
number = world.rank
for loss in range(3):
    lose(world)
    world = go_on(world)
    print(f"smaller {loss}", flush=True)
world.close()
""", env={"OARLOCK_COMM_BACKEND": backend})
    lose_ranks(world, [0])
    for victim in (1, 2):
        for rank in range(victim, 4):
            world.wait_for_output(rank, f"smaller {victim - 1}")
        world.kill(victim, signal.SIGKILL)
    results = world.finish(check=False)
    expect_world_of(results, [3])


def test_without_a_loss_all_come():
    results = run_world(3, GOES_ON + MEETS + "world = go_on(world)\nworld.close()")
    expect_world_of(results, [0, 1, 2])


def test_a_rank_that_waits_in_the_old_world_hears_of_it_and_comes():
    """Nobody died: rank 0 alone decides to go on anew, as a program does whose own state is broken."""
    results = run_world(3, LOSES + GOES_ON + MEETS + """
if world.rank != 0:
    error = lose(world)
    report(lost=error.status, text=error.text)
world = go_on(world)
world.close()
""")
    expect_world_of(results, [0, 1, 2])
    for rank in (1, 2):
        assert results[rank]["lost"] == "OAR_E_ABORTED", results[rank]["lost"]
        assert "rank 0 goes on" in results[rank]["text"] and "oar_state_shrink" in results[rank]["text"], results[rank]["text"]


def test_a_world_of_one_stays_one():
    results = run_world(1, GOES_ON + MEETS + "world = go_on(world)\nworld.close()")
    expect_world_of(results, [0])


@pytest.mark.parametrize("stopped", [0, 2])
def test_a_stopped_rank_is_left_out_and_learns_it_when_it_wakes(stopped):
    world = World(4, LOSES + GOES_ON + MEETS + """
lose(world)
outcome = attempt(lambda: globals().update(smaller=go_on(world, timeout_ms=2000)))
report(outcome=outcome)
print("went on", flush=True)
if outcome["status"] == "OAR_OK":
    sys.stdin.readline()
    smaller.close()
""", env={"OARLOCK_COMM_TIMEOUT_MS": 1000})
    for rank in range(4):
        world.wait_for_output(rank, "met")
    world.kill(stopped, signal.SIGSTOP)
    world.kill(1, signal.SIGKILL)
    survivors = [rank for rank in (0, 2, 3) if rank != stopped]
    for rank in survivors:
        world.wait_for_output(rank, "went on")
    world.kill(stopped, signal.SIGCONT)
    world.wait_for_output(stopped, "went on")
    for rank in survivors:
        world.tell(rank, "end\n")
    results = world.finish(check=False)
    expect_world_of(results, survivors)
    outcome = results[stopped]["outcome"]
    assert outcome["status"] == "OAR_E_ABORTED" and outcome["seconds"] < SECOND, outcome
    assert "ranks {}, {}".format(*survivors) in outcome["text"], outcome


def test_a_rank_that_calls_late_learns_that_the_others_went_on():
    world = World(3, GOES_ON + MEETS + """
if world.rank == 1: sys.stdin.readline()
outcome = attempt(lambda: globals().update(smaller=go_on(world, timeout_ms=1000)))
report(outcome=outcome)
print("went on", flush=True)
if world.rank != 1:
    sys.stdin.readline()
    smaller.close()
""")
    for rank in (0, 2):
        world.wait_for_output(rank, "went on")
    world.tell(1, "go\n")
    world.wait_for_output(1, "went on")
    for rank in (0, 2):
        world.tell(rank, "end\n")
    results = world.finish()
    expect_world_of(results, [0, 2])
    assert results[1]["outcome"]["status"] == "OAR_E_ABORTED", results[1]["outcome"]


@pytest.mark.parametrize("is_stopped", [False, True])
def test_too_few_ranks_are_told_who_came_and_who_did_not(is_stopped):
    world = World(4, LOSES + GOES_ON + MEETS + """
lose(world)
report(outcome=attempt(lambda: world.shrink(min_size=3 if world.rank == 1 else 0, timeout_ms=1500)))
""")
    for rank in range(4):
        world.wait_for_output(rank, "met")
    if is_stopped:
        world.kill(2, signal.SIGSTOP)
    for victim in (3,) if is_stopped else (2, 3):
        world.kill(victim, signal.SIGKILL)
    for rank in (0, 1):
        world.processes[rank].wait(30)
    world.kill(2, signal.SIGKILL)
    results = world.finish(check=False)
    for rank in (0, 1):
        outcome = results[rank]["outcome"]
        assert outcome["status"] == ("OAR_E_TIMEOUT" if is_stopped else "OAR_E_PEER_LOST"), outcome
        assert outcome["rank"] == 2 and "2 of 4 came (ranks 0, 1)" in outcome["text"], outcome
        assert "rank 3 (process" in outcome["text"] and "at least 3" in outcome["text"], outcome


def test_after_too_few_another_attempt_may_ask_for_less():
    world = World(3, LOSES + GOES_ON + MEETS + """
lose(world)
report(outcome=attempt(lambda: world.shrink(min_size=3)))
world = go_on(world)
world.close()
""")
    lose_ranks(world, [1])
    results = world.finish(check=False)
    expect_world_of(results, [0, 2])
    for rank in (0, 2):
        assert results[rank]["outcome"]["status"] == "OAR_E_PEER_LOST", results[rank]["outcome"]


def test_wrong_numbers_are_refused_and_an_old_state_does_not_shrink_again():
    results = run_world(2, GOES_ON + MEETS + """
def attempt_of(state, **terms):
    return attempt(lambda: state.shrink(**terms))
report(below=attempt_of(world, min_size=-1), above=attempt_of(world, min_size=3), time=attempt_of(world, timeout_ms=-1))
smaller = world.shrink()
report(again=attempt_of(world))
smaller.close()
report(closed=attempt_of(smaller))
""")
    for result in results:
        assert result["below"]["status"] == result["above"]["status"] == result["time"]["status"] == "OAR_E_ARGUMENT"
        assert "min_size" in result["above"]["text"] and "timeout_ms" in result["time"]["text"]
        assert result["again"]["status"] == result["closed"]["status"] == "OAR_E_STATE", result["again"]


def test_an_abort_ends_a_shrink_that_waits():
    world = World(2, MEETS + """
if world.rank == 1: sys.stdin.readline()
else:
    threading.Timer(0.2, lambda: world.abort("enough")).start()
    report(outcome=attempt(lambda: world.shrink(timeout_ms=60_000)))
    print("over", flush=True)
""")
    world.wait_for_output(0, "over")
    world.tell(1, "end\n")
    outcome = world.finish()[0]["outcome"]
    assert outcome["status"] == "OAR_E_ABORTED" and outcome["seconds"] < 2 * SECOND, outcome


def test_a_world_that_met_by_a_file_shrinks(tmp_path):
    world = World(3, SURVIVES, bootstrap="environment", env={"OARLOCK_STATE_MEETING_FILE": tmp_path / "meeting"})
    lose_ranks(world, [0])
    expect_world_of(world.finish(check=False), [1, 2])


def test_a_world_that_met_by_the_hosts_own_exchange_shrinks(tmp_path):
    """The exchange is by files of a folder; MPI's or PMIx's would be the same to the library."""
    world = World(3, LOSES + GOES_ON + f"""
rank, folder = int(os.environ["TEST_RANK"]), {str(tmp_path)!r}
def exchange(mine, size, all_, user_data):
    with open(f"{{folder}}/{{rank}}.part", "wb") as file: file.write(ctypes.string_at(mine, size))
    os.rename(f"{{folder}}/{{rank}}.part", f"{{folder}}/{{rank}}")
    for other in range(3):
        while not os.path.exists(f"{{folder}}/{{other}}"): time.sleep(0.001)
        ctypes.memmove(all_ + other * size, open(f"{{folder}}/{{other}}", "rb").read(), size)
    return 0
world = State(exchange=(rank, 3, exchange))
print("met", flush=True)
lose(world)
world = go_on(world)
world.close()
""", bootstrap="none")
    lose_ranks(world, [0])
    expect_world_of(world.finish(check=False), [1, 2])


@pytest.mark.parametrize("victims", [[2], [0, 1]])
def test_a_world_over_hosts_shrinks(victims):
    """Ranks 0 and 1 on one host, 2 to 4 on the other: three of five are more than half, on whichever hosts."""
    places = [0, 0, 1, 1, 1]
    with hosts(2) as made:
        world = world_on(made, places, SURVIVES)
        lose_ranks(world, victims)
        results = world.finish(check=False)
    survivors = [rank for rank in range(5) if rank not in victims]
    for place, rank in enumerate(survivors):
        mates = [other for other in survivors if places[other] == places[rank]]
        assert results[rank]["place"] == [place, len(survivors), mates.index(rank), len(mates)]
        assert results[rank]["sum"] == [float("1" * len(survivors))] * 2


def test_of_two_hosts_that_lose_each_other_the_one_with_more_ranks_goes_on():
    with hosts(2) as made:
        world = world_on(made, [0, 0, 1, 1, 1], LOSES + GOES_ON + MEETS + """
lose(world)
report(outcome=attempt(lambda: globals().update(smaller=go_on(world, timeout_ms=6000))))
""")
        for rank in range(5):
            world.wait_for_output(rank, "met")
        made.cut_off(1)
        results = world.finish()
    expect_world_of(results, [2, 3, 4])
    for rank in (0, 1):
        outcome = results[rank]["outcome"]
        assert outcome["status"] in ("OAR_E_PEER_LOST", "OAR_E_TIMEOUT") and "at least 3" in outcome["text"], outcome


TRAINS = LOSES + """
# Plain SGD of a weight towards the mean of 12 numbers, which the ranks have among them; saved by rank 0 after each step.
folder, data = os.environ["TEST_FOLDER"], np.arange(12.0)
def load():
    return np.load(f"{folder}/checkpoint.npy") if os.path.exists(f"{folder}/checkpoint.npy") else np.array([0.0, 0.0])
def save(step, weight):
    np.save(f"{folder}/part.npy", np.array([step, weight]))
    os.rename(f"{folder}/part.npy", f"{folder}/checkpoint.npy")
def train(world, until):
    step, weight = load()
    while step < until:
        mine = data[world.rank::world.size]
        gradient = np.array([(weight - mine).sum() / len(data)])
        world.all_reduce(gradient).wait().release()
        weight, step = weight - 0.5 * gradient[0], step + 1
        if world.rank == 0: save(step, weight)
        world.barrier()
        if step == 5 and world.size == 4:
            print("met", flush=True)
            raise lose(world)
    return weight
world = State()
try:
    train(world, 10)
except OarError:
    world = world.shrink()
report(size=world.size, weight=float(train(world, 10)))
world.close()
"""


def test_a_training_goes_on_from_its_checkpoint_with_fewer_ranks(tmp_path):
    """Gradient descent by hand: the distance to the mean, 5.5, halves in each of ten steps, whoever made them."""
    world = World(4, TRAINS, env={"TEST_FOLDER": tmp_path})
    lose_ranks(world, [0])
    results = world.finish(check=False)
    for rank in (1, 2, 3):
        assert results[rank]["size"] == 3
        assert abs(results[rank]["weight"] - 5.5 * (1 - 0.5**10)) < 1e-9, results[rank].reports


def test_the_launcher_keeps_the_survivors_when_asked_to():
    """Its status is 0 then, for the job was done; who failed is reported."""
    launcher = pathlib.Path(os.environ["OARLOCK_BUILD"]) / "bin" / "oarlock"
    body = LOSES + GOES_ON + MEETS + """
if world.rank == 0: os.kill(os.getpid(), 9)
lose(world)
world = go_on(world)
world.close()
"""
    job = subprocess.run([launcher, "launch", "-n", "3", "--no-prefix", "--keep-survivors", *command_of(body)], timeout=60,
                         env=clean_environment(), capture_output=True, text=True)
    assert job.returncode == 0, job.stderr
    places = [json.loads(line[len(REPORT):]) for line in job.stdout.splitlines() if line.startswith(REPORT)]
    assert sorted(place["place"] for place in places) == [[0, 2, 0, 2], [1, 2, 1, 2]] and places[0]["sum"] == [11.0, 11.0]
    assert "rank 0 (process" in job.stderr and "SIGKILL" in job.stderr and "the other ranks go on" in job.stderr, job.stderr


def test_the_example_goes_on_with_the_ranks_that_are_left(tmp_path):
    """The mean of 0 to 11 is 5.5."""
    program = pathlib.Path(os.environ["OARLOCK_BUILD"]) / "examples" / "go_on_with_fewer"
    world = World(3, "", command=[program, tmp_path / "checkpoint", "30000"])
    world.wait_for_output(0, "the first checkpoint is there")
    world.kill(1, signal.SIGKILL)
    results = world.finish(check=False)
    assert "weight 5.5000 after 30000 steps, with 2 ranks" in results[0].stdout, results[0]
    assert results[0].returncode == results[2].returncode == 0, results[2].stderr


def test_a_prepared_model_goes_on_from_the_checkpoint_of_the_larger_world(tmp_path):
    """All ranks see the same batch, so the steps are those of one process: eager PyTorch makes them here."""
    path, saved = tmp_path / "model.pt2", tmp_path / "saved"
    programs.export_partial(path, frozen=True)
    world = World(4, LOSES + TRAINER + f"""
x = Tensor(np.ones((3, 4), np.float32))
def make_steps(model, accelerator, optimizer, count):
    for _ in range(count):
        assert backward(model, accelerator, x)["status"] == "OAR_OK"
        check(lib.oar_accelerator_step(accelerator, optimizer, None))
world = State()
parts = prepared(world, {str(path)!r})
make_steps(*parts, 3)
check(lib.oar_accelerator_save(parts[1], {str(saved)!r}.encode(), None))
make_steps(*parts, 1)  # is lost with the rank
print("met", flush=True)
lose(world)
world = world.shrink()
parts = prepared(world, {str(path)!r})
check(lib.oar_accelerator_load(parts[1], {str(saved)!r}.encode()))
make_steps(*parts, 3)
report(weight=first_of(parts[0], "head.weight"))
""")
    lose_ranks(world, [0])
    results = world.finish(check=False)
    model = programs.seeded(lambda: programs.Partial(True, 4), 0)
    optimizer = torch.optim.SGD(model.head.parameters(), lr=0.1)
    for _ in range(6):
        optimizer.zero_grad()
        model(torch.ones(3, 4))["loss"].backward()
        optimizer.step()
    for rank in (1, 2, 3):
        assert abs(results[rank]["weight"] - model.head.weight[0, 0].item()) < 1e-6, results[rank].stderr
