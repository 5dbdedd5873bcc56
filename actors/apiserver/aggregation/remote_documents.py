"""What other API servers say of themselves, kept for discovery and OpenAPI.

Job: ask each for its documents when its APIService changed, and once a minute; what cannot be asked
keeps what it said last, marked stale. Source: API concepts, "Discovery API" (freshness).
Must not know: how documents are merged.
"""

import asyncio
from dataclasses import dataclass, field

import orjson

from actors.apiserver.aggregation.remotes import Remotes
from actors.apiserver.aggregation.waiting import any_of
from actors.apiserver.environment import Environment
from cluster.api.aggregation import remote_discovery, remote_openapi
from cluster.api.aggregation.api_services import group_version, is_available
from cluster.api.aggregation.remote_discovery import RemoteVersion
from cluster.api.types import Object
from cluster.errors import StatusError

REFRESH_SECONDS = 60.0
RETRY_SECONDS = 5.0
_FORM = "application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList"
_ACCEPT = ",".join([_FORM.format("v2"), _FORM.format("v2beta1"), "application/json"])
_JSON = "application/json"


@dataclass
class Known:
    """Of one group and version. ``basis``: what of the APIService it was asked by; ``openapi``: its
    entry in the index of OpenAPI v3 documents, {} if it has none; ``swagger``: its part of the v2
    document, {} if it has none, and ``told``: what ``openapi`` was when it was asked for that."""

    basis: object
    due: float
    resources: tuple[Object, ...] = ()
    stale: bool = True
    openapi: Object = field(default_factory=dict)
    swagger: Object = field(default_factory=dict)
    told: Object | None = None


@dataclass
class RemoteDocuments:
    """``versions``: values that are replaced when they change, by identity. ``openapi``: by path as
    ``apis/<group>/<version>``; ``swagger``: parts of the v2 document, replaced likewise."""

    environment: Environment
    remotes: Remotes
    versions: tuple[RemoteVersion, ...] = ()
    openapi: dict[str, Object] = field(default_factory=dict)
    swagger: tuple[Object, ...] = ()
    _known: dict[tuple[str, str], Known] = field(default_factory=dict)

    async def run(self) -> None:
        """For ever."""
        services, clock = self.environment.services, self.environment.clock
        while True:
            changed = services.changed
            found = {group_version(one): one for one in services.remotes()}
            self._known = {pair: one for pair, one in self._known.items() if pair in found}
            # A new one is told of at once: that it exists is known.
            self._publish(found)
            now = clock.monotonic()
            await asyncio.gather(
                *(self._refresh(pair, one) for pair, one in found.items() if self._due(one, now))
            )
            self._publish(found)
            due = min((one.due for one in self._known.values()), default=None)
            seconds = None if due is None else max(0.0, due - clock.monotonic())
            await any_of(changed, seconds=seconds)

    def _due(self, service: Object, now: float) -> bool:
        known = self._known.get(group_version(service))
        return known is None or known.basis != _basis(service) or known.due <= now

    async def _refresh(self, pair: tuple[str, str], service: Object) -> None:
        now = self.environment.clock.monotonic()
        known = self._known.setdefault(pair, Known(None, 0.0))
        known.basis, known.due = _basis(service), now + REFRESH_SECONDS
        if not is_available(service):
            known.stale = True
            return
        try:
            known.resources = await self._resources(pair, service)
            known.stale = False
        except (StatusError, ValueError):
            known.stale, known.due = True, now + RETRY_SECONDS
            return
        try:
            known.openapi = await self._openapi(pair, service)
        except (StatusError, ValueError):
            known.openapi = {}
        if known.openapi and known.told == known.openapi:
            # It names its document with a hash: v2 says the same, and is long.
            return
        try:
            known.swagger = await self._swagger(pair, service)
            known.told = known.openapi
        except (StatusError, ValueError):
            known.swagger, known.told = {}, None

    async def _resources(self, pair: tuple[str, str], service: Object) -> tuple[Object, ...]:
        answer = await self.remotes.ask(service, "/apis", _ACCEPT)
        if answer.code == 200:
            document = orjson.loads(answer.body)
            if isinstance(document, dict) and document.get("kind") == "APIGroupDiscoveryList":
                return remote_discovery.of_aggregated(document, *pair) or ()
        answer = await self.remotes.ask(service, "/apis/" + "/".join(pair), _JSON)
        if answer.code != 200:
            raise ValueError(f"the server answered with {answer.code}")
        return remote_discovery.of_resource_list(orjson.loads(answer.body), *pair)

    async def _openapi(self, pair: tuple[str, str], service: Object) -> Object:
        answer = await self.remotes.ask(service, "/openapi/v3", _JSON)
        if answer.code != 200:
            return {}
        document = orjson.loads(answer.body)
        paths = document.get("paths") if isinstance(document, dict) else None
        entry = paths.get("apis/" + "/".join(pair)) if isinstance(paths, dict) else None
        url = entry.get("serverRelativeURL") if isinstance(entry, dict) else None
        # Only its own document: the server must not lead clients anywhere else.
        own = "/openapi/v3/apis/" + "/".join(pair)
        if not isinstance(url, str) or url.partition("?")[0] != own:
            return {}
        return {"serverRelativeURL": url}

    async def _swagger(self, pair: tuple[str, str], service: Object) -> Object:
        answer = await self.remotes.ask(service, "/openapi/v2", _JSON)
        if answer.code != 200:
            return {}
        return remote_openapi.part_of(orjson.loads(answer.body), *pair)

    def _publish(self, found: dict[tuple[str, str], Object]) -> None:
        versions, openapi, swagger = [], {}, []
        for pair, service in sorted(found.items()):
            known = self._known.get(pair) or Known(None, 0.0)
            spec = service["spec"]
            priority = (int(spec["groupPriorityMinimum"]), int(spec["versionPriority"]))
            versions.append(RemoteVersion(*pair, priority, known.resources, known.stale))
            if known.openapi:
                openapi["apis/" + "/".join(pair)] = known.openapi
            if known.swagger:
                swagger.append(known.swagger)
        if tuple(versions) != self.versions:
            self.versions = tuple(versions)
        if openapi != self.openapi:
            self.openapi = openapi
        if tuple(swagger) != self.swagger:
            self.swagger = tuple(swagger)


def _basis(service: Object) -> object:
    return service["metadata"].get("uid"), service["spec"], is_available(service)
