"""Rules of the status of Services and Ingresses."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import updated

PLACE = "status.loadBalancer.ingress[0]"
INGRESSES = ("networking.k8s.io", "ingresses")
OLD = {"spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}}


def fields(found: list[str]) -> set[str]:
    return {item.split(": ")[0] for item in found}


def told(*listed: dict[str, Any], kind: str = "LoadBalancer") -> dict[str, Any]:
    spec = {**OLD["spec"], "type": kind}
    return {"spec": spec, "status": {"loadBalancer": {"ingress": list(listed)}}}


@pytest.mark.parametrize(
    ("item", "field"),
    [({"ip": "x", "ipMode": "VIP"}, "ip"), ({"ip": "10.0.0.1"}, "ipMode"),
     ({"ip": "10.0.0.1", "ipMode": "X"}, "ipMode"), ({"hostname": "a", "ipMode": "VIP"}, "ipMode"),
     ({"hostname": "A"}, "hostname"), ({"hostname": "10.0.0.1"}, "hostname")],
)  # fmt: skip
def test_wrong_ones_of_services(item: dict[str, Any], field: str) -> None:
    assert fields(updated("", "services", OLD, told(item), "status")) == {f"{PLACE}.{field}"}


def test_right_ones_of_services() -> None:
    new = told({"ip": "10.0.0.1", "ipMode": "Proxy"}, {"hostname": "a.example.com"})
    assert updated("", "services", OLD, new, "status") == []


def test_only_a_balancer_has_one() -> None:
    new = told({"hostname": "a"}, kind="NodePort")
    found = updated("", "services", {"spec": new["spec"]}, new, "status")
    assert fields(found) == {"status.loadBalancer.ingress"}


def test_ingresses() -> None:
    new = told({"ip": "10.0.0.1"}, {"hostname": "a.example.com"})
    assert updated(*INGRESSES, {}, {"status": new["status"]}, "status") == []
    for item, field in (({"ip": "x"}, "ip"), ({"hostname": "1.2.3.4"}, "hostname")):
        found = updated(*INGRESSES, {}, {"status": told(item)["status"]}, "status")
        assert fields(found) == {f"{PLACE}.{field}"}
