"""No packet for a pod, node, service or load balancer address ever leaves the machine."""

import ipaddress
import json
import subprocess

import pytest

from deploy import network
from tests.support.real_cluster import RealCluster

pytestmark = pytest.mark.docker


def samples(cidr: str) -> list[str]:
    """The edges and the middle of a range."""
    net = ipaddress.ip_network(cidr)
    return [str(net[i]) for i in (1, net.num_addresses // 2, net.num_addresses - 2)]


def device(address: str, netns: str = "") -> str:
    """The device a packet would leave by, '' if there is no way."""
    prefix = ["ip", "-n", netns] if netns else ["ip"]
    done = subprocess.run(
        [*prefix, "-j", "route", "get", address], capture_output=True, text=True, check=False
    )
    return str(json.loads(done.stdout)[0].get("dev", "")) if done.returncode == 0 else ""


def default_devices() -> set[str]:
    """Devices of the machine's default routes."""
    done = subprocess.run(
        ["ip", "-j", "route", "show", "default"], capture_output=True, text=True, check=True
    )
    return {str(route.get("dev", "")) for route in json.loads(done.stdout or "[]")}


def test_no_address_of_ours_routes_outside(real: RealCluster) -> None:
    settings = real.settings
    for cidr in network.ranges(settings):
        for address in samples(cidr):
            assert device(address) in ("", "lo", settings.network.bridge), address
            assert device(address) not in default_devices() or device(address) == ""


def test_a_node_has_no_way_out(real: RealCluster) -> None:
    for node in real.settings.nodes:
        for address in ("192.0.2.99", "203.0.113.7"):
            assert device(address, node.netns) == ""


def test_the_pins_outlive_the_routes(real: RealCluster) -> None:
    """With a node's own route gone, its pods' addresses are unreachable, not sent away."""
    settings = real.settings
    unknown = str(ipaddress.ip_network(settings.network.pod_range)[-2])
    assert device(unknown) == ""
    for node in settings.nodes:
        assert device(unknown, node.netns) == ""


def test_an_unknown_service_address_is_refused_at_once(real: RealCluster) -> None:
    import socket

    address = str(ipaddress.ip_network(real.settings.network.load_balancer_range)[-2])
    with socket.socket() as client:
        client.settimeout(2)
        with pytest.raises(ConnectionRefusedError):
            client.connect((address, 80))
