"""Watchers that keep what they were told, over lost connections and lost places.

Must not know: what is right (the checkers do).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from cluster import names
from cluster.errors import Compacted, SteersmanError
from cluster.messages.apiserver import ApiRequest, WatchBatch, WatchEvent
from cluster.messages.store import Range, RangeResult, StoreEvents, Watch
from tests.simulation.client import ASK_SECONDS, NAMESPACE, Client, Object
from tests.simulation.registers import PREFIX, PREFIX_END

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
    """Lists, watches, resumes; lists anew when its place is lost. ``pinned``: stays with one
    server, whatever happens."""

    def __init__(self, client: Client, pinned: int | None = None) -> None:
        self.segments: list[Segment] = []
        self.client = client
        self._pinned = pinned

    async def run(self) -> None:
        """For ever."""
        turn = self._pinned or 0
        segment: Segment | None = None
        while True:
            try:
                if segment is None:
                    segment = await self.list(turn)
                    self.segments.append(segment)
                if not await self.watch(segment, turn):
                    segment = None
            except SteersmanError:
                pass
            turn += self._pinned is None
            await asyncio.sleep(RETRY_SECONDS)

    async def list(self, turn: int) -> Segment:
        """A new beginning. Raises SteersmanError."""
        raise NotImplementedError

    async def watch(self, segment: Segment, turn: int) -> bool:
        """Until the stream ends: False if the place is lost. Raises SteersmanError."""
        raise NotImplementedError


class ApiWatcher(Watcher):
    """Of a resource. ``pick``: what to keep of an object."""

    def __init__(
        self,
        client: Client,
        resource: str,
        group: str = "",
        pick: Callable[[Object], object] = lambda obj: (obj.get("data") or {}).get("value", ""),
        pinned: int | None = None,
    ) -> None:
        super().__init__(client, pinned)
        self._resource = resource
        self._group = group
        self._pick = pick

    async def list(self, turn: int) -> Segment:
        request = ApiRequest("list", self._resource, group=self._group, namespace=NAMESPACE)
        found = await self.client.ask(request, turn)
        revision = int(found["metadata"]["resourceVersion"])
        listed = {item["metadata"]["name"]: self._pick(item) for item in found["items"]}
        return Segment(revision, revision, listed)

    async def watch(self, segment: Segment, turn: int) -> bool:
        query = {"resourceVersion": str(segment.position), "allowWatchBookmarks": "true"}
        request = ApiRequest(
            "watch", self._resource, group=self._group, namespace=NAMESPACE, query=query
        )
        async with self.client.ref(self.client.server(turn)).stream(request) as stream:
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


class StoreWatcher(Watcher):
    """Of the keys of a ``StoreRegister``."""

    def _store(self, turn: int) -> str:
        replicas = self.client.cluster.settings.replicas
        return names.address(names.STORE, replicas[turn % len(replicas)].name)

    async def list(self, turn: int) -> Segment:
        found = await self.client.ref(self._store(turn)).ask(Range(PREFIX, PREFIX_END), ASK_SECONDS)
        assert isinstance(found, RangeResult)
        listed = {item.key.removeprefix(PREFIX): item.value.decode() for item in found.items}
        return Segment(found.revision, found.revision, dict(listed))

    async def watch(self, segment: Segment, turn: int) -> bool:
        message = Watch(PREFIX, PREFIX_END, segment.position + 1)
        try:
            async with self.client.ref(self._store(turn)).stream(message) as stream:
                async for item in stream:
                    assert isinstance(item, StoreEvents)
                    self._take(segment, item)
        except Compacted:
            return False
        return True

    def _take(self, segment: Segment, item: StoreEvents) -> None:
        for event in item.events:
            kind = (
                "DELETED" if event.kind == "delete" else "MODIFIED" if event.previous else "ADDED"
            )
            name, value = event.item.key.removeprefix(PREFIX), event.item.value.decode()
            segment.events.append(Seen(kind, name, value, event.item.mod_revision))
        segment.position = max(segment.position, item.revision)
