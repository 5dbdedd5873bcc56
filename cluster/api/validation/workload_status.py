"""Rules of the status of what runs pods, of what scales it and of what protects it.

Source: the API reference of apps/v1, core/v1, autoscaling/v2 and policy/v1, and what kube-apiserver
answers. Must not know how the counts come about. What a Job says of itself is ``job_status``'s.
"""

from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.conditions import check_conditions

_SEEN = "observedGeneration"
_COLLISIONS = "collisionCount"
_DEPLOYMENT = (
    _SEEN, "replicas", "updatedReplicas", "readyReplicas", "availableReplicas",
    "unavailableReplicas", "terminatingReplicas", _COLLISIONS,
)  # fmt: skip
_SETS = (
    "replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas",
    "terminatingReplicas", _SEEN,
)  # fmt: skip
_STATEFUL = (
    "replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas", _SEEN,
    _COLLISIONS,
)  # fmt: skip
_DAEMONS = (
    "currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady", _SEEN,
    "updatedNumberScheduled", "numberAvailable", "numberUnavailable", _COLLISIONS,
)  # fmt: skip
_BUDGET = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")
_OF_ALL = "cannot be greater than status.replicas"


def check_deployment_status(old: Object, new: Object, found: list[Cause]) -> None:
    """A Deployment's."""
    status = _counted(new, _DEPLOYMENT, found)
    _at_most(status, ("updatedReplicas", "readyReplicas", "availableReplicas"), _OF_ALL, found)
    _available(status, "cannot be greater than readyReplicas", found)
    _collisions(old, new, found)


def check_replica_set_status(old: Object, new: Object, found: list[Cause]) -> None:
    """A ReplicaSet's, or a ReplicationController's."""
    status = _counted(new, _SETS, found)
    of_all = ("fullyLabeledReplicas", "readyReplicas", "availableReplicas")
    _at_most(status, of_all, _OF_ALL, found)
    _available(status, "cannot be greater than readyReplicas", found)


def check_stateful_set_status(old: Object, new: Object, found: list[Cause]) -> None:
    """A StatefulSet's."""
    status = _counted(new, _STATEFUL, found)
    of_all = ("readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")
    _at_most(status, of_all, _OF_ALL, found)
    _available(status, "cannot be greater than status.readyReplicas", found)
    _collisions(old, new, found)


def check_daemon_set_status(old: Object, new: Object, found: list[Cause]) -> None:
    """A DaemonSet's."""
    _counted(new, _DAEMONS, found)
    _collisions(old, new, found)


def check_autoscaler_status(old: Object, new: Object, found: list[Cause]) -> None:
    """A HorizontalPodAutoscaler's."""
    _counted(new, ("currentReplicas", "desiredReplicas"), found)


def check_budget_status(old: Object, new: Object, found: list[Cause]) -> None:
    """A PodDisruptionBudget's."""
    check_conditions("status.conditions", (new.get("status") or {}).get("conditions"), found)
    _counted(new, _BUDGET, found)


def _counted(obj: Object, names: tuple[str, ...], found: list[Cause]) -> Object:
    status: Object = obj.get("status") or {}
    for name in names:
        causes.not_negative(f"status.{name}", status.get(name), found)
    return status


def _at_most(status: Object, names: tuple[str, ...], detail: str, found: list[Cause]) -> None:
    """No count of some pods is more than that of all."""
    for name in names:
        count = status.get(name) or 0
        if count > (status.get("replicas") or 0):
            found.append(causes.invalid(f"status.{name}", count, detail))


def _available(status: Object, detail: str, found: list[Cause]) -> None:
    """What is available has been ready for a while."""
    count = status.get("availableReplicas") or 0
    if count > (status.get("readyReplicas") or 0):
        found.append(causes.invalid("status.availableReplicas", count, detail))


def _collisions(old: Object, new: Object, found: list[Cause]) -> None:
    """Names that were taken stay taken."""
    before, after = ((obj.get("status") or {}).get(_COLLISIONS) for obj in (old, new))
    if before is not None and (after or 0) < before:
        detail = "cannot be decremented"
        found.append(causes.invalid(f"status.{_COLLISIONS}", after or 0, detail))
