"""One watch: what exists, then what changes, until its time is up or history is gone.

Job: join a list and a store watch without gap or repetition. Must not know: HTTP, selectors.
Invariant: no polling; a bookmark is sent when the store reports progress, not by a timer.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from actors.apiserver import watch_events
from actors.apiserver.list_options import ListOptions, WatchOptions
from actors.apiserver.object_store import ObjectStore
from actors.apiserver.selection import Selection
from actors.apiserver.shared_watch import Item, View
from cluster.errors import StatusError
from cluster.messages.apiserver import WatchBatch, WatchEvent
from cluster.messages.store import StoreEvent

# At most this often does a watcher hear a bookmark (kube-apiserver: about once a minute).
BOOKMARK_SECONDS = 30.0
# Initial events of one batch: a long list must not hold the loop or overfill a frame.
INITIAL_BATCH = 256


@dataclass
class WatchStream:
    """``batches`` ends when the asked time is over, after an ERROR event, or when the kind is not
    ``served`` any more as it was (a custom resource whose definition changed). ``begun`` is called
    when all that existed at first has been taken."""

    objects: ObjectStore
    selection: Selection
    options: WatchOptions
    revision: int = 0
    served: Callable[[], bool] = lambda: True
    begun: Callable[[], None] = lambda: None

    async def batches(self) -> AsyncGenerator[View, None]:
        """Events in revision order. Raises nothing of the store: errors become ERROR events. Who
        sees the same gets the same view."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + self.options.timeout if self.options.timeout else None
        try:
            async for batch in self._initial():
                yield batch
            self.begun()
            async for batch in self._live(loop, ends):
                yield batch
        except TimeoutError:
            if self.options.bookmarks:
                yield self._batch(self._bookmark())
        except StatusError as error:
            yield self._batch(watch_events.failure(_of_watch(error), self.revision))

    async def _initial(self) -> AsyncIterator[View]:
        if not self.options.initial:
            self.revision = self.options.revision or 0
            return
        page = await self.objects.list(self.selection, ListOptions(revision=self.options.revision))
        self.revision = page.revision
        for start in range(0, len(page.items), INITIAL_BATCH):
            items = page.items[start : start + INITIAL_BATCH]
            yield View(WatchBatch(watch_events.added(self.selection.kind, items)))
            await asyncio.sleep(0)
        if self.options.mark_initial:
            yield self._batch(self._bookmark(initial_end=True))

    async def _live(
        self, loop: asyncio.AbstractEventLoop, ends: float | None
    ) -> AsyncIterator[View]:
        assert self.objects.watches is not None
        marked = loop.time()
        chosen = self.selection
        followed = self.objects.watches.follow(chosen.start, chosen.end, self.revision)
        async with aclosing(followed) as items:
            while True:
                # Only the wait for the next item is under the clock: never the reader's own work.
                async with asyncio.timeout_at(ends):
                    item = await anext(items, None)
                if item is None or not self.served():
                    return
                view = await self._view(item)
                self.revision = max(self.revision, item.revision)
                if view.batch.events:
                    yield view
                elif self.options.bookmarks and loop.time() - marked >= BOOKMARK_SECONDS:
                    marked = loop.time()
                    yield self._batch(self._bookmark())

    async def _view(self, item: Item) -> View:
        kind = self.selection.kind
        if kind.custom is not None and item.events:
            # Converted by a webhook, perhaps: each for itself.
            changes = await self.objects.conversion.shown_events(kind, item.events)
            return View(self._selected(changes))
        return item.view(self.selection.view, self._selected)

    def _selected(self, changes: Sequence[StoreEvent]) -> WatchBatch:
        return WatchBatch(tuple(watch_events.selected(changes, self.selection)))

    def _bookmark(self, initial_end: bool = False) -> WatchEvent:
        return watch_events.bookmark(self.selection.kind, self.revision, initial_end)

    def _batch(self, event: WatchEvent) -> View:
        return View(WatchBatch((event,)))


def _of_watch(error: StatusError) -> StatusError:
    if error.code != 410:
        return error
    message = "The resourceVersion for the provided watch is too old."
    return StatusError({**error.status, "message": message})
