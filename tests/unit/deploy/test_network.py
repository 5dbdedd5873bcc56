"""deploy.network: what is pinned, as text (the real thing is in tests/e2e)."""

from deploy import network
from deploy.topology import Topology, build_settings

SETTINGS = build_settings(Topology(), "/data")


def test_every_range_is_pinned_in_every_namespace() -> None:
    plans = [network.root_lines(SETTINGS)]
    plans += [network.node_lines(SETTINGS, node) for node in SETTINGS.nodes]
    for lines in plans:
        for cidr in network.ranges(SETTINGS):
            assert f"route replace unreachable {cidr} metric {network.PIN_METRIC}" in lines


def test_pins_come_before_any_address() -> None:
    for lines in (network.root_lines(SETTINGS), network.node_lines(SETTINGS, SETTINGS.nodes[0])):
        pinned = max(i for i, line in enumerate(lines) if "unreachable" in line)
        addressed = min(i for i, line in enumerate(lines) if line.startswith("addr"))
        assert pinned < addressed


def test_no_node_has_a_default_route() -> None:
    for node in SETTINGS.nodes:
        assert not any("default" in line for line in network.node_lines(SETTINGS, node))


def test_each_node_reaches_every_other() -> None:
    lines = network.node_lines(SETTINGS, SETTINGS.nodes[0])
    assert "route replace 10.244.2.0/24 via 10.245.0.2" in lines
    assert "route replace 10.244.3.0/24 via 10.245.0.3" in lines
    assert not any("10.244.1.0" in line for line in lines)


def test_interface_names_fit_the_kernel() -> None:
    for node in SETTINGS.nodes:
        assert len(network.uplink(node, SETTINGS)) <= 15


def test_unknown_service_addresses_are_refused_at_once() -> None:
    rules = network.pin_rules(SETTINGS)
    assert SETTINGS.network.load_balancer_range in rules
    assert SETTINGS.network.service_range in rules
    assert "reject" in rules
