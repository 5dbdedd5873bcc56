"""Rules of pods: on create, and for what its subresources may change.

What an update may change is ``pod_update``'s. Must not know workloads.
"""

from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.containers import check_container
from cluster.api.validation.pod_annotations import (
    MIRROR,
    annotations_of,
    check_annotations_agree,
    check_annotations_stay,
    check_pod_annotations,
)
from cluster.api.validation.pod_resize import check_pod_resize
from cluster.api.validation.pod_spec import check_pod_spec, shared_parts
from cluster.api.validation.pod_status import check_pod_status
from cluster.api.validation.pod_update import check_changes, same
from cluster.api.validation.volumes import check_volumes

# What containers for debugging do not have: nothing may come to depend on them.
_NOT_EPHEMERAL = (
    "ports", "resources", "resizePolicy", "restartPolicy", "restartPolicyRules", "livenessProbe",
    "readinessProbe", "startupProbe", "lifecycle",
)  # fmt: skip


def check_pod(obj: Object, found: list[Cause]) -> None:
    """A new pod."""
    spec = obj.get("spec") or {}
    _whole(obj, found)
    if spec.get("ephemeralContainers"):
        detail = "cannot be set on create"
        found.append(causes.forbidden("spec.ephemeralContainers", detail))
    gates = spec.get("schedulingGates")
    if gates and spec.get("nodeName"):
        detail = "cannot be set until all schedulingGates have been cleared"
        found.append(causes.forbidden("spec.nodeName", detail))
    check_annotations_agree(obj, found)


def check_pod_update(old: Object, new: Object, subresource: str, found: list[Cause]) -> None:
    """What an update of the pod, or of a part of it, changed."""
    before, after = old.get("spec") or {}, new.get("spec") or {}
    if subresource == "status":
        if old.get("status") != new.get("status"):
            check_pod_status(old, new, found)
        if _annotated(old, new):
            check_annotations_stay(old, new, found)
        return
    if before == after and not _annotated(old, new):
        return
    if subresource == "ephemeralcontainers":
        _ephemeral(old, new, found)
        return
    _whole(new, found)
    if subresource == "resize":
        check_pod_resize(old, new, found)
        return
    check_annotations_stay(old, new, found)
    check_changes(old, new, found)


def check_binding(obj: Object, found: list[Cause]) -> None:
    """A Binding: which node a pod goes to."""
    target = obj.get("target") or {}
    if target.get("kind") not in (None, "", "Node"):
        found.append(causes.unsupported("target.kind", target["kind"], ("Node", "<empty>")))
    if not target.get("name"):
        found.append(causes.required("target.name"))


def _annotated(old: Object, new: Object) -> bool:
    """True if annotations changed: some have to do with the spec."""
    return annotations_of(old) != annotations_of(new)


def _whole(pod: Object, found: list[Cause]) -> None:
    """The spec as a pod's, and the annotations that say something about it."""
    spec = pod.get("spec") or {}
    check_pod_spec("spec", spec, found, (pod.get("metadata") or {}).get("name") or "")
    if not spec.get("serviceAccountName"):
        _no_tokens(spec, found)
    check_pod_annotations(pod, found)


def _no_tokens(spec: Object, found: list[Cause]) -> None:
    """Without a service account there is nobody a token could be of."""
    for number, volume in enumerate(spec.get("volumes") or ()):
        sources = (volume.get("projected") or {}).get("sources") or ()
        for position, source in enumerate(sources):
            if "serviceAccountToken" in source:
                place = f"spec.volumes[{number}].projected.sources[{position}].serviceAccountToken"
                detail = "must not be specified when serviceAccountName is not set"
                found.append(causes.forbidden(place, detail))


def _ephemeral(old: Object, new: Object, found: list[Cause]) -> None:
    """Ephemeral containers may be added, never changed or removed; the rest stays."""
    if MIRROR in annotations_of(old):
        # Nothing else needs to be told.
        found[:] = [causes.forbidden("", "static pods do not support ephemeral containers")]
        return
    before, after = old.get("spec") or {}, new.get("spec") or {}
    if {**before, "ephemeralContainers": None} != {**after, "ephemeralContainers": None}:
        found.append(causes.forbidden("spec", "only ephemeralContainers may be changed here"))
    known = {item.get("name"): item for item in before.get("ephemeralContainers") or ()}
    # What is wrong with volumes was told when the pod was made.
    volumes = check_volumes("spec.volumes", after.get("volumes") or [], "", [])
    shared = shared_parts(after, volumes, True)
    others = {
        item["name"] for name in ("containers", "initContainers") for item in after.get(name) or ()
    }
    shared.names |= others
    for position, container in enumerate(after.get("ephemeralContainers") or ()):
        path = f"spec.ephemeralContainers[{position}]"
        check_container(path, container, shared, False, found)
        _only_to_look(path, container, others, found)
        former = known.pop(container.get("name"), None)
        if former is not None and not same(former, container):
            _stays(container["name"], "changed", found)
    for name in known:
        _stays(name or "", "removed", found)


def _stays(name: str, what: str, found: list[Cause]) -> None:
    detail = f"existing ephemeral containers {causes.shown(name)} may not be {what}"
    found.append(causes.forbidden("spec.ephemeralContainers", detail))


def _only_to_look(path: str, container: Object, others: set[str], found: list[Cause]) -> None:
    """``others``: the containers that it may share processes with."""
    detail = "cannot be set for an Ephemeral Container"
    target = container.get("targetContainerName")
    if target and target not in others:
        found.append(causes.absent(f"{path}.targetContainerName", target))
    for name in _NOT_EPHEMERAL:
        if container.get(name):
            found.append(causes.forbidden(f"{path}.{name}", detail))
    for position, mount in enumerate(container.get("volumeMounts") or ()):
        for name in ("subPath", "subPathExpr"):
            if mount.get(name):
                place = f"{path}.volumeMounts[{position}].{name}"
                found.append(causes.forbidden(place, detail))
