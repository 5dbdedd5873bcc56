"""Which packets wait because zones are apart, as text for the packet filter (tests/e2e has it)."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from cluster.settings import ClusterSettings
from deploy.chaos.holding.line import Hold
from deploy.distances import ways
from deploy.topology import Topology, build_settings


def made(rtt: dict[str, float | str], nodes: int = 3, runtime: str = "docker") -> ClusterSettings:
    """Zones a, b and c, dealt out in turn."""
    return build_settings(Topology(nodes=nodes, rtt=rtt, runtime=runtime), "/data")


def space(node: int) -> str:
    """Path of a node's namespace."""
    return f"/run/netns/steersman-node-{node}"


def test_packets_wait_where_they_are_received_half_of_a_round_trip() -> None:
    found = ways.of(made({"a-b": "40ms"}))
    assert sorted(found) == ["", space(1), space(2)], "zone c is apart from none"
    hold = Hold(space(2), 0.02)
    assert found[space(2)] == (
        # From a replica only to pods: to the node itself it sends messages alone.
        ways.Way(hold, ("10.245.0.241",), ("10.244.2.0/24",)),
        ways.Way(hold, ("10.245.0.1", "10.244.1.0/24"), ("10.245.0.2", "10.244.2.0/24")),
    )
    assert found[""] == (
        ways.Way(Hold("", 0.02), ("10.244.1.0/24",), ("10.245.0.242",)),
        ways.Way(Hold("", 0.02), ("10.244.2.0/24",), ("10.245.0.241",)),
    )


def test_each_pair_of_zones_has_its_own_time_and_senders_of_one_share_a_rule() -> None:
    found = ways.of(made({"a-b": "40ms", "c-a": "10ms"}, nodes=6))
    assert ways.holds(found[space(1)]) == (Hold(space(1), 0.02), Hold(space(1), 0.005))
    assert [(way.hold.seconds, way.sources) for way in found[space(1)][2:]] == [
        (0.02, ("10.245.0.2", "10.244.2.0/24", "10.245.0.5", "10.244.5.0/24")),
        (0.005, ("10.245.0.3", "10.244.3.0/24", "10.245.0.6", "10.244.6.0/24")),
    ]
    assert ways.holds(found[space(2)]) == (Hold(space(2), 0.02),)


def test_nothing_waits_where_nothing_is_apart_or_nodes_have_no_network() -> None:
    assert ways.of(made({})) == ways.of(made({"a-b": 0.0})) == {}
    assert ways.of(made({"a-b": "40ms"}, runtime="memory")) == {}


PAIRS = st.sampled_from(["a-b", "b-c", "a-c", "b-a", "c-a"])


@given(st.dictionaries(PAIRS, st.sampled_from([0.0, 0.01, 0.04])), st.integers(0, 7))
def test_packets_are_as_late_as_messages(rtt: dict[str, float | str], nodes: int) -> None:
    settings = made(rtt, nodes)
    late = {
        (source, target): way.hold.seconds
        for places in ways.of(settings).values()
        for way in places
        for source in way.sources
        for target in way.targets
    }
    for sender in settings.nodes:
        distances = settings.distances(sender.name)
        for peer in settings.nodes:
            wanted = distances.get(peer.name) or None
            assert late.get((sender.pod_cidr, peer.pod_cidr)) == wanted
            assert late.get((sender.address, peer.pod_cidr)) == wanted
        for replica in settings.replicas:
            address = replica.peer_address.rpartition(":")[0]
            wanted = distances.get(replica.name) or None
            assert late.get((sender.pod_cidr, address)) == wanted
            wanted = settings.distances(replica.name).get(sender.name) or None
            assert late.get((address, sender.pod_cidr)) == wanted
            assert (sender.address, address) not in late, "messages alone pass there"


def test_rules_take_the_place_of_others_and_the_table_stays() -> None:
    settings = made({"a-b": "40ms"})
    wanted = ways.of(settings)[space(2)]
    lines = [
        line.strip() for line in ways.script(settings, wanted, ways.holds(wanted)).splitlines()
    ]
    assert not [line for line in lines if line.startswith("delete")]
    assert lines.index("chain wait20000 { }") < lines.index("flush chain ip steersman_distances in")
    assert "flush chain ip steersman_distances wait20000" in lines
    assert "type filter hook prerouting priority -310; policy accept;" in lines
    accepts = [i for i, line in enumerate(lines) if line.endswith("tcp dport 7443 accept")]
    jumps = [i for i, line in enumerate(lines) if line.endswith("jump wait20000")]
    assert len(accepts) == 1
    assert len(jumps) == 2
    assert accepts[0] < min(jumps)
    # What waits in a queue already goes on doing so.
    assert "flush chain ip steersman_distances wait20000" not in ways.script(settings, wanted, ())


def test_tables_are_swept_away_with_the_network_of_their_cluster() -> None:
    named = msgspec.structs.replace(made({}), name="my-own")
    assert ways.table(named) == "my_own_distances"
