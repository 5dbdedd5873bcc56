"""The one watch that a replica keeps on everything of its cluster in etcd.

Job: the window of history that all local watches are served from, its stretching back when an
older one is asked for, and the news of leadership. Must not know: who watches, who leads.

One watch over the whole prefix sees every revision of the cluster in order. So it tells progress to
all who watch ranges in which nothing happens, and the trace of deletes (it stands in the marker of
the same revision).
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import msgspec

from actors.kit.context import Context
from actors.store.engines.etcd.client import PAUSE_SECONDS, EtcdClient
from actors.store.engines.etcd.layout import Layout
from actors.store.engines.etcd.markers import decode_marker
from actors.store.engines.etcd.messages import EVENT_DELETE, Event
from actors.store.engines.etcd.watch_answers import WatchBatch, by_revision
from actors.store.engines.etcd.window import Group, Window, cost_of
from actors.store.waiters import LevelWaiters
from actors.store.watch_hub import WatchHub
from cluster.errors import AskTimeout, Compacted, StoreError, TemporaryFault
from cluster.messages.store import KeyValue, StoreEvent

# Waiting for the feed, or for history, may take so long.
REACH_SECONDS = 10.0


class Feed:
    """``anchor`` writes something of the cluster's to etcd and returns that revision: a window
    begins there. ``control`` gets every event that is not of a key of the cluster."""

    def __init__(
        self,
        ctx: Context,
        client: EtcdClient,
        layout: Layout,
        anchor: Callable[[], Awaitable[int]],
        control: Callable[[Event], None],
    ) -> None:
        self._ctx = ctx
        self._client = client
        self._layout = layout
        self._anchor = anchor
        self._control = control
        self._reaching_back = asyncio.Lock()
        self._revisions = LevelWaiters()
        self.window: Window
        self.hub: WatchHub

    async def start(self) -> None:
        """Begin a window, and follow."""
        self.window = Window(await self._anchor())
        self.hub = WatchHub(self.window)
        self._ctx.task(self._follow_forever(), "feed")

    async def _follow_forever(self) -> None:
        layout = self._layout
        while True:
            try:
                watch = self._client.watch(layout.prefix, layout.end, self.window.revision + 1)
                async with aclosing(watch) as batches:
                    async for batch in batches:
                        self._take(batch)
            except Compacted:
                # Cut off for longer than history is kept: watches end, who asked lists again.
                self._ctx.log.warning("etcd.feed_lost", revision=self.window.revision)
                self.window = Window(await self._anchor())
                self.hub.replace(self.window)
            except (TemporaryFault, StoreError) as error:
                self._ctx.log.info("etcd.feed_broken", error=str(error))
            await asyncio.sleep(PAUSE_SECONDS)

    def _take(self, batch: WatchBatch) -> None:
        for revision, group in by_revision(batch.events):
            self.window.add(revision, self._events(revision, group))
            for event in group:
                if not self._layout.is_key(event.kv.key):
                    self._control(event)
        self.window.reached(batch.revision)
        self.hub.publish()
        self._revisions.reached(self.window.revision)

    def _events(self, revision: int, group: list[Event]) -> tuple[StoreEvent, ...]:
        """Raises Compacted if a version before is not known any more."""
        trace = ""
        for event in group:
            if self._layout.is_marker(event.kv.key) and event.kv.value:
                trace = decode_marker(event.kv.value).trace
        return tuple(
            self._event(revision, event, trace)
            for event in group
            if self._layout.is_key(event.kv.key)
        )

    def _event(self, revision: int, event: Event, trace: str) -> StoreEvent:
        previous: KeyValue | None = None
        if event.prev_kv is not None:
            previous = self._layout.item(event.prev_kv)
        elif event.type == EVENT_DELETE or event.kv.version > 1:
            raise Compacted(f"what stood before revision {revision} is compacted")
        if event.type == EVENT_DELETE:
            assert previous is not None
            removed = msgspec.structs.replace(previous, mod_revision=revision)
            return StoreEvent("delete", removed, previous, trace)
        return StoreEvent("put", self._layout.item(event.kv), previous, trace)

    async def reach(self, revision: int) -> None:
        """Return once ``revision``, one of the cluster's own, has come. Raises AskTimeout."""
        if self.window.revision >= revision:
            return
        try:
            async with asyncio.timeout(REACH_SECONDS):
                await self._revisions.wait(revision)
        except TimeoutError as error:
            raise AskTimeout("etcd did not tell of a write in time") from error

    async def reach_back(self, start: int) -> None:
        """Stretch the window back so that it holds everything from ``start`` on. Raises Compacted
        if etcd does not hold that any more or it is more than may be held; AskTimeout."""
        try:
            async with asyncio.timeout(REACH_SECONDS), self._reaching_back:
                while start < self.window.compacted:
                    try:
                        await self._load(start)
                    except TemporaryFault:
                        await asyncio.sleep(PAUSE_SECONDS)
        except TimeoutError as error:
            raise AskTimeout("etcd did not tell its history in time") from error

    async def _load(self, start: int) -> None:
        window, until = self.window, self.window.compacted
        layout, groups, size = self._layout, list[Group](), 0
        # From one earlier: if that is compacted, so is ``start`` (see ``reads``).
        watch = self._client.watch(layout.prefix, layout.end, max(start - 1, 1))
        async with aclosing(watch) as batches:
            async for batch in batches:
                for revision, group in by_revision(batch.events):
                    if start <= revision < until:
                        groups.append((revision, self._events(revision, group)))
                        size += cost_of(groups[-1][1])
                if not window.fits(len(groups), size):
                    raise Compacted(f"history from {start} on is more than a replica holds")
                # The window begins with a revision of the cluster's: it will be told.
                if batch.revision >= until:
                    break
        if window is self.window and until == window.compacted:
            window.prepend(start, groups)
