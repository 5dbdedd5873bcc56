"""What a pod's volumes hold: sources, references, and the files of generated volumes. Pure.

Must not know: the disk. Source: core/v1 Volume; Kubernetes docs, "Volumes", "Projected Volumes".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from actors.kubelet import downward
from actors.kubelet.downward import ConfigFault, PodFacts
from actors.kubelet.env import Reference, decode_secret
from cluster.api.types import Object

MODE_DEFAULT = 0o644
TOKEN_SECONDS_DEFAULT = 3600
# Directory of each generated or empty volume kind, as Kubernetes names its plugins' directories.
PLUGIN_DIRECTORIES = {
    "emptyDir": "kubernetes.io~empty-dir",
    "configMap": "kubernetes.io~configmap",
    "secret": "kubernetes.io~secret",
    "downwardAPI": "kubernetes.io~downward-api",
    "projected": "kubernetes.io~projected",
}
GENERATED = ("configMap", "secret", "downwardAPI", "projected")
SUPPORTED = (*PLUGIN_DIRECTORIES, "hostPath", "persistentVolumeClaim")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of a generated volume."""

    data: bytes
    mode: int


@dataclass(frozen=True, slots=True)
class TokenWish:
    """A service account token that a projected volume asks for."""

    audience: str
    seconds: int


@dataclass(frozen=True, slots=True)
class VolumeSources:
    """``objects``: config maps and secrets, None for those that do not exist."""

    facts: PodFacts
    objects: Mapping[Reference, Object | None] = field(default_factory=dict)
    tokens: Mapping[TokenWish, str] = field(default_factory=dict)


def volume_type(volume: Object) -> str:
    """Its source's field name. Raises ConfigFault for one that nodes here do not offer."""
    for name in SUPPORTED:
        if name in volume:
            return name
    kinds = ", ".join(sorted(set(volume) - {"name"})) or "none"
    raise ConfigFault(f"volume {volume['name']}: source {kinds} is not supported by this node")


def pod_volumes(pod: Object) -> list[Object]:
    """``spec.volumes``."""
    found: list[Object] = pod["spec"].get("volumes") or []
    return found


def projections(volume: Object) -> Iterable[Object]:
    """A generated volume as a list of projected sources (with name in configMap and secret)."""
    if "projected" in volume:
        yield from volume["projected"].get("sources") or ()
    elif "secret" in volume:
        source = volume["secret"]
        yield {"secret": {**source, "name": source.get("secretName", "")}}
    elif "configMap" in volume:
        yield {"configMap": volume["configMap"]}
    elif "downwardAPI" in volume:
        yield {"downwardAPI": volume["downwardAPI"]}


def volume_references(pod: Object) -> set[Reference]:
    """The config maps and secrets that a pod's volumes read."""
    found: set[Reference] = set()
    for volume in pod_volumes(pod):
        for source in projections(volume):
            if "configMap" in source:
                found.add(("configmap", source["configMap"].get("name", "")))
            if "secret" in source:
                found.add(("secret", source["secret"].get("name", "")))
    return found


def token_wishes(volume: Object) -> list[TokenWish]:
    """The tokens to request for a volume."""
    wishes = []
    for source in projections(volume):
        if "serviceAccountToken" in source:
            wishes.append(token_wish(source["serviceAccountToken"]))
    return wishes


def token_wish(source: Object) -> TokenWish:
    """Of a serviceAccountToken projection."""
    seconds = int(source.get("expirationSeconds") or TOKEN_SECONDS_DEFAULT)
    return TokenWish(source.get("audience") or "", seconds)


def volume_files(pod: Object, volume: Object, sources: VolumeSources) -> dict[str, FileEntry]:
    """The files of a generated volume, by relative path. Raises ConfigFault."""
    kind = volume_type(volume)
    mode = int(volume[kind].get("defaultMode") or MODE_DEFAULT)
    files: dict[str, FileEntry] = {}
    for source in projections(volume):
        if "configMap" in source:
            files.update(object_files("configmap", source["configMap"], mode, sources))
        elif "secret" in source:
            files.update(object_files("secret", source["secret"], mode, sources))
        elif "downwardAPI" in source:
            files.update(downward_files(pod, source["downwardAPI"], mode, sources.facts))
        elif "serviceAccountToken" in source:
            token = source["serviceAccountToken"]
            text = sources.tokens[token_wish(token)]
            files[safe_path(token["path"])] = FileEntry(text.encode(), mode)
        else:
            raise ConfigFault(f"volume {volume['name']}: unknown projection {sorted(source)}")
    return files


def object_files(
    kind: str, source: Object, mode: int, sources: VolumeSources
) -> dict[str, FileEntry]:
    """All keys, or the chosen ``items``, of a config map or secret."""
    name = source.get("name", "")
    found = sources.objects.get((kind, name))
    optional = bool(source.get("optional"))
    if found is None:
        if optional:
            return {}
        raise ConfigFault(f'{kind} "{name}" not found')
    data = object_data(kind, found)
    items = source.get("items")
    if not items:
        return {safe_path(key): FileEntry(value, mode) for key, value in data.items()}
    files = {}
    for item in items:
        if item["key"] not in data:
            if optional:
                continue
            raise ConfigFault(f"{kind} references non-existent config key: {item['key']}")
        chosen = int(item.get("mode") or mode)
        files[safe_path(item["path"])] = FileEntry(data[item["key"]], chosen)
    return files


def object_data(kind: str, found: Object) -> dict[str, bytes]:
    """Both ``data`` and ``binaryData`` of a config map; a secret's ``data``."""
    data = found.get("data") or {}
    if kind == "secret":
        return {key: decode_secret(value) for key, value in data.items()}
    binary = found.get("binaryData") or {}
    return {
        **{key: value.encode() for key, value in data.items()},
        **{key: decode_secret(value) for key, value in binary.items()},
    }


def downward_files(pod: Object, source: Object, mode: int, facts: PodFacts) -> dict[str, FileEntry]:
    """The pod's own fields as files."""
    files = {}
    for item in source.get("items") or ():
        if "fieldRef" in item:
            text = downward.field_value(pod, item["fieldRef"]["fieldPath"], facts)
        else:
            text = downward.resource_value(pod, item["resourceFieldRef"], "", facts)
        chosen = int(item.get("mode") or mode)
        files[safe_path(item["path"])] = FileEntry(text.encode(), chosen)
    return files


def safe_path(path: str) -> str:
    """Raises ConfigFault for a path that leaves its volume."""
    parts = path.split("/")
    if path.startswith("/") or ".." in parts or not path or parts[0].startswith(".."):
        raise ConfigFault(f"invalid path in volume: {path!r}")
    return path


def fs_group(pod: Object) -> int | None:
    """The group that owns the pod's volumes."""
    value = (pod["spec"].get("securityContext") or {}).get("fsGroup")
    return None if value is None else int(value)
