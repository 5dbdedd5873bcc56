"""An API server behind the aggregation layer, for tests: a real HTTPS server on loopback that plays
a pod of a cluster in memory.

async with extension_server(cluster) as server:
    await server.register()
    server.seen         # the requests that came, in order

It serves ``flunders`` of wardle.example.com/v1, and believes the headers that say who somebody is
only with a certificate of the front proxy's authority.
"""

import asyncio
import base64
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from actors.apiserver.streaming import pipes
from actors.kubelet.networks.socket_connection import SocketConnection
from actors.kubelet.pod_network import Connection
from cluster import names
from cluster.security import certificates
from deploy import pki
from tests.support.cluster_in_memory import NODE, MemoryCluster

Json = dict[str, Any]
GROUP, VERSION, NAME = "wardle.example.com", "v1", "v1.wardle.example.com"
BASE = f"/apis/{GROUP}/{VERSION}"
FLUNDERS = f"{BASE}/namespaces/default/flunders"
REGISTRATION = "apiregistration.k8s.io"
HOST = "wardle.default.svc"
PORT = 8443
META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
TRIES = 400


@dataclass
class Seen:
    """One request. ``user``: '' if nobody proved anything; ``headers``: names in small letters."""

    method: str
    path: str
    user: str
    groups: list[str]
    headers: list[tuple[str, str]]
    body: bytes = b""


