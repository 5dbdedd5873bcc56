"""Expectations: what a key wrote and has not yet seen come back through its informers.

Job: keep a plan from being made on a view older than the key's own writes, so that a lagging cache
cannot cause a second pod for one that is on its way (Kubernetes calls this ControllerExpectations;
here the revision of each write is known, so nothing is counted).
Must not know: the event loop, clocks; ``now`` in seconds of a steady clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from actors.client.cache import Cache
from actors.controllers.plan import Key
from cluster.api.resources import Resource

# An expectation that never comes true (its event was lost, which must not happen) is given up.
PATIENCE_SECONDS = 60.0


@dataclass
class Expected:
    """``revisions``: per resource, what the cache must have reached. ``gone``: (resource,
    namespace, name, uid) that must be absent or terminating."""

    since: float
    revisions: dict[Resource, int] = field(default_factory=dict)
    gone: list[tuple[Resource, str, str, str]] = field(default_factory=list)


class Expectations:
    """Of one controller, by key."""

    def __init__(self) -> None:
        self._expected: dict[Key, Expected] = {}

    def wrote(self, key: Key, resource: Resource, revision: int, now: float) -> None:
        """The key wrote an object that now is at ``revision``."""
        expected = self._of(key, now)
        expected.revisions[resource] = max(expected.revisions.get(resource, 0), revision)

    def deleted(
        self, key: Key, resource: Resource, namespace: str, name: str, uid: str, now: float
    ) -> None:
        """The key deleted an object."""
        self._of(key, now).gone.append((resource, namespace, name, uid))

    def fulfilled(self, key: Key, caches: Mapping[Resource, Cache], now: float) -> bool:
        """True if the caches show all that the key wrote."""
        expected = self._expected.get(key)
        if expected is None:
            return True
        reached = all(
            caches[resource].revision >= revision
            for resource, revision in expected.revisions.items()
        )
        if reached and not any(_still_there(caches, *item) for item in expected.gone):
            del self._expected[key]
            return True
        if now - expected.since > PATIENCE_SECONDS:
            del self._expected[key]
            return True
        return False

    def _of(self, key: Key, now: float) -> Expected:
        expected = self._expected.setdefault(key, Expected(now))
        expected.since = now
        return expected


def _still_there(
    caches: Mapping[Resource, Cache], resource: Resource, namespace: str, name: str, uid: str
) -> bool:
    cache = caches[resource]
    entry = cache.entry(namespace, name)
    if entry is None or entry.uid != uid:
        return False
    return not cache.decode(entry)["metadata"].get("deletionTimestamp")
