"""Defaults of a Service."""

from typing import Any

from cluster.api.defaults import apply_defaults
from cluster.api.kinds import by_resource

SERVICES = by_resource("", "v1", "services")
assert SERVICES


def spec_of(spec: dict[str, Any]) -> dict[str, Any]:
    assert SERVICES is not None
    apply_defaults(SERVICES, {"spec": spec})
    return spec


def test_cluster_ip() -> None:
    spec = spec_of({"ports": [{"port": 80}, {"port": 53, "protocol": "UDP", "targetPort": "dns"}]})
    assert spec["type"] == "ClusterIP" and spec["sessionAffinity"] == "None"
    assert spec["ports"][0] == {"port": 80, "protocol": "TCP", "targetPort": 80}
    assert spec["ports"][1]["targetPort"] == "dns"
    assert spec["internalTrafficPolicy"] == "Cluster"
    assert "externalTrafficPolicy" not in spec


def test_types_that_are_reached_from_outside() -> None:
    spec = spec_of({"type": "LoadBalancer"})
    assert spec["externalTrafficPolicy"] == "Cluster"
    assert spec["allocateLoadBalancerNodePorts"] is True


def test_external_addresses() -> None:
    assert spec_of({"externalIPs": ["10.0.0.1"]})["externalTrafficPolicy"] == "Cluster"


def test_an_external_name_is_not_routed_to() -> None:
    spec = spec_of({"type": "ExternalName", "externalName": "a.b", "externalIPs": ["10.0.0.1"]})
    assert "internalTrafficPolicy" not in spec and "externalTrafficPolicy" not in spec


def test_session_affinity() -> None:
    spec = spec_of({"sessionAffinity": "ClientIP"})
    assert spec["sessionAffinityConfig"] == {"clientIP": {"timeoutSeconds": 10800}}
    spec["sessionAffinity"] = "None"
    assert "sessionAffinityConfig" not in spec_of(spec)
