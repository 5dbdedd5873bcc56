"""Reads on every engine: ranges, past revisions, and how fresh an answer is."""

import asyncio

import pytest

from cluster.errors import (
    FutureRevision,
)
from cluster.messages.store import (
    Delete,
    Put,
    Range,
)
from tests.backends.store_engines import Run
from tests.backends.store_rigs import Rig


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


def test_a_local_answer_is_the_same_as_one_waited_for(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        revision = await rig.put("a", b"1")
        await rig.read("a")
        found = rig.store.range_now(Range("a", linearizable=False, at_least=revision))
        assert found is None or found == await rig.read("a")

    on_engine(body)
