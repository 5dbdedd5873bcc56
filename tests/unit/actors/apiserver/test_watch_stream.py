"""Watches through the message door: order, initial events, bookmarks, expiry, time limits."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson

from cluster import names
from cluster.messages.apiserver import ApiRequest, WatchBatch
from tests.support.control_plane import REPLICA, ControlPlane
from tests.unit.actors.apiserver.fake_store import FakeStore

SECONDS = 5.0


def config(name: str, **labels: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "labels": labels}}


async def events(plane: ControlPlane, **query: str) -> AsyncIterator[tuple[str, Any]]:
    """(kind, object) of a watch of configmaps in default."""
    ref = plane.system.ref(
        names.address(names.APISERVER, REPLICA), sender=names.address("apiserver/test", REPLICA)
    )
    request = ApiRequest("watch", "configmaps", namespace="default", query=query)
    async with ref.stream(request) as stream:
        async for batch in stream:
            assert isinstance(batch, WatchBatch)
            for event in batch.events:
                yield event.kind, orjson.loads(event.object)


async def take(stream: AsyncIterator[tuple[str, Any]], count: int) -> list[tuple[str, str]]:
    """(kind, name) of the next events; a bookmark's name is its revision."""
    found = []
    for _ in range(count):
        async with asyncio.timeout(SECONDS):
            kind, obj = await anext(stream)
        metadata = obj.get("metadata") or {}
        found.append((kind, metadata.get("name") or metadata.get("resourceVersion", "")))
    return found


async def test_what_exists_then_what_changes(plane: ControlPlane) -> None:
    await plane.create("configmaps", config("a"), "default")
    stream = events(plane)
    assert await take(stream, 1) == [("ADDED", "a")]
    await plane.create("configmaps", config("b"), "default")
    await plane.patch("configmaps", "b", {"data": {"x": "1"}}, "default")
    await plane.delete("configmaps", "b", "default")
    assert await take(stream, 3) == [("ADDED", "b"), ("MODIFIED", "b"), ("DELETED", "b")]
    await stream.aclose()  # type: ignore[attr-defined]


async def test_exactly_what_follows_a_revision(plane: ControlPlane) -> None:
    first = await plane.create("configmaps", config("a"), "default")
    await plane.create("configmaps", config("b"), "default")
    await plane.create("configmaps", config("c"), "default")
    stream = events(plane, resourceVersion=first["metadata"]["resourceVersion"])
    assert await take(stream, 2) == [("ADDED", "b"), ("ADDED", "c")]
    await stream.aclose()  # type: ignore[attr-defined]


async def test_selectors_turn_changes_into_arrivals_and_departures(plane: ControlPlane) -> None:
    stream = events(plane, labelSelector="tier=web", allowWatchBookmarks="true")
    await plane.create("configmaps", config("a", tier="db"), "default")
    await plane.patch("configmaps", "a", {"metadata": {"labels": {"tier": "web"}}}, "default")
    assert await take(stream, 1) == [("ADDED", "a")]
    await plane.patch("configmaps", "a", {"metadata": {"labels": {"tier": "db"}}}, "default")
    assert await take(stream, 1) == [("DELETED", "a")]
    await stream.aclose()  # type: ignore[attr-defined]


async def test_the_end_of_the_initial_events_is_marked(plane: ControlPlane) -> None:
    await plane.create("configmaps", config("a"), "default")
    stream = events(
        plane,
        sendInitialEvents="true",
        resourceVersionMatch="NotOlderThan",
        allowWatchBookmarks="true",
    )
    assert await take(stream, 1) == [("ADDED", "a")]
    kind, obj = await anext(stream)
    assert kind == "BOOKMARK"
    assert obj["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    await stream.aclose()  # type: ignore[attr-defined]


async def test_a_watch_ends_when_its_time_is_over(plane: ControlPlane) -> None:
    stream = events(plane, timeoutSeconds="1", allowWatchBookmarks="true")
    async with asyncio.timeout(SECONDS):
        kinds = [kind async for kind, _ in stream]
    assert kinds == ["BOOKMARK"]


async def test_too_old_a_revision_is_told_as_an_event(
    fake_plane: ControlPlane, fake: FakeStore
) -> None:
    await fake_plane.create("configmaps", config("a"), "default")
    fake.compacted = fake.revision
    async with asyncio.timeout(SECONDS):
        found = [item async for item in events(fake_plane, resourceVersion="1")]
    assert [(kind, obj["code"], obj["reason"]) for kind, obj in found] == [
        ("ERROR", 410, "Expired")
    ]
