"""A Deployment's status: counts, and the conditions that ``kubectl rollout status`` reads.

Source: Kubernetes "Deployments: status". Must not know how sets are scaled, nor the API.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from actors.controllers.objects import condition_of, find_condition, name_of
from actors.controllers.replicaset import wanted_replicas
from actors.controllers.rolling import Bounds
from cluster.api.timestamps import parse_time, rfc3339
from cluster.api.types import Object

NEW_SET_CREATED = "NewReplicaSetCreated"
NEW_SET_FOUND = "FoundNewReplicaSet"
NEW_SET_AVAILABLE = "NewReplicaSetAvailable"
SET_UPDATED = "ReplicaSetUpdated"
TIMED_OUT = "ProgressDeadlineExceeded"
PAUSED = "DeploymentPaused"
RESUMED = "DeploymentResumed"
# Kubernetes: this value of progressDeadlineSeconds means none.
NO_DEADLINE = 2147483647
COUNTS = (
    "replicas",
    "updatedReplicas",
    "readyReplicas",
    "availableReplicas",
    "unavailableReplicas",
    "terminatingReplicas",
)


@dataclass(frozen=True)
class Rollout:
    """What a status is computed of. ``created``: name of a set made by this very plan ('' none).
    ``scaling``: the sets are being resized, which is no progress of a rollout."""

    deployment: Object
    sets: Sequence[Object]
    new_set: Object | None
    limits: Bounds
    created: str = ""
    scaling: bool = False


def status_of(rollout: Rollout, now: float) -> Object:
    """The status as it is to be; equal to the old one if there is nothing to write."""
    deployment = rollout.deployment
    old = deployment.get("status") or {}
    status = {name: value for name, value in old.items() if name not in COUNTS}
    status.update({name: count for name, count in _counts(rollout).items() if count})
    status["observedGeneration"] = int(deployment["metadata"].get("generation") or 0)
    conditions = [_available(rollout, status, now)]
    progressing = _progressing(rollout, status, now)
    if progressing is not None:
        conditions.append(progressing)
    failure = _set_failure(rollout)
    if failure is not None:
        conditions.append(_put(deployment, "ReplicaFailure", *failure, now=now))
    ordered = _in_old_order(old.get("conditions") or (), conditions)
    status["conditions"] = ordered
    return status


def is_complete(rollout: Rollout, status: Object) -> bool:
    """True if all pods are new and available, and no old ones are left."""
    desired = rollout.limits.desired
    counts = (
        status.get(name) or 0 for name in ("updatedReplicas", "replicas", "availableReplicas")
    )
    return all(count == desired for count in counts)


def deadline_in(rollout: Rollout, status: Object, now: float) -> float | None:
    """Seconds until the rollout must be called stuck; None if there is nothing to wait for."""
    deadline = _deadline(rollout.deployment)
    found = find_condition(status.get("conditions") or (), "Progressing")
    if deadline is None or found is None or rollout.deployment["spec"].get("paused"):
        return None
    if found["status"] != "True" or found["reason"] == NEW_SET_AVAILABLE:
        return None
    return max(0.0, parse_time(found.get("lastUpdateTime")) + deadline - now) + 1.0


def _counts(rollout: Rollout) -> dict[str, int]:
    def total(name: str) -> int:
        return sum(int((item.get("status") or {}).get(name) or 0) for item in rollout.sets)

    new = (rollout.new_set or {}).get("status") or {}
    available = total("availableReplicas")
    return {
        "replicas": total("replicas"),
        "updatedReplicas": int(new.get("replicas") or 0),
        "readyReplicas": total("readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, sum(map(wanted_replicas, rollout.sets)) - available),
    }


def _available(rollout: Rollout, status: Object, now: float) -> Object:
    if (status.get("availableReplicas") or 0) >= rollout.limits.available_min:
        said = ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    else:
        said = (
            "False",
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.",
        )
    return _put(rollout.deployment, "Available", *said, now=now)


def _progressing(rollout: Rollout, status: Object, now: float) -> Object | None:
    deployment = rollout.deployment
    if _deadline(deployment) is None:
        return None
    old = condition_of(deployment, "Progressing")
    reason = (old or {}).get("reason")
    if deployment["spec"].get("paused"):
        return _progress(deployment, "Unknown", PAUSED, "Deployment is paused", now)
    if reason == PAUSED:
        return _progress(deployment, "Unknown", RESUMED, "Deployment is resumed", now)
    if rollout.created:
        message = f'Created new replica set "{rollout.created}"'
        return _progress(deployment, "True", NEW_SET_CREATED, message, now)
    if rollout.new_set is None or rollout.scaling:
        return old
    name = name_of(rollout.new_set)
    if old is None:
        message = f'Found new replica set "{name}"'
        return _progress(deployment, "True", NEW_SET_FOUND, message, now)
    replicas, updated = status.get("replicas") or 0, status.get("updatedReplicas") or 0
    if reason == NEW_SET_AVAILABLE and replicas == updated:
        return old
    if is_complete(rollout, status):
        message = f'ReplicaSet "{name}" has successfully progressed.'
        return _progress(deployment, "True", NEW_SET_AVAILABLE, message, now)
    if _has_progressed(deployment.get("status") or {}, status):
        message = f'ReplicaSet "{name}" is progressing.'
        return _progress(deployment, "True", SET_UPDATED, message, now, touch=True)
    if _is_overdue(deployment, old, now):
        message = f'ReplicaSet "{name}" has timed out progressing.'
        return _progress(deployment, "False", TIMED_OUT, message, now)
    return old


def _has_progressed(old: Object, new: Object) -> bool:
    """More new pods, fewer old ones, or more pods ready or available."""

    def count(status: Object, name: str) -> int:
        return int(status.get(name) or 0)

    def outdated(status: Object) -> int:
        return count(status, "replicas") - count(status, "updatedReplicas")

    grown = any(
        count(new, name) > count(old, name)
        for name in ("updatedReplicas", "readyReplicas", "availableReplicas")
    )
    return grown or outdated(new) < outdated(old)


def _is_overdue(deployment: Object, old: Object, now: float) -> bool:
    deadline = _deadline(deployment)
    if deadline is None or old.get("reason") == NEW_SET_AVAILABLE:
        return False
    if old.get("reason") == TIMED_OUT:
        return True
    return parse_time(old.get("lastUpdateTime")) + deadline < now


def _deadline(deployment: Object) -> int | None:
    value = deployment["spec"].get("progressDeadlineSeconds")
    return None if value is None or value == NO_DEADLINE else int(value)


def _set_failure(rollout: Rollout) -> tuple[str, str, str] | None:
    candidates = [rollout.new_set] if rollout.new_set is not None else list(rollout.sets)
    for item in candidates:
        found = condition_of(item, "ReplicaFailure")
        if found is not None and found.get("status") == "True":
            return "True", str(found.get("reason")), str(found.get("message"))
    return None


def _progress(
    deployment: Object, status: str, reason: str, message: str, now: float, touch: bool = False
) -> Object:
    return _put(deployment, "Progressing", status, reason, message, now=now, touch=touch)


def _put(
    deployment: Object,
    type: str,
    status: str,
    reason: str,
    message: str,
    *,
    now: float,
    touch: bool = False,
) -> Object:
    """The condition; the old one unchanged if it says the same (``touch``: with a new time)."""
    old = condition_of(deployment, type)
    since = rfc3339(now)
    if old is not None and old.get("status") == status:
        if old.get("reason") == reason and not touch:
            return old
        since = old.get("lastTransitionTime") or since
    return {
        "type": type,
        "status": status,
        "lastUpdateTime": rfc3339(now),
        "lastTransitionTime": since,
        "reason": reason,
        "message": message,
    }


def _in_old_order(old: Sequence[Object], new: Sequence[Object]) -> list[Object]:
    places = {item.get("type"): position for position, item in enumerate(old)}
    return sorted(new, key=lambda item: places.get(item["type"], len(places)))
