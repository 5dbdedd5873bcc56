"""Compaction on every engine: what is gone is refused, the rest is whole."""

import pytest

from cluster.errors import (
    Compacted,
)
from cluster.messages.store import (
    Delete,
)
from tests.backends.store_engines import Run
from tests.backends.store_rigs import Rig, deadline


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
        # The present one is kept. On etcd it may be a later one than the last put's: whoever leads
        # writes there too.
        now = (await rig.read("a")).revision
        assert now >= last
        assert (await rig.read("a", revision=now)).items[0].mod_revision == last
        with pytest.raises(Compacted):
            await rig.read("a", revision=last - 1)
        assert await rig.put("a") > now

    on_engine(body)
