"""pods/proxy, services/proxy and nodes/proxy: requests that go on to what runs in the cluster.

Must not know: bytes of HTTP, kubelets' sessions.
"""

from aiohttp import web

from actors.apiserver.call import Call, Caller
from actors.apiserver.environment import Environment
from actors.apiserver.front_desk import FrontDesk, Visit
from actors.apiserver.rest_path import ResourcePath
from actors.apiserver.selection import Selection
from actors.apiserver.store_client import translate
from actors.apiserver.streaming import connect, proxy_target
from actors.apiserver.streaming.backend import dialled
from actors.apiserver.streaming.proxy_exchange import Exchange
from actors.apiserver.streaming.proxy_headers import connection_tokens
from actors.apiserver.streaming.proxy_target import Named, Target
from cluster import names
from cluster.api import status
from cluster.api.encoding import decode
from cluster.api.kinds import by_resource
from cluster.api.types import Object
from cluster.errors import SteersmanError, TemporaryFault
from cluster.messages.kubelet import NodeDocument, ReadNodeDocument

OPTIONS = {
    "pods": "PodProxyOptions",
    "services": "ServiceProxyOptions",
    "nodes": "NodeProxyOptions",
}
SINGULAR = {"pods": "pod", "services": "service", "nodes": "node"}
# Where a kubelet of Kubernetes serves its documents; ours serves them as messages.
KUBELET_PORTS = ("", "10250")
DOCUMENT_SECONDS = 10.0


class ProxyDoor:
    """One per API server."""

    def __init__(self, desk: FrontDesk) -> None:
        self._desk = desk

    @property
    def _environment(self) -> Environment:
        return self._desk.environment

    async def serve(
        self,
        http: web.BaseRequest,
        path: ResourcePath,
        tail: str,
        raw_query: str,
        caller: Caller,
        visit: Visit,
    ) -> web.StreamResponse:
        """``tail``: what is behind ``/proxy``, as it came. Raises StatusError."""
        request = connect.connect_request(http.method, path, {})
        verb = connect.verb_asked(http.method, path) or ""
        options = {"apiVersion": "v1", "kind": OPTIONS[path.resource], "path": tail.lstrip("/")}
        call = await self._desk.chain.admit_connect(request, caller, [verb], options, visit.told)
        named = proxy_target.parse_name(SINGULAR[path.resource], path.name)
        query = f"?{raw_query}" if raw_query else ""
        prefix = http.raw_path.partition("?")[0].removesuffix(tail)
        if path.resource == "nodes":
            node = await self._get(call, named.name)
            if named.port in (*KUBELET_PORTS, _kubelet_port(node)):
                return await self._document(http, named.name, tail or "/")
            target = _node_target(node, named)
        elif path.resource == "pods":
            target = proxy_target.pod_target(await self._get(call, named.name), named)
        else:
            target = await self._service(call, named)
        if not tail and http.method in ("GET", "HEAD"):
            # Relative links of the page would else lead past the proxy.
            location = http.raw_path.partition("?")[0] + "/" + query
            return web.Response(status=301, headers={"Location": location})
        async with dialled(self._environment, target) as near:
            exchange = Exchange(http, target, prefix, (tail or "/") + query, visit.started)
            if "upgrade" in connection_tokens((str(k), v) for k, v in http.headers.items()):
                return await exchange.upgraded(near)
            return await exchange.plain(near)

    async def _get(self, call: Call, name: str) -> Object:
        objects = self._environment.objects
        return decode((await objects.get(call.kind, call.namespace, name, None)).value)

    async def _service(self, call: Call, named: Named) -> Target:
        service = await self._get(call, named.name)
        slices = by_resource("discovery.k8s.io", "v1", "endpointslices")
        assert slices is not None
        label = f"{names.LABEL_SERVICE_NAME}={named.name}"
        found = await self._environment.objects.all(Selection(slices, call.namespace, label))
        chosen = proxy_target.service_targets(
            service, [decode(item.value) for item in found], named
        )
        return self._environment.entropy.choice(chosen)

    async def _document(self, http: web.BaseRequest, node: str, path: str) -> web.Response:
        if http.method not in ("GET", "HEAD"):
            raise status.method_not_allowed(None, http.method.lower())
        kubelet = self._environment.ref(names.address(names.KUBELET, node))
        try:
            answer = await kubelet.ask(ReadNodeDocument(path), DOCUMENT_SECONDS)
        except TemporaryFault as error:
            text = f"error trying to reach service: the kubelet of node {node} cannot be reached"
            raise status.service_unavailable(text) from error
        except SteersmanError as error:
            raise translate(error) from error
        assert isinstance(answer, NodeDocument)
        headers = {"Content-Type": answer.content_type}
        return web.Response(status=answer.code, body=answer.body, headers=headers)


def _kubelet_port(node: Object) -> str:
    endpoints = (node.get("status") or {}).get("daemonEndpoints") or {}
    return str((endpoints.get("kubeletEndpoint") or {}).get("Port") or "")


def _node_target(node: Object, named: Named) -> Target:
    addresses = (node.get("status") or {}).get("addresses") or ()
    inside = next((item["address"] for item in addresses if item["type"] == "InternalIP"), "")
    if not inside:
        raise status.bad_request("address not allowed")
    port = proxy_target.number(named.port, "node", named.name)
    return Target(named.scheme or "http", inside, port, named.name)
