"""What the leader does for definitions: accept their names, and clear up after them.

Job: keep the status of every definition as ``naming`` says, delete the objects of one that goes,
then let it go. Level-triggered: it looks at all definitions whenever one changed.
Must not know: how kinds are served.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from actors.apiserver.call import Call, Caller, DeleteOptions, WriteOptions
from actors.apiserver.environment import Environment
from actors.apiserver.selection import Selection
from actors.apiserver.writer import Revise, Writer
from cluster import names
from cluster.api.custom import naming
from cluster.api.custom.definition import (
    CLEANUP,
    ESTABLISHED,
    GROUP,
    PLURAL,
    TERMINATING,
    is_true,
    stored_kind,
)
from cluster.api.encoding import decode
from cluster.api.kinds import Kind, by_resource
from cluster.api.types import Object
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest, Verb

MYSELF = Caller("system:apiserver", (names.GROUP_MASTERS,), component=names.APISERVER)
MANAGER = "kube-apiserver"
# Between looks at objects that are still there, held by finalizers of their own.
LOOK_SECONDS = 0.25
LOOK_MAX_SECONDS = 5.0
_KIND = by_resource(GROUP, "v1", PLURAL)


@dataclass
class Establishing:
    """``leading``: whether this replica leads now."""

    environment: Environment
    writer: Writer
    leading: Callable[[], bool]

    async def run(self) -> None:
        """Until this replica leads no more. Raises StatusError."""
        pause = LOOK_SECONDS
        while self.leading():
            changed = self.environment.kinds.changed
            waiting = False
            for definition in self.environment.kinds.definitions():
                await self._accept(definition)
                if _is_going(definition):
                    waiting = not await self._clear_up(definition) or waiting
            if not waiting:
                pause = LOOK_SECONDS
                await changed.wait()
                continue
            try:
                async with asyncio.timeout(pause):
                    await changed.wait()
            except TimeoutError:
                pause = min(pause * 2, LOOK_MAX_SECONDS)

    async def _accept(self, definition: Object) -> None:
        others = self.environment.kinds.definitions()
        now = self.environment.timestamp()
        wanted = naming.status_of(definition, others, now)
        if wanted == definition.get("status"):
            return

        def revise(live: Object) -> Object:
            return {**live, "status": naming.status_of(live, others, now)}

        await self._modify(definition, revise, "status")

    async def _clear_up(self, definition: Object) -> bool:
        """True if the definition's objects are gone, and so it goes. Raises StatusError."""
        kind = stored_kind(definition)
        if kind is not None and await self._delete_all(kind):
            message = "CustomResource deletion is in progress"
            await self._say(definition, "True", "InstanceDeletionInProgress", message)
            return False
        await self._say(definition, "False", *_done(definition, kind))

        def release(live: Object) -> Object:
            metadata = dict(live["metadata"])
            metadata["finalizers"] = [
                item for item in metadata.get("finalizers") or () if item != CLEANUP
            ]
            return {**live, "metadata": metadata}

        await self._modify(definition, release, "")
        return True

    async def _delete_all(self, kind: Kind) -> int:
        """Ask all objects to go; how many are still there after that."""
        objects = self.environment.objects
        for item in await objects.all(Selection(kind)):
            metadata = decode(item.value)["metadata"]
            if metadata.get("deletionTimestamp"):
                continue
            call = self._call(kind, "delete", metadata["name"], metadata.get("namespace") or "")
            try:
                await self.writer.delete(call, DeleteOptions())
            except StatusError as error:
                if error.code != 404:
                    raise
        return len(await objects.all(Selection(kind), fresh=True))

    async def _say(self, definition: Object, status: str, reason: str, message: str) -> None:
        now = self.environment.timestamp()

        def revise(live: Object) -> Object:
            conditions = naming.with_condition(live, TERMINATING, status, reason, message, now)
            return {**live, "status": {**(live.get("status") or {}), "conditions": conditions}}

        await self._modify(definition, revise, "status")

    async def _modify(self, definition: Object, revise: Revise, scope: str) -> None:
        assert _KIND is not None
        call = self._call(_KIND, "update", definition["metadata"]["name"], "")
        uid = definition["metadata"]["uid"]

        def same(live: Object) -> Object:
            return revise(live) if live["metadata"]["uid"] == uid else live

        try:
            await self.writer.modify(call, same, scope)
        except StatusError as error:
            if error.code != 404:
                raise

    def _call(self, kind: Kind, verb: Verb, name: str, namespace: str) -> Call:
        request = ApiRequest(
            verb=verb,
            resource=kind.plural,
            group=kind.group,
            version=kind.version,
            namespace=namespace,
            name=name,
        )
        now = self.environment.clock.now()
        return Call(request, kind, MYSELF, WriteOptions(manager=MANAGER), now)


def _done(definition: Object, kind: Kind | None) -> tuple[str, str]:
    """Why nothing of the definition is left: reason and message."""
    if kind is not None:
        return "InstanceDeletionCompleted", "removed all instances"
    if is_true(definition, ESTABLISHED):
        message = "instances overlap with built-in resources in storage"
        return "OverlappingBuiltInResource", message
    return "NeverEstablished", "resource was never established"


def _is_going(definition: Object) -> bool:
    metadata = definition["metadata"]
    return bool(metadata.get("deletionTimestamp")) and CLEANUP in (metadata.get("finalizers") or ())
