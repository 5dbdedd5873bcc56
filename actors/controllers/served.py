"""The kinds that this release serves, as resources: what namespaces contain and garbage is made of.

Must not know any one kind.
"""

from cluster.api.kinds import SERVED, by_kind
from cluster.api.resources import EVENTS, Resource

# Events are many, short-lived and own nothing: nobody keeps an informer of them.
_UNWATCHED = frozenset({("", "events"), ("events.k8s.io", "events")})
_NEEDED = frozenset({"get", "list", "watch", "delete"})


def _resources() -> tuple[Resource, ...]:
    found: dict[tuple[str, str], Resource] = {}
    for kind in SERVED:
        identity = (kind.group, kind.plural)
        if identity in _UNWATCHED or not set(kind.verbs) >= _NEEDED:
            continue
        found.setdefault(
            identity, Resource(kind.group, kind.version, kind.plural, kind.kind, kind.namespaced)
        )
    return tuple(found.values())


# One resource per stored kind: of several versions the first.
RESOURCES: tuple[Resource, ...] = _resources()
NAMESPACED: tuple[Resource, ...] = tuple(item for item in RESOURCES if item.namespaced)
# Namespaced, but without informer.
UNWATCHED: tuple[Resource, ...] = (EVENTS,)

_BY_IDENTITY = {(item.group, item.plural): item for item in RESOURCES}


def by_identity(group: str, plural: str) -> Resource:
    """The resource of that group and plural. Raises KeyError."""
    return _BY_IDENTITY[(group, plural)]


def by_reference(api_version: str, kind: str) -> Resource | None:
    """What an owner reference names; None for a kind that is not served."""
    group, _, version = api_version.rpartition("/")
    found = by_kind(group, version, kind)
    return None if found is None else _BY_IDENTITY.get((found.group, found.plural))
