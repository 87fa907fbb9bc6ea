"""Several hosts on one machine: network namespaces of their own, joined by a bridge. Each has its own loopback address, so that
nothing but the bridge's network leads from one to another. Needs the right to make them (root) and `ip` of iproute2."""
import contextlib
import os
import subprocess
import uuid

import pytest

from world import World, command_of


def ip(*arguments):
    return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True, timeout=30).stdout


def can_make_hosts():
    name = f"oar-{uuid.uuid4().hex[:8]}"
    try:
        ip("netns", "add", name)
    except (OSError, subprocess.CalledProcessError):
        return False
    ip("netns", "del", name)
    return True


class Hosts:
    """address(i) is host i's; on(i, command) makes a command run there."""

    def __init__(self, names):
        self.names = names

    def address(self, host):
        return f"10.83.0.{host + 1}"

    def on(self, host, command):
        return ["ip", "netns", "exec", self.names[host], *command]

    def cut_off(self, host):
        """No packet leaves or reaches it any more; nobody is told."""
        ip("-n", self.names[-1], "link", "set", f"port{host}", "down")

    def sent_bytes(self, host):
        return int(subprocess.run(self.on(host, ["cat", "/sys/class/net/eth0/statistics/tx_bytes"]), check=True,
                                  capture_output=True, text=True, timeout=30).stdout)


@contextlib.contextmanager
def hosts(count):
    if not can_make_hosts():
        pytest.skip("network namespaces cannot be made here (they need root and iproute2)")
    tag = uuid.uuid4().hex[:6]
    made = Hosts([f"oar-{tag}-{host}" for host in range(count)] + [f"oar-{tag}-bridge"])
    try:
        for name in made.names:
            ip("netns", "add", name)
        bridge = made.names[-1]
        ip("-n", bridge, "link", "add", "bridge0", "type", "bridge")
        ip("-n", bridge, "link", "set", "bridge0", "up")
        for host in range(count):
            name = made.names[host]
            ip("-n", bridge, "link", "add", f"port{host}", "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("-n", bridge, "link", "set", f"port{host}", "master", "bridge0", "up")
            ip("-n", name, "address", "add", f"{made.address(host)}/24", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
            ip("-n", name, "link", "set", "lo", "up")
        yield made
    finally:
        for name in made.names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, timeout=30)


def world_on(hosts_made, host_of_rank, body, **kwargs):
    """A World whose rank r runs on host host_of_rank[r]; rank 0's listens at a port of its own host."""
    return program_on(hosts_made, host_of_rank, [command_of(body)] * len(host_of_rank), body=body, **kwargs)


def program_on(hosts_made, host_of_rank, commands, body="", **kwargs):
    """The same of programs, one command per rank."""
    size = len(host_of_rank)
    per_rank = {}
    for rank, host in enumerate(host_of_rank):
        mates = [other for other in range(size) if host_of_rank[other] == host]
        per_rank[rank] = {"MASTER_ADDR": hosts_made.address(host_of_rank[0]), "MASTER_PORT": 29400,
                          "LOCAL_RANK": mates.index(rank), "LOCAL_WORLD_SIZE": len(mates)}
    commands = [hosts_made.on(host, command) for host, command in zip(host_of_rank, commands, strict=True)]
    return World(size, body, bootstrap="environment", commands=commands, per_rank_env=per_rank, **kwargs)
