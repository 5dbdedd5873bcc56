"""One conformance suite for the engines of the store: raft with one and three members (in virtual
time), a real etcd, asked through one and two replicas, and raftos if that package is installed."""

import asyncio
import importlib.util
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from cluster.errors import (
    Compacted,
    Fenced,
    FutureRevision,
    LeaseNotFound,
    SessionExpired,
    StoreError,
    Unsupported,
)
from cluster.messages.base import Done
from cluster.messages.store import (
    Compare,
    Delete,
    KeyValue,
    LeaseGrant,
    LeaseIds,
    LeaseKeepAlive,
    LeaseList,
    LeaseRevoke,
    LeaseStatus,
    LeaseTimeToLive,
    Put,
    Range,
    StoreEvent,
    TransferLeadership,
    TxnRecord,
    TxnResult,
)
from tests.backends.store_rigs import LEASE_SECONDS, Body, Rig, deadline, run

RAFTOS = ("raftos-3",) if importlib.util.find_spec("raftos") else ()
ENGINES = ("raft-1", "raft-3", "etcd-1", "etcd-2", *RAFTOS)
# What raftos cannot pass, by words of the tests' names; see docs/decisions/0021-raftos-engine.md.
RAFTOS_FAILS = {
    "values_are_any_bytes": "an entry over 32 KiB does not fit into its datagrams",
    "a_revision_is_never_split": "an entry over 32 KiB does not fit into its datagrams",
    "a_long_range": "it is too slow",
    "nothing_happens_is_told": "it is too slow",
    "counting_from_everywhere": "it is too slow",
    "a_fence_holds": "its leader hands over to nobody",
    "a_change_of_leadership": "its leader hands over to nobody",
    "leadership_goes_to": "it cannot transfer leadership",
    "equal_states": "followers apply late, and the latest state is the only one with a hash",
    "metrics_tell": "it has none",
    "status_tells": "asked from another process",
}
Run = Callable[[Body], None]


@pytest.fixture(params=ENGINES)
def on_engine(request: pytest.FixtureRequest) -> Iterator[Run]:
    """Runs a test's body on stores of one engine."""
    engine: str = request.param
    if engine in RAFTOS:
        for words, reason in RAFTOS_FAILS.items():
            if words in request.node.name:
                pytest.xfail(reason)
        yield partial(on_raftos, engine)
        return
    url = request.getfixturevalue("etcd_url") if engine.startswith("etcd") else ""
    yield partial(run, engine, url)


def on_raftos(engine: str, body: Body) -> None:
    """What raftos says that it cannot do is skipped."""
    try:
        run(engine, "", body)
    except Unsupported as error:
        pytest.skip(str(error))


# -- transactions -------------------------------------------------------------------------------


