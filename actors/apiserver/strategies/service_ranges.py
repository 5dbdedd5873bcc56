"""Rules of ServiceCIDRs, and the IPAddress that a Service's cluster IP has. Pure.

Source: KEP-1880. A range is ready as soon as it is there; one that is to go gives out nothing, and
stays until its addresses are given back or lie in another range too.
"""

from collections.abc import Iterable

from actors.apiserver.strategies.strategy import Strategy
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object
from cluster.api.validation.addresses import Network, range_of

FINALIZER = "networking.k8s.io/service-cidr-finalizer"
FAMILY_LABEL = "ipaddress.kubernetes.io/ip-family"
MANAGER_LABEL = "ipaddress.kubernetes.io/managed-by"
MANAGER = "ipallocator.k8s.io"
DEFAULT_NAME = "kubernetes"
_READY = "Kubernetes Service CIDR is ready"
_TERMINATING = (
    "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new "
    "ServiceCIDR"
)


def address_object(service: Object, address: str) -> Object:
    """The IPAddress of a Service's cluster IP, as a client would write it."""
    metadata = service["metadata"]
    family = "IPv6" if ":" in address else "IPv4"
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IPAddress",
        "metadata": {
            "name": address,
            "labels": {FAMILY_LABEL: family, MANAGER_LABEL: MANAGER},
        },
        "spec": {
            "parentRef": {
                "resource": "services",
                "namespace": metadata["namespace"],
                "name": metadata["name"],
            }
        },
    }


def is_of_service(address: Object) -> bool:
    """True if an IPAddress says that it belongs to a Service."""
    parent = (address.get("spec") or {}).get("parentRef") or {}
    return parent.get("resource") == "services" and not parent.get("group")


def networks(service_range: Object) -> list[Network]:
    """The ranges of a ServiceCIDR."""
    listed = (service_range.get("spec") or {}).get("cidrs") or ()
    return [found for found in map(range_of, listed) if found is not None]


def terminating(service_range: Object) -> bool:
    """True if it gives out nothing any more."""
    return bool(service_range["metadata"].get("deletionTimestamp"))


def holds(service_range: Object, address: str) -> bool:
    """True if the address lies in one of its ranges."""
    single = range_of(f"{address}/128" if ":" in address else f"{address}/32")
    return single is not None and any(
        single.version == whole.version and single.network_address in whole
        for whole in networks(service_range)
    )


def needed(service_range: Object, others: Iterable[Object], addresses: Iterable[str]) -> bool:
    """True if an address would be outside of all ranges without this one."""
    live = [other for other in others if not terminating(other)]
    return any(
        holds(service_range, address) and not any(holds(other, address) for other in live)
        for address in addresses
    )


def _create(obj: Object, now: float) -> None:
    finalizers = obj["metadata"].get("finalizers") or []
    if FINALIZER not in finalizers:
        obj["metadata"]["finalizers"] = [*finalizers, FINALIZER]
    obj["status"] = {"conditions": [_condition("True", "", _READY, now)]}


def _leave(obj: Object, now: float) -> Object:
    if terminating(obj) or FINALIZER not in (obj["metadata"].get("finalizers") or ()):
        return obj
    conditions = [
        item for item in (obj.get("status") or {}).get("conditions") or ()
        if item.get("type") != "Ready"
    ]  # fmt: skip
    conditions.append(_condition("False", "Terminating", _TERMINATING, now))
    return {**obj, "status": {**(obj.get("status") or {}), "conditions": conditions}}


def _condition(status: str, reason: str, message: str, now: float) -> Object:
    return {
        "type": "Ready",
        "status": status,
        "lastTransitionTime": rfc3339(now),
        "reason": reason,
        "message": message,
    }


STRATEGY = Strategy(create=_create, leave=_leave)
