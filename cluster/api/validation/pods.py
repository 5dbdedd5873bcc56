"""Rules of pods: on create, on update, and for what its subresources may change.

A pod's spec is nearly fixed once it exists. Must not know workloads.
"""

from typing import Any

from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.containers import Shared, check_container
from cluster.api.validation.pod_resize import check_pod_resize
from cluster.api.validation.pod_spec import check_pod_spec

_CHANGED = (
    "pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` "
    "(only additions to existing tolerations),`spec.terminationGracePeriodSeconds` "
    "(allow it to be set to 1 if it was previously negative)"
)
_HANDLED = frozenset(
    (
        "containers",
        "initContainers",
        "ephemeralContainers",
        "activeDeadlineSeconds",
        "tolerations",
        "terminationGracePeriodSeconds",
        "schedulingGates",
    )
)


def check_pod(obj: Object, found: list[Cause]) -> None:
    """A new pod."""
    spec = obj.get("spec") or {}
    check_pod_spec("spec", spec, found)
    if spec.get("ephemeralContainers"):
        detail = "cannot be set on create"
        found.append(causes.forbidden("spec.ephemeralContainers", detail))
    gates = spec.get("schedulingGates")
    if gates and spec.get("nodeName"):
        detail = "cannot be set until all schedulingGates have been cleared"
        found.append(causes.forbidden("spec.nodeName", detail))


def check_pod_update(old: Object, new: Object, subresource: str, found: list[Cause]) -> None:
    """What an update of the pod, or of a part of it, changed."""
    before, after = old.get("spec") or {}, new.get("spec") or {}
    if subresource == "status" or before == after:
        return
    if subresource == "ephemeralcontainers":
        _ephemeral(before, after, found)
        return
    if subresource == "resize":
        check_pod_spec("spec", after, found)
        check_pod_resize(old, new, found)
        return
    check_pod_spec("spec", after, found)
    _deadline(before, after, found)
    _gates(before, after, found)
    changed = {name for name in {*before, *after} - _HANDLED if before.get(name) != after.get(name)}
    if changed == {"nodeName"} and _bound(old, new):
        changed = set()
    images_only = _containers(before, after, frozenset(("image",)), found)
    if changed or not images_only or not _tolerations(before, after) or not _grace(before, after):
        found.append(causes.forbidden("spec", _CHANGED))


def check_binding(obj: Object, found: list[Cause]) -> None:
    """A Binding: which node a pod goes to."""
    target = obj.get("target") or {}
    if target.get("kind") not in (None, "", "Node"):
        found.append(causes.unsupported("target.kind", target["kind"], ("Node", "<empty>")))
    if not target.get("name"):
        found.append(causes.required("target.name"))


def _bound(old: Object, new: Object) -> bool:
    """True if the change is a binding: the only one that changes spec and status at once."""
    if (old.get("spec") or {}).get("nodeName") or old.get("status") == new.get("status"):
        return False
    conditions = (new.get("status") or {}).get("conditions") or ()
    return any(
        item.get("type") == "PodScheduled" and item.get("status") == "True" for item in conditions
    )


def _deadline(before: Object, after: Object, found: list[Cause]) -> None:
    old, new = before.get("activeDeadlineSeconds"), after.get("activeDeadlineSeconds")
    if old is not None and (new is None or new > old):
        detail = "must be less than or equal to previous value"
        if new is None:
            detail = "must not update from a positive integer to nil value"
        found.append(causes.invalid("spec.activeDeadlineSeconds", new, detail))


def _gates(before: Object, after: Object, found: list[Cause]) -> None:
    known = [gate.get("name") for gate in before.get("schedulingGates") or ()]
    for gate in after.get("schedulingGates") or ():
        if gate.get("name") not in known:
            detail = "only deletion is allowed, but found new scheduling gate "
            found.append(causes.forbidden("spec.schedulingGates", f"{detail}'{gate.get('name')}'"))


def _containers(before: Object, after: Object, free: frozenset[str], found: list[Cause]) -> bool:
    """True if containers differ in nothing but the fields that are free."""
    same = before.get("ephemeralContainers") == after.get("ephemeralContainers")
    for name in ("containers", "initContainers"):
        old, new = before.get(name) or [], after.get(name) or []
        if len(old) != len(new):
            detail = "pod updates may not add or remove containers"
            found.append(causes.forbidden(f"spec.{name}", detail))
            return True
        same = same and all(
            _without(one, free) == _without(other, free)
            for one, other in zip(old, new, strict=True)
        )
    return same


def _without(container: Object, free: frozenset[str]) -> Object:
    return {key: value for key, value in container.items() if key not in free}


def _tolerations(before: Object, after: Object) -> bool:
    """True if every toleration is still there; only its time may have changed."""
    new = [_timeless(item) for item in after.get("tolerations") or ()]
    return all(_timeless(item) in new for item in before.get("tolerations") or ())


def _timeless(toleration: Object) -> Object:
    return _without(toleration, frozenset(("tolerationSeconds",)))


def _grace(before: Object, after: Object) -> bool:
    old: Any = before.get("terminationGracePeriodSeconds")
    new: Any = after.get("terminationGracePeriodSeconds")
    return bool(old == new) or (old is not None and old < 0 and new == 1)


def _ephemeral(before: Object, after: Object, found: list[Cause]) -> None:
    """Ephemeral containers may be added, never changed or removed; the rest stays."""
    if {**before, "ephemeralContainers": None} != {**after, "ephemeralContainers": None}:
        found.append(causes.forbidden("spec", "only ephemeralContainers may be changed here"))
    old = {item.get("name"): item for item in before.get("ephemeralContainers") or ()}
    volumes = frozenset(volume["name"] for volume in after.get("volumes") or ())
    taken = {
        item["name"] for name in ("containers", "initContainers") for item in after.get(name) or ()
    }
    shared = Shared(volumes, taken)
    present = after.get("ephemeralContainers") or ()
    for position, container in enumerate(present):
        path = f"spec.ephemeralContainers[{position}]"
        check_container(path, container, shared, False, found)
        known = old.pop(container.get("name"), None)
        if known is not None and known != container:
            detail = "existing ephemeral containers may not be changed"
            found.append(causes.forbidden(path, detail))
    if old:
        detail = "existing ephemeral containers may not be removed"
        found.append(causes.forbidden("spec.ephemeralContainers", detail))
