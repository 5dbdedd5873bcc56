"""Watches on every engine: every change once, in order, whole, from any kept revision."""

from cluster.messages.store import (
    Delete,
    KeyValue,
    Put,
    StoreEvent,
    TxnRecord,
)
from tests.backends.store_engines import Run
from tests.backends.store_rigs import Rig, deadline


def test_a_watch_tells_changes_in_order_each_once(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        base = await rig.put("b0")
        async with rig.watch("b", "c") as follower:
            assert follower.items[0].revision >= base
            assert follower.events == []
            one = await rig.txn(Put("b1", b"1"), Put("x", b"1"))
            two = await rig.txn(Put("b1", b"2"))
            three = await rig.txn(Put("b2", b"1"), Delete("b1"), Delete("x"))
            events = await follower.until(three.revision)
            b1, b2 = two.items[0], three.items[0]
            assert b1 is not None and b2 is not None and one.items[0] is not None
            gone = KeyValue("b1", b"2", one.revision, three.revision, 2)
            assert events == [
                StoreEvent("put", one.items[0], None),
                StoreEvent("put", b1, one.items[0]),
                StoreEvent("put", b2, None),
                StoreEvent("delete", gone, b1),
            ]
            await follower.quiet()

    on_engine(body)


def test_a_watch_of_one_key_sees_only_that_key(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        async with rig.watch("b") as follower:
            await rig.txn(Put("b0", b""), Put("a", b""))
            last = await rig.put("b")
            assert [event.item.key for event in await follower.until(last)] == ["b"]

    on_engine(body)


def test_a_watch_resumes_from_any_kept_revision_at_any_replica(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        base = await rig.put("a")
        for number in range(12):
            name = f"k{number % 5}"
            await rig.txn(Delete(name) if number % 4 == 3 else Put(name, str(number).encode()))
        last = await rig.put("k9")
        async with rig.watch("k", "l", start=base) as follower:
            whole = await follower.until(last)
        assert [event.item.mod_revision for event in whole] == sorted(
            event.item.mod_revision for event in whole
        )
        for start in range(base, last + 1):
            store = rig.stores[start % len(rig.stores)]
            async with rig.watch("k", "l", start=start, store=store) as follower:
                events = await follower.until(last)
                assert events == [event for event in whole if event.item.mod_revision >= start]

    on_engine(body)


def test_a_watch_from_the_future_begins_there(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        present = await rig.put("a")
        async with rig.watch("a", start=present + 3) as follower:
            for _ in range(4):
                last = await rig.put("a")
            events = await follower.until(last)
            assert [event.item.mod_revision for event in events] == [present + 3, present + 4]

    on_engine(body)


def test_a_revision_is_never_split(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        base = await rig.put("a")
        names = [f"k{number:03}" for number in range(100)]
        async with rig.watch("k", "l") as live:
            for _ in range(15):
                last = (await rig.txn(*(Put(name, b"x" * 2000) for name in names))).revision
            await live.until(last)
        async with rig.watch("k", "l", start=base) as late:
            await late.until(last)
        for follower in (live, late):
            told = base
            for item in follower.items:
                assert all(told < event.item.mod_revision <= item.revision for event in item.events)
                told = item.revision
            assert [event.item.key for event in follower.events] == names * 15

    on_engine(body)


def test_a_range_where_nothing_happens_is_told_how_far_it_stands(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        base = await rig.put("a")
        async with rig.watch("z") as follower:
            for _ in range(4):
                records = [TxnRecord((), (Put(f"k{n}", b""),)) for n in range(300)]
                await rig.store.txns(records, deadline())
            await follower.until(base + 1000)
            assert follower.events == []

    on_engine(body)


def test_events_carry_the_trace_of_their_write(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        async with rig.watch("a") as follower:
            await rig.txn(Put("a", b"1"), trace="one")
            last = await rig.txn(Delete("a"), trace="two")
            events = await follower.until(last.revision)
            assert [event.trace for event in events] == ["one", "two"]

    on_engine(body)


def test_what_caused_a_revision_can_be_asked_later(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        async with rig.watch("a") as follower:
            first = await rig.txn(Put("a", b"1"), trace="one")
            last = await rig.txn(Put("b", b"1"), trace="two")
            again = await rig.txn(Put("a", b"2"), trace="three")
            await follower.until(again.revision)
        revisions = (first.revision, last.revision, again.revision, 0, again.revision + 1000)
        found = [rig.store.trace_of(revision) for revision in revisions]
        assert found == ["one", "two", "three", "", ""]

    on_engine(body)
