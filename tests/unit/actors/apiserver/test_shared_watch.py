"""One watch of the store for many: nobody misses an event, sees one twice, or out of order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any, cast

import looptime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.apiserver import shared_watch
from actors.apiserver.shared_watch import Item, SharedWatches
from actors.apiserver.store_client import StoreClient
from cluster import limits
from cluster.api import status
from cluster.errors import StatusError
from cluster.messages.apiserver import WatchBatch
from cluster.messages.store import KeyValue, StoreEvent, StoreEvents, Watch

pytestmark = pytest.mark.looptime


def event(revision: int) -> StoreEvent:
    return StoreEvent("put", KeyValue(f"k{revision}", b"", b"", revision, revision, 1), None)


class Store:
    """A history of events, one a revision; watches of it as the store gives them."""

    def __init__(self) -> None:
        self.revision = 10
        self.compacted = 1
        self.opened = 0
        self.now = 0
        self.failure: StatusError | None = None
        self._changed = asyncio.Event()

    def write(self, count: int = 1) -> None:
        self.revision += count
        self._wake()

    def fail(self, error: StatusError | None = None) -> None:
        self.failure = error or status.service_unavailable("gone")
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    @asynccontextmanager
    async def watch(self, request: Watch) -> AsyncIterator[AsyncIterator[StoreEvents]]:
        self.opened += 1
        self.now += 1
        try:
            yield self._items(request.start)
        finally:
            self.now -= 1

    async def _items(self, start: int) -> AsyncIterator[StoreEvents]:
        if start and start < self.compacted:
            raise status.expired()
        position = (start or self.revision + 1) - 1
        if position >= self.revision:
            yield StoreEvents((), self.revision)
        while True:
            if self.failure is not None:
                raise self.failure
            if position < self.revision:
                last = min(self.revision, position + 7)
                events = tuple(event(one) for one in range(position + 1, last + 1))
                position = last
                yield StoreEvents(events, last)
            else:
                await self._changed.wait()


class Reader:
    """Follows, and writes down the revisions of what it gets."""

    def __init__(self, watches: SharedWatches, revision: int) -> None:
        self.start = revision
        self.got: list[int] = []
        self.items: list[Item] = []
        self.error: StatusError | None = None
        self.may_read = asyncio.Event()
        self.may_read.set()
        self.task = asyncio.create_task(self._run(watches))

    async def _run(self, watches: SharedWatches) -> None:
        try:
            async with aclosing(watches.follow("a", "b", self.start)) as items:
                async for item in items:
                    self.items.append(item)
                    self.got += [one.item.mod_revision for one in item.events]
                    await self.may_read.wait()
        except StatusError as error:
            self.error = error

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])


def make() -> tuple[Store, SharedWatches]:
    store = Store()

    def spawn(work: Any, name: str) -> "asyncio.Task[Any]":
        return asyncio.get_running_loop().create_task(work, name=name)

    return store, SharedWatches(cast(StoreClient, store), spawn)


async def settle() -> None:
    """Everything has happened, gathering too: it ends after no more than that (virtual) time."""
    await turn()
    await asyncio.sleep(shared_watch.PAUSE_SECONDS_MAX)
    await turn()


async def turn() -> None:
    """Everything has happened that takes no time."""
    for _ in range(30):
        await asyncio.sleep(0)


async def test_what_happens_while_many_were_just_woken_comes_as_one_item() -> None:
    store, watches = make()
    readers = [Reader(watches, store.revision) for _ in range(20)]
    await settle()
    woken = len(readers[0].items)
    store.write()
    await turn()
    assert [reader.got for reader in readers] == [[11]] * 20, "the first comes at once"
    for _ in range(3):
        store.write()
        await turn()
    assert [reader.got for reader in readers] == [[11]] * 20, "the next gather"
    late = Reader(watches, 12)
    await asyncio.sleep(20 * shared_watch.PAUSE_SECONDS_EACH)
    await turn()
    assert [reader.got for reader in readers] == [[11, 12, 13, 14]] * 20
    assert len(readers[0].items) == woken + 2
    assert late.got == [13, 14]
    await settle()
    store.write()
    await turn()
    assert readers[0].got[-1] == late.got[-1] == 15, "after a quiet while it comes at once again"
    for reader in [*readers, late]:
        await reader.stop()


async def test_a_single_reader_never_waits_for_others() -> None:
    store, watches = make()
    reader = Reader(watches, store.revision)
    await settle()
    for revision in (11, 12, 13):
        store.write()
        await turn()
        assert reader.got[-1] == revision
    await reader.stop()


async def test_what_was_gathered_is_not_lost_when_the_store_ends_the_watch() -> None:
    store, watches = make()
    readers = [Reader(watches, store.revision) for _ in range(20)]
    await settle()
    store.write()
    await turn()
    store.write()
    await turn()
    store.fail()
    await settle()
    assert [reader.got for reader in readers] == [[11, 12]] * 20
    assert all(reader.error is not None for reader in readers)
    assert not watches


async def test_many_who_are_level_share_one_watch_and_its_items() -> None:
    store, watches = make()
    readers = [Reader(watches, store.revision) for _ in range(5)]
    await settle()
    opened = store.opened
    store.write(3)
    await settle()
    store.write()
    await settle()
    assert [reader.got for reader in readers] == [[11, 12, 13, 14]] * 5
    assert store.opened == opened
    assert store.now == 1
    assert len({id(reader.items[-1]) for reader in readers}) == 1
    made = []

    def once(events: tuple[StoreEvent, ...]) -> WatchBatch:
        made.append(len(events))
        return WatchBatch(())

    views = [reader.items[-1].view("v", once) for reader in readers]
    assert made == [1]
    assert len({id(view) for view in views}) == 1
    for reader in readers:
        await reader.stop()
    await settle()
    assert len(watches) == 0
    assert store.now == 0


async def test_from_now_on_means_from_the_opening_on() -> None:
    store, watches = make()
    first = Reader(watches, 0)
    await settle()
    store.write(2)
    await settle()
    second = Reader(watches, 0)
    await settle()
    store.write()
    await settle()
    assert first.got == [11, 12, 13]
    assert second.got == [13]
    for reader in (first, second):
        await reader.stop()


async def test_who_comes_with_an_old_revision_reads_it_first_and_then_shares() -> None:
    store, watches = make()
    level = Reader(watches, store.revision)
    old = Reader(watches, 3)
    await settle()
    assert old.got == [4, 5, 6, 7, 8, 9, 10]
    store.write(2)
    await settle()
    assert old.got == list(range(4, 13))
    assert level.got == [11, 12]
    assert store.now == 1
    for reader in (level, old):
        await reader.stop()


async def test_who_is_ahead_of_this_replica_sees_nothing_twice() -> None:
    store, watches = make()
    ahead = Reader(watches, 12)
    await settle()
    store.write(4)
    await settle()
    assert ahead.got == [13, 14]
    await ahead.stop()


async def test_a_revision_that_is_compacted_is_only_its_own_watchers_error() -> None:
    store, watches = make()
    store.compacted = 6
    level = Reader(watches, store.revision)
    old = Reader(watches, 3)
    await settle()
    assert old.error is not None
    assert old.error.code == 410
    store.write()
    await settle()
    assert level.got == [11]
    await level.stop()


async def test_a_watch_that_fails_fails_for_all_and_the_next_begins_anew() -> None:
    store, watches = make()
    readers = [Reader(watches, store.revision) for _ in range(2)]
    await settle()
    store.write()
    store.fail()
    await settle()
    assert [reader.error and reader.error.code for reader in readers] == [503, 503]
    assert len(watches) == 0
    store.failure = None
    again = Reader(watches, store.revision)
    await settle()
    store.write()
    await settle()
    assert again.got == [12]
    await again.stop()


async def test_who_is_slow_reads_what_is_kept_no_more_from_the_store(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shared_watch, "KEPT_ITEMS", 4)
    monkeypatch.setattr(shared_watch, "KEPT_VIEWS", 2)
    store, watches = make()
    slow, level = Reader(watches, store.revision), Reader(watches, store.revision)
    await settle()
    slow.may_read.clear()
    for _ in range(12):
        store.write()
        await settle()
    assert level.got == list(range(11, 23))
    assert slow.got == [11]
    slow.may_read.set()
    await settle()
    assert slow.got == level.got
    store.write()
    await settle()
    assert slow.got[-1] == 23
    assert store.now == 1
    for reader in (slow, level):
        await reader.stop()


async def test_who_is_far_behind_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WATCH_LAG_EVENTS_MAX", 20)
    store, watches = make()
    slow = Reader(watches, store.revision)
    await settle()
    store.write()
    await settle()
    slow.may_read.clear()
    store.write()
    await settle()
    store.write(30)
    await settle()
    slow.may_read.set()
    await settle()
    assert slow.error is not None
    assert slow.error.code == 410
    assert slow.got == [11, 12]


Step = st.one_of(
    st.tuples(st.just("write"), st.integers(1, 12)),
    st.tuples(st.just("join"), st.integers(0, 25)),
    st.tuples(st.just("hold"), st.integers(0, 9)),
    st.tuples(st.just("go"), st.integers(0, 9)),
    st.tuples(st.just("leave"), st.integers(0, 9)),
    st.tuples(st.just("turn"), st.integers(1, 6)),
    st.tuples(st.just("pass"), st.integers(1, 6)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(Step, max_size=40))
def test_whatever_happens_each_gets_exactly_what_comes_after_its_revision(
    steps: list[tuple[str, int]],
) -> None:
    with asyncio.Runner(loop_factory=looptime.new_event_loop) as runner:
        runner.run(_play(steps))


async def _play(steps: list[tuple[str, int]]) -> None:
    before, shared_watch.KEPT_ITEMS = shared_watch.KEPT_ITEMS, 3
    store, watches = make()
    readers: list[Reader] = []
    left: list[Reader] = []
    try:
        for what, number in steps:
            chosen = readers[number % len(readers)] if readers else None
            if what == "write":
                store.write(number)
            elif what == "join":
                readers.append(Reader(watches, min(max(1, number), store.revision)))
            elif what == "turn":
                for _ in range(number):
                    await asyncio.sleep(0)
            elif what == "pass":
                await asyncio.sleep(number / 2000)
            elif chosen is not None and what == "hold":
                chosen.may_read.clear()
            elif chosen is not None and what == "go":
                chosen.may_read.set()
            elif chosen is not None and what == "leave":
                readers.remove(chosen)
                left.append(chosen)
                await chosen.stop()
        for reader in readers:
            reader.may_read.set()
        for _ in range(12):
            await settle()
        for reader in readers:
            assert reader.got == list(range(reader.start + 1, store.revision + 1))
        for reader in left:
            assert reader.got == list(range(reader.start + 1, reader.start + 1 + len(reader.got)))
    finally:
        shared_watch.KEPT_ITEMS = before
        for reader in readers:
            await reader.stop()
    await settle()
    assert len(watches) == 0
    assert store.now == 0
