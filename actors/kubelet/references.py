"""The config maps and secrets that a node's pods use: each watched by name, only while used.

Must not know: what they are used for.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from actors.client.api_client import ApiClient
from actors.client.informer import Informer
from actors.kit.context import Context
from actors.kubelet.env import Reference
from cluster.api.resources import CONFIGMAPS, SECRETS, Resource
from cluster.api.types import Object

RESOURCES: dict[str, Resource] = {"configmap": CONFIGMAPS, "secret": SECRETS}
# (kind, namespace, name)
Key = tuple[str, str, str]
SYNC_SECONDS = 20.0


@dataclass(slots=True)
class Watched:
    """One object's informer, its task, and the uids of the pods that use it."""

    informer: Informer
    task: "asyncio.Task[Any]"
    users: set[str] = field(default_factory=set)


class References:
    """``on_change`` is called with the uids of the pods that use a changed object."""

    def __init__(
        self, ctx: Context, client: ApiClient, on_change: Callable[[set[str], str], None]
    ) -> None:
        self._ctx = ctx
        self._client = client
        self._on_change = on_change
        self._watched: dict[Key, Watched] = {}

    def hold(self, uid: str, namespace: str, wanted: Iterable[Reference]) -> None:
        """Watch exactly ``wanted`` for the pod ``uid``."""
        keys = sorted({(kind, namespace, name) for kind, name in wanted})
        for key in keys:
            if key not in self._watched:
                self._watched[key] = self._watch(key)
            self._watched[key].users.add(uid)
        for key, entry in list(self._watched.items()):
            if key in keys or uid not in entry.users:
                continue
            entry.users.discard(uid)
            if not entry.users:
                entry.task.cancel()
                del self._watched[key]

    async def get(
        self, namespace: str, wanted: Iterable[Reference]
    ) -> dict[Reference, Object | None]:
        """The objects held, None where there is none. Raises TimeoutError if they do not come."""
        found: dict[Reference, Object | None] = {}
        async with asyncio.timeout(SYNC_SECONDS):
            for reference in sorted(wanted):
                entry = self._watched[(reference[0], namespace, reference[1])]
                await entry.informer.wait_synced()
                found[reference] = entry.informer.cache.get(namespace, reference[1])
        return found

    def _watch(self, key: Key) -> Watched:
        kind, namespace, name = key
        selector = f"metadata.name={name}"
        informer = Informer(self._client, RESOURCES[kind], namespace, field_selector=selector)

        def changed(_: str, old: Object | None, new: Object | None, trace: str) -> None:
            entry = self._watched.get(key)
            if entry is not None:
                self._on_change(set(entry.users), trace)

        informer.subscribe(changed)
        return Watched(informer, self._ctx.task(informer.run(), f"watch {kind} {namespace}/{name}"))
