"""Rules of a pod's volumes: each with a name of its own, and one source. Must not know what a
volume holds, nor who mounts it.
"""

from collections.abc import Callable, Mapping

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.projections import check_downward, check_files, check_projected
from cluster.api.validation.volume_kinds import check_kind

# In this order: of two sources the first counts, the other is told of.
_KINDS = (
    "emptyDir", "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret", "nfs",
    "iscsi", "glusterfs", "flocker", "persistentVolumeClaim", "rbd", "cinder", "cephfs", "quobyte",
    "downwardAPI", "fc", "flexVolume", "configMap", "azureFile", "vsphereVolume",
    "photonPersistentDisk", "portworxVolume", "azureDisk", "storageos", "projected", "scaleIO",
    "csi", "ephemeral", "image",
)  # fmt: skip
_RANK = {kind: rank for rank, kind in enumerate(_KINDS)}
# How its place is called in what is told, where that is not its name.
_PLACES = {"gcePersistentDisk": "persistentDisk"}
_FILES: dict[str, Callable[[str, Object, list[Cause]], None]] = {
    "configMap": check_files,
    "secret": check_files,
    "downwardAPI": check_downward,
    "projected": check_projected,
}
_NAMED = {"configMap": "name", "secret": "secretName"}
_ISCSI_MAX = 64


def check_volumes(
    path: str, volumes: list[Object], pod: str | None, found: list[Cause]
) -> Mapping[str, str]:
    """The volumes of a pod, or of a template. ``pod``: the pod's name (empty if it is still to be
    made up); None for a template. Returns which names can be mounted, each with its kind: a volume
    that is wrong is none."""
    known: dict[str, str] = {}
    made = {f"{pod}-{volume.get('name')}" for volume in volumes if pod and "ephemeral" in volume}
    for position, volume in enumerate(volumes):
        place = f"{path}[{position}]"
        before = len(found)
        kind = _source(place, volume, pod, found)
        name = volume.get("name") or ""
        if not name:
            found.append(causes.required(f"{place}.name"))
        elif errors := names.dns_label_errors(name):
            causes.each(f"{place}.name", name, errors, found)
        if name in known:
            found.append(causes.duplicate(f"{place}.name", name))
        if len(found) == before:
            known[name] = kind
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if claim in made:
            detail = "must not reference a PVC that gets created for an ephemeral volume"
            found.append(causes.invalid(f"{place}.persistentVolumeClaim.claimName", claim, detail))
    return known


def _source(path: str, volume: Object, pod: str | None, found: list[Cause]) -> str:
    """Returns the kind of the source; empty if there is none."""
    kinds = sorted((kind for kind in volume if kind in _RANK), key=_RANK.__getitem__)
    if not kinds:
        found.append(causes.required(path, "must specify a volume type"))
        return ""
    for name in kinds[1:]:
        detail = "may not specify more than 1 volume type"
        found.append(causes.forbidden(f"{path}.{name}", detail))
    kind, value = kinds[0], volume[kinds[0]]
    place = f"{path}.{_PLACES.get(kind, kind)}"
    if kind in _NAMED and not value.get(_NAMED[kind]):
        found.append(causes.required(f"{place}.{_NAMED[kind]}"))
    if kind in _FILES:
        _FILES[kind](place, value, found)
    else:
        check_kind(place, kind, value, found)
    _by_name(path, kind, volume, pod, found)
    return kind


def _by_name(path: str, kind: str, volume: Object, pod: str | None, found: list[Cause]) -> None:
    """What the volume's own name and the pod's have to do with its source."""
    name = volume.get("name") or ""
    if kind == "iscsi" and volume[kind].get("initiatorName") is not None:
        if len(f"{name}:{volume[kind].get('targetPortal') or ''}") > _ISCSI_MAX:
            detail = (
                "Total length of <volume name>:<iscsi.targetPortal> must be under "
                f"{_ISCSI_MAX} characters if iscsi.initiatorName is specified."
            )
            found.append(causes.invalid(f"{path}.name", name, detail))
    elif kind == "ephemeral" and pod and name:
        claim = f"{pod}-{name}"
        for error in names.subdomain_errors(claim):
            found.append(causes.invalid(f"{path}.name", name, f'PVC name "{claim}": {error}'))
    elif kind == "image" and pod is not None and not volume[kind].get("reference"):
        found.append(causes.required(f"{path}.image.reference"))
