"""Rules of volumes that others keep: network file systems, block devices, drivers, claims, images.

Source: API reference, VolumeSource. Kinds whose drivers are gone are still held to their shape.
Must not know who mounts them.
"""

import re
from typing import Any

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.claim_templates import check_claim_template
from cluster.api.validation.paths import check_no_climbing, check_relative
from cluster.api.validation.storage_objects import check_driver_name

_HOST_PATH_TYPES = frozenset(
    ("", "DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice",
     "BlockDevice")
)  # fmt: skip
_PULL = frozenset(("Always", "IfNotPresent", "Never"))
_CACHING = frozenset(("None", "ReadOnly", "ReadWrite"))
_DISKS = frozenset(("Shared", "Dedicated", "Managed"))
_UNIT_MAX = 255
_TENANT_MAX = 64
# What each kind must say.
_NEEDED: dict[str, tuple[str, ...]] = {
    "gitRepo": ("repository",),
    "gcePersistentDisk": ("pdName",),
    "awsElasticBlockStore": ("volumeID",),
    "nfs": ("server", "path"),
    "iscsi": ("targetPortal", "iqn"),
    "glusterfs": ("endpoints", "path"),
    "persistentVolumeClaim": ("claimName",),
    "rbd": ("monitors", "image"),
    "cinder": ("volumeID",),
    "cephfs": ("monitors",),
    "quobyte": ("volume",),
    "flexVolume": ("driver",),
    "azureFile": ("secretName", "shareName"),
    "vsphereVolume": ("volumePath",),
    "photonPersistentDisk": ("pdID",),
    "portworxVolume": ("volumeID",),
    "azureDisk": ("diskName", "diskURI"),
    "storageos": ("volumeName",),
    "scaleIO": ("gateway", "system", "volumeName"),
}
# RFC 3720, section 3.2.6.3: how an iSCSI node is named.
_ISCSI = {
    "iqn": re.compile(r"iqn\.\d{4}-\d{2}\.([0-9A-Za-z.-]+)(:[^,;*&$|\s]+)"),
    "eui": re.compile(r"eui.[0-9A-Za-z]{16}"),
    "naa": re.compile(r"naa.[0-9A-Za-z]{32}"),
}
_HOST_PORT = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*):[^:\[\]]*")
_RESERVED = (".kubernetes.io", ".k8s.io")


def check_kind(path: str, kind: str, value: Object, found: list[Cause]) -> None:
    """A source of ``kind`` at ``path`` (``spec.volumes[0].nfs``)."""
    for name in _NEEDED.get(kind, ()):
        if not value.get(name):
            found.append(causes.required(f"{path}.{name}"))
    check = _MORE.get(kind)
    if check is not None:
        check(path, value, found)


def _empty_dir(path: str, value: Object, found: list[Cause]) -> None:
    if (value.get("sizeLimit") or "").startswith("-"):
        detail = "SizeLimit field must be a valid resource quantity"
        found.append(causes.forbidden(f"{path}.sizeLimit", detail))


def _host_path(path: str, value: Object, found: list[Cause]) -> None:
    if not value.get("path"):
        found.append(causes.required(f"{path}.path"))
        return
    check_no_climbing(f"{path}.path", value["path"], found)
    if value.get("type", "") not in _HOST_PATH_TYPES:
        found.append(causes.unsupported(f"{path}.type", value["type"], _HOST_PATH_TYPES))


def _git(path: str, value: Object, found: list[Cause]) -> None:
    check_relative(f"{path}.directory", value.get("directory") or "", found)


def _partition(path: str, value: Object, found: list[Cause]) -> None:
    number = value.get("partition") or 0
    if not 0 <= number <= _UNIT_MAX:
        detail = f"must be between 0 and {_UNIT_MAX}, inclusive"
        found.append(causes.invalid(f"{path}.partition", number, detail))


def _nfs(path: str, value: Object, found: list[Cause]) -> None:
    directory = value.get("path") or ""
    if not directory.startswith("/"):
        found.append(causes.invalid(f"{path}.path", directory, "must be an absolute path"))


def _unit(path: str, number: int, found: list[Cause]) -> None:
    if not 0 <= number <= _UNIT_MAX:
        detail = f"must be between 0 and {_UNIT_MAX}, inclusive"
        found.append(causes.invalid(path, number, detail))


def _iscsi(path: str, value: Object, found: list[Cause]) -> None:
    if value.get("iqn"):
        _iscsi_name(f"{path}.iqn", value["iqn"], found)
    _unit(f"{path}.lun", value.get("lun") or 0, found)
    guarded = value.get("chapAuthDiscovery") or value.get("chapAuthSession")
    if guarded and value.get("secretRef") is None:
        found.append(causes.required(f"{path}.secretRef"))
    if value.get("initiatorName") is not None:
        _iscsi_name(f"{path}.initiatorname", value["initiatorName"], found)


