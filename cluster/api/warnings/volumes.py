"""Volumes of pods whose kind is gone, and files that two sources of one volume would make.

Source: docs "Volumes". Must not know the rest of the pod.
"""

from collections.abc import Iterable, Iterator

from cluster.api.types import Object
from cluster.api.warnings.amounts import fraction_warnings

_GONE = {
    "photonPersistentDisk": ("1.11", "1.16"),
    "gitRepo": ("1.11", ""),
    "scaleIO": ("1.16", "1.22"),
    "flocker": ("1.22", "1.25"),
    "storageos": ("1.22", "1.25"),
    "quobyte": ("1.22", "1.25"),
    "glusterfs": ("1.25", "1.26"),
    "cephfs": ("1.28", "1.31"),
    "rbd": ("1.28", "1.31"),
}
# As paths of warnings call it.
_CALLED = {"storageos": "storageOS"}


def volume_warnings(path: str, volumes: list[Object]) -> list[str]:
    """``path``: of all of them."""
    found: list[str] = []
    tokens: set[str] = set()
    for position, volume in enumerate(volumes):
        here = f"{path}[{position}]"
        found += gone_warnings(here, volume)
        template = (volume.get("ephemeral") or {}).get("volumeClaimTemplate")
        if template:
            spec = template.get("spec") or {}
            found += claim_spec_warnings(f"{here}.ephemeral.volumeClaimTemplate.spec", spec)
        for source in _sources(volume):
            token = source.get("serviceAccountToken")
            if token:
                tokens.add(token.get("path") or "")
    if tokens:
        found += _doubled(path, volumes, tokens)
    return found


def gone_warnings(path: str, source: Object, kinds: Iterable[str] = _GONE) -> list[str]:
    """Of what a volume is made of. ``path``: of the volume."""
    found = []
    for kind in kinds:
        if kind in source:
            since, until = _GONE[kind]
            end = f", non-functional in v{until}+" if until else ""
            found.append(f"{path}.{_CALLED.get(kind, kind)}: deprecated in v{since}{end}")
    return found


def claim_spec_warnings(path: str, spec: Object) -> list[str]:
    """Of what a claim asks for."""
    resources, found = spec.get("resources") or {}, []
    for part in ("requests", "limits"):
        found += fraction_warnings(f"{path}.resources.{part}", resources.get(part), ("storage",))
    return found


def _doubled(path: str, volumes: list[Object], tokens: set[str]) -> list[str]:
    found: list[str] = []
    for position, volume in enumerate(volumes):
        here = f"{path}[{position}].projected.sources"
        for source in _sources(volume):
            for place, file in _files(source):
                if file in tokens:
                    text = f'has duplicated path with ServiceAccountToken "{file}"'
                    found.append(f"{here}.{place}: {text}")
    return found


def _files(source: Object) -> Iterator[tuple[str, str]]:
    for kind, called in (
        ("configMap", "configMap"), ("secret", "secrets"), ("downwardAPI", "downwardAPI"),
    ):  # fmt: skip
        for position, item in enumerate((source.get(kind) or {}).get("items") or ()):
            yield f"{called}[{position}]", item.get("path") or ""
    bundle = source.get("clusterTrustBundle")
    if bundle:
        yield "ClusterTrustBundle", bundle.get("path") or ""


def _sources(volume: Object) -> list[Object]:
    return (volume.get("projected") or {}).get("sources") or []
