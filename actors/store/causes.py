"""What caused a revision, as far as a replica's history says. Pure."""

from typing import Protocol

from cluster.messages.store import StoreEvent


class Kept(Protocol):
    """Events by revision, from ``compacted`` to ``revision``."""

    @property
    def revision(self) -> int: ...

    @property
    def compacted(self) -> int: ...

    def at(self, revision: int) -> tuple[StoreEvent, ...]: ...


def trace_of(history: Kept, revision: int) -> str:
    """Context of the write that made the revision, '' if that is not kept."""
    if not history.compacted <= revision <= history.revision:
        return ""
    events = history.at(revision)
    return events[0].trace if events else ""
