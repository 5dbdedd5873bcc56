"""Facts of the cloud on Nodes."""

from actors.cloud.nodes import address_patch, initialized, internal_address, takes_traffic
from actors.cloud.provider import Address, Instance
from tests.unit.actors.cloud.samples import fresh_node, ready_node

INSTANCE = Instance(
    "local://c/n1",
    "local.2c8g",
    "a",
    "local",
    (Address("InternalIP", "10.245.0.1"), Address("Hostname", "n1")),
    {},
)


def test_a_fresh_node_is_initialized_once() -> None:
    found = initialized(fresh_node("n1"), INSTANCE)
    assert found is not None
    assert found["spec"]["providerID"] == "local://c/n1"
    assert [taint["key"] for taint in found["spec"]["taints"]] == ["other"]
    assert found["metadata"]["labels"] == {
        "node.kubernetes.io/instance-type": "local.2c8g",
        "topology.kubernetes.io/zone": "a",
        "topology.kubernetes.io/region": "local",
    }
    assert initialized(found, INSTANCE) is None


def test_a_provider_id_is_never_changed() -> None:
    node = ready_node("n1", "10.245.0.1")
    node["spec"]["providerID"] = "other://x"
    found = initialized(node, INSTANCE)
    assert found is not None and found["spec"]["providerID"] == "other://x"


def test_addresses_are_added_not_fought_over() -> None:
    patch = address_patch(fresh_node("n1"), INSTANCE)
    assert patch is not None
    assert [item["type"] for item in patch["status"]["addresses"]] == ["InternalIP", "Hostname"]
    node = ready_node("n1", "10.245.0.1")
    node["status"]["addresses"] += [
        {"type": "Hostname", "address": "n1"},
        {"type": "ExternalIP", "address": "192.0.2.1"},
    ]
    assert address_patch(node, INSTANCE) is None
    assert internal_address(node) == "10.245.0.1"
    assert internal_address(fresh_node("n1")) == ""


def test_which_nodes_take_traffic() -> None:
    assert takes_traffic(ready_node("n1", "10.245.0.1"))
    assert not takes_traffic(ready_node("n1", "10.245.0.1", ready=False))
    assert not takes_traffic(fresh_node("n1"))
    excluded = {"node.kubernetes.io/exclude-from-external-load-balancers": ""}
    assert not takes_traffic(ready_node("n1", "10.245.0.1", labels=excluded))
    assert not takes_traffic(ready_node("n1", "10.245.0.1", deletionTimestamp="x"))
