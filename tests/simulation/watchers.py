"""Watchers that keep what they were told, over lost connections and lost places.

Must not know: what is right (the checkers do).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from cluster.errors import SteersmanError
from cluster.messages.apiserver import ApiRequest, WatchBatch, WatchEvent
from tests.simulation.client import NAMESPACE, Client, Object

RETRY_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Seen:
    """One event. ``value``: what the watcher picked of the object."""

    kind: str
    name: str
    value: object
    revision: int


@dataclass
class Segment:
    """An unbroken watch: everything after the list at ``start`` up to ``position``, if all is
    well, is in ``events``. ``listed``: the picked values by name in that list."""

    start: int
    position: int
    listed: dict[str, object]
    events: list[Seen] = field(default_factory=list)


class Watcher:
    """``pick``: what to keep of an object. ``pinned``: stay with one server, whatever happens."""

    def __init__(
        self,
        client: Client,
        resource: str,
        group: str = "",
        pick: Callable[[Object], object] = lambda obj: (obj.get("data") or {}).get("value", ""),
        pinned: int | None = None,
    ) -> None:
        self.segments: list[Segment] = []
        self._client = client
        self._resource = resource
        self._group = group
        self._pick = pick
        self._pinned = pinned

    async def run(self) -> None:
        """For ever: list, watch, resume; list anew when the place is lost (410)."""
        turn = self._pinned or 0
        while True:
            try:
                segment = await self._list(turn)
                while True:
                    try:
                        if not await self._watch(segment, turn):
                            break
                    except SteersmanError:
                        pass
                    turn += self._pinned is None
                    await asyncio.sleep(RETRY_SECONDS)
            except SteersmanError:
                turn += self._pinned is None
                await asyncio.sleep(RETRY_SECONDS)

    async def _list(self, turn: int) -> Segment:
        request = ApiRequest("list", self._resource, group=self._group, namespace=NAMESPACE)
        found = await self._client.ask(request, turn)
        revision = int(found["metadata"]["resourceVersion"])
        listed = {item["metadata"]["name"]: self._pick(item) for item in found["items"]}
        self.segments.append(Segment(revision, revision, listed))
        return self.segments[-1]

    async def _watch(self, segment: Segment, turn: int) -> bool:
        """Until the stream ends: False if the place is lost."""
        query = {"resourceVersion": str(segment.position), "allowWatchBookmarks": "true"}
        request = ApiRequest(
            "watch", self._resource, group=self._group, namespace=NAMESPACE, query=query
        )
        async with self._client.stream(request, turn) as stream:
            async for item in stream:
                assert isinstance(item, WatchBatch)
                for event in item.events:
                    if event.kind == "ERROR":
                        return orjson.loads(event.object).get("code") != 410
                    self._take(segment, event)
        return True

    def _take(self, segment: Segment, event: WatchEvent) -> None:
        if event.kind != "BOOKMARK":
            obj = orjson.loads(event.object)
            seen = Seen(event.kind, obj["metadata"]["name"], self._pick(obj), event.revision)
            segment.events.append(seen)
        segment.position = max(segment.position, event.revision)
