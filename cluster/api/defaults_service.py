"""Defaults of a Service, save for what is allocated. Must not know address ranges."""

import base64
from typing import Any

from cluster.api.types import Object

# Types whose traffic comes from outside and through nodes.
_EXTERNAL = ("NodePort", "LoadBalancer")


def base64_text(text: Any) -> str:
    """A Secret's stringData value as its data value."""
    return base64.b64encode(str(text).encode()).decode()


def service(obj: Object) -> None:
    """Type, session affinity, ports, traffic policies."""
    spec = obj.setdefault("spec", {})
    if not isinstance(spec, dict):
        return
    if not spec.get("sessionAffinity"):
        spec["sessionAffinity"] = "None"
    if not spec.get("type"):
        spec["type"] = "ClusterIP"
    if spec["sessionAffinity"] == "ClientIP":
        config = spec.setdefault("sessionAffinityConfig", {})
        config.setdefault("clientIP", {}).setdefault("timeoutSeconds", 10800)
    elif spec["sessionAffinity"] == "None":
        spec.pop("sessionAffinityConfig", None)
    for port in spec.get("ports") or ():
        if not port.get("protocol"):
            port["protocol"] = "TCP"
        if port.get("targetPort") in (None, 0, "") and "port" in port:
            port["targetPort"] = port["port"]
    outside = spec["type"] in _EXTERNAL or (spec["type"] == "ClusterIP" and spec.get("externalIPs"))
    if outside and not spec.get("externalTrafficPolicy"):
        spec["externalTrafficPolicy"] = "Cluster"
    if spec["type"] in (*_EXTERNAL, "ClusterIP"):
        spec.setdefault("internalTrafficPolicy", "Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    status = obj.setdefault("status", {})
    if isinstance(status, dict):
        status.setdefault("loadBalancer", {})


def balancer_status(obj: Object) -> None:
    """An address of a balancer is one that nodes answer for, unless it says otherwise."""
    if (obj.get("spec") or {}).get("type") != "LoadBalancer":
        return
    status = obj.get("status") or {}
    for item in (status.get("loadBalancer") or {}).get("ingress") or ():
        if item.get("ip"):
            item.setdefault("ipMode", "VIP")
