"""Access to devices in use is for administrators' namespaces; a taint tells when it was set.

Source: docs "Dynamic Resource Allocation", Admin access and Device taints; KEP-5018, KEP-5055.
"""

from actors.apiserver.admission.plugin import Review
from actors.apiserver.strategies.groups import taints_of
from cluster.api import status
from cluster.api.encoding import decode
from cluster.api.kinds import by_resource
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object
from cluster.api.validation import causes

GROUP = "resource.k8s.io"
ADMIN_LABEL = "resource.kubernetes.io/admin-access"
_NAMESPACES = by_resource("", "v1", "namespaces")
_REFUSAL = (
    f"admin access to devices requires the `{ADMIN_LABEL}: true` label on the containing namespace"
)


async def admit(review: Review) -> None:
    """Raises StatusError 422 for administrative access from a plain namespace."""
    if review.call.kind.group != GROUP or review.obj is None:
        return
    match review.call.kind.plural:
        case "resourceclaims" if review.operation == "CREATE":
            await _admin_access(review, "spec", review.obj.get("spec") or {})
        case "resourceclaimtemplates" if review.operation == "CREATE":
            spec = (review.obj.get("spec") or {}).get("spec") or {}
            await _admin_access(review, "spec.spec", spec)
        case "devicetaintrules" | "resourceslices" if not review.call.request.subresource:
            _stamp(review, taints_of(review.obj))


async def _admin_access(review: Review, path: str, spec: Object) -> None:
    asked = [
        f"{path}.devices.requests[{position}].exactly.adminAccess"
        for position, item in enumerate((spec.get("devices") or {}).get("requests") or ())
        if (item.get("exactly") or {}).get("adminAccess")
    ]
    if not asked:
        return
    assert _NAMESPACES is not None and review.obj is not None
    found = await review.environment.objects.find(_NAMESPACES, "", review.call.namespace, True)
    labels = decode(found.value)["metadata"].get("labels") or {} if found is not None else {}
    if labels.get(ADMIN_LABEL) != "true":
        refused = [causes.forbidden(field, _REFUSAL) for field in asked]
        raise status.invalid(review.call.kind, review.obj["metadata"].get("name") or "", refused)


def _stamp(review: Review, taints: list[Object]) -> None:
    """A taint without a time begins now. (One that was there before has its own.)"""
    for taint in taints:
        if not taint.get("timeAdded"):
            taint["timeAdded"] = rfc3339(review.call.now)
