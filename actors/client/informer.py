"""The informer: one resource mirrored into a cache, and told of to whoever subscribed.

Job: run the reflector's loop: list in pages, watch, resume, list anew at 410. Several components of
a process share one informer.
Must not know: what subscribers do with an event; it calls them in revision order, on the loop.
"""

import asyncio
from collections.abc import Callable
from typing import Literal

import orjson

from actors.client.api_client import ApiClient
from actors.client.cache import Cache, Entry
from actors.client.reflector import Reflector
from actors.kit.tracing import resume_trace
from cluster.api.resources import Resource
from cluster.api.types import Object
from cluster.errors import StatusError, SteersmanError
from cluster.messages.apiserver import WatchBatch, WatchEvent

Change = Literal["ADDED", "MODIFIED", "DELETED"]
# (kind, old, new, trace): old is None for ADDED, new is None for DELETED; trace of the write that
# made the change, '' if unknown (a list does not say of what is gone, nor of what is old).
Callback = Callable[[Change, Object | None, Object | None, str], None]

# Objects taken in from a list before other tasks get the loop.
LIST_CHUNK = 200


class Informer:
    """``run`` forever as an owned task; read ``cache`` at any time after ``wait_synced``."""

    def __init__(
        self,
        client: ApiClient,
        resource: Resource,
        namespace: str = "",
        label_selector: str = "",
        field_selector: str = "",
    ) -> None:
        self.resource = resource
        self.cache = Cache(resource)
        self.reflector = Reflector()
        # The server that the last list or watch was asked of.
        self.source = ""
        self._client = client
        self._scope = (namespace, label_selector, field_selector)
        self._callbacks: list[Callback] = []
        self._synced = asyncio.Event()

    @property
    def synced(self) -> bool:
        """True once the first list is in the cache."""
        return self._synced.is_set()

    async def wait_synced(self) -> None:
        """Return once the first list is in the cache and subscribers were told."""
        await self._synced.wait()

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Call ``callback`` for every change, beginning with ADDED for each object known now.

        Returns the function that ends the subscription. The callback must not block; an exception
        in it is a bug of the subscriber and ends the informer's task.
        """
        for entry in list(self.cache.entries()):
            with resume_trace(entry.trace):
                callback("ADDED", None, self.cache.decode(entry), entry.trace)
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    async def follow(self, callback: Callback) -> Callable[[], None]:
        """As ``subscribe``, but what is known now is told in portions, other tasks running between.

        A change may be told before the ADDED of its object; one that is gone by then has none.
        """
        known = list(self.cache.entries())
        self._callbacks.append(callback)
        try:
            for position, entry in enumerate(known):
                if self.cache.entry(*entry.key) is entry:
                    with resume_trace(entry.trace):
                        callback("ADDED", None, self.cache.decode(entry), entry.trace)
                if position % LIST_CHUNK == LIST_CHUNK - 1:
                    await asyncio.sleep(0)
        except asyncio.CancelledError:
            self._callbacks.remove(callback)
            raise
        return lambda: self._callbacks.remove(callback)

    def renew(self) -> None:
        """What is known may be old: ``run`` begins with a list, for which ``wait_synced`` waits."""
        self._synced.clear()
        self.reflector.renew()

    async def run(self) -> None:
        """List and watch until cancelled."""
        entropy = self._client.ctx.world.entropy
        while True:
            self.source = server = self._client.server
            try:
                if self.reflector.phase == "list":
                    await self._list()
                else:
                    await self._watch()
                    self.reflector.ended()
            except SteersmanError as error:
                self.reflector.failed(error)
                self._client.fail_over(error, server)
                self._client.ctx.log.debug(
                    "informer.interrupted",
                    resource=str(self.resource),
                    error=f"{type(error).__name__}: {error}",
                    revision=self.reflector.revision,
                )
            await asyncio.sleep(self.reflector.pause(entropy.random()))

    async def _list(self) -> None:
        namespace, labels, fields = self._scope
        items, revision = await self._client.list_traced(self.resource, namespace, labels, fields)
        present = set()
        for position, (data, trace) in enumerate(items):
            present.add(self._take(data, trace))
            if position % LIST_CHUNK == LIST_CHUNK - 1:
                await asyncio.sleep(0)
        for key in self.cache.missing_from(present):
            self._forget(key)
        self.cache.revision = max(self.cache.revision, revision)
        self.reflector.listed(revision)
        self._synced.set()

    async def _watch(self) -> None:
        namespace, labels, fields = self._scope
        revision = self.reflector.revision
        stream = self._client.watch(self.resource, namespace, labels, fields, revision)
        async with stream:
            async for batch in stream:
                assert isinstance(batch, WatchBatch), batch
                for event in batch.events:
                    self._on_event(event)

    def _on_event(self, event: WatchEvent) -> None:
        if event.kind == "ERROR":
            raise StatusError(orjson.loads(event.object))
        # Before the callbacks: what they ask is whether this event has been seen.
        self.cache.revision = max(self.cache.revision, event.revision)
        if event.kind == "DELETED":
            entry = self.cache.remove(event.object, self._now())
            if entry is not None:
                self._tell(entry, None, event.trace)
        elif event.kind != "BOOKMARK":
            self._take(event.object, event.trace)
        self.reflector.advanced(event.revision)

    def _take(self, data: bytes, trace: str) -> tuple[str, str]:
        """Take one version in, tell what changed; returns its (namespace, name)."""
        old, new = self.cache.put(data, self._now())
        if old is not new:
            new.trace = trace
            if old is not None and old.uid != new.uid:
                # Deleted and made again while nobody watched: two changes for a subscriber.
                self._tell(old, None, trace)
                old = None
            self._tell(old, new, trace)
        return new.key

    def _forget(self, key: tuple[str, str]) -> None:
        entry = self.cache.discard(*key)
        if entry is not None:
            self._tell(entry, None, "")

    def _tell(self, old: Entry | None, new: Entry | None, trace: str) -> None:
        if not self._callbacks:
            return
        kind: Change = "ADDED" if old is None else "MODIFIED" if new is not None else "DELETED"
        before = None if old is None else self.cache.decode(old)
        after = None if new is None else self.cache.decode(new)
        with resume_trace(trace):
            for callback in tuple(self._callbacks):
                callback(kind, before, after, trace)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


class SharedInformers:
    """The informers of a process: one per resource and selection, started when first asked for."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client
        self._informers: dict[tuple[Resource, str, str, str], Informer] = {}
        self._tasks: dict[tuple[Resource, str, str, str], asyncio.Task[None]] = {}
        self._held: dict[Resource, int] = {}

    def get(
        self,
        resource: Resource,
        namespace: str = "",
        label_selector: str = "",
        field_selector: str = "",
    ) -> Informer:
        """The shared informer; its task belongs to the actor whose client this is."""
        key = (resource, namespace, label_selector, field_selector)
        informer = self._informers.get(key)
        if informer is None:
            informer = Informer(self._client, *key)
            self._informers[key] = informer
            self._tasks[key] = self._client.ctx.task(informer.run(), f"informer {resource}")
        return informer

    def hold(self, resource: Resource) -> Informer:
        """As ``get``, until as many have let go of it as hold it."""
        self._held[resource] = self._held.get(resource, 0) + 1
        return self.get(resource)

    def come_home(self) -> None:
        """List anew, at the preferred server, what another one tells of: that may lag behind."""
        self._client.come_home()
        for key, informer in self._informers.items():
            if informer.source != self._client.server:
                self._tasks[key].cancel()
                informer.renew()
                name = f"informer {informer.resource}"
                self._tasks[key] = self._client.ctx.task(informer.run(), name)

    def drop(self, resource: Resource) -> None:
        """Let go of an informer that was held: the last one ends it."""
        self._held[resource] -= 1
        if self._held[resource]:
            return
        del self._held[resource]
        key = (resource, "", "", "")
        del self._informers[key]
        self._tasks.pop(key).cancel()

    def known(self, resource: Resource) -> Informer | None:
        """The informer of all objects of a resource if there is one already."""
        return self._informers.get((resource, "", "", ""))
