"""The EndpointSlice by which a DNS server offers itself to Service kube-system/kube-dns. Pure.

Must not know: how it is written.
"""

from cluster.api.types import Object
from cluster.names import LABEL_SERVICE_NAME, NAMESPACE_SYSTEM

SERVICE = "kube-dns"
MANAGED_BY = "dns.steersman"


def slice_name(node: str) -> str:
    """Name of the node's own slice."""
    return f"{SERVICE}-{node}"


def endpoint_slice(node: str, zone: str, address: str, port: int, owner_uid: str) -> Object:
    """``owner_uid``: of the Node, so that the slice goes with it ('' if unknown)."""
    meta: Object = {
        "namespace": NAMESPACE_SYSTEM,
        "name": slice_name(node),
        "labels": {
            LABEL_SERVICE_NAME: SERVICE,
            "endpointslice.kubernetes.io/managed-by": MANAGED_BY,
        },
    }
    if owner_uid:
        meta["ownerReferences"] = [
            {"apiVersion": "v1", "kind": "Node", "name": node, "uid": owner_uid}
        ]
    endpoint: Object = {
        "addresses": [address],
        "conditions": {"ready": True, "serving": True, "terminating": False},
        "nodeName": node,
    }
    if zone:
        endpoint["zone"] = zone
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": meta,
        "addressType": "IPv4",
        "endpoints": [endpoint],
        "ports": [
            {"name": "dns", "port": port, "protocol": "UDP"},
            {"name": "dns-tcp", "port": port, "protocol": "TCP"},
        ],
    }


def says_the_same(found: Object, wanted: Object) -> bool:
    """True if what is stored needs no update."""
    meta, asked = found["metadata"], wanted["metadata"]
    labels = meta.get("labels") or {}
    return (
        found.get("endpoints") == wanted["endpoints"]
        and found.get("ports") == wanted["ports"]
        and all(labels.get(key) == value for key, value in asked["labels"].items())
        and ("ownerReferences" not in asked or bool(meta.get("ownerReferences")))
    )
