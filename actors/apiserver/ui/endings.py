"""When whose sessions were ended: what makes a sealed session void before its time. Pure.

Each ending is a key of the store that is written again at each further one; its revision is what
counts. A session holds the last ending that the replica which sealed it knew of: it is void once
there is a later one. No clock is compared, and a replica that is behind seals what others refuse.
Must not know: how keys are written, what a session is.
"""

import hashlib
from collections.abc import Iterable

from cluster.messages.store import KeyValue, StoreEvent

# No objects: nobody reaches them through the API.
PREFIX = "/steersman/ui/ended/"
EVERYBODY = f"{PREFIX}everybody"


def key(user: str) -> str:
    """Of one user's endings. A name may be long, and hold anything."""
    return f"{PREFIX}user/{hashlib.sha256(user.encode()).hexdigest()}"


class Endings:
    """``synced``: what the store holds has been read."""

    def __init__(self) -> None:
        self.synced = False
        self._revisions: dict[str, int] = {}

    def last(self, user: str) -> int:
        """The revision of the last ending that is about this user, 0 if there was none."""
        return max(self._revisions.get(one, 0) for one in (EVERYBODY, key(user)))

    def reset(self, items: Iterable[KeyValue]) -> None:
        """All of what the store holds. What was ended stays ended."""
        for item in items:
            self._keep(item)
        self.synced = True

    def apply(self, events: Iterable[StoreEvent]) -> None:
        """Changes, in order."""
        for event in events:
            self._keep(event.item)

    def lost(self) -> None:
        """What was ended stays so; what will be is heard of later."""

    def _keep(self, item: KeyValue) -> None:
        known = self._revisions.get(item.key, 0)
        self._revisions[item.key] = max(known, item.mod_revision)
