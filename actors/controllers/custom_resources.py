"""Custom resources as a controller of all kinds sees them: informers that come and go.

Job: follow the definitions; for each established one an informer, whose cache joins the
controller's view, until the definition is gone. Must not know: what is done with an object.
"""

import asyncio
from collections.abc import Callable

from actors.client.cache import Cache
from actors.client.informer import Callback, Change, Informer, SharedInformers
from actors.controllers import served
from actors.kit.context import Context
from cluster.api.resources import CUSTOM_RESOURCE_DEFINITIONS, Resource
from cluster.api.types import Object

# A resource that cannot be listed must not keep the controller from all the others.
SYNC_SECONDS = 5.0


class CustomResources:
    """``resources``: those followed now. ``caches``: of the controller, kept up to date here.
    ``callback``: what is told of the changes of a resource."""

    def __init__(
        self,
        ctx: Context,
        informers: SharedInformers,
        caches: dict[Resource, Cache],
        callback: Callable[[Resource], Callback],
    ) -> None:
        self.resources: tuple[Resource, ...] = ()
        self._ctx = ctx
        self._informers = informers
        self._caches = caches
        self._callback = callback
        self._ending: Callable[[], None] | None = None
        self._tasks: dict[Resource, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Follow what there is; returns when nearly all of it is known."""
        definitions = self._informers.get(CUSTOM_RESOURCE_DEFINITIONS)
        await definitions.wait_synced()
        self._ending = definitions.subscribe(self._on_definition)
        try:
            async with asyncio.timeout(SYNC_SECONDS):
                for resource in self.resources:
                    await self._informers.get(resource).wait_synced()
        except TimeoutError:
            self._ctx.log.warning("custom resources not listed yet")

    def stop(self) -> None:
        """Follow nothing any more."""
        if self._ending is not None:
            self._ending()
        for resource in self.resources:
            self._leave(resource)

    def _on_definition(
        self, kind: Change, old: Object | None, new: Object | None, trace: str
    ) -> None:
        cache = self._informers.get(CUSTOM_RESOURCE_DEFINITIONS).cache
        known, self.resources = self.resources, served.custom(cache.list())
        for resource in known:
            if resource not in self.resources:
                self._leave(resource)
        for resource in self.resources:
            if resource not in known:
                informer = self._informers.hold(resource)
                self._caches[resource] = informer.cache
                self._tasks[resource] = self._ctx.task(self._follow(informer), f"follow {resource}")

    async def _follow(self, informer: Informer) -> None:
        unsubscribe = await informer.follow(self._callback(informer.resource))
        try:
            await asyncio.Event().wait()
        finally:
            unsubscribe()

    def _leave(self, resource: Resource) -> None:
        self._tasks.pop(resource).cancel()
        del self._caches[resource]
        self._informers.drop(resource)
