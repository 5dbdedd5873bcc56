"""All kinds that an API server serves at one moment: the built-in ones and the custom ones.

Job: a value to look kinds up in; a change of a custom resource definition makes a new one. Built-in
kinds come first: nothing custom can stand in one of their groups. Must not know definitions.
"""

from collections.abc import Iterable

from cluster.api import kinds
from cluster.api.kind import Kind


class KindTable:
    """``custom``: the kinds of custom resources. ``served``: all kinds, built-in ones first.
    ``announced``: (group, version) of what definitions want to serve, whether or not they may."""

    __slots__ = ("_by_kind", "_by_resource", "announced", "custom", "served")

    def __init__(
        self, custom: Iterable[Kind] = (), announced: Iterable[tuple[str, str]] = ()
    ) -> None:
        self.custom: tuple[Kind, ...] = tuple(
            kind for kind in custom if kind.group not in kinds.GROUPS
        )
        self.served: tuple[Kind, ...] = kinds.SERVED + self.custom
        wanted = {*announced, *((kind.group, kind.version) for kind in self.custom)}
        self.announced = tuple(sorted(pair for pair in wanted if pair[0] not in kinds.GROUPS))
        self._by_resource = {(kind.group, kind.version, kind.plural): kind for kind in self.custom}
        self._by_kind = {(kind.group, kind.version, kind.kind): kind for kind in self.custom}

    def by_resource(self, group: str, version: str, plural: str) -> Kind | None:
        """``("example.com", "v1", "widgets")`` → its Kind; None if it is not served."""
        found = kinds.by_resource(group, version, plural)
        return found or self._by_resource.get((group, version, plural))

    def by_kind(self, group: str, version: str, kind: str) -> Kind | None:
        """``("example.com", "v1", "Widget")`` → its Kind; None if it is not served."""
        return kinds.by_kind(group, version, kind) or self._by_kind.get((group, version, kind))


BUILT_IN = KindTable()
