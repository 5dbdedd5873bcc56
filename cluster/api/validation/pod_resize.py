"""Rules of pods/resize: what of a pod's resources may become of what they were.

Source: KEP-1287, Validation; KEP-5419; docs "Resize CPU and Memory Resources assigned to
Containers", Limitations. The rest of a spec is not taken from the body, so it cannot differ here.
Must not know nodes: whether there is room is theirs to say.
"""

from cluster.api.pod_qos import qos_class
from cluster.api.pod_resizing import MUTABLE, SECTIONS, replaced, with_resources
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

_SOURCE = "kubernetes.io/config.source"
_MIRROR = "kubernetes.io/config.mirror"
_KINDS = ("initContainers", "containers")


def check_pod_resize(old: Object, new: Object, found: list[Cause]) -> None:
    """What a write of pods/resize changed."""
    before, after = old.get("spec") or {}, new.get("spec") or {}
    annotations = old["metadata"].get("annotations") or {}
    if _MIRROR in annotations or annotations.get(_SOURCE, "api") != "api":
        found.append(causes.forbidden("metadata", "static pods cannot be resized"))
    if (before.get("os") or {}).get("name") == "windows":
        found.append(causes.forbidden("spec", "windows pods cannot be resized"))
    if not _can_tell(old):
        detail = "Pod running on node without support for resize"
        found.append(causes.forbidden("metadata", detail))
    same = True
    for kind in _KINDS:
        same = _check_names(kind, before.get(kind) or [], after.get(kind) or [], found) and same
    if not same:
        return
    for kind in _KINDS:
        pairs = zip(before.get(kind) or (), after.get(kind) or (), strict=True)
        for position, (one, other) in enumerate(pairs):
            path = f"spec.{kind}[{position}].resources"
            _check_kept(path, one.get("resources") or {}, other.get("resources") or {}, found)
    former = _with_former(before, after)
    if former != {**before, "resources": _own(before)}:
        found.append(causes.forbidden("spec", "only cpu and memory resources are mutable"))
    _check_own(_own(before), _own(after), found)
    quality = (old.get("status") or {}).get("qosClass") or qos_class(old)
    if quality != qos_class(new):
        detail = "Pod QOS Class may not change as a result of resizing"
        found.append(causes.invalid("spec", quality, detail))


def _can_tell(pod: Object) -> bool:
    """The node tells what resources its running containers have."""
    status = pod.get("status") or {}
    if status.get("phase") != "Running":
        return True
    return all("resources" in item for item in status.get("containerStatuses") or ())


def _check_names(kind: str, old: list[Object], new: list[Object], found: list[Cause]) -> bool:
    """True if they are the same containers in the same order."""
    if len(old) != len(new):
        detail = "containers may not be added or removed on resize"
        found.append(causes.forbidden(f"spec.{kind}", detail))
        return False
    wrong = [
        position
        for position, (one, other) in enumerate(zip(old, new, strict=True))
        if one.get("name") != other.get("name")
    ]
    for position in wrong:
        detail = "containers may not be renamed or reordered on resize"
        found.append(causes.forbidden(f"spec.{kind}[{position}].name", detail))
    return not wrong


def _check_kept(path: str, old: Object, new: Object, found: list[Cause]) -> None:
    """What is once stated may be changed, not taken away."""
    for part in SECTIONS:
        stated = old.get(part) or {}
        if any(name in stated and name not in (new.get(part) or {}) for name in MUTABLE):
            detail = f"resource {part} cannot be removed"
            found.append(causes.forbidden(f"{path}.{part}", detail))


def _own(spec: Object) -> Object:
    return spec.get("resources") or {}


def _check_own(old: Object, new: Object, found: list[Cause]) -> None:
    """What the pod states itself may be added and changed, not taken away."""
    if old and not new:
        detail = "pod-level resources cannot be removed"
        found.append(causes.forbidden("spec.resources", detail))
        return
    for part in SECTIONS:
        stated = old.get(part) or {}
        if any(name not in (new.get(part) or {}) for name in stated):
            detail = f"pod-level resource {part} cannot be removed"
            found.append(causes.forbidden(f"spec.resources.{part}", detail))
    if replaced(new, old) != old:
        detail = "only cpu and memory resources are mutable at pod-level"
        found.append(causes.forbidden("spec", detail))


def _with_former(before: Object, after: Object) -> Object:
    """What was written, with the cpu and memory of before where these may change: the same as
    before, unless something else has changed. The pod's own resources are judged elsewhere."""
    found: dict[str, Object] = {
        other["name"]: replaced(other.get("resources") or {}, one.get("resources") or {})
        for kind in _KINDS
        for one, other in zip(before.get(kind) or (), after.get(kind) or (), strict=True)
    }
    return {**with_resources(after, found), "resources": _own(before)}
