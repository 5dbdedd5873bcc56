"""Proxied requests through the real door to a real HTTP server that plays the pod."""

import asyncio
import gzip
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web

from actors.kubelet.networks.socket_connection import SocketConnection
from actors.kubelet.pod_network import Connection
from tests.support.cluster_in_memory import NODE, MemoryCluster, cluster_in_memory

POD = "/api/v1/namespaces/default/pods/web:8080/proxy"
SERVICE = "/api/v1/namespaces/default/services/web:http/proxy"
PAGE = '<html><a href="/next">n</a><a href="rel">r</a><a href="http://other/x">o</a></html>'


async def tell(request: web.Request) -> web.StreamResponse:
    """What was asked, as it arrived."""
    if request.path == "/socket":
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data + "!")
        return socket
    if request.path == "/moved":
        return web.Response(status=302, headers={"Location": "/elsewhere?a=b"})
    if request.path == "/page":
        return web.Response(text=PAGE, content_type="text/html")
    if request.path == "/packed":
        body = gzip.compress(PAGE.encode())
        headers = {"Content-Encoding": "gzip", "Content-Type": "text/html"}
        return web.Response(body=body, headers=headers)
    body = await request.read()
    told: dict[str, Any] = {
        "method": request.method,
        "path": request.raw_path,
        "headers": {name.lower(): value for name, value in request.headers.items()},
        "size": len(body),
    }
    return web.json_response(told, headers={"Keep-Alive": "timeout=5", "X-Own": "yes"}, status=201)


@pytest.fixture
async def proxied(tmp_path: Path) -> AsyncIterator[MemoryCluster]:
    """A cluster in which port 8080 of every pod is a real server."""
    app = web.Application(client_max_size=1 << 24)
    app.router.add_route("*", "/{rest:.*}", tell)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]

    async def dial(pid: int, address: str, wanted: int, timeout: float) -> Connection:
        if wanted != 8080:
            raise ConnectionRefusedError("connect: connection refused")
        return SocketConnection(*await asyncio.open_connection("127.0.0.1", port))

    async with cluster_in_memory(tmp_path) as cluster:
        cluster.network.dial = dial  # type: ignore[method-assign]  # the pod's ports
        ports = [{"name": "http", "containerPort": 8080}]
        spec = [{"name": "main", "image": "busybox:1", "ports": ports}]
        pod = await cluster.run_pod("web", containers=spec)
        await cluster.plane.create(
            "services",
            {"metadata": {"name": "web"}, "spec": {"ports": [{"name": "http", "port": 80}]}},
            "default",
        )
        endpoint = {
            "addresses": [pod["status"]["podIP"]],
            "nodeName": NODE,
            "targetRef": {"kind": "Pod", "namespace": "default", "name": "web"},
        }
        await cluster.plane.create(
            "endpointslices",
            {
                "metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
                "addressType": "IPv4",
                "endpoints": [endpoint],
                "ports": [{"name": "http", "port": 8080}],
            },
            "default",
            "discovery.k8s.io",
        )
        yield cluster
    await runner.cleanup()


async def test_methods_paths_and_headers(proxied: MemoryCluster) -> None:
    async with proxied.http() as http:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            for base in (POD, SERVICE):
                url = proxied.url(base + "/some%2Fpath//x/?q=%20a&b")
                headers = {"X-Mine": "1", "Connection": "x-drop", "X-Drop": "1"}
                async with http.request(method, url, headers=headers) as answer:
                    assert answer.status == 201 and answer.headers["X-Own"] == "yes"
                    assert "Keep-Alive" not in answer.headers
                    told = await answer.json()
                assert told["method"] == method
                assert told["path"] == "/some%2Fpath//x/?q=%20a&b"
                sent = told["headers"]
                assert sent["x-mine"] == "1" and "x-drop" not in sent
                assert sent["host"].endswith(":8080") and sent["x-forwarded-for"] == "127.0.0.1"
                assert sent["x-forwarded-uri"] == base + "/some%2Fpath//x/"
        async with http.head(proxied.url(POD + "/x")) as answer:
            assert answer.status == 201 and await answer.read() == b""


async def test_the_callers_credentials_stay_here(proxied: MemoryCluster) -> None:
    async with proxied.http() as http:
        headers = {"Authorization": "Bearer test-token"}
        async with http.get(proxied.url(POD + "/x"), headers=headers) as answer:
            assert "authorization" not in (await answer.json())["headers"]


