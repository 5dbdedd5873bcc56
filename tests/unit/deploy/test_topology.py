"""deploy.topology: from choices to settings."""

import pytest

from deploy.topology import Topology, build_settings, node, parse_topology


def test_replicas_and_nodes_are_dealt_to_the_zones_in_turn() -> None:
    settings = build_settings(Topology(replicas=5, nodes=4), "/data")
    assert [replica.zone for replica in settings.replicas] == ["a", "b", "c", "a", "b"]
    assert [item.zone for item in settings.nodes] == ["a", "b", "c", "a"]


def test_every_address_is_unique() -> None:
    settings = build_settings(Topology(replicas=5, nodes=9), "/data")
    addresses = list(settings.peer_addresses().values())
    apis = [address for replica in settings.replicas for address in replica.api_addresses]
    assert len(set(addresses)) == len(addresses) == 14
    assert len(set(apis)) == len(apis)
    assert settings.network.shared_api not in apis
    cidrs = [item.pod_cidr for item in settings.nodes]
    assert len(set(cidrs)) == len(cidrs)


def test_the_memory_runtime_stays_on_loopback() -> None:
    settings = build_settings(Topology(runtime="memory"), "/data")
    peers = settings.peer_addresses().values()
    assert all(address.startswith("127.0.0.1:") for address in peers)
    assert len(set(peers)) == 6
    assert not any(item.netns for item in settings.nodes)
    assert settings.network.packet_filter == "memory"


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        ({"replicas": "three"}, "replicas"),
        ({"replica": 3}, "replica"),
        ({"network": 4}, "network"),
    ],
)
def test_a_wrong_file_is_named_by_field(raw: dict[str, object], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        parse_topology(raw)


@pytest.mark.parametrize(
    ("topology", "word"),
    [
        (Topology(replicas=2), "replicas"),
        (Topology(zones=()), "zones"),
        (Topology(nodes=-1), "nodes"),
        (Topology(name="a b"), "name"),
        (Topology(runtime="podman"), "runtime"),
        (Topology(network={"pod_range": "10.96.0.0/12"}), "overlap"),
        (Topology(network={"dns_address": "10.1.1.1"}), "dns_address"),
        (Topology(store={"snapshot_entries": 0}), "snapshot_entries"),
        (Topology(store={"snapshots": 1}), "store has no snapshots"),
    ],
)
def test_impossible_choices_are_refused(topology: Topology, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        build_settings(topology, "/data")


def test_a_node_added_later_gets_the_next_range() -> None:
    settings = build_settings(Topology(nodes=3), "/data")
    added = node(Topology(nodes=3), settings.network, 4, "c")
    assert added.zone == "c"
    assert added.pod_cidr == "10.244.4.0/24"
    assert added.address == "10.245.0.4"


def test_round_trips_are_told_as_people_write_them() -> None:
    made = build_settings(parse_topology({"rtt": {"a-b": "40ms", "b-c": 0.01}}), "/d")
    assert made.rtt == {"a-b": 0.04, "b-c": 0.01}
    with pytest.raises(ValueError, match="topology: rtt: a-b: 'soon' is no duration"):
        build_settings(parse_topology({"rtt": {"a-b": "soon"}}), "/d")
    with pytest.raises(ValueError, match="rtt: 'a-d' names no two zones of: a, b, c"):
        build_settings(parse_topology({"rtt": {"a-d": "40ms"}}), "/d")


def test_zones_are_apart_whether_or_not_anybody_is_in_them() -> None:
    asked = {"replicas": 1, "nodes": 1, "rtt": {"a-b": "40ms"}}
    assert build_settings(parse_topology(asked), "/d").rtt == {"a-b": 0.04}
