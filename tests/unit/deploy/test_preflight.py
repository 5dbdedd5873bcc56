"""deploy.preflight: what must be free, as far as no root is needed to know."""

import socket

import pytest

from deploy import preflight
from deploy.topology import Topology, build_settings

DOCKER = build_settings(Topology(), "/data")
MEMORY = build_settings(Topology(runtime="memory"), "/data")


def test_only_what_does_not_run_needs_its_ports() -> None:
    uses = [use for use, _ in preflight.ports(MEMORY, set())]
    assert "HTTPS of all replicas" in uses
    assert "messages of node-3" in uses
    left = [use for use, _ in preflight.ports(MEMORY, {"replica-1", "node-3"})]
    assert "HTTPS of replica-1" not in left
    assert "HTTPS of all replicas" not in left
    assert "messages of node-3" not in left
    assert "HTTPS of replica-2" in left


def test_addresses_on_our_own_bridge_are_not_looked_at() -> None:
    assert {address.rpartition(":")[0] for _, address in preflight.ports(DOCKER, set())} == {
        "127.0.0.1"
    }


def test_a_port_is_taken_while_somebody_listens() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        assert preflight.taken(address) == "is in use"
    assert preflight.taken(address) == ""
    assert preflight.taken("127.0.0.1:70000") == "is no port"


@pytest.mark.parametrize(
    ("route", "word"),
    [
        ({"dst": "10.244.7.0/24", "dev": "tun0"}, "pod_range 10.244.0.0/16 overlaps .* by tun0"),
        ({"dst": "10.0.0.0/8", "dev": "tun0"}, "overlaps"),
        ({"dst": "10.96.0.10", "dev": "eth0"}, "service_range"),
        ({"type": "unreachable", "dst": "10.96.0.0/12"}, "service_range"),
    ],
)
def test_a_range_must_not_overlap_a_route(route: dict[str, object], word: str) -> None:
    with pytest.raises(preflight.NotFree, match=word):
        preflight.check_ranges(DOCKER, [route])


@pytest.mark.parametrize(
    "route",
    [
        {"dst": "default", "dev": "eth0"},
        {"dst": "192.0.2.0/24", "dev": "eth0"},
        {"dst": "10.244.1.0/24", "dev": "steersman0"},
        {"type": "unreachable", "dst": "10.244.0.0/16"},
        {"dst": "fd00::/64", "dev": "eth0"},
    ],
)
def test_its_own_routes_and_those_elsewhere_are_fine(route: dict[str, object]) -> None:
    preflight.check_ranges(DOCKER, [route])


def test_the_advice_for_an_ordinary_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    preflight.check_root("memory")
    with pytest.raises(preflight.NotFree, match=r"sudo ./deploy/up, or .* --runtime memory"):
        preflight.check_root("docker")
