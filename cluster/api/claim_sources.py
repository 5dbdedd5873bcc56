"""What a PersistentVolumeClaim is filled from, which two fields say.

Job: the elder field knows claims and snapshots only, and what else it names is not kept; the newer
one knows anything; of a claim that says one of them, both say the same. Source: docs "Persistent
Volumes", Volume populators and data sources (KEP-1495). Must not know what there is.
"""

from cluster.api.types import Object

_ELDER, _NEWER = "dataSource", "dataSourceRef"
_KNOWN = frozenset(
    (("", "PersistentVolumeClaim"), ("snapshot.storage.k8s.io", "VolumeSnapshot"))
)  # fmt: skip


def settle_sources(spec: Object, old: Object) -> None:
    """Set both fields of what is written. ``old``: the spec it replaces, empty of a new claim."""
    newer = spec.get(_NEWER)
    # To fill it from another namespace is off by default.
    if newer is not None and newer.get("namespace") and old.get(_NEWER) is None:
        del spec[_NEWER]
    elder, had = spec.get(_ELDER), old.get(_ELDER) is not None or old.get(_NEWER) is not None
    if elder is not None and spec.get(_NEWER) is None and not had and _kind(elder) not in _KNOWN:
        del spec[_ELDER]
    fill_sources(spec)


def fill_sources(spec: Object) -> None:
    """The field that says nothing says what the other does."""
    elder, newer = spec.get(_ELDER), spec.get(_NEWER)
    if elder is not None and newer is None:
        spec[_NEWER] = _named(elder)
    elif newer is not None and elder is None and not newer.get("namespace"):
        spec[_ELDER] = _named(newer)


def _kind(source: Object) -> tuple[str, str]:
    return source.get("apiGroup") or "", source.get("kind") or ""


def _named(source: Object) -> Object:
    return {name: source[name] for name in ("apiGroup", "kind", "name") if name in source}
