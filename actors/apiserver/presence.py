"""Keeps the ``kubernetes`` Service pointing at the API servers that live.

Job: a replica enters itself; the leader takes out those that do not answer. Event-driven: a start,
a lost connection, a change of leader. Must not know: HTTP.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec

from actors.apiserver import kubernetes_service
from actors.apiserver.bootstrap import KUBERNETES, kind_of
from actors.apiserver.call import Call, Caller, DeleteOptions, WriteOptions
from actors.apiserver.environment import Environment
from actors.apiserver.store_client import prefix_end
from actors.apiserver.writer import Writer
from cluster import names
from cluster.api.encoding import decode
from cluster.api.kinds import storage_prefix
from cluster.api.types import Object
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest
from cluster.messages.store import Range

MYSELF = Caller("system:apiserver", (names.GROUP_MASTERS,), component=names.APISERVER)


@dataclass
class Presence:
    """``answers``: asks whether the API server of a replica lives."""

    environment: Environment
    writer: Writer
    answers: Callable[[str], Awaitable[bool]]

    async def enter(self) -> None:
        """List this replica. Raises StatusError."""
        settings = self.environment.settings
        replica = settings.replica(self.environment.replica)
        if not replica.api_addresses:
            return
        await self._put(kubernetes_service.endpoint_slice(replica))
        await self._list_all()

    async def sweep(self, suspects: tuple[str, ...] = ()) -> None:
        """Take out the replicas (of ``suspects``, or all others) that do not answer."""
        listed = await self._listed()
        gone = [
            name
            for name in listed
            if name != self.environment.replica
            and (not suspects or name in suspects)
            and not await self.answers(name)
        ]
        for name in gone:
            await self._remove(kubernetes_service.slice_name(name))
        if gone:
            await self._list_all()

    async def _listed(self) -> list[str]:
        """The replicas that have a slice, known to the settings or not."""
        kind = kind_of({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice"})
        prefix = storage_prefix(kind, names.NAMESPACE_DEFAULT) + kubernetes_service.slice_name("")
        found = await self.environment.objects.store.range(
            Range(key=prefix, end=prefix_end(prefix))
        )
        return [item.key.removeprefix(prefix) for item in found.items]

    async def _list_all(self) -> None:
        listed = await self._listed()
        known = self.environment.settings.replicas
        await self._put(kubernetes_service.endpoints(r for r in known if r.name in listed))

    async def _put(self, obj: Object) -> None:
        """Create the object or make it say the same."""
        call = self._call(obj, "create", "")
        try:
            await self.writer.create_object(call, decode(msgspec.json.encode(obj)))
        except StatusError as error:
            if error.reason != "AlreadyExists":
                raise

            def same(live: Object) -> Object:
                merged = {**live["metadata"], "labels": obj["metadata"]["labels"]}
                return {**obj, "metadata": merged}

            await self.writer.modify(self._call(obj, "update", obj["metadata"]["name"]), same)

    async def _remove(self, name: str) -> None:
        obj = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice"}
        try:
            await self.writer.delete(self._call(obj, "delete", name), DeleteOptions())
        except StatusError as error:
            if error.code != 404:
                raise

    def _call(self, obj: Object, verb: str, name: str) -> Call:
        kind = kind_of(obj)
        request = ApiRequest(
            verb=verb,  # type: ignore[arg-type]
            resource=kind.plural,
            group=kind.group,
            namespace=names.NAMESPACE_DEFAULT,
            name=name,
        )
        now = self.environment.clock.now()
        return Call(request, kind, MYSELF, WriteOptions(manager=KUBERNETES), now)
