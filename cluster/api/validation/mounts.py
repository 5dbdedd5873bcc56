"""Rules of what a container mounts, as directories and as block devices. Must not know volumes but
by their names and kinds.

Source: API reference, VolumeMount, VolumeDevice; docs "Volumes", "Raw Block Volume Support".
"""

from collections.abc import Mapping

from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.paths import check_relative

_PROPAGATION = frozenset(("None", "HostToContainer", "Bidirectional"))
_RECURSIVE = frozenset(("Disabled", "IfPossible", "Enabled"))
_BLOCK = frozenset(("persistentVolumeClaim", "ephemeral"))


def check_mounts(
    path: str, container: Object, volumes: Mapping[str, str], found: list[Cause]
) -> None:
    """The volumeMounts of the container at ``path``. ``volumes``: kinds by name."""
    devices = container.get("volumeDevices") or ()
    names = {item.get("name") or "" for item in devices}
    paths = {item.get("devicePath") or "" for item in devices}
    seen: set[str] = set()
    for position, mount in enumerate(container["volumeMounts"]):
        place = f"{path}.volumeMounts[{position}]"
        name, target = mount.get("name") or "", mount.get("mountPath") or ""
        if not name:
            found.append(causes.required(f"{place}.name"))
        if name not in volumes:
            found.append(causes.absent(f"{place}.name", name))
        if not target:
            found.append(causes.required(f"{place}.mountPath"))
        if target in seen:
            found.append(causes.invalid(f"{place}.mountPath", target, "must be unique"))
        seen.add(target)
        if name in names:
            detail = "must not already exist in volumeDevices"
            found.append(causes.invalid(f"{place}.name", name, detail))
        if target in paths:
            detail = "must not already exist as a path in volumeDevices"
            found.append(causes.invalid(f"{place}.mountPath", target, detail))
        if len(mount) > 2:
            _inside(f"{path}.volumeMounts", place, mount, volumes.get(name), found)
            _how(f"{path}.volumeMounts", mount, _privileged(container), found)


def check_devices(
    path: str, container: Object, volumes: Mapping[str, str], found: list[Cause]
) -> None:
    """The volumeDevices of the container at ``path``: claims only, each once."""
    mounts = container.get("volumeMounts") or ()
    mounted = {item.get("name") or "" for item in mounts}
    taken = {item.get("mountPath") or "" for item in mounts}
    names: set[str] = set()
    paths: set[str] = set()
    for position, device in enumerate(container["volumeDevices"]):
        place = f"{path}.volumeDevices[{position}]"
        name, target = device.get("name") or "", device.get("devicePath") or ""
        if not name:
            found.append(causes.required(f"{place}.name"))
        if name in names:
            found.append(causes.invalid(f"{place}.name", name, "must be unique"))
        if name not in volumes:
            found.append(causes.absent(f"{place}.name", name))
        elif volumes[name] not in _BLOCK:
            detail = "can only use volume source type of PersistentVolumeClaim or Ephemeral "
            found.append(causes.invalid(f"{place}.name", name, f"{detail}for block mode"))
        if not target:
            found.append(causes.required(f"{place}.devicePath"))
        if target in paths:
            found.append(causes.invalid(f"{place}.devicePath", target, "must be unique"))
        if ".." in target.split("/"):
            detail = "can not contain backsteps ('..')"
            found.append(causes.invalid(f"{place}.devicePath", target, detail))
        if name in mounted:
            detail = "must not already exist in volumeMounts"
            found.append(causes.invalid(f"{place}.name", name, detail))
        if target in taken:
            detail = "must not already exist as a path in volumeMounts"
            found.append(causes.invalid(f"{place}.devicePath", target, detail))
        names.add(name)
        paths.add(target)


def _inside(path: str, place: str, mount: Object, kind: str | None, found: list[Cause]) -> None:
    """Which part of a volume. ``path``: of all mounts, where a wrong part is told of."""
    inside, expression = mount.get("subPath"), mount.get("subPathExpr")
    for name in ("subPath", "subPathExpr"):
        if mount.get(name) and kind == "image":
            detail = "not allowed in image volume sources"
            found.append(causes.invalid(f"{place}.{name}", mount[name], detail))
    if inside:
        check_relative(f"{path}.subPath", inside, found)
    if expression:
        if inside:
            detail = "subPathExpr and subPath are mutually exclusive"
            found.append(causes.invalid(f"{place}.subPathExpr", expression, detail))
        check_relative(f"{path}.subPathExpr", expression, found)


def _how(path: str, mount: Object, privileged: bool, found: list[Cause]) -> None:
    propagation, recursive = mount.get("mountPropagation"), mount.get("recursiveReadOnly")
    place = f"{path}.mountPropagation"
    if propagation is not None and propagation not in _PROPAGATION:
        found.append(causes.unsupported(place, propagation, _PROPAGATION))
    if propagation == "Bidirectional" and not privileged:
        detail = "Bidirectional mount propagation is available only to privileged containers"
        found.append(causes.forbidden(place, detail))
    place = f"{path}.recursiveReadOnly"
    if recursive is None or recursive == "Disabled":
        return
    if recursive not in _RECURSIVE:
        found.append(causes.unsupported(place, recursive, _RECURSIVE))
        return
    if not mount.get("readOnly"):
        found.append(causes.forbidden(place, "may only be specified when readOnly is true"))
    if propagation not in (None, "None"):
        detail = "may only be specified when mountPropagation is None or not specified"
        found.append(causes.forbidden(place, detail))


def _privileged(container: Object) -> bool:
    return bool((container.get("securityContext") or {}).get("privileged"))
