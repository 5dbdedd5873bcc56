"""Rules of pods/resize: what of a pod's resources may become of what they were.

Source: KEP-1287, Validation; KEP-5419; docs "Resize CPU and Memory Resources assigned to
Containers", Limitations. The rest of a spec is not taken from the body, so it cannot differ here.
Must not know nodes: whether there is room is theirs to say.
"""

from cluster.api.pod_qos import qos_class
from cluster.api.pod_resizing import RESTART, SECTIONS, replaced
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.pod_update import same

_MIRROR = "kubernetes.io/config.mirror"
_KINDS = ("initContainers", "containers")


def check_pod_resize(old: Object, new: Object, found: list[Cause]) -> None:
    """What a write of pods/resize changed."""
    before, after = old.get("spec") or {}, new.get("spec") or {}
    never = _never(old)
    if never:
        # Nothing else needs to be told.
        found[:] = [causes.forbidden("", never)]
        return
    quality = (old.get("status") or {}).get("qosClass") or qos_class(old)
    if quality != qos_class(new):
        detail = "Pod QOS Class may not change as a result of resizing"
        found.append(causes.invalid("spec", quality, detail))
    if not _can_tell(old):
        found.append(causes.forbidden("spec", "Pod running on node without support for resize"))
    _check_own(_own(before), _own(after), found)
    if (old.get("status") or {}).get("nodeAllocatableResourceClaimStatuses"):
        detail = "pods with node allocatable resource claims cannot be resized"
        found.append(causes.forbidden("spec", detail))
    alike = [
        _check_names(kind, before.get(kind) or [], after.get(kind) or [], found)
        for kind in reversed(_KINDS)
    ]
    if not all(alike):
        return
    for kind in _KINDS:
        pairs = zip(before.get(kind) or (), after.get(kind) or (), strict=True)
        for position, (one, other) in enumerate(pairs):
            path = f"spec.{kind}[{position}].resources"
            _check_kept(path, one.get("resources") or {}, other.get("resources") or {}, found)
    for one, other in zip(
        before.get("containers") or (), after.get("containers") or (), strict=True
    ):
        if not _only_mutable(one, other):
            found.append(causes.forbidden("spec", "only cpu and memory resources are mutable"))
    pairs = zip(before.get("initContainers") or (), after.get("initContainers") or (), strict=True)
    for position, (one, other) in enumerate(pairs):
        _check_init(f"spec.initContainers[{position}]", one, other, found)


def _never(pod: Object) -> str:
    """Why a pod cannot be resized, whatever is written."""
    if _MIRROR in (pod["metadata"].get("annotations") or {}):
        return "static pods cannot be resized"
    if ((pod.get("spec") or {}).get("os") or {}).get("name") == "windows":
        return "windows pods cannot be resized"
    return ""


def _can_tell(pod: Object) -> bool:
    """The node tells what resources its running containers have."""
    for item in (pod.get("status") or {}).get("containerStatuses") or ():
        if "running" in (item.get("state") or {}):
            return "resources" in item
    return True


def _check_init(path: str, old: Object, new: Object, found: list[Cause]) -> None:
    """One that ends is not started again for a resize."""
    if not _only_mutable(old, new):
        detail = "only cpu and memory resources for init or sidecar containers are mutable"
        found.append(causes.forbidden(path, detail))
    policies = new.get("resizePolicy") or ()
    restarts = any(item.get("restartPolicy") == RESTART for item in policies)
    if not same(old, new) and new.get("restartPolicy") != "Always" and restarts:
        detail = (
            "non-sidecar init containers with a resize policy of RestartContainer cannot be resized"
        )
        found.append(causes.forbidden(path, detail))


def _check_names(kind: str, old: list[Object], new: list[Object], found: list[Cause]) -> bool:
    """True if they are the same containers in the same order."""
    if len(old) != len(new):
        detail = f"{kind} may not be added or removed on resize"
        found.append(causes.forbidden(f"spec.{kind}", detail))
        return False
    wrong = [
        position
        for position, (one, other) in enumerate(zip(old, new, strict=True))
        if one.get("name") != other.get("name")
    ]
    for position in wrong:
        detail = f"{kind} may not be renamed or reordered on resize"
        found.append(causes.forbidden(f"spec.{kind}[{position}].name", detail))
    return not wrong


def _check_kept(path: str, old: Object, new: Object, found: list[Cause]) -> None:
    """What is once stated may be changed, not taken away."""
    for part in SECTIONS:
        if any(name not in (new.get(part) or {}) for name in old.get(part) or ()):
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


def _only_mutable(old: Object, new: Object) -> bool:
    """Of a container at most the amounts of cpu and memory have changed."""
    before = old.get("resources") or {}
    former = {**new, "resources": replaced(new.get("resources") or {}, before)}
    return same(former, {**old, "resources": before})
