"""Answers of a watch, put together to whole revisions. Pure.

Job: a revision is never split, though an answer may come in fragments. Must not know: connections,
what the keys are.
"""

from collections.abc import Iterator
from typing import NamedTuple

from actors.store.engines.etcd.messages import Event, WatchResponse
from cluster.errors import ActorDown, Compacted


class WatchBatch(NamedTuple):
    """All ``events`` (of whole revisions, in order) of the watch up to ``revision``."""

    revision: int
    events: tuple[Event, ...]


class WatchAssembly:
    """Takes the answers of one watch in order."""

    def __init__(self) -> None:
        self._held: list[Event] = []

    def take(self, answer: WatchResponse) -> Iterator[WatchBatch]:
        """What is whole now. Raises Compacted, ActorDown (etcd ended the watch)."""
        if answer.canceled:
            if answer.compact_revision:
                raise Compacted(f"etcd has compacted up to {answer.compact_revision}")
            raise ActorDown(f"etcd canceled the watch: {answer.cancel_reason}")
        if answer.created:
            # Nothing is said yet about events up to the header's revision.
            yield WatchBatch(0, ())
            return
        self._held.extend(answer.events)
        if answer.fragment:
            yield from self._before_the_last_revision()
        elif self._held:
            events, self._held = tuple(self._held), []
            yield WatchBatch(events[-1].kv.mod_revision, events)
        else:
            yield WatchBatch(answer.header.revision, ())

    def _before_the_last_revision(self) -> Iterator[WatchBatch]:
        if not self._held:
            return
        last = self._held[-1].kv.mod_revision
        whole = tuple(event for event in self._held if event.kv.mod_revision < last)
        if whole:
            self._held = self._held[len(whole) :]
            yield WatchBatch(whole[-1].kv.mod_revision, whole)


def by_revision(events: tuple[Event, ...]) -> Iterator[tuple[int, list[Event]]]:
    """The events of each revision, in order."""
    group: list[Event] = []
    for event in events:
        if group and event.kv.mod_revision != group[0].kv.mod_revision:
            yield group[0].kv.mod_revision, group
            group = []
        group.append(event)
    if group:
        yield group[0].kv.mod_revision, group
