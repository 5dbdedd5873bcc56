"""Rules of VolumeAttachments: who attaches what to which node, and how that went.

Source: API reference, VolumeAttachment storage.k8s.io/v1. Must not know nodes.
"""

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.persistent_volumes import check_inline
from cluster.api.validation.storage_objects import check_driver_name

_METADATA_BYTES_MAX = 256 * 1024
_MESSAGE_MAX = 1024
_CODE_MAX = 2**31 - 1
_SOURCES = ("inlineVolumeSpec", "persistentVolumeName")


def check_attachment(obj: Object, found: list[Cause]) -> None:
    """A new VolumeAttachment."""
    spec = obj.get("spec") or {}
    check_driver_name("spec.attacher", spec.get("attacher") or "", found)
    source = spec.get("source") or {}
    given = [name for name in _SOURCES if source.get(name) is not None]
    detail = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"
    if not given:
        found.append(causes.required("spec.source", detail))
    elif len(given) > 1:
        found.append(causes.forbidden("spec.source", detail))
    elif source.get("persistentVolumeName") == "":
        path = "spec.source.persistentVolumeName"
        found.append(causes.required(path, "must specify non empty persistentVolumeName"))
    elif "inlineVolumeSpec" in given:
        check_inline("spec.source.inlineVolumeSpec", source["inlineVolumeSpec"], found)
    volume, node = source.get("persistentVolumeName"), spec.get("nodeName") or ""
    if volume is not None:
        path = "spec.source.persistentVolumeName"
        causes.each(path, volume, names.subdomain_errors(volume), found)
    causes.each("spec.nodeName", node, names.subdomain_errors(node), found)


def check_attachment_update(old: Object, new: Object, found: list[Cause]) -> None:
    """An attachment is never moved."""
    if old.get("spec") != new.get("spec"):
        found.append(causes.invalid("spec", new.get("spec"), causes.IMMUTABLE))


def check_attachment_status(old: Object, new: Object, found: list[Cause]) -> None:
    """What the attacher tells kubelets is no store of its own; errors are short."""
    status = new.get("status") or {}
    told = status.get("attachmentMetadata") or {}
    size = sum(len(key.encode()) + len(value.encode()) for key, value in told.items())
    if size > _METADATA_BYTES_MAX:
        path = "status.attachmentMetadata"
        found.append(causes.too_long(path, _METADATA_BYTES_MAX))
    for name in ("attachError", "detachError"):
        error = status.get(name) or {}
        if len((error.get("message") or "").encode()) > _MESSAGE_MAX:
            found.append(causes.too_long(f"status.{name}.message", _MESSAGE_MAX))
        code = error.get("errorCode")
        if code is not None and code < 0:
            detail = f"must be between 0 and {_CODE_MAX}, inclusive"
            found.append(causes.invalid(f"status.{name}.errorCode", code, detail))
