"""Starts the ranks of a world as real processes, as `oarlock launch` does, and collects what they say.

run_world(n, body) runs `body` (Python source; names of rank.py are in scope) in n processes that inherit a listening socket
for rank 0. A rank reports by report(key=value); what it printed, its exit code and its reports come back per rank.
Every process is ended when the time is up, and the test fails then with everyone's output.
"""
import dataclasses
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
import uuid

HERE = pathlib.Path(__file__).parent
REPORT = "report: "
LAUNCH_VARIABLES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", "OARLOCK_LISTEN_FD",
                    "OARLOCK_LAUNCH_ID", "GROUP_RANK", "NODE_RANK", "TORCHELASTIC_USE_AGENT_STORE")


@dataclasses.dataclass
class Ended:
    rank: int
    returncode: int
    stdout: str
    stderr: str
    reports: dict
    seconds: float  # from the start of the world to this rank's end

    def __getitem__(self, key):
        assert key in self.reports, f"rank {self.rank} did not report {key!r}; exit {self.returncode}\n{self.stdout}\n{self.stderr}"
        return self.reports[key]


def clean_environment(**extra):
    environment = {key: value for key, value in os.environ.items() if key not in LAUNCH_VARIABLES}
    environment.update({"OMP_NUM_THREADS": "1", "PYTHONPATH": str(HERE), **{key: str(value) for key, value in extra.items()}})
    return environment


def command_of(body):
    return [sys.executable, "-c", "from rank import *\n" + textwrap.dedent(body)]


class World:
    """Running ranks; for tests that do something to them meanwhile. command: instead of a body; commands: one per rank."""

    def __init__(self, size, body, bootstrap="launcher", env=None, per_rank_env=None, command=None, commands=None,
                 pass_fds=()):
        commands = commands or [command or command_of(body)] * size
        self.start = time.monotonic()
        self.processes = []
        self.outputs = []
        self.variables = []
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a restarted rank 0 binds the port anew
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        port = listener.getsockname()[1]
        launch_id = uuid.uuid4().hex
        for rank in range(size):
            variables = {"RANK": rank, "WORLD_SIZE": size, "LOCAL_RANK": rank, "LOCAL_WORLD_SIZE": size,
                         "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "OARLOCK_LAUNCH_ID": launch_id}
            if bootstrap == "none":
                variables = {"TEST_RANK": rank, "TEST_SIZE": size}
            passed = pass_fds
            if rank == 0 and bootstrap == "launcher":
                variables["OARLOCK_LISTEN_FD"] = listener.fileno()
                passed = (listener.fileno(),)
            variables.update(env or {})
            variables.update((per_rank_env or {}).get(rank, {}))
            self.variables.append(variables)
            self.processes.append(None)
            self.outputs.append(None)
            self._start(rank, commands[rank], variables, passed)
        listener.close()

    def _start(self, rank, command, variables, passed=()):
        output = (tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+"))
        self.outputs[rank] = output
        self.processes[rank] = subprocess.Popen(command, env=clean_environment(**variables), pass_fds=passed,
                                                stdin=subprocess.PIPE, stdout=output[0], stderr=output[1])

    def restart(self, rank, body, env=None):
        """A new process in place of one that has ended. The launcher's socket is gone with that: rank 0 binds its port anew."""
        self.processes[rank].wait(10)
        self.processes[rank].stdin.close()
        variables = {**self.variables[rank], **(env or {})}
        variables.pop("OARLOCK_LISTEN_FD", None)
        self._start(rank, command_of(body), variables)

    def kill(self, rank, signal_number=signal.SIGKILL):
        self.processes[rank].send_signal(signal_number)

    def tell(self, rank, text):
        self.processes[rank].stdin.write(text.encode())
        self.processes[rank].stdin.flush()

    def wait_for_output(self, rank, text, timeout=60):
        deadline = time.monotonic() + timeout
        while text not in self.read(rank)[0]:
            assert time.monotonic() < deadline, f"rank {rank} did not print {text!r} within {timeout} s: {self.read(rank)}"
            assert self.processes[rank].poll() is None, f"rank {rank} ended before it printed {text!r}: {self.read(rank)}"
            time.sleep(0.005)

    def read(self, rank):
        # pread leaves the offset alone, which the child shares.
        return [os.pread(file.fileno(), 1 << 24, 0).decode(errors="replace") for file in self.outputs[rank]]

    def finish(self, timeout=120, check=True):
        deadline = time.monotonic() + timeout
        ended = {}
        while len(ended) < len(self.processes) and time.monotonic() < deadline:
            for rank, process in enumerate(self.processes):
                if rank not in ended and process.poll() is not None:
                    ended[rank] = time.monotonic() - self.start
            time.sleep(0.005)
        late = [rank for rank in range(len(self.processes)) if rank not in ended]
        for rank in late:
            self.processes[rank].kill()
            self.processes[rank].wait(10)
        results = []
        for rank, process in enumerate(self.processes):
            process.stdin.close()
            stdout, stderr = self.read(rank)
            reports = {}
            for line in stdout.splitlines():
                if line.startswith(REPORT):
                    reports.update(json.loads(line[len(REPORT):]))
            results.append(Ended(rank, process.returncode, stdout, stderr, reports, ended.get(rank, timeout)))
        told = "\n".join(f"--- rank {r.rank}, exit {r.returncode}\n{r.stdout}\n{r.stderr}" for r in results)
        assert not late, f"ranks {late} did not end within {timeout} s\n{told}"
        if check:
            assert all(result.returncode == 0 for result in results), told
        return results


def crowd(num_processes, threads_each, body):
    """num_processes x threads_each ranks, as threads of processes: each calls rank(state, number) of `body` when all have met.
    Every process reports `met`, the seconds from its start to that."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return run_world(num_processes, textwrap.dedent(body) + f"""
first, states, failures = int(os.environ["TEST_RANK"]) * {threads_each}, {{}}, []
def on_each(function):
    def guarded(number):
        try:
            function(number)
        except Exception as error:
            failures.append(f"rank {{number}}: {{error}}")
    threads = [threading.Thread(target=guarded, args=(first + i,)) for i in range({threads_each})]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    assert not failures, failures[:3]
def meet(number):
    states[number] = State(state_rank=number, state_world_size={num_processes * threads_each}, state_master_port={port},
                           comm_connect_timeout_ms=60_000)
start = time.monotonic()
on_each(meet)
report(met=time.monotonic() - start)
on_each(lambda number: rank(states[number], number))
on_each(lambda number: states[number].close())
""", bootstrap="none")


def run_world(size, body="", timeout=120, check=True, **kwargs):
    return World(size, body, **kwargs).finish(timeout, check)
