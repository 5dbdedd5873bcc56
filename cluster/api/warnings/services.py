"""What a Service says in vain, or by an old name.

Source: docs "Service", "Topology Aware Routing". Must not know how addresses are allocated.
"""

from cluster.api.types import Object
from cluster.api.warnings.addresses import address_warnings, range_warnings

_HINTS = "service.kubernetes.io/topology-aware-hints"
_MODE = "service.kubernetes.io/topology-mode"


def service_warnings(obj: Object) -> list[str]:
    """Of a Service as it will be stored."""
    spec = obj.get("spec") or {}
    kind, addresses = spec.get("type"), spec.get("externalIPs")
    named, headless = kind == "ExternalName", _is_headless(spec)
    found = []
    if _HINTS in ((obj.get("metadata") or {}).get("annotations") or {}):
        found.append(f"annotation {_HINTS} is deprecated, please use {_MODE} instead")
    if spec.get("clusterIP") not in (None, "", "None"):
        found += _each("clusterIPs", spec.get("clusterIPs"))
    if headless:
        ignored = {
            "loadBalancerIP": spec.get("loadBalancerIP"),
            "externalIPs": addresses,
            "SessionAffinity": spec.get("sessionAffinity") != "None",
        }
        found += [
            f"spec.{name} is ignored for headless services" for name in ignored if ignored[name]
        ]
    found += _each("externalIPs", addresses)
    if addresses and not headless and not named:
        found.append(
            "spec.externalIPs is deprecated and may no longer be implemented in some clusters"
        )
    if spec.get("loadBalancerIP"):
        found += address_warnings("spec.loadBalancerIP", spec["loadBalancerIP"])
    for position, value in enumerate(spec.get("loadBalancerSourceRanges") or ()):
        found += range_warnings(f"spec.loadBalancerSourceRanges[{position}]", value)
    if named and addresses:
        found.append('spec.externalIPs is ignored when spec.type is "ExternalName"')
    if not named and spec.get("externalName"):
        found.append('spec.externalName is ignored when spec.type is not "ExternalName"')
    if spec.get("trafficDistribution") == "PreferClose":
        text = '"PreferClose" is deprecated; use "PreferSameZone"'
        found.append(f"spec.trafficDistribution: {text}")
    return found


def service_status_warnings(obj: Object) -> list[str]:
    """Of what a Service's controller says of it."""
    found: list[str] = []
    balancer = (obj.get("status") or {}).get("loadBalancer") or {}
    for position, item in enumerate(balancer.get("ingress") or ()):
        if item.get("ip"):
            found += address_warnings(f"status.loadBalancer.ingress[{position}]", item["ip"])
    return found


def _each(field: str, addresses: list[str] | None) -> list[str]:
    found: list[str] = []
    for position, address in enumerate(addresses or ()):
        found += address_warnings(f"spec.{field}[{position}]", address)
    return found


def _is_headless(spec: Object) -> bool:
    return spec.get("type") == "ClusterIP" and spec.get("clusterIP") == "None"
