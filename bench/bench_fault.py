"""How long is anything in the dark when something goes wrong? Absolute rows; nobody else has such bounds. Two ranks on one host.

fault_kill_report  a rank of a training run gets SIGKILL in the middle of an epoch -> the launcher's report of it
fault_kill_end     the same -> no process of the run is left
fault_peer_lost    a rank gets SIGKILL -> its peer's blocked all_reduce has returned OAR_E_PEER_LOST
fault_abort        oar_state_abort on one rank -> the other's blocked barrier has returned OAR_E_ABORTED
rendezvous_256     256 ranks, threads of 2 processes -> all have met
release_all        releasing state, group, loader with running workers, model, optimizer and accelerator; the longest of 20 rounds
"""
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

from rows import print_row, wanted

SOURCE, BUILD = (pathlib.Path(os.environ[name]) for name in ("OARLOCK_SOURCE", "OARLOCK_BUILD"))
sys.path[:0] = [str(SOURCE / "tests" / folder) for folder in ("dist", "fault")]
from launch_job import Job  # noqa: E402
from world import World, crowd, run_world  # noqa: E402

IDS = ("fault_kill_report", "fault_kill_end", "fault_peer_lost", "fault_abort", "rendezvous_256", "release_all")
REPEATS = 7
DIGITS = SOURCE / "examples/digits"
REPORT = re.compile(r"oarlock launch: rank 1 \(process \d+\) was killed by SIGKILL")


def rank_process(job, rank):
    """The process of a rank: the launcher's own do not have its variable."""
    for pid in job.survivors():
        variables = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        if f"RANK={rank}".encode() in variables:
            return pid
    sys.exit(f"rank {rank} is not there")


def measure_kill(project):
    """Seconds from the signal to the report and to the end of the last process."""
    job = Job("-n", 2, BUILD / "examples/train_digits", "--program", DIGITS / "digits.pt2", "--train", DIGITS / "train.safetensors",
              "--test", DIGITS / "test.safetensors", "--project", project, "--epochs", 1000,
              env={"OARLOCK_PROGRESS": "lines", "OMP_NUM_THREADS": "1"})
    for line in job.process.stderr:
        if "epoch 2" in line:
            break
    victim = rank_process(job, 1)
    begin = time.monotonic()
    os.kill(victim, signal.SIGKILL)
    for line in job.process.stderr:
        if REPORT.match(line):
            break
    else:
        sys.exit("the launcher did not report the killed rank")
    reported = time.monotonic()
    left = job.survivors()
    while left:
        left = [pid for pid in left if pathlib.Path(f"/proc/{pid}").exists() and state_of(pid) != "Z"]
        if time.monotonic() - begin > 60:
            sys.exit(f"processes {left} outlive the run")
    ended = time.monotonic()
    job.finish()
    return reported - begin, ended - begin


def state_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"  # gone meanwhile


def measure_peer_lost():
    world = World(2, """
world = State()
array = np.zeros(1 << 20, np.float32)
def reduce_for_ever():
    while True: world.all_reduce(array).wait().release()
world.all_reduce(array).wait().release()
print("reducing", flush=True)
outcome = attempt(reduce_for_ever)
report(returned=time.monotonic(), status=outcome["status"])
world.close()
""")
    for rank in range(2):
        world.wait_for_output(rank, "reducing")
    begin = time.monotonic()
    world.kill(1)
    survivor = world.finish(check=False)[0]
    if survivor["status"] != "OAR_E_PEER_LOST":
        sys.exit(f"the survivor got {survivor['status']}")
    return survivor["returned"] - begin


def measure_abort():
    """Rank 0 aborts half a second after both met, so that rank 1 has long been blocked."""
    aborting, blocked = run_world(2, """
world = State()
world.barrier()
if world.rank == 0:
    time.sleep(0.5)
    report(begin=time.monotonic())
    world.abort("measured")
else:
    outcome = attempt(world.barrier)
    report(returned=time.monotonic(), status=outcome["status"])
world.close()
""")
    if blocked["status"] != "OAR_E_ABORTED":
        sys.exit(f"the blocked rank got {blocked['status']}")
    return blocked["returned"] - aborting["begin"]


def measure_rendezvous():
    return max(process["met"] for process in crowd(2, 128, "def rank(state, number): state.barrier()"))


def measure_release_all():
    environment = {key: value for key, value in os.environ.items() if key != "OARLOCK_ARMOR"}
    printed = subprocess.run([BUILD / "bin/capi_release_all", "--print"], capture_output=True, text=True, check=True, timeout=120,
                             env={**environment, "OMP_NUM_THREADS": "1"}).stdout
    return max(map(float, printed.split()))


def repeat(measure):
    measure()  # warm-up
    return [measure() for _ in range(REPEATS)]


def main():
    if wanted("fault_kill_report") or wanted("fault_kill_end"):
        with tempfile.TemporaryDirectory() as folder:
            numbers = iter(range(1000))
            figures = repeat(lambda: measure_kill(pathlib.Path(folder) / str(next(numbers))))
        print_row("fault_kill_report", "s", [reported for reported, _ in figures], bar="<= 1 s")
        print_row("fault_kill_end", "s", [ended for _, ended in figures], bar="<= 1 s")
    for bench_id, measure, bar in (("fault_peer_lost", measure_peer_lost, "<= 0.05 s"), ("fault_abort", measure_abort, "<= 0.1 s")):
        if wanted(bench_id):
            print_row(bench_id, "s", repeat(measure), bar=bar)
    if wanted("rendezvous_256"):
        print_row("rendezvous_256", "s", repeat(measure_rendezvous), bar="<= 5 s")
    if wanted("release_all"):
        print_row("release_all", "ms", repeat(measure_release_all), bar="<= 1 ms")


main()
