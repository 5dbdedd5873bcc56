"""A whole cluster whose state is in an external etcd: its leaders are killed, then etcd itself."""

import statistics
import time
from collections.abc import Iterator
from functools import partial

import pytest

from actors.store.engines.etcd.upkeep import count_keys
from deploy import administrator, processes
from tests.chaos import workloads
from tests.chaos.conftest import free_number
from tests.chaos.observe import eventually, resumed, stored
from tests.chaos.readers import stale, start_readers, stop_readers
from tests.chaos.writers import Writer, disordered, lost, start_writers, stop
from tests.support.etcd import Etcd
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(180)]
ROUNDS = 2
GAP_MEDIAN_SECONDS = 2.0


@pytest.fixture(scope="module")
def server() -> Iterator[Etcd]:
    etcd = Etcd().start()
    yield etcd
    etcd.close()


@pytest.fixture(scope="module")
def on_etcd(server: Etcd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCluster]:
    folder = str(tmp_path_factory.mktemp("on-etcd"))
    cluster = RealCluster(folder, "on-etcd", number=free_number(), nodes=1, runtime="memory")
    try:
        print(cluster.up("--no-demo", "--store", f"etcd={server.url}"))
        yield cluster
    finally:
        cluster.down()
    assert count_keys(server.url, cluster.name) == 0, "down leaves nothing in etcd"


@pytest.fixture
def writers(on_etcd: RealCluster) -> Iterator[list[Writer]]:
    started = start_writers(on_etcd.settings)
    yield started
    stop(started)


def led_by_another(cluster: RealCluster, old: str) -> bool:
    return cluster.leader() != old


def test_leaders_and_etcd_killed_under_load(
    server: Etcd, on_etcd: RealCluster, writers: list[Writer]
) -> None:
    settings = on_etcd.settings
    api = administrator.client(settings)
    readers = start_readers(settings)
    gaps, elections = [], []
    for number in range(ROUNDS):
        time.sleep(0.5)
        eventually(partial(led_by_another, on_etcd, ""), "somebody leads", 20)
        leader = on_etcd.leader()
        assert processes.kill(settings, leader) is not None
        moment = time.monotonic()
        gaps.append(resumed(writers, moment))
        # Work for the controllers of the next leader.
        workloads.deploy(api, "app", 2 + number)
        eventually(partial(led_by_another, on_etcd, leader), "another leads", 20)
        elections.append(time.monotonic() - moment)
        on_etcd.do("replica", "start", leader)
    server.kill()
    time.sleep(0.5)
    server.start()
    gap = resumed(writers, time.monotonic())
    eventually(lambda: len(workloads.ready(api, "app")) == 1 + ROUNDS, "all pods run", 40)
    stop_readers(readers)
    stop(writers)
    total = sum(len(writer.acknowledged) for writer in writers)
    print(
        f"\n{ROUNDS} leader kills on etcd: {total} writes acknowledged, "
        f"{sum(writer.errors for writer in writers)} tries failed; writes resumed after "
        f"{statistics.median(gaps) * 1000:.0f} ms (median), {max(gaps) * 1000:.0f} ms (most); "
        f"another replica led after {statistics.median(elections):.1f} s (median); etcd killed: "
        f"writes {gap * 1000:.0f} ms after it was back"
    )
    assert lost(writers, stored(settings)) == []
    assert disordered(writers) == []
    assert stale(readers, writers) == []
    assert statistics.median(gaps) <= GAP_MEDIAN_SECONDS
