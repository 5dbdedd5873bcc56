"""The table of kinds, looked at from every side: by resource, by kind, by storage path.

The rows are in ``kinds_core.py`` and ``kinds_groups.py``; the shape of one in ``kind.py``.
Must not know schemas, nor what a kind means.
"""

from cluster.api.kind import Kind, Subresource
from cluster.api.kinds_core import CORE_KINDS
from cluster.api.kinds_groups import GROUP_KINDS

__all__ = [
    "GROUPS",
    "KINDS",
    "SERVED",
    "Kind",
    "Subresource",
    "by_kind",
    "by_resource",
    "storage_key",
    "storage_prefix",
]

KINDS: tuple[Kind, ...] = CORE_KINDS + GROUP_KINDS
SERVED: tuple[Kind, ...] = tuple(kind for kind in KINDS if kind.served)
# Nothing custom is served or stored in any version of theirs.
GROUPS: frozenset[str] = frozenset(kind.group for kind in KINDS)

_BY_RESOURCE = {(kind.group, kind.version, kind.plural): kind for kind in KINDS}
# A kind that only a create-only resource carries (Binding) is still found by its kind.
_BY_KIND = {(kind.group, kind.version, kind.kind): kind for kind in KINDS}

# Two groups, one store: what is written as one is read as the other (see events.py).
_STORED_AS = {("events.k8s.io", "events"): "core"}


def by_resource(group: str, version: str, plural: str, unserved: bool = False) -> Kind | None:
    """``("apps", "v1", "deployments")`` → its Kind. ``unserved``: also kinds this release lacks."""
    kind = _BY_RESOURCE.get((group, version, plural))
    return kind if kind is not None and (kind.served or unserved) else None


def by_kind(group: str, version: str, kind: str, unserved: bool = False) -> Kind | None:
    """``("apps", "v1", "Deployment")`` → its Kind. ``unserved``: also kinds this release lacks."""
    found = _BY_KIND.get((group, version, kind))
    return found if found is not None and (found.served or unserved) else None


def storage_prefix(kind: Kind, namespace: str = "") -> str:
    """Where all objects of the kind (of one namespace) live: ``/registry/apps/deployments/web/``.

    The group is ``core`` for core. Ends with a slash, so ``web`` never matches ``web-2``.
    """
    group = _STORED_AS.get((kind.group, kind.plural), kind.group or "core")
    base = f"/registry/{group}/{kind.plural}/"
    return f"{base}{namespace}/" if namespace else base


def storage_key(kind: Kind, namespace: str, name: str) -> str:
    """Where one object lives. ``namespace`` is '' for a cluster-wide kind."""
    return storage_prefix(kind, namespace if kind.namespaced else "") + name
