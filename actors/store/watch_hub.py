"""Watches: history first, then each turn's events once per key range, shared by all its watchers.

Job: who follows what and what each gets next. Must not know: Raft, streams, tasks (it hands out
futures). Memory is bounded: a watcher keeps a position, not a queue; what it missed is read from
the state's history, and a watcher that fell too far behind gets Compacted.
"""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from cluster import limits
from cluster.errors import Compacted
from cluster.messages.store import StoreEvent, StoreEvents, Watch

# Revisions looked through in one go while catching up, and events of one item: bounds a stall.
CATCH_UP_REVISIONS = 2000
CATCH_UP_EVENTS = 500
# A range without events is told how far it stands after so many revisions, so that its watchers
# can resume from a revision that is still kept.
PROGRESS_REVISIONS = 1000


class Events(Protocol):
    """What happened, by revision."""

    def at(self, revision: int) -> tuple[StoreEvent, ...]:
        """The events of one kept revision."""

    def since(self, revision: int) -> Iterator[tuple[StoreEvent, ...]]:
        """Events per revision, from ``revision`` on, oldest first."""


class Watched(Protocol):
    """What is watched: a state machine, or a window on one. All events from ``compacted`` to
    ``revision`` are kept."""

    @property
    def revision(self) -> int:
        """The last."""

    @property
    def compacted(self) -> int:
        """The first kept."""

    @property
    def history(self) -> Events:
        """The events."""


@dataclass(eq=False, slots=True)
class Watcher:
    """``position``: everything up to this revision was given to it. ``start``: the first revision
    it wants. ``live``: it has caught up once."""

    key: str
    end: str
    start: int
    position: int
    live: bool = False

    def wants(self, event: StoreEvent) -> bool:
        """True if the event is in its range and not before its start."""
        key = event.item.key
        inside = self.key <= key < self.end if self.end else key == self.key
        return inside and event.item.mod_revision >= self.start


@dataclass(eq=False, slots=True)
class Group:
    """Who watches one key range, has caught up and waits. ``told``: the last item's revision."""

    key: str
    end: str
    told: int
    members: int = 0
    waiting: dict[Watcher, asyncio.Future[StoreEvents | None]] = field(default_factory=dict)

    def select(self, events: Iterable[StoreEvent]) -> tuple[StoreEvent, ...]:
        """Those in the range."""
        key, end = self.key, self.end
        if not end:
            return tuple(event for event in events if event.item.key == key)
        return tuple(event for event in events if key <= event.item.key < end)


class WatchHub:
    """``revision``: all events up to it have been published."""

    def __init__(self, machine: Watched) -> None:
        self._machine = machine
        self.revision = machine.revision
        self._groups: dict[tuple[str, str], Group] = {}

    def open(self, watch: Watch) -> Watcher:
        """A new watcher. Raises Compacted if its start is no longer kept."""
        start = watch.start or self.revision + 1
        self._check_kept(start)
        group = self._groups.setdefault(
            (watch.key, watch.end), Group(watch.key, watch.end, self.revision)
        )
        group.members += 1
        return Watcher(watch.key, watch.end, start, min(start - 1, self.revision))

    @property
    def watchers(self) -> int:
        """How many watch."""
        return sum(group.members for group in self._groups.values())

    def close(self, watcher: Watcher) -> None:
        """The watcher goes away."""
        group = self._groups[(watcher.key, watcher.end)]
        group.waiting.pop(watcher, None)
        group.members -= 1
        if not group.members:
            del self._groups[(watcher.key, watcher.end)]

    def next_item(self, watcher: Watcher) -> StoreEvents | None:
        """What it missed, a slice at a time; None if it has caught up. Raises Compacted."""
        # What comes before its start it does not want, so that need not be kept for it either.
        watcher.position = max(watcher.position, min(watcher.start - 1, self.revision))
        if watcher.position >= self.revision:
            watcher.live = True
            return None
        behind = self.revision - watcher.position
        if watcher.live and behind > limits.WATCH_LAG_EVENTS_MAX:
            raise Compacted(f"the watcher is {behind} revisions behind")
        first = watcher.position + 1
        self._check_kept(first)
        events: list[StoreEvent] = []
        last = min(self.revision, watcher.position + CATCH_UP_REVISIONS)
        for revision in range(first, last + 1):
            events.extend(filter(watcher.wants, self._machine.history.at(revision)))
            if len(events) >= CATCH_UP_EVENTS:
                last = revision
                break
        watcher.position = last
        return StoreEvents(tuple(events), last)

    def standing_item(self) -> StoreEvents:
        """An item without events: where the stream stands."""
        return StoreEvents((), self.revision)

    def follow(self, watcher: Watcher) -> "asyncio.Future[StoreEvents | None]":
        """For a watcher that has caught up: its next item; None: ask ``next_item`` again."""
        future: asyncio.Future[StoreEvents | None] = asyncio.get_running_loop().create_future()
        self._groups[(watcher.key, watcher.end)].waiting[watcher] = future
        return future

    def publish(self) -> None:
        """The state has moved on: one pass over the ranges, one item for all who wait on each."""
        before, self.revision = self.revision, self._machine.revision
        if before == self.revision:
            return
        if before + 1 < self._machine.compacted:
            self._rouse(before)
            return
        events = [event for group in self._machine.history.since(before + 1) for event in group]
        for group in self._groups.values():
            if not group.waiting:
                continue
            selected = group.select(events)
            if selected or self.revision - group.told >= PROGRESS_REVISIONS:
                self._give(group, StoreEvents(selected, self.revision), before)

    def _give(self, group: Group, item: StoreEvents, before: int) -> None:
        group.told = item.revision
        waiting, group.waiting = group.waiting, {}
        for watcher, future in waiting.items():
            if future.done():
                continue
            if watcher.start > before + 1:
                watcher.position = before
                future.set_result(None)
            else:
                watcher.position = item.revision
                future.set_result(item)

    def replace(self, machine: Watched) -> None:
        """The leader's snapshot took the state's place: all catch up from its history."""
        before, self._machine, self.revision = self.revision, machine, machine.revision
        self._rouse(before)

    def _rouse(self, position: int) -> None:
        for group in self._groups.values():
            waiting, group.waiting = group.waiting, {}
            for watcher, future in waiting.items():
                watcher.position = max(watcher.position, position)
                if not future.done():
                    future.set_result(None)

    def _check_kept(self, revision: int) -> None:
        compacted = self._machine.compacted
        if revision < compacted:
            raise Compacted(f"revision {revision} is compacted, kept is {compacted} on")
