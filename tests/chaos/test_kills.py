"""Kill the leader again and again, then a zone: nothing acknowledged is lost."""

import os
import statistics
import time
from collections.abc import Iterator
from typing import Any

import pytest

from actors.kubelet import labels
from deploy import administrator, demo, processes
from tests.chaos.observe import eventually, resumed, settle, stored
from tests.chaos.writers import Writer, disordered, lost, start_writers, stop
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
    started = start_writers(real.settings)
    yield started
    stop(started)


def running(real: RealCluster) -> set[str]:
    """Ids of the cluster's running containers."""
    return set(docker.running(f"{labels.CLUSTER}={real.name}"))


def pods(real: RealCluster, app: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = administrator.client(real.settings).call(
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
        gaps.append(resumed(writers, moment))
        real.do("replica", "start", leader)
    time.sleep(0.5)
    stop(writers)
    settle(real.settings)
    total = sum(len(writer.acknowledged) for writer in writers)
    print(
        f"\n{ROUNDS} leader kills: {total} writes acknowledged, "
        f"{sum(writer.errors for writer in writers)} tries failed; writes resumed after "
        f"{statistics.median(gaps) * 1000:.0f} ms (median), {max(gaps) * 1000:.0f} ms (most)"
    )
    assert lost(writers, stored(real.settings)) == []
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
    gap = resumed(writers, moment)

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
    settle(real.settings)
    print(
        f"\nzone {zone} killed: writes resumed after {gap * 1000:.0f} ms, "
        f"pods ready elsewhere after {moved:.1f} s"
    )
    assert lost(writers, stored(real.settings)) == []
    assert disordered(writers) == []

    def tidy() -> bool:
        alive = [pod for pod in pods(real, "web") if not pod["metadata"].get("deletionTimestamp")]
        return len(alive) == 3 and all(demo.condition(pod, "Ready") for pod in alive)

    eventually(tidy, "three web pods, all ready, once the node is back")
