"""What an update of a PersistentVolumeClaim may change. Must not know classes or volumes.

Source: docs "Persistent Volumes", Expanding Persistent Volumes Claims; API reference,
PersistentVolumeClaim v1.
"""

from typing import Any

from cluster.api import quantity
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

_FIXED = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for "
    "bound claims"
)
_SIZE = "spec.resources.requests.storage"


def check_claim_update(old: Object, new: Object, found: list[Cause]) -> None:
    """A bound claim may ask for more, or for another class of attributes. One that is not may be
    given a volume, and a class if it never had one."""
    before, after = dict(old.get("spec") or {}), dict(new.get("spec") or {})
    status = old.get("status") or {}
    if not before.get("volumeName"):
        before["volumeName"] = after.get("volumeName")
    if before.get("storageClassName") is None:
        before["storageClassName"] = after.get("storageClassName")
    if status.get("phase") == "Bound":
        before["volumeAttributesClassName"] = after.get("volumeAttributesClassName")
        _size(before, after, status, found)
        before["resources"] = _with_size(before.get("resources"), _storage(after))
    if _set(before) != _set(after):
        found.append(causes.forbidden("spec", _FIXED))


def _set(spec: Object) -> Object:
    return {key: value for key, value in spec.items() if value not in (None, "", [], {})} | {
        "storageClassName": spec.get("storageClassName")
    }


def _storage(spec: Object) -> Any:
    return ((spec.get("resources") or {}).get("requests") or {}).get("storage")


def _with_size(resources: Any, amount: Any) -> Object:
    """The same resources with another size."""
    given = dict(resources or {})
    return {**given, "requests": {**(given.get("requests") or {}), "storage": amount}}


def _size(before: Object, after: Object, status: Object, found: list[Cause]) -> None:
    """It may shrink after a growth that failed, but stays above what there is."""
    old, new = _storage(before), _storage(after)
    capacity = (status.get("capacity") or {}).get("storage")
    if old is None or new is None or quantity.parse(new).nano >= quantity.parse(old).nano:
        return
    if capacity is None or quantity.parse(new).nano <= quantity.parse(capacity).nano:
        found.append(causes.forbidden(_SIZE, "field can not be less than status.capacity"))
