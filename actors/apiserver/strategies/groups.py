"""Rules of networking, device and storage kinds: what the server sets and keeps. Pure.

Source: API reference of Kubernetes 1.37. Who may write what is admission's.
"""

from actors.apiserver.strategies.strategy import (
    MARKS,
    Strategy,
    bump_generation,
    prepare_status_update,
)
from cluster.api.types import Object

# A change of these makes a kubelet publish volumes anew.
_REPUBLISHED = ("tokenRequests", "requiresRepublish", "storageCapacity", "podInfoOnMount")


def _empty_status(obj: Object, now: float) -> None:
    obj["status"] = {}


def _unbalanced(obj: Object, now: float) -> None:
    obj["status"] = {"loadBalancer": {}}


def _balanced(obj: Object, old: Object, now: float) -> Object:
    updated = prepare_status_update(obj, old, INGRESSES)
    updated["status"] = {"loadBalancer": {}, **updated["status"]}
    return updated


def _unattached(obj: Object, now: float) -> None:
    obj["status"] = {"attached": False}


def _without_health(obj: Object, old: Object, now: float) -> Object:
    """What a node tells of its storage's health is not kept (it is off by default), and there is
    nothing else in its status."""
    updated = prepare_status_update(obj, old, CSI_NODES)
    updated.pop("status", None)
    return updated


def _update_driver(obj: Object, old: Object) -> None:
    before, after = old.get("spec") or {}, obj.get("spec") or {}
    if any(before.get(name) != after.get(name) for name in _REPUBLISHED):
        bump_generation(obj)


def taints_of(obj: Object) -> list[Object]:
    """The taints of a DeviceTaintRule, or of the devices of a ResourceSlice."""
    spec = obj.get("spec") or {}
    if spec.get("taint"):
        return [spec["taint"]]
    return [taint for device in spec.get("devices") or () for taint in device.get("taints") or ()]


def _keep_times(obj: Object, old: Object) -> None:
    """A taint that does not say when it was set was set when it was."""
    known = {_taint_key(item): item.get("timeAdded") for item in taints_of(old)}
    for taint in taints_of(obj):
        since = known.get(_taint_key(taint))
        if since and not taint.get("timeAdded"):
            taint["timeAdded"] = since


def _taint_key(taint: Object) -> tuple[object, ...]:
    return (taint.get("key"), taint.get("value"), taint.get("effect"))


INGRESSES = Strategy(
    generation=True, create=_unbalanced, parts={"status": _balanced}, status_metadata=MARKS
)
TAINT_RULES = Strategy(generation=True, create=_empty_status, update=_keep_times)
SLICES = Strategy(generation=True, update=_keep_times)
COUNTED = Strategy(generation=True, create=_empty_status)
WITH_STATUS = Strategy(create=_empty_status)
ATTACHMENTS = Strategy(create=_unattached, returns_deleted=True)
STORAGE_CLASSES = Strategy(returns_deleted=True)
CSI_DRIVERS = Strategy(update=_update_driver, returns_deleted=True)
CSI_NODES = Strategy(status_shown=False, returns_deleted=True, parts={"status": _without_health})