@dataclass
class ExtensionServer:
    """``code``: what everything is answered with, 0: what is asked for. ``legacy``: it does not
    know the aggregated form of discovery. ``held``: set when a watch has ended."""

    cluster: MemoryCluster
    bundle: str = ""
    code: int = 0
    legacy: bool = False
    seen: list[Seen] = field(default_factory=list)
    held: asyncio.Event = field(default_factory=asyncio.Event)
    events: "asyncio.Queue[bytes]" = field(default_factory=asyncio.Queue)

    def asked(self, path: str) -> list[Seen]:
        """The requests of others than the API server itself for what begins so."""
        return [
            one
            for one in self.seen
            if one.path.startswith(path) and one.user != "system:kube-aggregator"
        ]

    async def handle(self, http: web.BaseRequest) -> web.StreamResponse:
        """Anything."""
        headers = [(name.lower(), value) for name, value in http.headers.items()]
        proven = http.transport is not None and http.transport.get_extra_info("peercert")
        user = http.headers.get("X-Remote-User", "") if proven else ""
        groups = [value for name, value in headers if name == "x-remote-group"] if proven else []
        one = Seen(http.method, http.raw_path, user, groups, headers)
        if "upgrade" not in http.headers:
            one.body = await http.read()
        self.seen.append(one)
        if self.code:
            return web.json_response({"kind": "Status"}, status=self.code)
        if not user:
            return web.json_response({"kind": "Status", "code": 401}, status=401)
        return await self._answer(http)

    async def _answer(self, http: web.BaseRequest) -> web.StreamResponse:
        path, _, query = http.raw_path.partition("?")
        match path:
            case "/apis":
                if self.legacy or "APIGroupDiscoveryList" not in http.headers.get("Accept", ""):
                    return web.json_response({"kind": "APIGroupList", "groups": []})
                return web.json_response(_groups(), content_type="application/json")
            case "/apis/wardle.example.com/v1":
                return web.json_response(_resources())
            case "/openapi/v3":
                url = f"/openapi/v3{BASE}?hash=abc"
                other = {"serverRelativeURL": "/openapi/v3/apis/apps/v1?hash=evil"}
                paths = {BASE[1:]: {"serverRelativeURL": url}, "apis/apps/v1": other}
                return web.json_response({"paths": paths})
            case "/openapi/v2":
                return web.json_response(_swagger())
            case "/openapi/v3/apis/wardle.example.com/v1":
                return web.json_response({"openapi": "3.0.0", "info": {"title": "wardle"}})
        if http.headers.get("Upgrade", "") == "echo/1":
            return await _echo_raw(http)
        if path.endswith("/never"):
            await asyncio.Event().wait()
        if path.endswith("/elsewhere"):
            return web.Response(status=307, headers={"Location": "https://evil.example.com/"})
        if http.headers.get("Upgrade", "").lower() == "websocket":
            return await _echo(http)
        if "watch=1" in query or "watch=true" in query:
            return await self._watch(http)
        if path.endswith("/flunders") and http.method == "GET":
            return web.json_response(_list([_flunder("fish")]))
        return web.json_response(_flunder(path.rpartition("/")[2]))

    async def _watch(self, http: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(http)
        try:
            while True:
                await response.write(await self.events.get())
        finally:
            self.held.set()

    async def register(self, **spec: Any) -> Json:
        """Create the APIService."""
        return await self.cluster.plane.create("apiservices", self.object(**spec), "", REGISTRATION)

    def object(self, **spec: Any) -> Json:
        """The APIService."""
        wanted = {
            "group": GROUP,
            "version": VERSION,
            "groupPriorityMinimum": 2000,
            "versionPriority": 15,
            "service": {"namespace": "default", "name": "wardle"},
            "caBundle": self.bundle,
            **spec,
        }
        return {
            "metadata": {"name": NAME},
            "spec": {key: value for key, value in wanted.items() if value is not None},
        }

    async def condition(self) -> Json:
        """The condition Available, {} before there is one."""
        found = await self.cluster.plane.get("apiservices", NAME, group=REGISTRATION)
        conditions = (found.get("status") or {}).get("conditions") or [{}]
        return dict(conditions[0])

    async def until(self, status: str, reason: str) -> Json:
        """Wait for the condition."""
        for _ in range(TRIES):
            found = await self.condition()
            if (found.get("status"), found.get("reason")) == (status, reason):
                return found
            await asyncio.sleep(0.02)
        raise AssertionError(f"the condition is {found}")

    async def ready(self) -> None:
        """Registered, and answering through the aggregation layer."""
        await self.register()
        await self.until("True", "Passed")
        async with self.cluster.http() as http:
            for _ in range(TRIES):
                url = self.cluster.url("/apis")
                async with http.get(url, headers={"Accept": DISCOVERY}) as answer:
                    items = (await answer.json(content_type=None))["items"]
                found = [item for item in items if item["metadata"]["name"] == GROUP]
                if found and found[0]["versions"][0]["freshness"] == "Current":
                    return
                await asyncio.sleep(0.02)
        raise AssertionError("discovery does not show the group")


@asynccontextmanager
async def extension_server(
    cluster: MemoryCluster, host: str = HOST
) -> AsyncIterator[ExtensionServer]:
    """Started, behind the Service ``wardle`` of the namespace default; not yet registered.
    ``host``: what its certificate is for."""
    server = ExtensionServer(cluster)
    folder = Path(cluster.plane.settings.data_dir)
    tls = _identity(folder, host, server)
    tls.load_verify_locations(pki.path(cluster.plane.settings, f"{pki.FRONT_PROXY_CA}.crt"))
    tls.verify_mode = ssl.CERT_OPTIONAL
    runner = web.ServerRunner(web.Server(server.handle, handler_cancellation=True))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    port = runner.addresses[0][1]

    async def dial(pid: int, address: str, wanted: int, timeout: float) -> Connection:
        if wanted != PORT:
            raise ConnectionRefusedError("connect: connection refused")
        return SocketConnection(*await asyncio.open_connection("127.0.0.1", port))

    cluster.network.dial = dial  # type: ignore[method-assign]  # the pod's ports
    pod = await cluster.run_pod("wardle")
    await cluster.plane.create("services", service(), "default")
    await cluster.plane.create("endpointslices", endpoints(pod), "default", "discovery.k8s.io")
    try:
        yield server
    finally:
        await runner.cleanup()


def service() -> Json:
    """The Service in front of the pod."""
    return {"metadata": {"name": "wardle"}, "spec": {"ports": [{"name": "https", "port": 443}]}}


def endpoints(pod: Json, ready: bool = True) -> Json:
    """Its EndpointSlice."""
    endpoint = {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": ready},
        "nodeName": NODE,
        "targetRef": {"kind": "Pod", "namespace": "default", "name": pod["metadata"]["name"]},
    }
    return {
        "metadata": {"name": "wardle-1", "labels": {names.LABEL_SERVICE_NAME: "wardle"}},
        "addressType": "IPv4",
        "endpoints": [endpoint],
        "ports": [{"name": "https", "port": PORT}],
    }


def _identity(folder: Path, host: str, server: ExtensionServer) -> ssl.SSLContext:
    """A certificate of an authority of the server's own."""
    now, keys = time.time(), [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    issuer = certificates.authority(keys[0], "wardle-ca", 1, now - 60, now + 3600)
    made = certificates.certificate(
        keys[1], x509.Name([]), issuer, keys[0], 2, now - 60, now + 3600, [host]
    )
    files = (folder / "wardle.crt", folder / "wardle.key")
    files[0].write_bytes(certificates.certificate_pem(made))
    files[1].write_bytes(certificates.key_pem(keys[1]))
    server.bundle = base64.b64encode(certificates.certificate_pem(issuer)).decode()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*files)
    return tls


async def _echo(http: web.BaseRequest) -> web.StreamResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(http)
    async for message in socket:
        await socket.send_str(message.data + "!")
    return socket


async def _echo_raw(http: web.BaseRequest) -> web.StreamResponse:
    pipe = pipes.take(http, pipes.switching("echo/1", {}))
    while data := await pipe.read():
        await pipe.write(data + b"!")
    await pipe.close()
    return pipes.Upgraded()


def _flunder(name: str) -> Json:
    metadata = {"name": name, "namespace": "default", "creationTimestamp": "2026-01-01T00:00:00Z"}
    return {"apiVersion": f"{GROUP}/{VERSION}", "kind": "Flunder", "metadata": metadata}


def _list(items: list[Json]) -> Json:
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "FlunderList",
        "metadata": {"resourceVersion": "1"},
        "items": items,
    }