async def test_bodies_are_streamed(proxied: MemoryCluster) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b"x" * 100_000

    async with proxied.http() as http:
        for data in (io.BytesIO(b"y" * 5_000_000), pieces()):
            async with http.post(proxied.url(SERVICE + "/x"), data=data) as answer:
                assert (await answer.json())["size"] == 5_000_000


async def test_a_client_that_waits_to_send_its_body(proxied: MemoryCluster) -> None:
    async with asyncio.timeout(10), proxied.http() as http:
        url = proxied.url(POD + "/x")
        async with http.post(url, data=b"y" * 1000, expect100=True) as answer:
            told = await answer.json()
    assert told["size"] == 1000 and "expect" not in told["headers"]


async def test_links_lead_through_the_proxy(proxied: MemoryCluster) -> None:
    async with proxied.http() as http:
        for given in ("", "?a=b"):
            async with http.get(proxied.url(POD + given), allow_redirects=False) as answer:
                assert answer.status == 301
                assert answer.headers["Location"] == POD + "/" + given
        async with http.get(proxied.url(POD + "/moved"), allow_redirects=False) as answer:
            assert answer.headers["Location"] == POD + "/elsewhere?a=b"
        for page in ("/page", "/packed"):
            async with http.get(proxied.url(SERVICE + page)) as answer:
                text = await answer.text()
            assert f'href="{SERVICE}/next"' in text
            assert 'href="rel"' in text and 'href="http://other/x"' in text


async def test_another_protocol_passes(proxied: MemoryCluster) -> None:
    async with proxied.http() as http, http.ws_connect(proxied.url(POD + "/socket")) as socket:
        for number in range(20):
            await socket.send_str(f"{number}")
            assert await socket.receive_str(timeout=10) == f"{number}!"


async def test_refusals_are_statuses(proxied: MemoryCluster) -> None:
    pods, services = (f"/api/v1/namespaces/default/{kind}/" for kind in ("pods", "services"))
    cases = [
        (pods + "none/proxy/", 404, 'pods "none" not found'),
        (pods + "ftp:web:80/proxy/", 400, 'invalid pod request "ftp:web:80"'),
        (pods + "web:81/proxy/", 503, "error trying to reach service: dial tcp"),
        (services + "web:81/proxy/", 503, 'no service port 81 found for service "web"'),
        (services + "web:other/proxy/", 503, 'no endpoints available for service "web"'),
        (services + "none/proxy/", 404, 'services "none" not found'),
        ("/api/v1/nodes/none/proxy/healthz", 404, 'nodes "none" not found'),
        ("/api/v1/namespaces/default/configmaps/x/proxy/", 404, "could not find"),
    ]
    async with proxied.http() as http:
        for path, code, message in cases:
            async with http.get(proxied.url(path)) as answer:
                document = orjson.loads(await answer.read())
                assert (answer.status, document["kind"]) == (code, "Status"), path
                assert message in document["message"], document
        headers = {"Impersonate-User": "bob"}
        async with http.get(proxied.url(POD + "/x"), headers=headers) as answer:
            assert answer.status == 403
            assert 'cannot get resource "pods/proxy"' in (await answer.json())["message"]


async def test_a_nodes_documents(proxied: MemoryCluster) -> None:
    base = f"/api/v1/nodes/{NODE}"
    async with proxied.http() as http:
        for name in ("", ":10250"):
            async with http.get(proxied.url(f"{base}{name}/proxy/healthz")) as answer:
                assert (answer.status, await answer.text()) == (200, "ok")
        async with http.get(proxied.url(f"{base}/proxy/pods")) as answer:
            listed = await answer.json(content_type=None)
            assert [item["metadata"]["name"] for item in listed["items"]] == ["web"]
        async with http.get(proxied.url(f"{base}/proxy/metrics")) as answer:
            assert "kubelet_running_pods 1" in await answer.text()
        async with http.get(proxied.url(f"{base}/proxy/logs/")) as answer:
            assert answer.status == 404


async def test_a_pod_that_goes_away_in_the_middle(proxied: MemoryCluster) -> None:
    async with proxied.http() as http, http.ws_connect(proxied.url(POD + "/socket")) as socket:
        proxied.wires.sever("replica-1", NODE)
        message = await socket.receive(timeout=15)
        assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
