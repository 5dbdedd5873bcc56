"""The choice of backends and endpoints."""

from actors import catalog
from deploy.topology import NODES_MAX, Topology, build_settings


def test_simulated_nodes_of_all_clusters_have_dns_ports_of_their_own() -> None:
    ports = [
        catalog.dns_endpoint(settings, node.name)
        for peer_port in (7443, 17443)
        for settings in [
            build_settings(
                Topology(runtime="memory", nodes=NODES_MAX, peer_port=peer_port), "/nowhere"
            )
        ]
        for node in settings.nodes
    ]
    assert len(set(ports)) == 2 * NODES_MAX


def test_dns_and_message_ports_of_simulated_nodes_are_apart() -> None:
    settings = build_settings(Topology(runtime="memory", nodes=NODES_MAX), "/nowhere")
    messages = {item.peer_address for item in settings.processes()}
    assert not messages & {
        "{}:{}".format(*catalog.dns_endpoint(settings, node.name)) for node in settings.nodes
    }


def test_there_are_ports_for_all_nodes() -> None:
    assert catalog.DNS_PORT_OFFSET_MEMORY == NODES_MAX, "deploy.topology.check counts on it"
