"""What every engine tells of itself: hashes, status, metrics."""

import pytest

from cluster.errors import (
    FutureRevision,
)
from tests.backends.store_engines import Run
from tests.backends.store_rigs import Rig, deadline


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
