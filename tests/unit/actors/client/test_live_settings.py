"""The list of API servers changes under who holds it."""

import msgspec

from actors.client.live_settings import LiveSettings
from cluster.settings import ClusterSettings, NodeSettings, ReplicaSettings

REPLICAS = tuple(
    ReplicaSettings(f"replica-{number}", zone, f"h:{number}", (f"h:1{number}",))
    for number, zone in ((1, "a"), (2, "b"), (3, "b"))
)
NODE = NodeSettings("node-1", "b", "10.0.0.1", "10.0.0.1:1", "10.1.1.0/24")
SETTINGS = ClusterSettings("test", "/nowhere", REPLICAS, (NODE,))


def test_the_own_server_comes_first_then_those_of_the_zone() -> None:
    assert list(LiveSettings(SETTINGS, "replica-3").servers) == [
        "apiserver@replica-3",
        "apiserver@replica-2",
        "apiserver@replica-1",
    ]
    assert list(LiveSettings(SETTINGS, "node-1").servers) == [
        "apiserver@replica-2",
        "apiserver@replica-3",
        "apiserver@replica-1",
    ]


def test_who_holds_the_servers_sees_the_change() -> None:
    live = LiveSettings(SETTINGS, "node-1")
    servers = live.servers
    live.change(msgspec.structs.replace(SETTINGS, replicas=REPLICAS[:1]))
    assert list(servers) == ["apiserver@replica-1"]
    assert len(servers) == 1 and servers[0] == "apiserver@replica-1"
    assert live.now.replicas == REPLICAS[:1]
