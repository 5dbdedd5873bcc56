"""Rules of a pod's volumes and of their mounts. Must not know what a volume holds."""

from typing import Any

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.environment import check_field_path, check_resource_field

_HOST_PATH_TYPES = frozenset(
    ("", "DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice",
     "BlockDevice")
)  # fmt: skip
_PROPAGATION = frozenset(("None", "HostToContainer", "Bidirectional"))
_MODE_MAX = 0o777


def check_volumes(path: str, volumes: list[Object], found: list[Cause]) -> frozenset[str]:
    """The volumes of a pod. Returns their names."""
    seen: set[str] = set()
    for position, volume in enumerate(volumes):
        place = f"{path}[{position}]"
        name = volume.get("name") or ""
        if not name:
            found.append(causes.required(f"{place}.name"))
        elif errors := names.dns_label_errors(name):
            causes.each(f"{place}.name", name, errors, found)
        if name in seen:
            found.append(causes.duplicate(f"{place}.name", name))
        seen.add(name)
        _source(place, volume, found)
    return frozenset(seen)


def check_mounts(
    path: str, mounts: list[Object], volumes: frozenset[str], found: list[Cause]
) -> None:
    """A container's volumeMounts at ``path``."""
    seen: set[str] = set()
    for position, mount in enumerate(mounts):
        name, target = mount.get("name"), mount.get("mountPath")
        if not name:
            found.append(causes.required(f"{path}[{position}].name"))
        elif name not in volumes:
            found.append(causes.absent(f"{path}[{position}].name", name))
        if not target:
            found.append(causes.required(f"{path}[{position}].mountPath"))
        elif target in seen:
            found.append(causes.invalid(f"{path}[{position}].mountPath", target, "must be unique"))
        else:
            seen.add(target)
        if len(mount) > 2:
            _mount_options(f"{path}[{position}]", mount, found)


def check_relative(path: str, value: str, found: list[Cause]) -> None:
    """A path inside a volume: neither absolute nor climbing out."""
    if value.startswith("/"):
        found.append(causes.invalid(path, value, "must be a relative path"))
    _no_climbing(path, value, found)


def _no_climbing(path: str, value: str, found: list[Cause]) -> None:
    if ".." in value and ".." in value.split("/"):
        found.append(causes.invalid(path, value, "must not contain '..'"))


def _mount_options(path: str, mount: Object, found: list[Cause]) -> None:
    inside, expression = mount.get("subPath"), mount.get("subPathExpr")
    if inside:
        check_relative(f"{path}.subPath", inside, found)
    if expression:
        check_relative(f"{path}.subPathExpr", expression, found)
        if inside:
            detail = "subPathExpr and subPath are mutually exclusive"
            found.append(causes.invalid(f"{path}.subPathExpr", expression, detail))
    propagation = mount.get("mountPropagation")
    if propagation and propagation not in _PROPAGATION:
        place = f"{path}.mountPropagation"
        found.append(causes.unsupported(place, propagation, _PROPAGATION))


def _source(path: str, volume: Object, found: list[Cause]) -> None:
    sources = [name for name in volume if name != "name"]
    if not sources:
        found.append(causes.required(path, "must specify a volume type"))
        return
    for name in sources[1:]:
        detail = "may not specify more than 1 volume type"
        found.append(causes.forbidden(f"{path}.{name}", detail))
    name, value = sources[0], volume[sources[0]]
    place = f"{path}.{name}"
    match name:
        case "configMap":
            _needs(place, value, "name", found)
            _files(place, value, found)
        case "secret":
            _needs(place, value, "secretName", found)
            _files(place, value, found)
        case "hostPath":
            _host_path(place, value, found)
        case "downwardAPI":
            _downward(place, value, found)
        case "projected":
            _projected(place, value, found)
        case "persistentVolumeClaim":
            _needs(place, value, "claimName", found)
        case "emptyDir":
            limit = value.get("sizeLimit")
            if limit and limit[:1] == "-":
                detail = "SizeLimit field must be a valid resource quantity"
                found.append(causes.forbidden(f"{place}.sizeLimit", detail))
        case _:
            pass


def _needs(path: str, value: Object, name: str, found: list[Cause]) -> None:
    if not value.get(name):
        found.append(causes.required(f"{path}.{name}"))


def _host_path(path: str, value: Object, found: list[Cause]) -> None:
    _needs(path, value, "path", found)
    _no_climbing(f"{path}.path", value.get("path") or "", found)
    if value.get("type", "") not in _HOST_PATH_TYPES:
        found.append(causes.unsupported(f"{path}.type", value["type"], _HOST_PATH_TYPES))


def _mode(path: str, mode: Any, found: list[Cause]) -> None:
    if mode is not None and not 0 <= mode <= _MODE_MAX:
        detail = "must be a number between 0 and 0777 (octal), both inclusive"
        found.append(causes.invalid(path, mode, detail))


def _files(path: str, value: Object, found: list[Cause]) -> None:
    """What configMap and secret volumes share: mode, and which key goes to which file."""
    _mode(f"{path}.defaultMode", value.get("defaultMode"), found)
    for position, item in enumerate(value.get("items") or ()):
        place = f"{path}.items[{position}]"
        _needs(place, item, "key", found)
        _target(place, item, found)


def _target(path: str, item: Object, found: list[Cause]) -> None:
    _needs(path, item, "path", found)
    target = item.get("path") or ""
    check_relative(f"{path}.path", target, found)
    if target.startswith("..") and not target.startswith("../") and target != "..":
        found.append(causes.invalid(f"{path}.path", target, "must not start with '..'"))
    _mode(f"{path}.mode", item.get("mode"), found)


def _downward(path: str, value: Object, found: list[Cause]) -> None:
    _mode(f"{path}.defaultMode", value.get("defaultMode"), found)
    for position, item in enumerate(value.get("items") or ()):
        place = f"{path}.items[{position}]"
        _target(place, item, found)
        field, resource = item.get("fieldRef"), item.get("resourceFieldRef")
        if field is not None:
            check_field_path(
                f"{place}.fieldRef.fieldPath", field.get("fieldPath") or "", True, found
            )
            if resource is not None:
                detail = "fieldRef and resourceFieldRef can not be specified simultaneously"
                found.append(causes.invalid(place, "resource", detail))
        elif resource is not None:
            check_resource_field(f"{place}.resourceFieldRef", resource, True, found)
        else:
            detail = "one of fieldRef and resourceFieldRef is required"
            found.append(causes.required(f"{place}.fieldRef", detail))


def _projected(path: str, value: Object, found: list[Cause]) -> None:
    _mode(f"{path}.defaultMode", value.get("defaultMode"), found)
    for position, source in enumerate(value.get("sources") or ()):
        place = f"{path}.sources[{position}]"
        if len(source) > 1:
            detail = "may not specify more than 1 volume type per source"
            found.append(causes.forbidden(place, detail))
        for name, part in source.items():
            if name in ("configMap", "secret"):
                _needs(f"{place}.{name}", part, "name", found)
                _files(f"{place}.{name}", part, found)
            elif name == "downwardAPI":
                _downward(f"{place}.{name}", part, found)
            elif name == "serviceAccountToken":
                _token(f"{place}.{name}", part, found)


def _token(path: str, value: Object, found: list[Cause]) -> None:
    seconds = value.get("expirationSeconds", 3600)
    if not 600 <= seconds <= 1 << 32:
        detail = "may not specify a duration less than 10 minutes"
        found.append(causes.invalid(f"{path}.expirationSeconds", seconds, detail))
    _needs(path, value, "path", found)
    check_relative(f"{path}.path", value.get("path") or "", found)
