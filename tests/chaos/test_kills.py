"""Kill the leader again and again, then a zone: nothing acknowledged is lost."""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from actors.kubelet import labels
from deploy import demo, processes
from deploy.client import ApiError, Unreachable
from deploy.commands.replica import store_status
from tests.chaos.writers import NAMESPACE, Writer, disordered, gap_after, lost
from tests.support import docker
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.docker, pytest.mark.chaos, pytest.mark.timeout(600)]
ROUNDS = int(os.environ.get("STEERSMAN_CHAOS_ROUNDS", "6"))
GAP_MEDIAN_SECONDS = 2.0


@pytest.fixture(scope="module")
def real(docker_socket: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCluster]:
    cluster = RealCluster(str(tmp_path_factory.mktemp("chaos")), "chaos", number=1)
    try:
        print(cluster.up())
        yield cluster
    finally:
        cluster.down()


@pytest.fixture
def writers(real: RealCluster) -> Iterator[list[Writer]]:
    clients = [demo.client(real.settings, r.api_addresses[-1]) for r in real.settings.replicas]
    started = [Writer(clients, number) for number in range(6)]
    for writer in started:
        writer.start()
    yield started
    stop(started)


def stop(writers: list[Writer]) -> None:
    for writer in writers:
        writer.halt.set()
    for writer in writers:
        writer.join(30)


def eventually(check: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            if check():
                return
        except (Unreachable, ApiError, AssertionError):
            pass
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.05)


def stored(real: RealCluster) -> dict[str, str]:
    items = demo.client(real.settings).call("GET", NAMESPACE + "?labelSelector=chaos")["items"]
    return {item["metadata"]["name"]: item["data"]["value"] for item in items}


def running(real: RealCluster) -> set[str]:
    """Ids of the cluster's running containers."""
    return set(docker.running(f"{labels.CLUSTER}={real.name}"))


def caught_up(real: RealCluster) -> bool:
    """All replicas have applied the same revision."""
    found = [store_status(real.settings, replica.name) for replica in real.settings.replicas]
    return all(found) and len({status["revision"] for status in found}) == 1


def pods(real: RealCluster, app: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = demo.client(real.settings).call(
        "GET", f"/api/v1/namespaces/default/pods?labelSelector=app%3D{app}"
    )["items"]
    return items


def test_leaders_killed_under_load(real: RealCluster, writers: list[Writer]) -> None:
    before = running(real)
    gaps = []
    for _ in range(ROUNDS):
        time.sleep(1.0)
        leader = real.leader()
        assert processes.kill(real.settings, leader) is not None
        moment = time.monotonic()
        eventually(lambda at=moment: gap_after(writers, at) < 1e9, "a write after the kill", 30)
        gaps.append(gap_after(writers, moment))
        real.do("replica", "start", leader)
    time.sleep(0.5)
    stop(writers)
    eventually(lambda: caught_up(real), "all replicas at one revision")
    total = sum(len(writer.acknowledged) for writer in writers)
    print(
        f"\n{ROUNDS} leader kills: {total} writes acknowledged, "
        f"{sum(writer.errors for writer in writers)} tries failed; writes resumed after "
        f"{statistics.median(gaps) * 1000:.0f} ms (median), {max(gaps) * 1000:.0f} ms (most)"
    )
    assert lost(writers, stored(real)) == []
    assert disordered(writers) == []
    assert running(real) == before, "containers were touched"
    assert statistics.median(gaps) <= GAP_MEDIAN_SECONDS


def test_a_zone_killed_under_load(real: RealCluster, writers: list[Writer]) -> None:
    settings = real.settings
    leader = real.leader()
    zone = settings.zone_of(leader)
    node = next(item.name for item in settings.nodes if item.zone == zone)
    time.sleep(1.0)
    processes.kill(settings, leader)
    processes.kill(settings, node)
    real.partition(node, cut=True)
    moment = time.monotonic()
    eventually(lambda: gap_after(writers, moment) < 1e9, "a write after the kill", 30)

    def replaced() -> bool:
        alive = [
            pod
            for pod in pods(real, "web")
            if pod["spec"].get("nodeName") != node
            and not pod["metadata"].get("deletionTimestamp")
            and demo.condition(pod, "Ready")
        ]
        return len(alive) >= 3

    eventually(replaced, "the dead node's pods run elsewhere", 90)
    moved = time.monotonic() - moment
    real.partition(node, cut=False)
    real.do("replica", "start", leader)
    real.do("node", "start", node)
    time.sleep(1.0)
    stop(writers)
    eventually(lambda: caught_up(real), "all replicas at one revision")
    print(
        f"\nzone {zone} killed: writes resumed after {gap_after(writers, moment) * 1000:.0f} ms, "
        f"pods ready elsewhere after {moved:.1f} s"
    )
    assert lost(writers, stored(real)) == []
    assert disordered(writers) == []

    def tidy() -> bool:
        alive = [pod for pod in pods(real, "web") if not pod["metadata"].get("deletionTimestamp")]
        return len(alive) == 3 and all(demo.condition(pod, "Ready") for pod in alive)

    eventually(tidy, "three web pods, all ready, once the node is back")
