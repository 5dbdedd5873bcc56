"""Rules of what a PersistentVolume is kept by, beyond those of a pod's volume of that kind: their
secrets say their namespace, and it may be a disk of one node.

Source: API reference, PersistentVolumeSpec. Must not know what else a volume says.
"""

from typing import Any

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.paths import check_no_climbing
from cluster.api.validation.storage_objects import check_driver_name
from cluster.api.validation.volume_kinds import check_kind

# In this order: of two sources the first counts, the other is told of.
KINDS = (
    "hostPath", "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "flocker", "nfs", "rbd",
    "quobyte", "cephfs", "iscsi", "cinder", "fc", "flexVolume", "azureFile", "vsphereVolume",
    "photonPersistentDisk", "portworxVolume", "azureDisk", "scaleIO", "local", "storageos", "csi",
)  # fmt: skip
# How its place is called in what is told, where that is not its name.
_PLACES = {"gcePersistentDisk": "persistentDisk"}
_ISCSI_MAX = 64
_CSI_SECRETS = (
    "controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef",
    "nodeExpandSecretRef",
)  # fmt: skip


def check_source(path: str, kind: str, value: Object, volume: str, found: list[Cause]) -> None:
    """A source of ``kind`` below ``path`` (``spec``). ``volume``: the PersistentVolume's name."""
    place = f"{path}.{_PLACES.get(kind, kind)}"
    match kind:
        case "csi":
            _csi(place, value, found)
        case "local":
            _local(place, value, found)
        case _:
            check_kind(place, kind, value, found)
    more = _MORE.get(kind)
    if more is not None:
        more(place, value, volume, found)


def _csi(path: str, value: Object, found: list[Cause]) -> None:
    check_driver_name(f"{path}.driver", value.get("driver") or "", found)
    if not value.get("volumeHandle"):
        found.append(causes.required(f"{path}.volumeHandle"))
    for name in _CSI_SECRETS:
        reference = value.get(name)
        if reference is None:
            continue
        for part, errors in (("name", names.subdomain_errors),
                             ("namespace", names.dns_label_errors)):  # fmt: skip
            text = reference.get(part)
            if not text:
                found.append(causes.required(f"{path}.{name}.{part}"))
            else:
                causes.each(f"{path}.{name}.{part}", text, errors(text), found)


def _local(path: str, value: Object, found: list[Cause]) -> None:
    place = value.get("path")
    if not place:
        found.append(causes.required(f"{path}.path"))
    else:
        check_no_climbing(f"{path}.path", place, found)


def _iscsi(path: str, value: Object, volume: str, found: list[Cause]) -> None:
    portal, reference = value.get("targetPortal") or "", value.get("secretRef")
    if value.get("initiatorName") is not None and len(f"{volume}:{portal}") > _ISCSI_MAX:
        detail = (
            "Total length of <volume name>:<iscsi.targetPortal> must be under "
            f"{_ISCSI_MAX} characters if iscsi.initiatorName is specified."
        )
        found.append(causes.invalid(f"{path}.targetportal", portal, detail))
    if reference is not None and not reference.get("name"):
        found.append(causes.required(f"{path}.secretRef.name"))


def _of_namespace(path: str, value: Object, volume: str, found: list[Cause]) -> None:
    reference = value.get("secretRef")
    if reference is not None and not reference.get("namespace"):
        found.append(causes.required(f"{path}.secretRef.namespace"))


def _glusterfs(path: str, value: Object, volume: str, found: list[Cause]) -> None:
    name = value.get("endpointsNamespace")
    place = f"{path}.endpointsNamespace"
    if name == "":
        detail = "if the endpointnamespace is set, it must be a valid namespace name"
        found.append(causes.invalid(place, name, detail))
    elif name is not None:
        causes.each(place, name, names.dns_label_errors(name), found)


def _azure_file(path: str, value: Object, volume: str, found: list[Cause]) -> None:
    if value.get("secretNamespace") == "":
        found.append(causes.required(f"{path}.secretNamespace"))


_MORE: dict[str, Any] = {
    "iscsi": _iscsi,
    "cinder": _of_namespace,
    "storageos": _of_namespace,
    "glusterfs": _glusterfs,
    "azureFile": _azure_file,
}
