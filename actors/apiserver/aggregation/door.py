"""Requests that another API server answers: judged here, passed on, answered from there.

Source: "Kubernetes API Aggregation Layer"; "Configure the Aggregation Layer". Authentication,
impersonation, audit, flow control and authorization are this server's; admission is the other's.
Must not know: bytes of HTTP, how the server is reached.
"""

from dataclasses import dataclass

from aiohttp import web

from actors.apiserver.aggregation.remotes import Remotes
from actors.apiserver.call import Caller
from actors.apiserver.front_desk import FrontDesk, Visit
from actors.apiserver.rest_path import PlainPath, ResourcePath, parse_query, verb_of
from actors.apiserver.streaming.backend import dialled
from actors.apiserver.streaming.proxy_exchange import Exchange
from actors.apiserver.streaming.proxy_headers import connection_tokens
from cluster.api import status
from cluster.api.aggregation.api_services import is_available
from cluster.api.kind import row
from cluster.api.types import Object
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest

# kube-apiserver's --request-timeout, for what is not long by its nature.
HEAD_SECONDS = 60.0
_LONG = ("attach", "exec", "log", "portforward", "proxy")
_OPENAPI = ["openapi", "v3", "apis"]


@dataclass(frozen=True)
class Asked:
    """``request``: None for a path that is no resource. ``verb``: what rules must allow; '' only
    those for all verbs do."""

    request: ApiRequest | None
    verb: str
    long: bool


class AggregatedDoor:
    """One per API server."""

    def __init__(self, desk: FrontDesk, remotes: Remotes) -> None:
        self._desk = desk
        self._remotes = remotes

    def service(self, path: ResourcePath | PlainPath) -> Object | None:
        """The APIService of the server that answers there; None: this one does."""
        services = self._desk.environment.services
        if isinstance(path, ResourcePath):
            return services.remote(path.group, path.version) if path.group else None
        match path.path.strip("/").split("/"):
            case ["apis", group, version]:
                return services.remote(group, version)
            case [*root, group, version] if root == _OPENAPI:
                return services.remote(group, version)
        return None

    def asked(self, http: web.BaseRequest, path: ResourcePath | PlainPath, raw_query: str) -> Asked:
        """What is to be judged. Raises StatusError 400."""
        if "#" in http.raw_path:
            # What is behind it would be judged, and not sent.
            raise status.bad_request("the path holds a forbidden character")
        upgrade = _is_upgrade(http)
        if isinstance(path, PlainPath):
            return Asked(None, http.method.lower(), upgrade)
        query = parse_query(raw_query)
        try:
            verb: str = verb_of(http.method, path, query)
        except StatusError:
            verb = ""
        request = ApiRequest(
            verb=verb or "get",  # type: ignore[arg-type]  # what verb_of gave
            resource=path.resource,
            group=path.group,
            version=path.version,
            namespace=path.namespace,
            name=path.name,
            subresource=path.subresource,
            query=query,
        )
        return Asked(request, verb, upgrade or verb == "watch" or path.subresource in _LONG)

    async def serve(
        self, http: web.BaseRequest, api_service: Object, asked: Asked, caller: Caller, visit: Visit
    ) -> web.StreamResponse:
        """Raises StatusError 400, 403, 429, 503, 504."""
        path = http.raw_path.partition("?")[0]
        request = asked.request
        if request is None:
            visit.flow = self._desk.plain_flow(caller, http.method, path)
        else:
            visit.flow = self._desk.flow(caller, request)
        # The seat is given back when the other server begins: it has limits of its own.
        async with self._desk.flow_control.seat(visit.flow):
            if request is None:
                await self._desk.authorization.check_path(http.method, path, caller, visit.told)
            else:
                kind = row(request.group, request.version, "", request.resource, "")
                await self._desk.authorization.check(kind, request, caller, asked.verb, visit.told)
            if not is_available(api_service):
                return _plain(503, "service unavailable")
            try:
                manner = self._remotes.manner(api_service, caller)
            except ValueError as error:
                return _plain(500, str(error))
            try:
                target = await self._remotes.target(api_service)
            except StatusError:
                return _plain(503, "service unavailable")
        async with dialled(self._desk.environment, target) as near:
            exchange = Exchange(http, target, "", http.raw_path, visit.started, manner)
            if _is_upgrade(http):
                return await exchange.upgraded(near)
            return await exchange.plain(near, None if asked.long else HEAD_SECONDS)


def _is_upgrade(http: web.BaseRequest) -> bool:
    pairs = ((str(name), value) for name, value in http.headers.items())
    return "upgrade" in connection_tokens(pairs)


def _plain(code: int, text: str) -> web.Response:
    """No Status: clients of Kubernetes know these answers by their text."""
    headers = {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}
    return web.Response(body=f"{text}\n".encode(), status=code, headers=headers)
