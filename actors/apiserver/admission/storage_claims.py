"""A claim that names no class gets the default one; a claim grows only where its class lets it.

Source: docs "Storage Classes", Default StorageClass; "Persistent Volumes", Expanding Persistent
Volumes Claims; "Admission Controllers": DefaultStorageClass, PersistentVolumeClaimResize.
"""

from actors.apiserver.admission.plugin import Review
from actors.apiserver.selection import Selection
from cluster.api import quantity, status
from cluster.api.encoding import decode
from cluster.api.kinds import by_resource
from cluster.api.types import Object

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
OLD_DEFAULT_CLASS = "storageclass.beta.kubernetes.io/is-default-class"
CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
_CLASSES = by_resource("storage.k8s.io", "v1", "storageclasses")
_UNBOUND = "Only bound persistent volume claims can be expanded"
_FIXED_SIZE = (
    "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc "
    "must support resize"
)


async def admit(review: Review) -> None:
    """Give a new claim its class."""
    if review.call.resource != ("", "persistentvolumeclaims") or review.obj is None:
        return
    if review.operation == "CREATE":
        await _default(review, review.obj)


async def judge(review: Review) -> None:
    """Raises StatusError 403 for a claim that cannot grow."""
    if review.call.resource != ("", "persistentvolumeclaims") or review.obj is None:
        return
    if review.operation == "UPDATE" and not review.call.request.subresource:
        assert review.old is not None
        await _resize(review, review.old, review.obj)


async def _default(review: Review, claim: Object) -> None:
    spec = claim.setdefault("spec", {})
    annotations = claim["metadata"].get("annotations") or {}
    if spec.get("storageClassName") is not None or CLASS_ANNOTATION in annotations:
        return
    assert _CLASSES is not None
    found = [decode(item.value) for item in await review.environment.objects.all(
        Selection(_CLASSES))]  # fmt: skip
    chosen = default_class(found)
    if chosen:
        spec["storageClassName"] = chosen


def default_class(classes: list[Object]) -> str:
    """The newest of those marked as default; of equally new ones the first by name; '' if none."""
    marked = [item["metadata"] for item in classes if _is_default(item)]
    if not marked:
        return ""
    newest = max(item.get("creationTimestamp") or "" for item in marked)
    return min(
        str(item["name"]) for item in marked if (item.get("creationTimestamp") or "") == newest
    )


def _is_default(item: Object) -> bool:
    annotations = item["metadata"].get("annotations") or {}
    return any(annotations.get(key) == "true" for key in (DEFAULT_CLASS, OLD_DEFAULT_CLASS))


async def _resize(review: Review, old: Object, new: Object) -> None:
    before, after = _requested(old), _requested(new)
    if before is None or after is None:
        return
    if quantity.parse(after).nano <= quantity.parse(before).nano:
        return
    if (old.get("status") or {}).get("phase") != "Bound":
        raise status.forbidden(review.call.kind, new["metadata"]["name"], _UNBOUND)
    name = _class_of(old)
    if not name or name != _class_of(new):
        raise status.forbidden(review.call.kind, new["metadata"]["name"], _FIXED_SIZE)
    if not (await _class(review, name)).get("allowVolumeExpansion"):
        raise status.forbidden(review.call.kind, new["metadata"]["name"], _FIXED_SIZE)


def _class_of(claim: Object) -> str:
    annotations = claim["metadata"].get("annotations") or {}
    if CLASS_ANNOTATION in annotations:
        return str(annotations[CLASS_ANNOTATION])
    return str((claim.get("spec") or {}).get("storageClassName") or "")


async def _class(review: Review, name: str) -> Object:
    assert _CLASSES is not None
    objects = review.environment.objects
    found = await objects.find(_CLASSES, "", name, review.fresh)
    return decode(found.value) if found is not None else {}


def _requested(claim: Object) -> str | None:
    resources = (claim.get("spec") or {}).get("resources") or {}
    amount = (resources.get("requests") or {}).get("storage")
    return None if amount is None else str(amount)
