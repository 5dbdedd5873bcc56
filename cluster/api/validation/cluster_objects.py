"""Rules of what a cluster is made of: Namespaces, Leases, priorities.

Must not know who keeps them up to date.
"""

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

# Above it priorities are the system's own.
USER_PRIORITY_MAX = 1_000_000_000
_SYSTEM_PRIORITIES = {
    "system-cluster-critical": 2_000_000_000,
    "system-node-critical": 2_000_001_000,
}
_PREEMPTION = frozenset(("Never", "PreemptLowerPriority"))


def check_namespace(obj: Object, found: list[Cause]) -> None:
    """The finalizers of a Namespace's spec."""
    path = "spec.finalizers"
    for name in (obj.get("spec") or {}).get("finalizers") or ():
        causes.each(path, name, names.label_key_errors(name), found)
        if "/" not in name and name != "kubernetes":
            detail = "name is neither a standard finalizer name nor is it fully qualified"
            found.append(causes.invalid(path, name, detail))


def check_namespace_status(old: Object, new: Object, found: list[Cause]) -> None:
    """A Namespace's phase says whether it is being deleted."""
    phase = (new.get("status") or {}).get("phase") or ""
    ends = bool((new.get("metadata") or {}).get("deletionTimestamp"))
    wanted, state = ("Terminating", "not empty") if ends else ("Active", "empty")
    if phase != wanted:
        detail = f"may only be '{wanted}' if `deletionTimestamp` is {state}"
        found.append(causes.invalid("status.Phase", phase, detail))


def check_lease(obj: Object, found: list[Cause]) -> None:
    """Durations are positive."""
    spec = obj.get("spec") or {}
    seconds = spec.get("leaseDurationSeconds")
    if seconds is not None and seconds <= 0:
        found.append(causes.invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0"))
    causes.not_negative("spec.leaseTransitions", spec.get("leaseTransitions"), found)


def check_priority_class(obj: Object, found: list[Cause]) -> None:
    """Users stay below the system's own priorities."""
    name, value = (obj.get("metadata") or {}).get("name") or "", obj.get("value", 0)
    if name.startswith("system-"):
        if _SYSTEM_PRIORITIES.get(name) != value:
            detail = "priority class names with 'system-' prefix are reserved for system use only"
            found.append(causes.forbidden("metadata.name", detail))
    elif value > USER_PRIORITY_MAX:
        detail = f"maximum allowed value of a user defined priority is {USER_PRIORITY_MAX}"
        found.append(causes.forbidden("value", detail))
    policy = obj.get("preemptionPolicy")
    if policy == "":
        found.append(causes.required("preemptionPolicy"))
    elif policy is not None and policy not in _PREEMPTION:
        found.append(causes.unsupported("preemptionPolicy", policy, _PREEMPTION))


def check_priority_class_update(old: Object, new: Object, found: list[Cause]) -> None:
    """Pods carry the value: it cannot change behind them."""
    if old.get("value", 0) != new.get("value", 0):
        found.append(causes.forbidden("value", "may not be changed in an update."))
    policy = new.get("preemptionPolicy")
    if old.get("preemptionPolicy") != policy:
        found.append(causes.invalid("preemptionPolicy", policy, causes.IMMUTABLE))
