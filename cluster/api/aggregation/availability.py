"""Whether the server behind an APIService can be asked: what the cluster's objects say. Pure.

Source: API reference, APIServiceCondition; reasons and messages as kube-apiserver 1.37 gives them.
Must not know: what the server itself answers.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from cluster.api.aggregation.api_services import AVAILABLE, condition, reference
from cluster.api.types import Object


@dataclass(frozen=True)
class Finding:
    """A condition Available: ``status`` as True, False, Unknown."""

    status: str
    reason: str
    message: str


LOCAL = Finding("True", "Local", "Local APIServices are always available")
PASSED = Finding("True", "Passed", "all checks passed")


def failed(message: str) -> Finding:
    """The server was asked, and did not answer as it must."""
    return Finding("False", "FailedDiscoveryCheck", message)


def look(api_service: Object, service: Object | None, slices: Iterable[Object]) -> Finding | None:
    """What can be said without asking the server; None: it is to be asked.

    ``service``: the Service that it names, None if there is none; ``slices``: the Service's.
    """
    named = reference(api_service)
    if named is None:
        return LOCAL
    namespace, name, number = named
    place = f'service/{name} in "{namespace}"'
    if service is None:
        return Finding("False", "ServiceNotFound", f"{place} is not present")
    spec = service.get("spec") or {}
    if spec.get("type", "ClusterIP") != "ClusterIP":
        return None
    ports = spec.get("ports") or ()
    port = next((item for item in ports if item.get("port") == number), None)
    if port is None:
        message = f"{place} is not listening on port {number}"
        return Finding("False", "ServicePortError", message)
    slices = list(slices)
    if not slices:
        return Finding("False", "EndpointsNotFound", f"cannot find endpointslices for {place}")
    port_name = port.get("name") or ""
    if not any(_serves(item, port_name) for item in slices):
        message = f'endpointslices for {place} have no addresses with port name "{port_name}"'
        return Finding("False", "MissingEndpoints", message)
    return None


def _serves(item: Object, port_name: str) -> bool:
    ready = any(
        (end.get("conditions") or {}).get("ready") is not False
        for end in item.get("endpoints") or ()
    )
    ports = item.get("ports") or ()
    return ready and any((p.get("name") or "") == port_name and p.get("port") for p in ports)


def with_finding(api_service: Object, finding: Finding, now: str) -> Object:
    """The APIService with that condition; itself if it says so already. ``now``: metav1.Time."""
    old = condition(api_service) or {}
    if (old.get("status"), old.get("reason"), old.get("message")) == (
        finding.status,
        finding.reason,
        finding.message,
    ):
        return api_service
    since = old.get("lastTransitionTime") if old.get("status") == finding.status else None
    status = api_service.get("status") or {}
    kept = [item for item in status.get("conditions") or () if item.get("type") != AVAILABLE]
    made = {
        "type": AVAILABLE,
        "status": finding.status,
        "lastTransitionTime": since or now,
        "reason": finding.reason,
        "message": finding.message,
    }
    return {**api_service, "status": {**status, "conditions": [*kept, made]}}
