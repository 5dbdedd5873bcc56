"""Endpoints, slices of them, and network policies whose addresses are written in unusual ways.

Source: seen at kube-apiserver. Must not know who uses the addresses.
"""

from cluster.api.types import Object
from cluster.api.warnings.addresses import address_warnings, range_warnings

# Whose controllers write addresses as they should be.
_ENDPOINTS_BY = "endpoints.kubernetes.io/managed-by"
_SLICES_BY = "endpointslice.kubernetes.io/managed-by"
_WRITERS = {
    _ENDPOINTS_BY: ("endpoint-controller",),
    _SLICES_BY: ("endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io"),
}


def endpoints_warnings(obj: Object) -> list[str]:
    """Of Endpoints."""
    found: list[str] = []
    if _is_ours(obj, _ENDPOINTS_BY):
        return found
    for position, subset in enumerate(obj.get("subsets") or ()):
        for kind in ("addresses", "notReadyAddresses"):
            for number, address in enumerate(subset.get(kind) or ()):
                here = f"subsets[{position}].{kind}[{number}].ip"
                found += address_warnings(here, address.get("ip") or "")
    return found


def slice_warnings(obj: Object) -> list[str]:
    """Of an EndpointSlice, whenever it is written."""
    found: list[str] = []
    if _is_ours(obj, _SLICES_BY):
        return found
    for position, endpoint in enumerate(obj.get("endpoints") or ()):
        for number, address in enumerate(endpoint.get("addresses") or ()):
            found += address_warnings(f"endpoints[{position}].addresses[{number}]", address)
    return found


def new_slice_warnings(obj: Object) -> list[str]:
    """Of a new EndpointSlice."""
    names = obj.get("addressType") == "FQDN"
    found = ["spec.addressType: FQDN endpoints are deprecated"] if names else []
    return [*found, *slice_warnings(obj)]


def policy_warnings(obj: Object) -> list[str]:
    """Of a NetworkPolicy."""
    spec, found = obj.get("spec") or {}, []
    for way, peers in (("ingress", "from"), ("egress", "to")):
        for position, rule in enumerate(spec.get(way) or ()):
            for number, peer in enumerate(rule.get(peers) or ()):
                block = peer.get("ipBlock")
                if block is None:
                    continue
                here = f"spec.{way}[{position}].{peers}[{number}].ipBlock"
                found += range_warnings(f"{here}.cidr", block.get("cidr") or "")
                for other, cut in enumerate(block.get("except") or ()):
                    found += range_warnings(f"{here}.except[{other}]", cut)
    return found


def _is_ours(obj: Object, label: str) -> bool:
    labels = (obj.get("metadata") or {}).get("labels") or {}
    return labels.get(label) in _WRITERS[label]