def event(name: str) -> bytes:
    """A line of a watch."""
    return orjson.dumps({"type": "ADDED", "object": _flunder(name)}) + b"\n"


VERBS = ["create", "delete", "get", "list", "watch"]


def _groups() -> Json:
    kind = {"group": GROUP, "version": VERSION, "kind": "Flunder"}
    resource = {
        "resource": "flunders",
        "responseKind": kind,
        "scope": "Namespaced",
        "singularResource": "flunder",
        "shortNames": ["fl"],
        "verbs": VERBS,
    }
    item = {
        "metadata": {"name": GROUP},
        "versions": [{"version": VERSION, "resources": [resource], "freshness": "Current"}],
    }
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "items": [item],
    }


def _resources() -> Json:
    resource = {
        "name": "flunders",
        "singularName": "flunder",
        "namespaced": True,
        "kind": "Flunder",
        "shortNames": ["fl"],
        "verbs": VERBS,
    }
    part = {**resource, "name": "flunders/status", "singularName": "", "verbs": ["get"]}
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{GROUP}/{VERSION}",
        "resources": [resource, part],
    }


def _swagger() -> Json:
    """With more than is its own to tell."""
    flunder = {"$ref": "#/definitions/com.example.wardle.v1.Flunder"}
    get = {
        "operationId": "listFlunders",
        "schemes": ["https"],
        "parameters": [{"$ref": "#/parameters/pretty"}],
        "responses": {"200": {"description": "OK", "schema": flunder}},
    }
    kind = {"group": GROUP, "version": "v1", "kind": "Flunder"}
    return {
        "swagger": "2.0",
        "info": {"title": "wardle", "version": "v0"},
        "parameters": {"pretty": {"name": "pretty", "in": "query", "type": "string"}},
        "paths": {
            f"{BASE}/flunders": {"get": get},
            "/apis/apps/v1/flunders": {"get": get},
            f"{BASE}beta1/flunders": {"get": get},
        },
        "definitions": {
            "com.example.wardle.v1.Flunder": {
                "type": "object",
                "description": "A flat fish.",
                "properties": {
                    "metadata": {"$ref": "#/definitions/" + META},
                    "size": {"type": "integer", "strange": True},
                },
                "x-kubernetes-group-version-kind": [kind],
            },
            META: {"type": "string", "description": "not ours"},
            "com.example.Unused": {"type": "object"},
        },
    }
