"""A SLURM of one controller and two nodes on this host, for as long as a test module runs. Its daemons need root."""
import os
import socket
import subprocess
import time

import pytest
from mpi_programs import require_tool

SECONDS = 30  # in which the daemons must answer
CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
AuthType=auth/none
CredType=cred/none
SlurmUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/controller.pid
SlurmdPidFile={folder}/%n.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
MpiDefault=none
SlurmctldPort={ports[0]}
NodeName=first NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=4 State=UNKNOWN
NodeName=second NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=4 State=UNKNOWN
PartitionName=all Nodes=first,second Default=YES State=UP
"""


def free_ports(count):
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


class Slurm:
    def __init__(self, folder):
        self.folder = folder
        self.daemons = []
        configuration = folder / "slurm.conf"
        configuration.write_text(CONFIGURATION.format(host=socket.gethostname().partition(".")[0], folder=folder, ports=free_ports(3)))
        for name in ("state", "first", "second"):
            (folder / name).mkdir()
        self.settings = {"SLURM_CONF": str(configuration)}

    def start(self):
        self.start_one("slurmctld", "-D")
        for node in ("first", "second"):
            self.start_one("slurmd", "-D", "-N", node)
        end = time.monotonic() + SECONDS
        while self.states() != ["idle", "idle"]:
            if time.monotonic() > end or any(daemon.poll() is not None for daemon in self.daemons):
                pytest.skip(f"SLURM does not run here: {self.log()[-1000:]}")
            time.sleep(0.1)

    def start_one(self, *command):
        with open(self.folder / "log", "ab") as log:
            self.daemons.append(subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **self.settings}))

    def states(self):
        command = ["sinfo", "--noheader", "--Node", "--format=%T"]
        return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, env={**os.environ, **self.settings}).stdout.split()

    def log(self):
        return (self.folder / "log").read_text()

    def stop(self):
        for daemon in reversed(self.daemons):
            daemon.terminate()
        for daemon in reversed(self.daemons):
            try:
                daemon.wait(SECONDS)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    if os.geteuid() != 0:
        pytest.skip("slurmd needs root")
    for tool in ("slurmctld", "slurmd", "srun"):
        require_tool(tool)
    running = Slurm(tmp_path_factory.mktemp("slurm"))
    try:
        running.start()
        yield running
    finally:
        running.stop()
