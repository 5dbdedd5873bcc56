"""Rules of a PersistentVolumeClaim's status: what it holds, and how its growth goes.

Source: docs "Persistent Volumes", Recovering from Failure when Expanding Volumes; API reference,
PersistentVolumeClaimStatus. Must not know what was asked for.
"""

from cluster.api import names, quantity
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

_RESIZES = frozenset(
    ("ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizePending",
     "NodeResizeInProgress", "NodeResizeInfeasible")
)  # fmt: skip


def check_claim_status(old: Object, new: Object, found: list[Cause]) -> None:
    """Amounts, and the names they are of."""
    status = new.get("status") or {}
    for name, amount in (status.get("capacity") or {}).items():
        _amount(f"status.capacity[{name}]", amount, "must be a valid resource quantity", found)
    path = "status.allocatedResourceStatuses"
    for name, state in (status.get("allocatedResourceStatuses") or {}).items():
        _resource(path, name, found)
        if state not in _RESIZES:
            found.append(causes.unsupported(path, name, _RESIZES))
    path = "status.allocatedResources"
    for name, amount in (status.get("allocatedResources") or {}).items():
        if _resource(path, name, found):
            _amount(f"{path}[{name}]", amount, "must be a valid resource quantity", found)


def _resource(path: str, name: str, found: list[Cause]) -> bool:
    """Of Kubernetes' own resources a claim has but one."""
    errors = names.label_key_errors(name)
    causes.each(path, name, errors, found)
    native = "/" not in name or "kubernetes.io/" in name
    if not errors and native and name != "storage":
        found.append(causes.unsupported(path, name, ("storage",)))
        return False
    return not errors


def _amount(path: str, amount: str, detail: str, found: list[Cause]) -> None:
    if quantity.parse(str(amount)).nano < 0:
        found.append(causes.invalid(path, amount, detail))
