"""The kinds that are served, as resources: what namespaces contain and garbage is made of.

Built-in kinds are constants here; custom ones are in the view of whoever watches them.
Must not know any one kind.
"""

from collections.abc import Iterable

from cluster.api.custom.definition import ESTABLISHED, accepted_names, is_true
from cluster.api.kinds import GROUPS, SERVED, by_kind
from cluster.api.resources import EVENTS, Resource
from cluster.api.types import Object

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


def custom(definitions: Iterable[Object]) -> tuple[Resource, ...]:
    """The custom resources of the definitions that are established, but those in built-in groups:
    of several versions the one that is stored, if it is served, else the first that is."""
    found = []
    for definition in definitions:
        spec = definition["spec"]
        versions = [item for item in spec["versions"] if item.get("served")]
        names = accepted_names(definition)
        if not versions or not names or not is_true(definition, ESTABLISHED):
            continue
        version = next((item for item in versions if item.get("storage")), versions[0])["name"]
        namespaced = spec.get("scope") == "Namespaced"
        if spec["group"] not in GROUPS:
            group, plural, kind = spec["group"], names["plural"], names["kind"]
            found.append(Resource(group, version, plural, kind, namespaced))
    return tuple(found)


def by_identity(group: str, plural: str, others: Iterable[Resource] = ()) -> Resource | None:
    """The resource of that group and plural, built in or one of ``others``."""
    known = _BY_IDENTITY.get((group, plural))
    if known is not None:
        return known
    return next((item for item in others if (item.group, item.plural) == (group, plural)), None)


def by_reference(api_version: str, kind: str, others: Iterable[Resource] = ()) -> Resource | None:
    """What an owner reference names; None for a kind that is not served."""
    group, _, version = api_version.rpartition("/")
    found = by_kind(group, version, kind)
    if found is not None:
        return _BY_IDENTITY.get((found.group, found.plural))
    return next((item for item in others if (item.group, item.kind) == (group, kind)), None)
