"""Replicas that come, go, move, lose their disks or their quorum, and snapshots: on real processes
with simulated containers.

The tests build on each other's cluster, in the order in which they stand here.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cluster.messages.store import MembershipStatus
from cluster.settings import ClusterSettings
from deploy import administrator, demo, processes, replica_data, state
from deploy.client import ApiError, Unreachable
from deploy.commands.replica import store_status
from deploy.store_door import StoreDoor, leader, voters
from tests.chaos.conftest import MORE, free_number
from tests.chaos.writers import put
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.chaos, pytest.mark.unhurried, pytest.mark.timeout(240)]
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
# A write that is tried again until it is acknowledged must not take longer: an election takes 1.4 s
# at most, on a machine that has time for it.
WRITE_SECONDS_MAX = 10.0


class Writer(threading.Thread):
    """Sets one object after another by the address that all replicas share. ``acknowledged``: the
    last value of each; ``waits``: (begin, seconds) of each write."""

    def __init__(self, settings: ClusterSettings, number: int) -> None:
        super().__init__(daemon=True)
        self.client = administrator.client(settings)
        self.number = number
        self.acknowledged: dict[str, str] = {}
        self.waits: list[tuple[float, float]] = []
        self.repeated = 0
        self.halt = threading.Event()

    def run(self) -> None:
        step = 0
        while not self.halt.is_set():
            step += 1
            name = f"ops-{self.number}-{time.monotonic_ns() // 10**9}-{step // 4}"
            begin = time.monotonic()
            while True:
                try:
                    put(self.client, name, str(step))
                    break
                except (Unreachable, ApiError):
                    # Unknown, or not done: setting the same value again is the same write.
                    self.repeated += 1
            self.waits.append((begin, time.monotonic() - begin))
            self.acknowledged[name] = str(step)
            time.sleep(0.02)


@contextmanager
def writing(cluster: RealCluster) -> Iterator[list[Writer]]:
    """Writers at work; at the end nothing acknowledged is lost, and none had to wait long."""
    writers = [Writer(cluster.settings, number) for number in range(3)]
    for writer in writers:
        writer.start()
    try:
        yield writers
    finally:
        for writer in writers:
            writer.halt.set()
        for writer in writers:
            writer.join(30)
    stored = objects(cluster)
    wanted = {name: value for one in writers for name, value in one.acknowledged.items()}
    assert wanted
    assert {name: stored.get(name) for name in wanted} == wanted
    longest = max(seconds for one in writers for _, seconds in one.waits)
    repeated = sum(one.repeated for one in writers)
    writes = sum(len(one.waits) for one in writers)
    print(f"{writes} writes, {repeated} repeated, the longest {longest * 1000:.0f} ms")
    assert longest < WRITE_SECONDS_MAX


def objects(cluster: RealCluster) -> dict[str, str]:
    """Values of all objects that writers made."""
    client = administrator.client(cluster.settings)
    listed = client.patiently(lambda: client.call("GET", CONFIG_MAPS), 20)["items"]
    return {
        item["metadata"]["name"]: item["data"]["value"]
        for item in listed
        if "chaos" in item["metadata"].get("labels", {})
    }


def eventually(check: Any, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.1)


def members(cluster: RealCluster) -> MembershipStatus:
    return StoreDoor(cluster.settings).members()


def alike(cluster: RealCluster) -> bool:
    """Whether all replicas have the same state."""
    names = [replica.name for replica in cluster.settings.replicas]
    statuses = [store_status(cluster.settings, name) for name in names]
    return len({(one.get("applied_index"), one.get("state_hash")) for one in statuses}) == 1


def whole(cluster: RealCluster, count: int) -> None:
    """So many replicas, all voters, and the nodes are at work."""
    names = sorted(replica.name for replica in cluster.settings.replicas)
    assert len(names) == count
    assert sorted(voters(members(cluster))) == names
    assert {replica.initial for replica in cluster.settings.replicas} == {"existing"}
    eventually(lambda: ready(cluster) == len(cluster.settings.nodes))


def ready(cluster: RealCluster) -> int:
    """Nodes that are Ready."""
    client = administrator.client(cluster.settings)
    nodes = client.patiently(lambda: client.call("GET", "/api/v1/nodes"), 20)["items"]
    return sum(demo.condition(node, "Ready") for node in nodes)


def served(cluster: RealCluster) -> list[str]:
    """Replicas in the ``kubernetes`` Service."""
    found = administrator.client(cluster.settings).call(
        "GET", "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
    )
    names = [item["metadata"]["name"] for item in found["items"]]
    return sorted(n.removeprefix("kubernetes-") for n in names if n.startswith("kubernetes-"))


@pytest.fixture(scope="module")
def ops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCluster]:
    """One replica, two nodes."""
    folder = str(tmp_path_factory.mktemp("ops"))
    cluster = RealCluster(
        folder, "ops", number=free_number(), replicas=1, nodes=2, runtime="memory", more=MORE
    )
    try:
        cluster.up("--no-demo")
        yield cluster
    finally:
        cluster.down()


def test_one_to_three_to_five_to_three_while_serving(ops: RealCluster) -> None:
    with writing(ops):
        for _ in range(4):
            ops.do("replica", "add")
        whole(ops, 5)
        # The first replica, which all began with, and whoever leads then.
        ops.do("replica", "remove", "replica-1")
        gone = leader(members(ops))
        ops.do("replica", "remove", gone)
        whole(ops, 3)
    eventually(lambda: alike(ops))
    names = sorted(replica.name for replica in ops.settings.replicas)
    assert not {"replica-1", gone} & set(names)
    eventually(lambda: served(ops) == names)
    assert not os.path.exists(replica_data.folder(ops.settings, "replica-1"))
    zones = sorted(replica.zone for replica in ops.settings.replicas)
    print(f"left: {', '.join(names)} in zones {', '.join(zones)}")
    # New pods still get scheduled, started, and told ready: nodes have found their way.
    assert "app running" in ops.up()


def test_transfer_hardly_pauses_writes(ops: RealCluster) -> None:
    gaps = []
    with writing(ops) as writers:
        time.sleep(0.5)
        for _ in range(3):
            to = next(name for name in voters(members(ops)) if name != leader(members(ops)))
            began = time.monotonic()
            assert f"{to} leads" in ops.do("replica", "transfer", to)
            waits = [wait for one in writers for at, wait in one.waits if at + wait > began]
            gaps.append(max(waits))
    usual = statistics.median(seconds for one in writers for _, seconds in one.waits)
    told = ", ".join(f"{gap * 1000:.0f} ms" for gap in gaps)
    print(f"longest write around a planned transfer: {told}; at the median {usual * 1000:.0f} ms")


def test_a_replica_that_lost_its_disk_is_rebuilt(ops: RealCluster) -> None:
    name = next(one for one in voters(members(ops)) if one != leader(members(ops)))
    with writing(ops):
        ops.do("replica", "kill", name)
        shutil.rmtree(replica_data.folder(ops.settings, name))
        refused = ops.steersman("replica", "start", name)
        assert refused.returncode == 1
        assert f"steersman replica rebuild {name}" in refused.stderr
        ops.do("replica", "rebuild", name)
    whole(ops, 3)
    eventually(lambda: alike(ops))


def test_a_replica_with_a_damaged_log_is_rebuilt(ops: RealCluster) -> None:
    name = next(one for one in voters(members(ops)) if one != leader(members(ops)))
    ops.do("replica", "kill", name)
    log = min(Path(replica_data.folder(ops.settings, name)).glob("raft/*/log-*"))
    with open(log, "r+b") as file:
        file.seek(5000)
        [byte] = file.read(1)
        file.seek(5000)
        file.write(bytes([byte ^ 1]))
    refused = ops.steersman("replica", "start", name)
    assert refused.returncode == 1
    assert str(log) in refused.stderr and "offset" in refused.stderr
    assert f"steersman replica rebuild {name}" in refused.stderr
    print(refused.stderr)
    ops.do("replica", "rebuild", name)
    whole(ops, 3)


def test_a_lost_quorum_is_recovered(ops: RealCluster) -> None:
    with writing(ops):
        time.sleep(0.5)
    eventually(lambda: alike(ops))
    before = objects(ops)
    first, second, left = (replica.name for replica in ops.settings.replicas)
    for name in (first, second):
        ops.do("replica", "kill", name)
        shutil.rmtree(replica_data.folder(ops.settings, name))
    print(ops.do("replica", "recover", "--yes"))
    whole(ops, 3)
    eventually(lambda: alike(ops))
    assert objects(ops) == before
    assert processes.find(ops.settings, left) is not None
    with writing(ops):
        time.sleep(0.5)


def test_every_address_may_change(ops: RealCluster) -> None:
    before = objects(ops)
    ops.down("--keep-data")
    settings = ops.settings
    moved = [
        msgspec.structs.replace(
            replica,
            peer_address=f"127.0.0.{10 + number}:{port(replica.peer_address) + 50}",
            api_addresses=(f"127.0.0.{10 + number}:{port(replica.api_addresses[0]) + 50}",),
        )
        for number, replica in enumerate(settings.replicas)
    ]
    nodes = [
        msgspec.structs.replace(node, peer_address=f"127.0.0.9:{port(node.peer_address) + 50}")
        for node in settings.nodes
    ]
    state.save_settings(
        msgspec.structs.replace(settings, replicas=tuple(moved), nodes=tuple(nodes))
    )
    ops.do("up", "--no-demo")
    whole(ops, 3)
    assert objects(ops) == before
    with writing(ops):
        time.sleep(0.5)


def port(address: str) -> int:
    return int(address.rpartition(":")[2])


def test_a_snapshot_is_restored_onto_another_number_of_replicas(
    ops: RealCluster, tmp_path: Path
) -> None:
    with writing(ops):
        file = str(tmp_path / "backup.snap")
        print(ops.do("snapshot", "save", file))
    words = [sys.executable, "-m", "deploy.cli", "snapshot", "inspect", file]
    print(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    before = objects(ops)
    client = administrator.client(ops.settings)
    last = int(client.call("GET", CONFIG_MAPS)["metadata"]["resourceVersion"])
    refused = ops.steersman("snapshot", "restore", file, "--replicas", "1", "--force")
    assert "runs: end it first" in refused.stderr
    ops.down("--keep-data")
    refused = ops.steersman("snapshot", "restore", file, "--replicas", "1")
    assert "--force" in refused.stderr
    print(ops.do("snapshot", "restore", file, "--replicas", "1", "--force"))
    ops.do("up", "--no-demo")
    whole(ops, 1)
    after = objects(ops)
    assert after and set(after) <= set(before), "as of some moment while they wrote"
    revision = int(client.call("GET", CONFIG_MAPS)["metadata"]["resourceVersion"])
    assert revision > last + 1_000_000
    # Who watched the old cluster is told to list anew, never that nothing has happened.
    query = f"?watch=1&resourceVersion={last}&timeoutSeconds=1"
    connection, response = client.open("GET", CONFIG_MAPS + query)
    event = json.loads(response.readline())
    connection.close()
    assert (event["type"], event["object"]["code"]) == ("ERROR", 410)
    ops.do("replica", "add")
    whole(ops, 2)
