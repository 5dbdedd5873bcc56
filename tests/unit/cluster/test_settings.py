"""The shape of a cluster: what is wrong with it is found when it is read, and named."""

from typing import Any

import pytest

from cluster.settings import ClusterSettings, parse_settings


def raw(**changes: Any) -> dict[str, Any]:
    """Settings that are right, but for ``changes`` ("section__field" goes into a section)."""
    replica = {"zone": "a", "peer_address": "127.0.0.1:1", "api_addresses": ["127.0.0.1:2"]}
    node = {"name": "node-1", "zone": "b", "address": "10.245.0.1",
            "peer_address": "127.0.0.1:3", "pod_cidr": "10.244.1.0/24"}  # fmt: skip
    found: dict[str, Any] = {
        "name": "c", "data_dir": "/d", "replicas": [{"name": "replica-1", **replica}],
        "nodes": [node], "network": {}, "timing": {}, "store": {},
    }  # fmt: skip
    for key, value in changes.items():
        section, _, field = key.rpartition("__")
        (found[section] if section else found)[field] = value
    return found


def test_a_cluster_is_read_and_found_by_name() -> None:
    settings = parse_settings(raw())
    assert isinstance(settings, ClusterSettings)
    assert [item.name for item in settings.processes()] == ["replica-1", "node-1"]
    assert settings.zone_of("node-1") == "b" and settings.zone_of("nobody") == ""
    assert settings.peer_addresses() == {"replica-1": "127.0.0.1:1", "node-1": "127.0.0.1:3"}
    with pytest.raises(KeyError, match="'node-2' is not one of: node-1"):
        settings.node("node-2")


def test_distances_are_half_of_the_round_trip_whichever_zone_is_named_first() -> None:
    for key in ("a-b", "b-a"):
        settings = parse_settings(raw(rtt={key: 0.04}))
        assert settings.distances("replica-1") == {"node-1": 0.02}
        assert settings.distances("node-1") == {"replica-1": 0.02}
    assert parse_settings(raw(rtt={"a-a": 0.04})).distances("replica-1") == {}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"replicas": []}, "replicas must be 1 to 9"),
        ({"rtt": {"a-b": 0.2}}, "must lie below election_min"),
        ({"rtt": {"a-b": -0.1}}, "must lie below election_min"),
        ({"replicas": 3}, r"\$\.replicas"),
        ({"nodes": raw()["nodes"] * 2}, "names must be unique"),
        ({"runtime": "podman"}, r"\$\.runtime"),
        ({"store__snapshot_entries": 0}, "snapshot_entries"),
        ({"store__segment_bytes": 1000}, "segment_bytes"),
        ({"timing__heartbeat": 0.5}, "3 heartbeats must fit into election_min"),
        ({"timing__heartbeat": 0}, "3 heartbeats"),
        ({"timing__election_max": 0.36}, "below election_max"),
        ({"timing__node_lease_renew": 15.0}, "node_lease_renew must lie below"),
        ({"timing__node_grace": 14.0}, "not above node_grace"),
        ({"timing__toleration": -1}, "toleration"),
        ({"network__pod_range": "10.244.0.0/33"}, "pod_range: "),
        ({"network__pod_range": "fd00::/64"}, "pod_range: "),
        ({"network__pod_range": "10.96.128.0/17"}, "pod_range and service_range overlap"),
        ({"network__dns_address": "10.97.0.10"}, "dns_address must lie in service_range"),
        ({"network__dns_address": "ten"}, "dns_address: "),
        ({"network__kubernetes_address": "10.0.0.1"}, "kubernetes_address must lie in"),
        ({"network__kubernetes_address": "10.96.0.10"}, "must differ"),
        ({"network__node_port_min": 40000}, "no range of ports"),
        ({"network__node_port_max": 70000}, "no range of ports"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_settings(raw(**changes))
