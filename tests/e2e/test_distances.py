"""Zones that are apart, and faults on top, where nodes have networks and nothing runs on them.

Namespaces, packet filters and queues are real; that they follow a cluster: test_launcher.
"""

import itertools
import os
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from actors.kit.world.netns import in_namespace
from cluster.chaos import plan
from cluster.chaos.orders import Active, Order, View
from cluster.settings import ClusterSettings
from deploy import network, processes, state
from deploy.chaos import late, packets
from deploy.chaos.ledger import Entry, Ledger
from deploy.distances import keepers, ways
from deploy.distances.keeper import NAME
from deploy.topology import Topology, build_settings

pytestmark = [pytest.mark.docker, pytest.mark.timeout(60)]

TOPOLOGY = Topology(
    name="apart",
    nodes=4,
    rtt={"a-b": "40ms"},
    network={
        "pod_range": "10.205.0.0/16",
        "node_range": "10.206.0.0/24",
        "load_balancer_range": "10.206.1.0/24",
        "service_range": "10.207.0.0/16",
        "dns_address": "10.207.0.10",
        "kubernetes_address": "10.207.0.1",
        "bridge": "apartbr",
        "bridge_address": "10.206.0.254",
    },
)
PORT = 5353


@pytest.fixture(scope="module")
def settings(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ClusterSettings]:
    """Nodes 1 and 4 in zone a, 2 in b, 3 in c; a and b are apart."""
    if os.geteuid() != 0:
        pytest.fail("tests marked docker need root: sudo ./deploy/test, or -m 'not docker'")
    made = build_settings(TOPOLOGY, str(tmp_path_factory.mktemp("apart")))
    state.save(made, TOPOLOGY)
    try:
        network.up(made)
        assert keepers.ensure(made) == "packets of pods on 3 nodes too"
        yield made
    finally:
        keepers.end(made)
        network.down(made)


def space(settings: ClusterSettings, node: int) -> str:
    """Path of a node's namespace."""
    return f"/run/netns/{settings.node(f'node-{node}').netns}"


def round_trip(settings: ClusterSettings, one: int, other: int) -> float:
    """Milliseconds of the quickest of three between two nodes' namespaces."""
    address = settings.node(f"node-{other}").address

    def trip() -> float:
        return late.round_trip(address, 5.0) or 5.0

    return 1000 * min(in_namespace(space(settings, one), trip) for _ in range(3))


def broken(settings: ClusterSettings, order: Order) -> Entry:
    """As `steersman chaos` writes it down."""
    view = View(
        {replica.name: replica.zone for replica in settings.replicas},
        {node.name: node.zone for node in settings.nodes},
    )
    with Ledger(settings.data_dir).changing() as page:
        name = f"{order.verb}-{page.number}"
        page.number += 1
        sides = plan.who(order, view)
        active = Active(name, order, *sides, time.time())
        inner = plan.faults(order, name, sides)
        found = Entry(active, "standing", os.getpid(), 0, inner=inner)
        page.put(found)
    return found


class Stream:
    """Numbered datagrams from node 1 to node 2, one each millisecond, as long as
    the block lasts. ``came``: those that arrived, in order."""

    def __init__(self, settings: ClusterSettings) -> None:
        def made() -> socket.socket:
            return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

        self._to = (settings.node("node-2").address, PORT)
        self._out = in_namespace(space(settings, 1), made)
        self._in = in_namespace(space(settings, 2), made)
        self._in.bind(self._to)
        self._in.settimeout(1.0)
        self._over = threading.Event()
        self._threads = [threading.Thread(target=one) for one in (self._send, self._receive)]
        self.sent = 0
        self.came: list[int] = []

    def _send(self) -> None:
        for number in itertools.count():
            self._out.sendto(str(number).encode(), self._to)
            self.sent = number + 1
            if self._over.wait(0.001):
                return

    def _receive(self) -> None:
        while True:
            try:
                self.came.append(int(self._in.recv(64)))
            except TimeoutError:
                return

    def __enter__(self) -> "Stream":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *words: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._in.close()
        self._out.close()


def tables(settings: ClusterSettings) -> list[str]:
    """Of what zones are apart, in all namespaces."""
    spaces = [[], *(["nsenter", f"--net={space(settings, node)}"] for node in (1, 2, 3, 4))]
    listed = [network.run(*one, "nft", "list", "tables") for one in spaces]
    name = ways.table(settings)
    return [line for text in listed for line in text.splitlines() if line.endswith(name)]


def test_packets_are_late_between_zones_that_are_apart(settings: ClusterSettings) -> None:
    assert 40.0 <= round_trip(settings, 1, 2) < 80.0
    assert 40.0 <= round_trip(settings, 2, 4) < 80.0
    assert round_trip(settings, 1, 4) < 40.0, "in one zone"
    assert round_trip(settings, 1, 3) < 40.0, "no pair of --rtt"
    assert len(tables(settings)) == 4


def test_a_delay_adds_to_it_and_its_end_loses_nothing(settings: ClusterSettings) -> None:
    entry = broken(settings, Order("delay", "zone/a", "zone/b", amount=0.02))
    struck = late.strike(settings, entry)
    assert struck.doubt == ""
    assert "round trips of packets take up to" in struck.proof
    assert 80.0 <= round_trip(settings, 1, 2) < 160.0
    with Stream(settings) as stream:
        time.sleep(0.1)
        healed = late.mend(settings, entry, [])
        time.sleep(0.1)
    assert stream.sent > 100
    assert sorted(stream.came) == list(range(stream.sent))
    assert healed.doubt == ""
    assert "round trips of packets take at most" in healed.proof
    assert 40.0 <= round_trip(settings, 1, 2) < 80.0


def test_a_partition_is_proven_once_packets_have_come(settings: ClusterSettings) -> None:
    entry = broken(settings, Order("partition", "zone/a", "zone/b"))
    struck = packets.strike(settings, entry)
    assert struck.doubt == ""
    assert "node-1 to node-2" in struck.proof
    address = settings.node("node-2").address
    assert in_namespace(space(settings, 1), lambda: late.round_trip(address, 0.3)) is None
    assert late.mend(settings, entry, []).doubt == ""
    assert 40.0 <= round_trip(settings, 1, 2) < 80.0


def test_the_end_of_another_fault_drops_nothing_that_waits(settings: ClusterSettings) -> None:
    """Its rules are where packets of node 1 wait."""
    entry = broken(settings, Order("partition", "node/3", "node/2"))
    assert packets.strike(settings, entry).doubt == ""
    with Stream(settings) as stream:
        time.sleep(0.1)
        assert late.mend(settings, entry, []).doubt == ""
        time.sleep(0.1)
    assert stream.sent > 100
    assert sorted(stream.came) == list(range(stream.sent))
    assert 40.0 <= round_trip(settings, 1, 2) < 80.0


def test_who_keeps_them_apart_is_begun_anew_and_leaves_nothing(settings: ClusterSettings) -> None:
    assert processes.kill(settings, NAME) is not None
    assert round_trip(settings, 1, 2) < 40.0, "packets pass where nobody takes them"
    assert keepers.ensure(settings) == "packets of pods on 3 nodes too"
    assert 40.0 <= round_trip(settings, 1, 2) < 80.0
    keepers.end(settings)
    assert tables(settings) == []
    assert round_trip(settings, 1, 2) < 40.0
