"""Connections that come and go, requests and watches: memory and descriptors stay as they were."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from cluster.settings import ClusterSettings
from deploy import administrator, processes
from deploy.client import Client
from tests.chaos.observe import eventually
from tests.chaos.writers import NAMESPACE
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]
REQUESTS = int(os.environ.get("STEERSMAN_CHAOS_REQUESTS", "300"))
WATCHES = REQUESTS // 10
TOLERANCE = 1.10


def usage(settings: ClusterSettings) -> dict[str, tuple[int, int]]:
    """Resident KiB and open descriptors of each replica."""
    found = {}
    for replica in settings.replicas:
        process = processes.find(settings, replica.name)
        assert process is not None
        with open(f"/proc/{process.pid}/statm", encoding="ascii") as file:
            pages = int(file.read().split()[1])
        descriptors = len(os.listdir(f"/proc/{process.pid}/fd"))
        found[replica.name] = (pages * os.sysconf("SC_PAGE_SIZE") // 1024, descriptors)
    return found


def request(client: Client) -> None:
    """One, with a connection of its own."""
    client.call("GET", NAMESPACE + "?limit=5")


def watch(client: Client) -> None:
    """Open one and go away."""
    connection, response = client.open("GET", NAMESPACE + "?watch=1&timeoutSeconds=30")
    response.readline(0)
    connection.close()


def burden(clients: list[Client], requests: int, watches: int) -> None:
    with ThreadPoolExecutor(4) as pool:
        for number in range(requests):
            pool.submit(request, clients[number % len(clients)])
        for number in range(watches):
            pool.submit(watch, clients[number % len(clients)])


def test_memory_and_descriptors_stay(simulated: RealCluster) -> None:
    settings = simulated.settings
    clients = [administrator.client(settings, r.api_addresses[-1]) for r in settings.replicas]
    burden(clients, REQUESTS // 3, WATCHES // 3)
    before = usage(settings)
    burden(clients, REQUESTS, WATCHES)

    def back() -> bool:
        return all(usage(settings)[name][1] <= before[name][1] * TOLERANCE for name in before)

    eventually(back, f"descriptors are given back: {before}, {usage(settings)}", 20)
    after = usage(settings)
    print(f"\n{REQUESTS} requests and {WATCHES} watches, a connection each (KiB, descriptors):")
    for name, (memory, descriptors) in before.items():
        print(f"  {name}: {memory} -> {after[name][0]}, {descriptors} -> {after[name][1]}")
    for name, (memory, _) in before.items():
        assert after[name][0] <= memory * TOLERANCE, f"{name} grew"