def _iscsi_name(path: str, name: str, found: list[Cause]) -> None:
    pattern = _ISCSI.get(name[:3])
    if pattern is None:
        detail = "must be valid format starting with iqn, eui, or naa"
        found.append(causes.invalid(path, name, detail))
    elif not pattern.fullmatch(name):
        found.append(causes.invalid(path, name, "must be valid format"))


def _fibre_channel(path: str, value: Object, found: list[Cause]) -> None:
    targets, ids = value.get("targetWWNs"), value.get("wwids")
    place = f"{path}.targetWWNs"
    if not targets and not ids:
        detail = "must specify either targetWWNs or wwids, but not both"
        found.append(causes.required(place, detail))
    if targets and ids:
        detail = "targetWWNs and wwids can not be specified simultaneously"
        found.append(causes.invalid(place, targets, detail))
    if targets and value.get("lun") is None:
        found.append(causes.required(f"{path}.lun", "lun is required if targetWWNs is specified"))
    elif targets:
        _unit(f"{path}.lun", value["lun"], found)


def _flocker(path: str, value: Object, found: list[Cause]) -> None:
    name, uid = value.get("datasetName") or "", value.get("datasetUUID")
    if not name and not uid:
        found.append(causes.required(path, "one of datasetName and datasetUUID is required"))
    if name and uid:
        detail = "datasetName and datasetUUID can not be specified simultaneously"
        found.append(causes.invalid(path, "resource", detail))
    if "/" in name:
        found.append(causes.invalid(f"{path}.datasetName", name, "must not contain '/'"))


def _secret_ref(path: str, value: Object, found: list[Cause]) -> None:
    reference = value.get("secretRef")
    if reference is not None and not reference.get("name"):
        found.append(causes.required(f"{path}.secretRef.name"))


def _quobyte(path: str, value: Object, found: list[Cause]) -> None:
    registry, pairs = value.get("registry") or "", "must be a host:port pair or multiple pairs "
    detail = pairs + "separated by commas"
    if not registry:
        found.append(causes.required(f"{path}.registry", detail))
    elif len(value.get("tenant") or "") > _TENANT_MAX:
        detail = f"must be a UUID and may not exceed a length of {_TENANT_MAX} characters"
        found.append(causes.required(f"{path}.tenant", detail))
    elif not all(_HOST_PORT.fullmatch(pair) for pair in registry.split(",")):
        found.append(causes.invalid(f"{path}.registry", registry, detail))


def _flex(path: str, value: Object, found: list[Cause]) -> None:
    for key in value.get("options") or {}:
        if f".{key.partition('/')[0].lower()}".endswith(_RESERVED):
            detail = "kubernetes.io and k8s.io namespaces are reserved"
            found.append(causes.invalid(f"{path}.options[{key}]", key, detail))


def _azure_disk(path: str, value: Object, found: list[Cause]) -> None:
    address = value.get("diskURI") or ""
    for name, known in (("cachingMode", _CACHING), ("kind", _DISKS)):
        if value.get(name) is not None and value[name] not in known:
            found.append(causes.unsupported(f"{path}.{name}", value[name], known))
    if value.get("kind") is None:
        return
    start = "/subscriptions/" if value["kind"] == "Managed" else "https://"
    if not address.startswith(start):
        found.append(causes.unsupported(f"{path}.diskURI", address, (f"{start}...",)))


def _storage_os(path: str, value: Object, found: list[Cause]) -> None:
    for name in ("volumeName", "volumeNamespace"):
        if value.get(name):
            causes.each(f"{path}.{name}", value[name], names.dns_label_errors(value[name]), found)
    _secret_ref(path, value, found)


def _csi(path: str, value: Object, found: list[Cause]) -> None:
    check_driver_name(f"{path}.driver", value.get("driver") or "", found)
    reference = value.get("nodePublishSecretRef")
    if reference is None:
        return
    name = reference.get("name")
    if not name:
        found.append(causes.required(f"{path}.nodePublishSecretRef.name"))
    else:
        causes.each(f"{path}.name", name, names.subdomain_errors(name), found)


def _ephemeral(path: str, value: Object, found: list[Cause]) -> None:
    template = value.get("volumeClaimTemplate")
    if template is None:
        found.append(causes.required(f"{path}.volumeClaimTemplate"))
    else:
        check_claim_template(f"{path}.volumeClaimTemplate", template, found)


def _image(path: str, value: Object, found: list[Cause]) -> None:
    causes.one_of(f"{path}.pullPolicy", value.get("pullPolicy"), _PULL, found)


_MORE: dict[str, Any] = {
    "emptyDir": _empty_dir,
    "hostPath": _host_path,
    "gitRepo": _git,
    "gcePersistentDisk": _partition,
    "awsElasticBlockStore": _partition,
    "nfs": _nfs,
    "iscsi": _iscsi,
    "fc": _fibre_channel,
    "flocker": _flocker,
    "cinder": _secret_ref,
    "quobyte": _quobyte,
    "flexVolume": _flex,
    "azureDisk": _azure_disk,
    "storageos": _storage_os,
    "csi": _csi,
    "ephemeral": _ephemeral,
    "image": _image,
}
