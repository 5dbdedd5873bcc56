"""Rules of Services."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import changed, created, updated

SERVICE: dict[str, Any] = {
    "metadata": {"name": "web", "namespace": "default"},
    "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
}


def test_right_ones() -> None:
    assert created("", "services", changed(SERVICE, "spec.type", "LoadBalancer")) == []
    headless = {"spec": {"clusterIP": "None"}}
    assert created("", "services", headless) == []
    external = {"spec": {"type": "ExternalName", "externalName": "a.example.com"}}
    assert created("", "services", external) == []


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("spec.ports", None, "spec.ports: Required value"),
        ("spec.ports", [{"port": 80}, {"port": 81}], "spec.ports[0].name: Required value"),
        ("spec.ports", [{"port": 80, "name": "a"}, {"port": 80, "name": "b"}],
         'spec.ports[1]: Duplicate value: {"protocol":"TCP","port":80}'),
        ("spec.ports", [{"port": 1, "name": "a"}, {"port": 2, "name": "a"}],
         'spec.ports[1].name: Duplicate value: "a"'),
        ("spec.ports.0.port", 0, "spec.ports[0].port: Invalid value: 0"),
        ("spec.ports.0.targetPort", "UP", "spec.ports[0].targetPort: Invalid value"),
        ("spec.ports.0.nodePort", 30000, "may not be used when `type` is 'ClusterIP'"),
        ("spec.ports.0.protocol", "X", 'supported values: "SCTP", "TCP", "UDP"'),
        ("spec.type", "Magic", 'Unsupported value: "Magic"'),
        ("spec.type", "ExternalName", "spec.externalName: Required value"),
        ("spec.clusterIP", "x", "spec.clusterIPs[0]: Invalid value"),
        ("spec.sessionAffinity", "Cookie", 'supported values: "ClientIP", "None"'),
        ("spec.externalTrafficPolicy", "Local", "externally-accessible services"),
        ("spec.internalTrafficPolicy", "X", 'supported values: "Cluster", "Local"'),
        ("spec.selector", {"a": "-"}, "spec.selector: Invalid value"),
        ("spec.externalIPs", ["x"], "spec.externalIPs[0]: Invalid value"),
        ("spec.trafficDistribution", "X", "spec.trafficDistribution: Unsupported value"),
    ],
)  # fmt: skip
def test_wrong_services(path: str, value: Any, text: str) -> None:
    found = created("", "services", changed(SERVICE, path, value))
    assert any(text in item for item in found), found


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [("spec.loadBalancerSourceRanges", ["1.2.3.0/24", "a"], "spec.LoadBalancerSourceRanges[1]"),
     ("spec.loadBalancerSourceRanges", [""], "spec.LoadBalancerSourceRanges[0]"),
     ("spec.loadBalancerClass", "a b", "spec.loadBalancerClass"),
     ("spec.healthCheckNodePort", 30200, "spec.healthCheckNodePort"),
     ("spec.ports.0.appProtocol", "", "spec.ports[0].appProtocol"),
     ("spec.sessionAffinity", "Cookie", "spec.sessionAffinity")],
)  # fmt: skip
def test_wrong_balancers(path: str, value: Any, field: str) -> None:
    balancer = changed(SERVICE, "spec.type", "LoadBalancer")
    found = created("", "services", changed(balancer, path, value))
    assert {item.split(": ")[0] for item in found} == {field}


def test_what_only_a_balancer_has() -> None:
    spec = {**SERVICE["spec"], "loadBalancerSourceRanges": [" 1.2.3.0/24"]}
    right = {"spec": {**spec, "type": "LoadBalancer", "externalTrafficPolicy": "Local"}}
    assert created("", "services", changed(right, "spec.healthCheckNodePort", 30200)) == []
    found = created("", "services", {"spec": {**spec, "loadBalancerClass": "a"}})
    assert {item.split(": ")[0] for item in found} == {
        "spec.LoadBalancerSourceRanges",
        "spec.loadBalancerClass",
    }
    key = "service.beta.kubernetes.io/load-balancer-source-ranges"
    said = {**SERVICE, "metadata": {"name": "web", "annotations": {key: "1.2.3.0/24, x"}}}
    assert len(created("", "services", said)) == 2


def test_a_port_without_a_number_has_no_target() -> None:
    found = created("", "services", changed(SERVICE, "spec.ports", [{}]))
    assert [item.split(": ")[0] for item in found] == [
        "spec.ports[0].port",
        "spec.ports[0].targetPort",
    ]


def test_session_affinity_time() -> None:
    service = changed(SERVICE, "spec.sessionAffinity", "ClientIP")
    assert created("", "services", service) == []
    long = {"clientIP": {"timeoutSeconds": 86401}}
    assert created("", "services", changed(service, "spec.sessionAffinityConfig", long))


def test_the_address_stays() -> None:
    old = changed(SERVICE, "spec.clusterIP", "10.96.0.1")
    (text,) = updated("", "services", old, changed(old, "spec.clusterIP", "10.96.0.2"))
    assert text == 'spec.clusterIPs[0]: Invalid value: ["10.96.0.2"]: may not change once set'
    assert updated("", "services", old, changed(old, "spec.clusterIP", None)) == []
    name = {"spec": {"type": "ExternalName", "externalName": "a.b"}}
    assert updated("", "services", old, name) == []
