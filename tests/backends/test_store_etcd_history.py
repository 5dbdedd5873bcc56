"""The etcd engine's watches and history: new replicas, replicas cut off, what is compacted."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from actors.store.engines.etcd.watch_answers import WatchBatch
from cluster.errors import (
    ActorDown,
    Compacted,
)
from tests.backends.store_rigs import deadline, etcd_stores, rig_of
from tests.support.etcd import Etcd


async def test_a_new_replica_serves_watches_from_before_its_start(etcd_url: str) -> None:
    async with etcd_stores(etcd_url, 1) as (old,):
        rig = rig_of(old)
        base = await rig.put("a", b"0")
        for number in range(1, 200):
            last = await rig.put("a", b"%d" % number)
        cluster = old.feed._layout.prefix.decode().split("/")[2]
        async with etcd_stores(etcd_url, 1, cluster, ["r2"]) as (new,):
            assert new.feed.window.compacted > last

            async def follow(start: int) -> list[bytes]:
                async with rig.watch("a", start=start, store=new) as follower:
                    return [event.item.value for event in await follower.until(last)]

            told = await asyncio.gather(*(follow(base + number) for number in (150, 3, 77)))
            assert told == [[b"%d" % n for n in range(first, 200)] for first in (150, 3, 77)]
            assert new.feed.window.compacted == base + 3


async def test_history_beyond_what_a_replica_holds_is_compacted_for_it(
    etcd_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with etcd_stores(etcd_url, 1) as (store,):
        rig = rig_of(store)
        base = await rig.put("a")
        for _ in range(20):
            last = await rig.put("a")
        async with rig.watch("a", start=last) as follower:
            await follower.until(last)
        store.feed.window._revisions_max = 10
        store.feed.window.compact(last)
        with pytest.raises(Compacted, match="more than a replica holds"):
            async with rig.watch("a", start=base):
                pass
        async with rig.watch("a", start=last - 5) as follower:
            assert len(await follower.until(last)) == 6


async def test_a_replica_cut_off_for_too_long_ends_its_watches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Etcd().start()
    try:
        async with etcd_stores(server.url, 2) as (store, other):
            rig, open_watch = rig_of(other, store), store.client.watch
            base = await rig.put("a")
            async with rig.watch("a", start=base, store=store) as follower:
                await follower.until(base)
                # Its stream breaks and cannot be opened again until nothing old is kept any more.
                monkeypatch.setattr(store.client, "watch", no_watch)
                await server.restart()
                for _ in range(5):
                    last = await rig.put("a")
                await other.compact(last, deadline())
                monkeypatch.setattr(store.client, "watch", open_watch)
                with pytest.raises(Compacted):
                    await follower.until(last)
            async with rig.watch("a", store=store) as follower:
                await follower.until(await rig.put("a"))
    finally:
        server.close()


async def no_watch(key: bytes, end: bytes, start: int) -> AsyncGenerator[WatchBatch, None]:
    raise ActorDown("no connection")
    yield


async def test_the_leader_compacts_what_is_old(
    etcd_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.store.engines.etcd.store.HISTORY_SECONDS", 0.5)
    async with etcd_stores(etcd_url, 1) as (store,):
        rig = rig_of(store)
        base = await rig.put("a")
        for _ in range(100):
            await rig.put("a")
            await asyncio.sleep(0.02)
            try:
                await rig.read("a", revision=base)
            except Compacted:
                break
        else:
            raise AssertionError("nothing was compacted")
        assert len((await rig.read("a", "b")).items) == 1
