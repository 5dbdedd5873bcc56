"""What an update of a PersistentVolumeClaim may change. Must not know classes or volumes.

Source: docs "Persistent Volumes", Expanding Persistent Volumes Claims; API reference,
PersistentVolumeClaim v1.
"""

from typing import Any

from cluster.api import quantity
from cluster.api.claim_sources import fill_sources
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.claims import check_claim_spec

_FIXED = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for "
    "bound claims"
)
_SIZE = "spec.resources.requests.storage"
_CLASS = "volumeAttributesClassName"
_OLD_CLASS = "volume.beta.kubernetes.io/storage-class"


def check_claim_update(old: Object, new: Object, found: list[Cause]) -> None:
    """A bound claim may ask for more, or for another class of attributes. One that is not may be
    given a volume, and a class if it never had one."""
    before, after = dict(old.get("spec") or {}), dict(new.get("spec") or {})
    status = old.get("status") or {}
    check_claim_spec("spec", after, found, any_group=_has_group(before))
    # One of an elder release says it in one field only.
    fill_sources(before)
    told = dict(after)
    _class_of_storage(old, new, before, told, found)
    if not before.get("volumeName"):
        before["volumeName"] = told.get("volumeName")
    if status.get("phase") == "Bound":
        told[_CLASS] = before.get(_CLASS)
        if (told.get("resources") or {}).get("requests"):
            told["resources"] = _with_size(told["resources"], _storage(before))
    if _set(before) != _set(told):
        found.append(causes.forbidden("spec", _FIXED))
    _size(before, after, status, found)
    if before.get("volumeMode") != after.get("volumeMode"):
        found.append(causes.invalid("volumeMode", after.get("volumeMode"), causes.IMMUTABLE))
    _class_of_attributes(before.get(_CLASS), after.get(_CLASS), status, found)


def _has_group(spec: Object) -> bool:
    """It was filled from something of a group."""
    return any(
        (spec.get(name) or {}).get("apiGroup") is not None
        for name in ("dataSource", "dataSourceRef")
    )


def _class_of_storage(
    old: Object, new: Object, before: Object, told: Object, found: list[Cause]
) -> None:
    """A claim without a class may be given one; if the elder annotation names one, that."""
    had = _annotation(old)
    said, name = _annotation(new), told.get("storageClassName")
    unset = before.get("storageClassName") is None and name is not None
    if unset and had is not None and name == had and said in (None, had):
        told.pop("storageClassName")
        return
    if (said or "") != (had or ""):
        place = f"metadata.annotations.{_OLD_CLASS}"
        found.append(causes.invalid(place, said or "", causes.IMMUTABLE))
    if unset and had in (None, name):
        told.pop("storageClassName")


def _annotation(obj: Object) -> str | None:
    annotations = (obj.get("metadata") or {}).get("annotations") or {}
    found: str | None = annotations.get(_OLD_CLASS)
    return found


def _set(spec: Object) -> Object:
    """What is said; an amount as it is counted, whatever is written."""
    said = {key: value for key, value in spec.items() if value not in (None, "", [], {})}
    # An empty class is another than none, of either kind.
    for name in ("storageClassName", _CLASS):
        said[name] = spec.get(name)
    resources = spec.get("resources") or {}
    said["resources"] = {
        name: {key: _counted(amount) for key, amount in (resources.get(name) or {}).items()}
        for name in ("limits", "requests")
    }
    selector = spec.get("selector")
    if selector is not None:
        said["selector"] = {key: value for key, value in selector.items() if value}
    return said


def _counted(amount: Any) -> Any:
    try:
        return quantity.parse(str(amount)).nano
    except quantity.QuantityError:
        return amount


def _storage(spec: Object) -> Any:
    return ((spec.get("resources") or {}).get("requests") or {}).get("storage")


def _with_size(resources: Any, amount: Any) -> Object:
    """The same resources with another size."""
    given = dict(resources or {})
    return {**given, "requests": {**(given.get("requests") or {}), "storage": amount}}


def _size(before: Object, after: Object, status: Object, found: list[Cause]) -> None:
    """It may shrink after a growth that failed, but stays above what there is."""
    old, new = _nano(_storage(before)), _nano(_storage(after))
    capacity = _nano((status.get("capacity") or {}).get("storage"))
    if new < old and new <= capacity:
        found.append(causes.forbidden(_SIZE, "field can not be less than status.capacity"))


def _nano(amount: Any) -> int:
    """Nothing, where nothing is said."""
    return quantity.parse(str(amount)).nano if amount is not None else 0


def _class_of_attributes(before: Any, after: Any, status: Object, found: list[Cause]) -> None:
    """Once a class was applied, there is one."""
    if before == after or status.get("currentVolumeAttributesClassName") is None or after:
        return
    what = "nil" if after is None else "empty string"
    detail = (
        f"update to {what} is forbidden when status.currentVolumeAttributesClassName is not nil"
    )
    found.append(causes.forbidden(f"spec.{_CLASS}", detail))
