"""Silence between processes of one machine: packets of chosen sockets are dropped, by nftables.

Processes with simulated containers all live on 127.0.0.1, so what belongs to one of them is told by
its sockets' ports. Needs root.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from cluster.settings import ClusterSettings
from deploy import processes

TABLE = "steersman-chaos"


@contextmanager
def isolated(settings: ClusterSettings, name: str) -> Iterator[None]:
    """Nobody hears the process, it hears nobody, and nothing tells them so. Clients still reach it.

    Meanwhile no process of the cluster can connect anew to another: those cut off would try.
    """
    process = processes.find(settings, name)
    assert process is not None
    own = port(settings.peer_addresses()[name])
    peers = {port(address) for address in settings.peer_addresses().values()}
    cut = {own} | {local for local, remote in connections(process.pid) if remote in peers - {own}}
    rules = f"""
    table ip {TABLE} {{
      set cut {{ type inet_service; elements = {{ {listed(cut)} }}; }}
      set peers {{ type inet_service; elements = {{ {listed(peers)} }}; }}
      chain input {{
        type filter hook input priority -300; policy accept;
        iifname "lo" tcp sport @cut counter drop
        iifname "lo" tcp dport @cut counter drop
        iifname "lo" tcp dport @peers tcp flags & (syn | ack) == syn counter drop
      }}
    }}
    """
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
    try:
        yield
    finally:
        subprocess.run(["nft", "delete", "table", "ip", TABLE], check=True)


def port(address: str) -> int:
    """Of "host:port"."""
    return int(address.rpartition(":")[2])


def listed(ports: set[int]) -> str:
    """As nftables writes a set's elements."""
    return ", ".join(str(number) for number in sorted(ports))


def connections(pid: int) -> list[tuple[int, int]]:
    """(local, remote) ports of the process's established TCP connections. Source: proc(5)."""
    inodes = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{name}")
        except FileNotFoundError:
            continue  # closed meanwhile
        found = re.fullmatch(r"socket:\[(\d+)\]", target)
        if found:
            inodes.add(found[1])
    pairs = []
    with open(f"/proc/{pid}/net/tcp", encoding="ascii") as file:
        for line in list(file)[1:]:
            fields = line.split()
            if fields[9] in inodes and fields[3] == "01":
                local, remote = (int(end.rpartition(":")[2], 16) for end in fields[1:3])
                pairs.append((local, remote))
    return pairs
