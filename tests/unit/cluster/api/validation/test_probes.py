"""Probes and hooks."""

from typing import Any

import pytest

from cluster.api.status import Cause
from cluster.api.validation.probes import check_hook, check_probe, check_target_port

HTTP = {"path": "/", "port": 80, "scheme": "HTTP"}


def found(probe: dict[str, Any], once: bool = True) -> list[str]:
    causes: list[Cause] = []
    check_probe("p", probe, once, causes)
    return [cause.text() for cause in causes]


@pytest.mark.parametrize(
    "handler",
    [{"exec": {"command": ["x"]}}, {"httpGet": HTTP}, {"tcpSocket": {"port": "http"}},
     {"grpc": {"port": 1}}],
)  # fmt: skip
def test_right_ones(handler: dict[str, Any]) -> None:
    assert found(handler) == [] and found({**handler, "successThreshold": 3}, once=False) == []


@pytest.mark.parametrize(
    ("probe", "text"),
    [({"exec": {}}, "p.exec.command: Required value"),
     ({"httpGet": {**HTTP, "path": ""}}, "p.httpGet.path: Required value"),
     ({"httpGet": {**HTTP, "scheme": "FTP"}}, 'supported values: "HTTP", "HTTPS"'),
     ({"httpGet": {**HTTP, "httpHeaders": [{"name": "a b"}]}}, "httpHeaders: Invalid value"),
     ({"tcpSocket": {"port": "UP"}}, "p.tcpSocket.port: Invalid value"),
     ({"grpc": {}}, "p.grpc.port: Invalid value"),
     ({"grpc": {"port": 1}, "periodSeconds": -1}, "p.periodSeconds: Invalid value: -1"),
     ({"grpc": {"port": 1}, "terminationGracePeriodSeconds": 0}, "must be greater than 0")],
)  # fmt: skip
def test_wrong_ones(probe: dict[str, Any], text: str) -> None:
    assert any(text in item for item in found(probe)), found(probe)


def test_a_readiness_probe_stops_nothing() -> None:
    probe = {"grpc": {"port": 1}, "terminationGracePeriodSeconds": 5}
    assert "must not be set for readinessProbes" in found(probe, once=False)[0]


def test_hooks_and_ports() -> None:
    causes: list[Cause] = []
    check_hook("h", {"sleep": {"seconds": 5}}, 5, causes)
    check_target_port("t", "http", causes)
    assert causes == []
    check_hook("h", {"sleep": {"seconds": 6}}, 5, causes)
    check_target_port("t", "", causes)
    assert {cause.field for cause in causes} == {"h.sleep", "t"}
