"""Rules of PersistentVolumes: what a volume says of itself. What keeps it is ``persistent_kinds``'.

Source: docs "Persistent Volumes"; API reference, PersistentVolumeSpec. Must not know claims.
"""

import posixpath

from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.persistent_kinds import KINDS, check_source
from cluster.api.validation.placement import check_node_term
from cluster.api.validation.storage_parts import (
    check_access_modes,
    check_class_name,
    check_positive,
    check_volume_mode,
)

_RECLAIM = frozenset(("Delete", "Recycle", "Retain"))
_OPTIONS = "volume.beta.kubernetes.io/mount-options"
# What may be mounted with options by the elder annotation.
_WITH_OPTIONS = frozenset(
    ("gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "nfs", "rbd", "quobyte", "iscsi",
     "cinder", "cephfs", "azureFile", "vsphereVolume", "azureDisk", "photonPersistentDisk")
)  # fmt: skip
# How a second source of the kind is told of, where that is not its name.
_SECOND = {"cephfs": "cephFS"}
_INLINE = "in the context of inline volumes"


def check_volume(obj: Object, found: list[Cause]) -> None:
    """A new PersistentVolume."""
    check_whole(obj, found)


def check_whole(obj: Object, found: list[Cause], *, any_value: bool = False) -> None:
    """All of a volume. ``any_value``: nodes may be asked for what is no label's value."""
    spec, metadata = obj.get("spec") or {}, obj.get("metadata") or {}
    _capacity(spec.get("capacity") or {}, found)
    _common("spec", spec, metadata.get("name") or "", found)
    policy = spec.get("persistentVolumeReclaimPolicy")
    if policy and policy not in _RECLAIM:
        place = "spec.persistentVolumeReclaimPolicy"
        found.append(causes.unsupported(place, policy, _RECLAIM))
    _affinity(spec, any_value, found)
    path = (spec.get("hostPath") or {}).get("path") or ""
    if policy == "Recycle" and path and posixpath.normpath(path) in ("/", "//"):
        detail = "may not be 'recycle' for a hostPath mount of '/'"
        found.append(causes.forbidden("spec.persistentVolumeReclaimPolicy", detail))
    check_class_name("spec.storageClassName", spec.get("storageClassName"), found)
    check_volume_mode("spec.volumeMode", spec.get("volumeMode"), found)
    _attributes_class(spec, found)
    annotations = metadata.get("annotations") or {}
    if _OPTIONS in annotations and all(spec.get(kind) is None for kind in _WITH_OPTIONS):
        detail = "may not specify mount options for this volume type"
        found.append(causes.forbidden(f"metadata.annotations.{_OPTIONS}", detail))


def check_inline(path: str, spec: Object, found: list[Cause]) -> None:
    """A volume of a pod, as a VolumeAttachment holds it: of a CSI driver, and nobody's claim."""
    for name in ("claimRef", "capacity", "nodeAffinity", "storageClassName"):
        if spec.get(name) or (name in ("claimRef", "nodeAffinity") and spec.get(name) is not None):
            found.append(causes.forbidden(f"{path}.{name}", f"may not be specified {_INLINE}"))
    if spec.get("csi") is None:
        found.append(causes.required(f"{path}.csi", f"has to be specified {_INLINE}"))
    _common(path, spec, "", found)
    if (spec.get("persistentVolumeReclaimPolicy") or "Retain") != "Retain":
        place = f"{path}.persistentVolumeReclaimPolicy"
        found.append(causes.forbidden(place, f"may only be Retain {_INLINE}"))
    if spec.get("volumeMode") not in (None, "Filesystem"):
        detail = f"may not specify volumeMode other than Filesystem {_INLINE}"
        found.append(causes.forbidden(f"{path}.volumeMode", detail))


def _common(path: str, spec: Object, name: str, found: list[Cause]) -> None:
    """How it is accessed, and what keeps it."""
    check_access_modes(f"{path}.accessModes", spec.get("accessModes"), found)
    first = ""
    for kind in KINDS:
        value = spec.get(kind)
        if value is None:
            continue
        # A flexVolume is always looked at.
        if first and kind != "flexVolume":
            place = f"{path}.{_SECOND.get(kind, kind)}"
            found.append(causes.forbidden(place, "may not specify more than 1 volume type"))
            continue
        first = kind
        check_source(path, kind, value, name, found)
        if kind == "local" and spec.get("nodeAffinity") is None:
            detail = "Local volume requires node affinity"
            found.append(causes.required(f"{path}.nodeAffinity", detail))
    if not first:
        found.append(causes.required(path, "must specify a volume type"))


def _capacity(capacity: Object, found: list[Cause]) -> None:
    path = "spec.capacity"
    if not capacity:
        found.append(causes.required(path))
    if set(capacity) != {"storage"}:
        found.append(causes.unsupported(path, capacity, ("storage",)))
    for name, amount in capacity.items():
        check_positive(f"{path}[{name}]", amount, found)


def _affinity(spec: Object, any_value: bool, found: list[Cause]) -> None:
    affinity = spec.get("nodeAffinity")
    if affinity is None:
        return
    path, required = "spec.nodeAffinity.required", affinity.get("required")
    if required is None:
        found.append(causes.required(path, "must specify required node constraints"))
        return
    terms = required.get("nodeSelectorTerms") or ()
    if not terms:
        detail = "must have at least one node selector term"
        found.append(causes.required(f"{path}.nodeSelectorTerms", detail))
    for position, term in enumerate(terms):
        check_node_term(
            f"{path}.nodeSelectorTerms[{position}]", term or {}, found, any_value=any_value
        )


def _attributes_class(spec: Object, found: list[Cause]) -> None:
    name = spec.get("volumeAttributesClassName")
    if name is None:
        return
    path = "spec.volumeAttributesClassName"
    if not name:
        found.append(causes.required(path, "an empty string is disallowed"))
    check_class_name(path, name, found)
    if spec.get("csi") is None:
        detail = "has to be specified when using volumeAttributesClassName"
        found.append(causes.required("spec.csi", detail))