def test_a_key_is_created_once(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        absent = Compare("a", "mod", 0)
        made = await rig.txn(Put("a", b"1", index=b"i"), compare=[absent])
        assert made.succeeded
        item = KeyValue("a", b"1", made.revision, made.revision, 1, b"i")
        assert made.items == (item,)
        again = await rig.txn(Put("a", b"2"), compare=[absent])
        assert again == TxnResult(succeeded=False, revision=made.revision, items=(item,))
        assert (await rig.read("a")).items == (item,)

    on_engine(body)


def test_an_update_compares_what_it_knows(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        first = await rig.put("a", b"1")
        second = await rig.txn(Put("a", b"2"), compare=[Compare("a", "mod", first)])
        assert second.items == (KeyValue("a", b"2", first, second.revision, 2),)
        stale = await rig.txn(Put("a", b"3"), compare=[Compare("a", "mod", first)])
        assert not stale.succeeded
        assert stale.items == second.items

    on_engine(body)


def test_a_delete_tells_what_it_removed_and_a_key_begins_anew(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        made = await rig.txn(Put("a", b"1", index=b"i"))
        gone = await rig.txn(Delete("a"), compare=[Compare("a", "version", 1)])
        assert (gone.succeeded, gone.items) == (True, made.items)
        assert (await rig.read("a")).items == ()
        anew = await rig.txn(Put("a", b"2"))
        assert anew.items == (KeyValue("a", b"2", anew.revision, anew.revision, 1),)

    on_engine(body)


@pytest.mark.parametrize(
    ("compare", "holds"),
    [
        (("mod", 0, "="), False),
        (("mod", 0, ">"), True),
        (("create", 0, "!="), True),
        (("version", 2, "="), True),
        (("version", 2, "<"), False),
        (("version", 3, "<"), True),
        (("version", 1, ">"), True),
        (("version", 2, "!="), False),
    ],
)
def test_relations_of_a_present_key(
    on_engine: Run, compare: tuple[str, int, str], holds: bool
) -> None:
    async def body(rig: Rig) -> None:
        await rig.put("a")
        await rig.put("a")
        target, value, op = compare
        found = await rig.txn(compare=[Compare("a", target, value, op)])  # type: ignore[arg-type]
        assert found.succeeded is holds

    on_engine(body)


def test_an_absent_key_compares_as_zeros(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        zeros = [Compare("a", "mod", 0), Compare("a", "create", 0), Compare("a", "version", 0)]
        assert (await rig.txn(compare=zeros)).succeeded
        above = await rig.txn(compare=[*zeros, Compare("a", "version", 0, ">")])
        assert (above.succeeded, above.items) == (False, (None,) * 4)

    on_engine(body)


def test_all_of_a_transaction_happens_at_one_revision_or_nothing(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        old = await rig.put("gone")
        before = await rig.txn(Put("a", b"1"), Put("b", b"1"), Delete("gone"), Delete("never"))
        a, b, gone, never = before.items
        assert a is not None and b is not None
        assert a.mod_revision == b.mod_revision == before.revision == old + 1
        assert gone is not None and gone.mod_revision == old
        assert never is None
        refused = await rig.txn(
            Put("a", b"2"),
            Put("c", b"2"),
            compare=[Compare("a", "version", 1), Compare("b", "version", 9)],
        )
        assert (refused.succeeded, refused.items) == (False, (a, b))
        assert (await rig.read("a", "z")).items == (a, b)

    on_engine(body)


def test_revisions_count_changes_only(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        base = await rig.put("a")
        steps: list[tuple[tuple[Put | Delete, ...], int]] = [
            ((Put("a", b"2"),), 1),
            ((Delete("none"),), 1),
            ((Put("b", b""), Delete("none")), 2),
            ((), 2),
            ((Delete("none"), Delete("b")), 3),
            ((Delete("b"), Delete("none")), 3),
            ((Put("a", b"2"), Put("c", b"")), 4),
        ]
        for success, revision in steps:
            assert (await rig.txn(*success)).revision == base + revision
        assert not (await rig.txn(Put("a", b""), compare=[Compare("a", "mod", 0)])).succeeded
        assert (await rig.read("a")).revision == base + 4

    on_engine(body)


def test_a_batch_has_an_outcome_each_in_order(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        base = await rig.put("n", b"0")
        records = [
            TxnRecord((Compare("n", "mod", base),), (Put("n", b"1"),)),
            TxnRecord((Compare("n", "mod", base),), (Put("n", b"2"),)),
            TxnRecord((), (Put("n", b"3"),), fence=987_654),
            TxnRecord((), (Put("n", b"4"),)),
        ]
        one, two, three, four = await rig.store.txns(records, deadline())
        assert isinstance(one, TxnResult) and one.succeeded
        assert isinstance(two, TxnResult) and not two.succeeded
        assert isinstance(three, Fenced)
        assert isinstance(four, TxnResult)
        assert [item and item.value for item in four.items] == [b"4"]
        assert four.revision == base + 2

    on_engine(body)


def test_the_stamp_is_the_revision_within_the_bytes(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        made = await rig.txn(Put("a", b'{"r":""}', stamp=6), Put("b", b"x", stamp=0))
        r = str(made.revision).encode()
        values = [b'{"r":"' + r + b'"}', r + b"x"]
        assert [item and item.value for item in made.items] == values
        assert [item.value for item in (await rig.read("a", "z")).items] == values
        async with rig.watch("a", start=made.revision) as follower:
            (event,) = await follower.until(made.revision)
            assert event.item.value == values[0]
        again = await rig.txn(Put("a", b"", stamp=0))
        async with rig.watch("a", start=again.revision) as follower:
            (event,) = await follower.until(again.revision)
            assert event.item.value == str(again.revision).encode()
            assert event.previous == made.items[0]

    on_engine(body)


def test_values_are_any_bytes_and_keys_any_text(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        names = sorted(["k", "k\0", "kä", "k/z", "k\N{GRINNING FACE}", "k~"])
        values = [b"", b"\0\xff", bytes(range(256)), b"\n" * 300_000, b"\x01\0\0\0\1\x90", b"\x01"]
        for name, value in zip(names, values, strict=True):
            await rig.put(name, value, index=value[:5])
        found = (await rig.read("k", "l")).items
        assert [item.key for item in found] == names
        assert [item.value for item in found] == values
        assert [item.index for item in found] == [value[:5] for value in values]

    on_engine(body)


# -- exactly once -------------------------------------------------------------------------------


def test_a_transaction_asked_for_again_gets_its_first_result(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        absent = [Compare("a", "mod", 0)]
        first = await rig.txn(Put("a", b"1"), compare=absent, client="c", sequence=1)
        assert first.succeeded
        changed = await rig.txn(Put("b", b"1"), Delete("a"))
        for store in rig.stores:
            again = await rig.txn(
                Put("a", b"1"), compare=absent, client="c", sequence=1, store=store
            )
            assert again == first
        assert (await rig.read("a", "z")).items == changed.items[:1]

    on_engine(body)


def test_a_refusal_asked_for_again_stays_a_refusal(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        await rig.put("a")
        absent = [Compare("a", "mod", 0)]
        refused = await rig.txn(Put("a", b"1"), compare=absent, client="c", sequence=1)
        assert not refused.succeeded
        await rig.txn(Delete("a"))
        again = await rig.txn(Put("a", b"1"), compare=absent, client="c", sequence=1)
        assert (again.succeeded, again.items) == (False, refused.items)
        assert (await rig.read("a")).items == ()

    on_engine(body)


def test_a_late_copy_of_what_is_over_is_not_applied(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        await rig.txn(Put("a", b"1"), client="c", sequence=1, done_below=1)
        await rig.txn(Put("a", b"2"), client="c", sequence=2, done_below=2)
        with pytest.raises(SessionExpired):
            await rig.txn(Put("a", b"1"), client="c", sequence=1, done_below=1)
        assert [item.value for item in (await rig.read("a")).items] == [b"2"]

    on_engine(body)


def test_who_was_answered_before_is_told_if_the_session_is_gone(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        with pytest.raises(SessionExpired):
            await rig.txn(Put("a", b"1"), client="c", sequence=7, established=True)
        assert (await rig.read("a")).items == ()

    on_engine(body)


def test_counting_from_everywhere_loses_and_doubles_nothing(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        async def count(worker: int) -> None:
            store = rig.stores[worker % len(rig.stores)]
            done = 0
            while done < 10:
                found = (await rig.read("n", store=store)).items
                value, mod = (int(found[0].value), found[0].mod_revision) if found else (0, 0)
                done += (
                    await rig.txn(
                        Put("n", str(value + 1).encode()),
                        compare=[Compare("n", "mod", mod)],
                        store=store,
                    )
                ).succeeded

        await asyncio.gather(*(count(worker) for worker in range(4)))
        (item,) = (await rig.read("n")).items
        assert (item.value, item.version) == (b"40", 40)

    on_engine(body)


# -- reads --------------------------------------------------------------------------------------


def test_ranges_are_half_open_sorted_and_counted(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        await rig.txn(*(Put(name, name.encode()) for name in ("b", "a", "d", "c", "cc")))

        async def names(key: str, end: str = "", **more: object) -> tuple[str, int, bool]:
            found = await rig.read(key, end, **more)
            return " ".join(item.key for item in found.items), found.count, found.more

        assert await names("a", "d") == ("a b c cc", 4, False)
        assert await names("b") == ("b", 1, False)
        assert await names("bb") == ("", 0, False)
        assert await names("bb", "cc") == ("c", 1, False)
        assert await names("a", "z", limit=2) == ("a b", 5, True)
        assert await names("a", "z", limit=5) == ("a b c cc d", 5, False)
        assert await names("a", "z", count_only=True) == ("", 5, False)
        assert await names("c", "c") == ("", 0, False)
        assert await names("d", "a") == ("", 0, False)
        assert await names("a", "z", linearizable=False) == ("a b c cc d", 5, False)

    on_engine(body)


def test_a_long_range_is_one_revision_though_it_comes_in_pages(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        wanted = [f"k{number:04}" for number in range(300)]
        for at in range(0, 300, 100):
            await rig.txn(*(Put(name, b"x" * 100) for name in wanted[at : at + 100]))
        whole = await rig.read("k", "l")
        assert [item.key for item in whole.items] == wanted
        most = await rig.read("k", "l", limit=250)
        assert (len(most.items), most.count, most.more) == (250, 300, True)

    on_engine(body)


def test_reads_at_a_revision_see_it_as_it_was(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        first = await rig.put("a", b"1", stamp=0)
        await rig.put("b", b"1")
        third = await rig.put("a", b"2", stamp=0)
        last = (await rig.txn(Delete("b"), Put("c", b"1"))).revision

        async def seen(revision: int) -> list[tuple[str, bytes, int]]:
            found = await rig.read("a", "z", revision=revision)
            assert found.revision == last
            assert found.count == len(found.items)
            return [(item.key, item.value, item.version) for item in found.items]

        f, t = str(first).encode(), str(third).encode()
        assert await seen(first) == [("a", f + b"1", 1)]
        assert await seen(first + 1) == [("a", f + b"1", 1), ("b", b"1", 1)]
        assert await seen(third) == [("a", t + b"2", 2), ("b", b"1", 1)]
        assert await seen(last) == [("a", t + b"2", 2), ("c", b"1", 1)]
        some = await rig.read("a", "z", revision=third, limit=1)
        assert (len(some.items), some.count, some.more) == (1, 2, True)
        assert (await rig.read("a", "z", revision=third, count_only=True)).count == 2

    on_engine(body)


def test_a_revision_that_is_not_reached_is_told(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        present = await rig.put("a")
        with pytest.raises(FutureRevision, match=f"{present + 5}, current: {present}"):
            await rig.read("a", revision=present + 5)
        with pytest.raises(FutureRevision, match=f"{present + 1}, current: {present}"):
            await rig.read("a", at_least=present + 1)
        assert (await rig.read("a", at_least=present)).revision == present

    on_engine(body)


def test_a_read_waits_for_the_revision_it_must_at_least_see(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        present = await rig.put("a", b"1")

        async def write() -> None:
            await asyncio.sleep(0.3)
            await rig.put("a", b"2")

        found, _ = await asyncio.gather(
            rig.read("a", at_least=present + 1, linearizable=False), write()
        )
        assert [item.value for item in found.items] == [b"2"]

    on_engine(body)


def test_a_read_anywhere_sees_every_acknowledged_write(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        for number in range(10):
            for store in rig.stores:
                written = await rig.txn(Put("a", str(number).encode()), store=store)
                for other in rig.stores:
                    found = await rig.read("a", store=other)
                    assert (found.revision, found.items) == (written.revision, written.items)

    on_engine(body)


# -- watches ------------------------------------------------------------------------------------


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


# -- compaction ---------------------------------------------------------------------------------


def test_what_is_compacted_is_refused_and_the_rest_is_whole(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        base = await rig.put("k1", b"1")
        await rig.put("k2", b"1")
        await rig.txn(Delete("k1"))
        last = await rig.put("k2", b"2")
        kept = base + 2
        await rig.store.compact(kept, deadline())
        await rig.read("k")
        for revision in (base, base + 1):
            with pytest.raises(Compacted):
                await rig.read("k", "l", revision=revision)
            with pytest.raises(Compacted):
                async with rig.watch("k", "l", start=revision):
                    pass
        at = await rig.read("k", "l", revision=kept)
        assert [(item.key, item.value) for item in at.items] == [("k2", b"1")]
        async with rig.watch("k", "l", start=kept) as follower:
            events = await follower.until(last)
            assert [(event.kind, event.item.key) for event in events] == [
                ("delete", "k1"),
                ("put", "k2"),
            ]
            assert events[0].previous is not None and events[1].previous is not None

    on_engine(body)


def test_compacting_twice_or_the_future_does_no_harm(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        for _ in range(5):
            last = await rig.put("a")
        await rig.store.compact(last - 1, deadline())
        await rig.store.compact(last - 3, deadline())
        assert (await rig.read("a", revision=last - 1)).items[0].mod_revision == last - 1
        await rig.store.compact(last + 100, deadline())
        await rig.read("a")
        assert (await rig.read("a", revision=last)).items[0].mod_revision == last
        with pytest.raises(Compacted):
            await rig.read("a", revision=last - 1)
        assert await rig.put("a") == last + 1

    on_engine(body)


# -- leases -------------------------------------------------------------------------------------


async def grant(rig: Rig, ttl: int = 600, lease: int = 0) -> LeaseStatus:
    """A new lease."""
    status = await rig.store.lease(LeaseGrant(ttl, lease), deadline())
    assert isinstance(status, LeaseStatus)
    return status


def test_a_lease_is_granted_told_of_and_revoked_with_its_keys(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        status = await grant(rig)
        assert (status.ttl, status.left) == (600, 600)
        made = await rig.txn(Put("b", b"", lease=status.id), Put("a", b"", lease=status.id))
        assert [item and item.lease for item in made.items] == [status.id] * 2
        await rig.put("c")
        for store in rig.stores:
            told = await store.lease(LeaseTimeToLive(status.id, keys=True), deadline())
            assert isinstance(told, LeaseStatus)
            assert (told.ttl, told.keys) == (600, ("a", "b"))
            assert 590 < told.left <= 600
        base = (await rig.read("a")).revision
        async with rig.watch("a", "z") as follower:
            assert await rig.store.lease(LeaseRevoke(status.id), deadline()) == Done()
            events = await follower.until(base + 1)
            assert [(event.kind, event.item.key) for event in events] == [
                ("delete", "a"),
                ("delete", "b"),
            ]
        assert [item.key for item in (await rig.read("a", "z")).items] == ["c"]
        with pytest.raises(LeaseNotFound):
            await rig.store.lease(LeaseTimeToLive(status.id), deadline())

    on_engine(body)


def test_leases_are_listed_and_granting_takes_no_revision(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        base = await rig.put("a")
        ids = [(await grant(rig)).id for _ in range(3)]
        assert len(set(ids)) == 3
        chosen = await grant(rig, lease=ids[0] + 12_345)
        assert chosen.id == ids[0] + 12_345
        for store in rig.stores:
            found = await store.lease(LeaseList(), deadline())
            assert isinstance(found, LeaseIds)
            assert {*ids, chosen.id} <= set(found.ids)
            assert list(found.ids) == sorted(found.ids)
        with pytest.raises(StoreError):
            await grant(rig, lease=chosen.id)
        assert (await rig.read("a")).revision == base

    on_engine(body)


def test_a_lease_that_is_not_there_is_told(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        base = await rig.put("a")
        for request in (LeaseKeepAlive(4711), LeaseRevoke(4711), LeaseTimeToLive(4711)):
            with pytest.raises(LeaseNotFound):
                await rig.store.lease(request, deadline())
        with pytest.raises(LeaseNotFound):
            await rig.txn(Put("a", b"", lease=4711))
        refused = await rig.txn(Put("a", b"", lease=4711), compare=[Compare("a", "mod", 0)])
        assert not refused.succeeded
        assert await rig.put("a") == base + 1

    on_engine(body)


def test_a_key_goes_with_the_lease_of_its_last_put(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        one, two = (await grant(rig)).id, (await grant(rig)).id
        await rig.put("a", lease=one)
        await rig.put("b", lease=one)
        await rig.put("a", lease=two)
        await rig.put("b")
        base = (await rig.read("a")).revision
        await rig.store.lease(LeaseRevoke(one), deadline())
        found = await rig.read("a", "z")
        assert [(item.key, item.lease) for item in found.items] == [("a", two), ("b", 0)]
        assert found.revision == base
        await rig.store.lease(LeaseRevoke(two), deadline())
        assert [item.key for item in (await rig.read("a", "z")).items] == ["b"]

    on_engine(body)


def test_a_lease_ends_by_itself_unless_it_is_kept_alive(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        await rig.leader()
        kept, left = await grant(rig, LEASE_SECONDS), await grant(rig, LEASE_SECONDS)
        await rig.txn(Put("kept", b"", lease=kept.id), Put("left", b"", lease=left.id))
        loop = asyncio.get_running_loop()
        began, gone_after = loop.time(), 0.0
        while loop.time() < began + LEASE_SECONDS + 2.5:
            alive = await rig.store.lease(LeaseKeepAlive(kept.id), deadline())
            assert isinstance(alive, LeaseStatus)
            assert alive.ttl == LEASE_SECONDS
            names = [item.key for item in (await rig.read("a", "z")).items]
            assert "kept" in names
            if "left" not in names:
                gone_after = loop.time() - began
                break
            await asyncio.sleep(0.2)
        assert gone_after >= LEASE_SECONDS - 0.3
        with pytest.raises(LeaseNotFound):
            await rig.store.lease(LeaseKeepAlive(left.id), deadline())

    on_engine(body)


# -- leadership, hashes -------------------------------------------------------------------------


def test_one_leads_and_all_know_it(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        leader = (await rig.leader()).leadership()
        assert leader.term > 0
        await asyncio.sleep(0.5)
        told = [store.leadership() for store in rig.stores]
        assert sum(each.leading for each in told) == 1
        assert {(each.leader, each.term) for each in told} == {(leader.leader, leader.term)}

    on_engine(body)


def test_a_fence_holds_while_its_term_lasts_and_not_after(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        first = await rig.leader()
        term = first.leadership().term
        for store in rig.stores:
            assert (await rig.txn(Put("a", b"1"), fence=term, store=store)).succeeded
        absent = [Compare("a", "mod", 0)]
        assert not (await rig.txn(Put("a", b"1"), compare=absent, fence=term)).succeeded
        with pytest.raises(Fenced):
            await rig.txn(Put("a", b"2"), fence=term + 1000)
        if len(rig.stores) > 1:
            await first.hand_over(deadline())
            assert not first.leadership().leading
            second = await rig.leader()
            assert second is not first
            assert second.leadership().term > term
            for store in rig.stores:
                with pytest.raises(Fenced):
                    await rig.txn(Put("a", b"2"), fence=term, store=store)
            with pytest.raises(Fenced):
                await rig.txn(Put("a", b"2"), compare=absent, fence=term)
        assert [item.value for item in (await rig.read("a")).items] == [b"1"]

    on_engine(body)


def test_leadership_goes_to_whom_it_is_given(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        names = [store.status().member for store in rig.stores]
        for asked in rig.stores:
            for name in names:
                await asked.transfer(TransferLeadership(name), deadline())
                leader = await rig.leader()
                assert leader.leadership().leader == leader.status().member == name

    on_engine(body)


def test_a_change_of_leadership_is_told(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        if len(rig.stores) == 1:
            return
        leader = await rig.leader()
        (other, *_) = [store for store in rig.stores if store is not leader]
        seen = asyncio.ensure_future(other.leadership_changed())
        await asyncio.sleep(0)
        await leader.hand_over(deadline())
        await asyncio.wait_for(seen, 5)

    on_engine(body)


def test_equal_states_have_equal_hashes(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        hashes = {}
        for number in range(3):
            revision = await rig.put(f"k{number}", b"x")
            hashes[revision] = (await rig.store.hash(0, deadline())).hash
        for store in rig.stores:
            await rig.read("k", store=store)
            found = await store.hash(0, deadline())
            assert (found.revision, found.hash) == (revision, hashes[revision])
        assert len(set(hashes.values())) == 3
        with pytest.raises(FutureRevision):
            await rig.store.hash(revision + 10, deadline())

    on_engine(body)


def test_the_status_tells_the_engine_and_where_it_stands(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        revision = await rig.put("a")
        async with rig.watch("a", start=revision) as follower:
            await follower.until(revision)
        status = rig.store.status()
        assert status.engine == rig.engine.partition("-")[0]
        assert status.revision == revision
        assert status.compacted <= revision

    on_engine(body)


def test_metrics_tell_the_same(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        revision = await rig.put("a")
        async with rig.watch("a", start=revision) as follower:
            await follower.until(revision)
        text = rig.store.metrics().decode()
        assert f"steersman_store_revision {float(revision)}" in text
        assert "steersman_store_has_leader 1.0" in text

    on_engine(body)


def test_a_local_answer_is_the_same_as_one_waited_for(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        revision = await rig.put("a", b"1")
        await rig.read("a")
        found = rig.store.range_now(Range("a", linearizable=False, at_least=revision))
        assert found is None or found == await rig.read("a")

    on_engine(body)
