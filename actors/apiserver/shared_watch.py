"""One watch of the store for all who watch the same keys.

Job: read a key range's events once, keep the last of them, and let each watcher go on from its own
revision. What is made of an item for one watcher (``View``) serves all who see the same. A watcher
keeps a position, not a queue: one that is behind what is kept here reads from the store for itself
until it has caught up; one that is far behind is cut. Must not know: HTTP, selectors, bookmarks.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Hashable
from contextlib import aclosing
from typing import Any

from actors.apiserver.store_client import StoreClient
from cluster import limits
from cluster.api import status
from cluster.errors import StatusError
from cluster.messages.apiserver import WatchBatch
from cluster.messages.store import StoreEvent, StoreEvents, Watch

Spawn = Callable[[Coroutine[Any, Any, None], str], "asyncio.Task[Any]"]
# Items kept for who comes, or comes back, a little late.
KEPT_ITEMS = 256
KEPT_EVENTS = 2000
# Views are kept of so many of them: who has not come by then makes its own.
KEPT_VIEWS = 16
# Each watcher that is woken costs its loop a task's turn and a TLS record, whatever is in it. A
# wake of many is followed by a pause in proportion, in which what happens gathers to one item.
PAUSE_SECONDS_EACH = 0.0003
PAUSE_SECONDS_MAX = 0.05
GATHERED_EVENTS = 500


class View:
    """An item as some watchers see it. ``lines``: of it in a response, once somebody made them."""

    __slots__ = ("batch", "lines")

    def __init__(self, batch: WatchBatch) -> None:
        self.batch = batch
        self.lines: bytes | None = None


class Item:
    """Everything that happened in the range after ``since`` up to ``revision``."""

    __slots__ = ("events", "revision", "since", "views")

    def __init__(self, since: int, revision: int, events: tuple[StoreEvent, ...]) -> None:
        self.since = since
        self.revision = revision
        self.events = events
        self.views: dict[Hashable, View] | None = {}

    def after(self, revision: int) -> "Item":
        """The part of it that comes after ``revision``."""
        if self.since >= revision:
            return self
        kept = tuple(event for event in self.events if event.item.mod_revision > revision)
        part = Item(revision, self.revision, kept)
        part.views = None
        return part

    def view(self, key: Hashable, make: Callable[[tuple[StoreEvent, ...]], WatchBatch]) -> View:
        """How those see it who see the same as ``key``."""
        if self.views is None:
            return View(make(self.events))
        found = self.views.get(key)
        if found is None:
            found = self.views[key] = View(make(self.events))
        return found


class SharedWatch:
    """Of the keys from ``start`` to ``end``, from the time on when it was opened. ``revision``:
    everything up to it has come in, 0 before anything has."""

    def __init__(self, store: StoreClient, start: str, end: str) -> None:
        self.start = start
        self.end = end
        self.revision = 0
        self.error: StatusError | None = None
        self.ended = False
        self.members = 0
        self._store = store
        self._items: deque[Item] = deque()
        self._events = 0
        # All that came after this revision is kept.
        self._since = 0
        self._gathered: list[StoreEvents] = []
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: dict[asyncio.Future[None], None] = {}

    async def run(self) -> None:
        """Read until nobody is left, or the store ends it."""
        try:
            async with self._store.watch(Watch(self.start, self.end)) as stream:
                async for item in stream:
                    self._take(item)
        except StatusError as error:
            self.error = error
        finally:
            self._pass_on()
            self.ended = True
            self._wake()
            if self._timer is not None:
                self._timer.cancel()

    def covers(self, revision: int) -> bool:
        """Whether everything after that is kept, or will come."""
        return 0 < self._since <= revision

    def next_after(self, revision: int) -> Item | None:
        """The next item for who has all up to ``revision``, which is covered; None: wait."""
        if revision < self.revision:
            for item in reversed(self._items):
                if item.since <= revision:
                    return item.after(revision)
        return None

    def lags(self, revision: int) -> bool:
        """Whether who has all up to ``revision`` is so slow that it is to be cut."""
        return self.revision - revision > limits.WATCH_LAG_EVENTS_MAX

    async def wait(self) -> None:
        """Until something comes in, or it ends. Raises StatusError if it has failed."""
        if not self.ended:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting[future] = None
            try:
                await future
            finally:
                self._waiting.pop(future, None)
        elif self.error is not None:
            raise self.error

    def _take(self, item: StoreEvents) -> None:
        if not self._since:
            # The first tells where the watch stands.
            self._since = self.revision = item.revision - (1 if item.events else 0)
        self._gathered.append(item)
        if self._timer is None or sum(len(one.events) for one in self._gathered) > GATHERED_EVENTS:
            self._pass_on()

    def _pass_on(self) -> None:
        """What was gathered is an item now."""
        gathered, self._gathered = self._gathered, []
        if not gathered:
            return
        since, self.revision = self.revision, max(self.revision, gathered[-1].revision)
        events = gathered[0].events
        if len(gathered) > 1:
            events = tuple(event for one in gathered for event in one.events)
        if events or self.revision > since:
            self._keep(Item(since, self.revision, events))
        # Bare progress makes nobody write.
        self._pause(len(self._waiting) if events else 0)
        self._wake()

    def _pause(self, woken: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if woken > 1:
            pause = min(woken * PAUSE_SECONDS_EACH, PAUSE_SECONDS_MAX)
            self._timer = asyncio.get_running_loop().call_later(pause, self._rested)

    def _rested(self) -> None:
        self._timer = None
        self._pass_on()

    def _keep(self, item: Item) -> None:
        items = self._items
        items.append(item)
        self._events += len(item.events)
        while len(items) > KEPT_ITEMS or (self._events > KEPT_EVENTS and len(items) > 1):
            gone = items.popleft()
            self._events -= len(gone.events)
            self._since = gone.revision
        if len(items) > KEPT_VIEWS:
            items[-KEPT_VIEWS - 1].views = None

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for future in waiting:
            if not future.done():
                future.set_result(None)


class SharedWatches:
    """All of an API server. ``spawn``: runs a task for as long as the server lives."""

    def __init__(self, store: StoreClient, spawn: Spawn) -> None:
        self._store = store
        self._spawn = spawn
        self._shared: dict[tuple[str, str], tuple[SharedWatch, asyncio.Task[Any]]] = {}

    def __len__(self) -> int:
        return len(self._shared)

    def watching(self, start: str, end: str) -> int:
        """How many follow exactly these keys."""
        found = self._shared.get((start, end))
        return 0 if found is None else found[0].members

    async def follow(self, start: str, end: str, revision: int) -> AsyncGenerator[Item, None]:
        """Everything after ``revision`` (0: from now on), in order, without gap or repetition.
        Ends with the store's watch. Raises StatusError: 410 for who is too slow, or asks for what
        is not kept any more."""
        shared = self._join(start, end)
        try:
            while not shared.revision and not shared.ended:
                await shared.wait()
            revision = revision or shared.revision
            slow = False
            while True:
                if slow and shared.lags(revision):
                    raise status.expired()
                if not shared.covers(revision) and not shared.ended:
                    async with aclosing(self._alone(shared, revision)) as items:
                        async for item in items:
                            revision = item.revision
                            yield item
                # Who has caught up once is expected to keep pace.
                slow = True
                item_or_none = shared.next_after(revision)
                if item_or_none is not None:
                    revision = item_or_none.revision
                    yield item_or_none
                elif shared.ended and shared.error is None:
                    return
                else:
                    await shared.wait()
        finally:
            self._leave(shared)

    async def _alone(self, shared: SharedWatch, revision: int) -> AsyncGenerator[Item, None]:
        """From the store, until the shared watch covers the rest."""
        async with self._store.watch(Watch(shared.start, shared.end, revision + 1)) as stream:
            async for one in stream:
                if one.revision > revision:
                    part = Item(revision, one.revision, one.events)
                    part.views, revision = None, one.revision
                    yield part
                if shared.covers(revision) or shared.ended:
                    return

    def _join(self, start: str, end: str) -> SharedWatch:
        found = self._shared.get((start, end))
        if found is None or found[0].ended:
            shared = SharedWatch(self._store, start, end)
            task = self._spawn(shared.run(), f"watch {start}")
            found = self._shared[start, end] = (shared, task)
        found[0].members += 1
        return found[0]

    def _leave(self, shared: SharedWatch) -> None:
        shared.members -= 1
        found = self._shared.get((shared.start, shared.end))
        if found is not None and found[0] is shared and (shared.ended or not shared.members):
            del self._shared[shared.start, shared.end]
            found[1].cancel()
