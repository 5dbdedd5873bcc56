"""CustomResourceDefinitions: what the server sets, and how one goes.

Source: the API reference of CustomResourceDefinition. Pure. Must not know: the store.
"""

from actors.apiserver.strategies.strategy import Strategy, prepare_status_update
from cluster.api.custom.definition import CLEANUP, TERMINATING
from cluster.api.custom.naming import with_condition
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object


def _create(obj: Object, now: float) -> None:
    obj["status"] = {
        "acceptedNames": {"plural": "", "kind": ""},
        "conditions": None,
        "storedVersions": _storage(obj)[:1],
    }


def _update(obj: Object, old: Object) -> None:
    status: Object = {**(obj.get("status") or {})}
    stored = list(status.get("storedVersions") or ())
    stored += [name for name in _storage(obj) if name not in stored]
    obj["status"] = {**status, "storedVersions": stored}


def _write_status(obj: Object, old: Object, now: float) -> Object:
    """A status always says which names there are, which conditions, and what is stored."""
    new = prepare_status_update(obj, old, STRATEGY)
    status: Object = {"acceptedNames": {"plural": "", "kind": ""}, "conditions": None}
    status |= new.get("status") or {}
    status["storedVersions"] = status.get("storedVersions") or _storage(new)[:1]
    return {**new, "status": status}


def _storage(obj: Object) -> list[str]:
    """Names of the versions to store. The rules come later: there may be none, or several."""
    versions = (obj.get("spec") or {}).get("versions") or ()
    return [item.get("name") or "" for item in versions if item.get("storage")]


def _leave(obj: Object, now: float) -> Object:
    """Asked to be deleted: its objects go first. It has no grace period, nor is that a change."""
    metadata = obj["metadata"]
    finalizers = metadata.get("finalizers") or []
    if metadata.get("deletionTimestamp"):
        return obj
    if CLEANUP not in finalizers:
        finalizers = [*finalizers, CLEANUP]
    conditions = with_condition(
        obj,
        TERMINATING,
        "True",
        "InstanceDeletionPending",
        "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
        rfc3339(now),
    )
    return {
        **obj,
        "metadata": {**metadata, "finalizers": finalizers, "deletionTimestamp": rfc3339(now)},
        "status": {**(obj.get("status") or {}), "conditions": conditions},
    }


STRATEGY = Strategy(
    generation=True,
    create=_create,
    update=_update,
    leave=_leave,
    marked_apart=True,
    parts={"status": _write_status},
)
