"""Small questions to objects that several controllers ask. Must not know any one controller."""

from collections.abc import Iterable
from typing import Any

import orjson

from cluster.api.resources import Resource
from cluster.api.timestamps import parse_time, rfc3339
from cluster.api.types import Object


def name_of(obj: Object) -> str:
    """metadata.name."""
    return str(obj["metadata"].get("name", ""))


def namespace_of(obj: Object) -> str:
    """metadata.namespace, '' for a cluster-wide object."""
    return obj["metadata"].get("namespace") or ""


def uid_of(obj: Object) -> str:
    """metadata.uid."""
    return obj["metadata"].get("uid") or ""


def labels_of(obj: Object) -> dict[str, str]:
    """metadata.labels, empty if none."""
    return obj["metadata"].get("labels") or {}


def annotations_of(obj: Object) -> dict[str, str]:
    """metadata.annotations, empty if none."""
    return obj["metadata"].get("annotations") or {}


def is_terminating(obj: Object) -> bool:
    """True once the object's deletion was asked for."""
    return bool(obj["metadata"].get("deletionTimestamp"))


def created_at(obj: Object) -> float:
    """metadata.creationTimestamp in UNIX seconds."""
    return parse_time(obj["metadata"].get("creationTimestamp"))


def controller_of(obj: Object) -> Object | None:
    """The owner reference with ``controller: true``, or None."""
    for owner in obj["metadata"].get("ownerReferences") or ():
        if owner.get("controller"):
            found: Object = owner
            return found
    return None


def is_controlled_by(obj: Object, uid: str) -> bool:
    """True if the owner of that uid controls the object."""
    owner = controller_of(obj)
    return owner is not None and owner.get("uid") == uid


def controller_reference(owner: Object, resource: Resource) -> Object:
    """The reference by which ``owner`` controls a dependent and, deleted in the foreground,
    waits for it."""
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "name": name_of(owner),
        "uid": uid_of(owner),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def condition_of(obj: Object, type: str) -> Object | None:
    """The condition of that type in the object's status, or None."""
    return find_condition((obj.get("status") or {}).get("conditions") or (), type)


def find_condition(conditions: Iterable[Object], type: str) -> Object | None:
    """The condition of that type, or None."""
    for condition in conditions:
        if condition.get("type") == type:
            return condition
    return None


def pod_phase(pod: Object) -> str:
    """status.phase, Pending if none."""
    return (pod.get("status") or {}).get("phase") or "Pending"


def is_finished(pod: Object) -> bool:
    """True if the pod will never run again."""
    return pod_phase(pod) in ("Succeeded", "Failed")


def is_active(pod: Object) -> bool:
    """True if the pod counts as a replica: not finished, not terminating."""
    return not is_finished(pod) and not is_terminating(pod)


def ready_since(pod: Object) -> float | None:
    """UNIX seconds since which the pod is ready, None if it is not."""
    condition = condition_of(pod, "Ready")
    if condition is None or condition.get("status") != "True":
        return None
    return parse_time(condition.get("lastTransitionTime"))


def node_of(pod: Object) -> str:
    """spec.nodeName, '' if unscheduled."""
    return (pod.get("spec") or {}).get("nodeName") or ""


def condition(
    type: str, status: str, reason: str, message: str, now: float, old: Object | None = None
) -> Object:
    """A condition; ``lastTransitionTime`` is kept from ``old`` if the status is the same."""
    since = rfc3339(now)
    if old is not None and old.get("status") == status and old.get("lastTransitionTime"):
        since = old["lastTransitionTime"]
    return {
        "type": type,
        "status": status,
        "lastTransitionTime": since,
        "reason": reason,
        "message": message,
    }


def canonical(value: Any) -> bytes:
    """JSON with sorted keys: equal values, equal bytes."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def with_metadata(obj: Object, **fields: Any) -> Object:
    """A copy of the object with these metadata fields set (None removes one)."""
    meta = {**obj["metadata"], **fields}
    return {**obj, "metadata": {name: value for name, value in meta.items() if value is not None}}
