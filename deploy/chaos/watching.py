"""Watchers that keep what they were told, over lost connections and lost places.

Must not know: what is right (the checkers do).
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from cluster.chaos.observations import Seen, Segment
from cluster.chaos.picking import value_of
from cluster.errors import SteersmanError
from cluster.messages.apiserver import ApiRequest
from deploy.chaos.ground import Api, Event, Object

RETRY_SECONDS = 0.05


class Watcher:
    """Lists, watches, resumes; lists anew when its place is lost. ``pinned``: stays with one
    server, whatever happens. ``begun``: set once it has listed."""

    def __init__(self, pinned: int | None = None) -> None:
        self.segments: list[Segment] = []
        self.begun = asyncio.Event()
        self._pinned = pinned

    async def run(self) -> None:
        """For ever."""
        turn = self._pinned or 0
        segment: Segment | None = None
        while True:
            try:
                if segment is None:
                    segment = await self.list(turn)
                    segment.at = _now()
                    self.segments.append(segment)
                    self.begun.set()
                if not await self.watch(segment, turn):
                    segment = None
            except SteersmanError:
                pass
            turn += self._pinned is None
            await asyncio.sleep(RETRY_SECONDS)

    async def list(self, turn: int) -> Segment:
        """A new beginning. Raises SteersmanError."""
        raise AssertionError("made by who inherits")

    async def watch(self, segment: Segment, turn: int) -> bool:
        """Until the stream ends: False if the place is lost. Raises SteersmanError."""
        raise AssertionError("made by who inherits")

    def keep(self, segment: Segment, seen: Seen) -> None:
        """Note an event, with the time."""
        segment.events.append(replace(seen, at=_now()))


class ApiWatcher(Watcher):
    """Of a resource. ``pick``: what to keep of an object; ``label``: only those that have it."""

    def __init__(
        self,
        client: Api,
        resource: str,
        group: str = "",
        pick: Callable[[Object], object] = value_of,
        pinned: int | None = None,
        label: str = "",
        namespace: str = "default",
    ) -> None:
        super().__init__(pinned)
        self.client = client
        self._resource = resource
        self._group = group
        self._pick = pick
        self._namespace = namespace
        self._query = {"labelSelector": label} if label else {}

    async def list(self, turn: int) -> Segment:
        request = ApiRequest(
            "list", self._resource, group=self._group, namespace=self._namespace, query=self._query
        )
        found = await self.client.ask(request, turn)
        revision = int(found["metadata"]["resourceVersion"])
        listed = {item["metadata"]["name"]: self._pick(item) for item in found["items"]}
        return Segment(revision, revision, listed)

    async def watch(self, segment: Segment, turn: int) -> bool:
        query = {
            **self._query, "resourceVersion": str(segment.position), "allowWatchBookmarks": "true",
        }  # fmt: skip
        request = ApiRequest(
            "watch", self._resource, group=self._group, namespace=self._namespace, query=query
        )
        async with self.client.watch(request, turn) as events:
            async for event in events:
                if event.kind == "ERROR":
                    return bool(event.object.get("code") != 410)
                self._take(segment, event)
        return True

    def _take(self, segment: Segment, event: Event) -> None:
        if event.kind != "BOOKMARK":
            obj = event.object
            name = obj["metadata"]["name"]
            self.keep(segment, Seen(event.kind, name, self._pick(obj), event.revision))
        segment.position = max(segment.position, event.revision)


def _now() -> float:
    return asyncio.get_running_loop().time()
