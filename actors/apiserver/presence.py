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
from cluster.api.kinds import Kind, storage_key, storage_prefix
from cluster.api.types import Object
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest, Verb
from cluster.messages.store import Range, Watch

DEFAULT = names.NAMESPACE_DEFAULT
MYSELF = Caller("system:apiserver", (names.GROUP_MASTERS,), component=names.APISERVER)


@dataclass
class Presence:
    """``answers``: asks whether the API server of a replica lives."""

    environment: Environment
    writer: Writer
    answers: Callable[[str], Awaitable[bool]]

    async def stay(self) -> None:
        """List this replica, then return when somebody has taken it out (who believed it dead).

        Raises StatusError."""
        environment = self.environment
        replica = environment.settings.replica(environment.replica)
        await self._put(kubernetes_service.endpoint_slice(replica))
        await self._list_all()
        name = kubernetes_service.slice_name(environment.replica)
        key = storage_key(_kind("discovery.k8s.io/v1", "EndpointSlice"), DEFAULT, name)
        found = await environment.objects.store.get(key)
        if found is None:
            return
        watch = Watch(key, start=found.mod_revision + 1)
        async with environment.objects.store.watch(watch) as stream:
            async for item in stream:
                if any(event.kind == "delete" for event in item.events):
                    return

    async def sweep(self, suspects: tuple[str, ...] = ()) -> None:
        """Take out the replicas (of ``suspects``, or all others) that do not answer, or that are
        no replicas of this cluster any more."""
        environment = self.environment
        listed = await self._listed()
        known = [replica.name for replica in environment.settings.replicas]
        gone = [
            name
            for name in listed
            if name != environment.replica
            and (not suspects or name in suspects)
            and (name not in known or not await self.answers(name))
        ]
        for name in gone:
            await self._remove(kubernetes_service.slice_name(name))
        if gone:
            await self._list_all()

    async def _listed(self) -> list[str]:
        """The replicas that have a slice, known to the settings or not."""
        kind = _kind("discovery.k8s.io/v1", "EndpointSlice")
        prefix = storage_prefix(kind, DEFAULT) + kubernetes_service.slice_name("")
        found = await self.environment.objects.store.range(
            Range(key=prefix, end=prefix_end(prefix))
        )
        return [item.key.removeprefix(prefix) for item in found.items]

    async def _list_all(self) -> None:
        """Write the Endpoints; again if slices came or went meanwhile: the last writer is right."""
        known = self.environment.settings.replicas
        listed: list[str] = []
        while True:
            before, listed = listed, await self._listed()
            if listed == before:
                return
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

    def _call(self, obj: Object, verb: Verb, name: str) -> Call:
        kind = kind_of(obj)
        request = ApiRequest(
            verb=verb,
            resource=kind.plural,
            group=kind.group,
            namespace=DEFAULT,
            name=name,
        )
        now = self.environment.clock.now()
        return Call(request, kind, MYSELF, WriteOptions(manager=KUBERNETES), now)


def _kind(api_version: str, kind: str) -> Kind:
    return kind_of({"apiVersion": api_version, "kind": kind})
