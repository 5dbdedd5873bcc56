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
    headless = {"spec": {"clusterIP": "None", "clusterIPs": ["None"]}}
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
        ("spec.sessionAffinity", "Cookie", 'supported values: "ClientIP", "None"'),
        ("spec.externalTrafficPolicy", "Local", "externally-accessible services"),
        ("spec.internalTrafficPolicy", "X", 'supported values: "Cluster", "Local"'),
        ("spec.selector", {"a": "-"}, "spec.selector: Invalid value"),
        ("spec.externalIPs", ["x"], "spec.externalIPs[0]: Invalid value"),
        ("spec.externalIPs", ["127.0.0.1"], "may not be in the loopback range"),
        ("spec.externalIPs", ["169.254.1.1"], "may not be in the link-local range"),
        ("spec.healthCheckNodePort", 30000, "may only be set when `type` is 'LoadBalancer'"),
        ("spec.allocateLoadBalancerNodePorts", True, "may only be used when `type` is"),
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


def fields(found: list[str]) -> set[str]:
    return {item.split(": ")[0] for item in found}


def test_external_addresses_have_a_traffic_policy() -> None:
    reached = changed(SERVICE, "spec.externalIPs", ["198.51.100.7"])
    assert created("", "services", reached) == []
    assert reached["spec"]["externalTrafficPolicy"] == "Cluster"
    wrong = changed(SERVICE, "spec.externalIPs", ["198.51.100.7"])
    found = created("", "services", changed(wrong, "spec.externalTrafficPolicy", "X"))
    assert fields(found) == {"spec.externalTrafficPolicy"}


def test_source_ranges_have_no_bits_beyond_their_length() -> None:
    balancer = changed(SERVICE, "spec.type", "LoadBalancer")
    odd = changed(balancer, "spec.loadBalancerSourceRanges", ["1.2.3.4/24"])
    assert fields(created("", "services", odd)) == {"spec.LoadBalancerSourceRanges[0]"}
    assert updated("", "services", odd, changed(odd, "spec.selector", {"a": "b"})) == []


def test_an_empty_annotation_of_ranges_is_a_balancers_too() -> None:
    key = "service.beta.kubernetes.io/load-balancer-source-ranges"
    said = {**SERVICE, "metadata": {"name": "web", "annotations": {key: ""}}}
    assert fields(created("", "services", said)) == {f"metadata.annotations[{key}]"}


def test_annotations_of_topology_agree() -> None:
    hints, mode = (f"service.kubernetes.io/topology-{word}" for word in ("aware-hints", "mode"))
    said = {**SERVICE, "metadata": {"name": "web", "annotations": {hints: "Auto", mode: "auto"}}}
    assert fields(created("", "services", said)) == {f"metadata.annotations[{mode}]"}
    del said["metadata"]["annotations"][mode]
    assert created("", "services", said) == []


def test_what_a_balancer_keeps() -> None:
    old = changed(SERVICE, "spec.type", "LoadBalancer")
    old["spec"].update(
        externalTrafficPolicy="Local", healthCheckNodePort=30200, loadBalancerClass="a/b"
    )
    other = changed(old, "spec.healthCheckNodePort", 30201)
    assert fields(updated("", "services", old, other)) == {"spec.healthCheckNodePort"}
    for value in ("a/c", None):
        other = changed(old, "spec.loadBalancerClass", value)
        assert fields(updated("", "services", old, other)) == {"spec.loadBalancerClass"}
    plain = changed(SERVICE, "spec.type", "NodePort")
    assert updated("", "services", old, plain) == []


def test_node_ports_of_an_external_name_say_nothing() -> None:
    spec = {"type": "ExternalName", "externalName": "a", "ports": [{"port": 1, "nodePort": 30000}]}
    assert created("", "services", {"spec": spec}) == []
