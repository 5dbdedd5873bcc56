"""What the leader writes of the aggregation layer: APIServices of what this cluster answers for
itself, and by whom other API servers are asked.

Source: "Configure the Aggregation Layer"; the label ``kube-aggregator.kubernetes.io/automanaged``.
Level-triggered: it looks at all of it whenever an APIService or a kind changed. What somebody took
the label from is theirs. Must not know: how requests go on.
"""

from collections.abc import Callable
from dataclasses import dataclass

import orjson

from actors.apiserver.aggregation.waiting import any_of
from actors.apiserver.authority import Authority
from actors.apiserver.call import Call, Caller, DeleteOptions, Preconditions, WriteOptions
from actors.apiserver.environment import Environment
from actors.apiserver.writer import Writer
from cluster import names
from cluster.api.aggregation.api_services import GROUP, PLURAL, local_services, managed
from cluster.api.encoding import decode
from cluster.api.kinds import Kind, by_resource
from cluster.api.types import Object
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest, Verb

MYSELF = Caller("system:apiserver", (names.GROUP_MASTERS,), component=names.APISERVER)
MANAGER = "kube-apiserver"
# How soon it is found that somebody changed the ConfigMap.
LOOK_SECONDS = 60.0
_KIND = by_resource(GROUP, "v1", PLURAL)
_MAPS = by_resource("", "v1", "configmaps")


@dataclass
class Registration:
    """``leading``: whether this replica leads now."""

    environment: Environment
    writer: Writer
    authority: Authority
    leading: Callable[[], bool]

    async def run(self) -> None:
        """Until this replica leads no more. Raises StatusError."""
        kinds, services = self.environment.kinds, self.environment.services
        while self.leading():
            changes = (kinds.changed, services.changed)
            if kinds.synced and services.synced:
                await self._register()
                await self._tell()
            await any_of(*changes, seconds=LOOK_SECONDS)

    async def _register(self) -> None:
        wanted = local_services(self.environment.kinds.table.announced)
        there = dict(self.environment.services.services)
        for name, obj in wanted.items():
            if name not in there:
                await self._create(_KIND, obj)
            elif managed(there[name]) == managed(obj) and there[name]["spec"] != obj["spec"]:
                await self._make_say(_KIND, obj, "spec")
        for name, obj in there.items():
            if managed(obj) and name not in wanted:
                await self._delete(name, obj["metadata"]["uid"])

    async def _tell(self) -> None:
        """The ConfigMap, for whoever must know an API server by its certificate."""
        assert _MAPS is not None
        if not self.authority.front_proxy_ca:
            return
        obj = authentication_map(self.authority)
        name, namespace = obj["metadata"]["name"], obj["metadata"]["namespace"]
        found = await self.environment.objects.find(_MAPS, namespace, name, False)
        if found is None:
            await self._create(_MAPS, obj)
            return
        data = decode(found.value).get("data") or {}
        if any(data.get(key) != value for key, value in obj["data"].items()):
            await self._make_say(_MAPS, {**obj, "data": {**data, **obj["data"]}}, "data")

    async def _create(self, kind: Kind | None, obj: Object) -> None:
        try:
            await self.writer.create_object(self._call(kind, "create", obj), obj)
        except StatusError as error:
            if error.reason != "AlreadyExists":
                raise

    async def _make_say(self, kind: Kind | None, obj: Object, part: str) -> None:
        try:
            await self.writer.modify(
                self._call(kind, "update", obj), lambda live: {**live, part: obj[part]}
            )
        except StatusError as error:
            if error.code != 404:
                raise

    async def _delete(self, name: str, uid: str) -> None:
        obj: Object = {"metadata": {"name": name}}
        same = DeleteOptions(preconditions=Preconditions(uid=uid))
        try:
            await self.writer.delete(self._call(_KIND, "delete", obj), same)
        except StatusError as error:
            if error.code not in (404, 409):
                raise

    def _call(self, kind: Kind | None, verb: Verb, obj: Object) -> Call:
        assert kind is not None
        metadata = obj["metadata"]
        request = ApiRequest(
            verb=verb,
            resource=kind.plural,
            group=kind.group,
            version=kind.version,
            namespace=metadata.get("namespace", ""),
            name="" if verb == "create" else metadata["name"],
        )
        now = self.environment.clock.now()
        return Call(request, kind, MYSELF, WriteOptions(manager=MANAGER), now)


def authentication_map(authority: Authority) -> Object:
    """ConfigMap ``extension-apiserver-authentication``: lists are JSON in it."""

    def listed(*texts: str) -> str:
        return orjson.dumps(texts).decode()

    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": names.EXTENSION_AUTHENTICATION,
            "namespace": names.NAMESPACE_SYSTEM,
        },
        "data": {
            "client-ca-file": authority.ca_certificate.decode(),
            "requestheader-allowed-names": listed(names.FRONT_PROXY_USER),
            "requestheader-client-ca-file": authority.front_proxy_ca.decode(),
            "requestheader-extra-headers-prefix": listed("X-Remote-Extra-"),
            "requestheader-group-headers": listed("X-Remote-Group"),
            "requestheader-uid-headers": listed("X-Remote-Uid"),
            "requestheader-username-headers": listed("X-Remote-User"),
        },
    }
