"""Services are reached at their ready endpoints; a webhook there is asked under its own name."""

import base64
import ssl
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from actors.apiserver.admission.hooks import ANSWER_BYTES_MAX, CallFailed
from actors.apiserver.continue_token import ContinueTokens
from actors.apiserver.dialling import ServiceDialler, Unreachable
from actors.apiserver.object_store import ObjectStore
from actors.apiserver.store_client import StoreClient
from actors.apiserver.webhook_client import WebhookClient
from actors.kit.world.real import RealEntropy
from cluster import names
from cluster.security import certificates
from tests.support.control_plane import REPLICA, ControlPlane, free_port

SERVICE = {"name": "hook", "namespace": "default", "port": 443, "path": "/ask"}


async def test_addresses_of_a_service(plane: ControlPlane) -> None:
    store = StoreClient(plane.system.ref(names.address(names.STORE, REPLICA)))
    dialler = ServiceDialler(
        ObjectStore(store, ContinueTokens(b"k" * 32, time.time)), RealEntropy()
    )
    with pytest.raises(Unreachable, match='service "hook" not found'):
        await dialler.address("default", "hook", 443)
    spec = {"selector": {"a": "b"}, "ports": [{"name": "web", "port": 443, "targetPort": 8443}]}
    await plane.create("services", {"metadata": {"name": "hook"}, "spec": spec}, "default")
    with pytest.raises(Unreachable, match='no service port 80 found for service "hook"'):
        await dialler.address("default", "hook", 80)
    with pytest.raises(Unreachable, match='no endpoints available for service "hook"'):
        await dialler.address("default", "hook", 443)
    endpoints = [
        {"addresses": ["10.9.8.7"], "conditions": {"ready": True}},
        {"addresses": ["10.9.8.6"], "conditions": {"ready": False}},
    ]
    labels = {"kubernetes.io/service-name": "hook"}
    body = {
        "metadata": {"name": "hook-1", "labels": labels},
        "addressType": "IPv4",
        "ports": [{"name": "web", "port": 8443}],
        "endpoints": endpoints,
    }
    await plane.create("endpointslices", body, "default", "discovery.k8s.io")
    assert await dialler.address("default", "hook", 443) == ("10.9.8.7", 8443)


class Loopback:
    """A dialler that knows one service."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.dialled: list[tuple[str, str, int]] = []

    async def address(self, namespace: str, name: str, port: int) -> tuple[str, int]:
        self.dialled.append((namespace, name, port))
        if name != "hook":
            raise Unreachable(f'service "{name}" not found')
        return "127.0.0.1", self.port


def certify(folder: Path, host: str) -> tuple[ssl.SSLContext, str]:
    """(a server's context with a certificate for ``host``, its caBundle)."""
    now = time.time()
    key, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    serial = x509.random_serial_number()
    authority = certificates.authority(key, "hooks", serial, now - 300, now + 3600)
    made = certificates.certificate(
        own, certificates.subject("hook"), authority, key, serial + 1, now - 300, now + 3600, [host]
    )
    (folder / "crt").write_bytes(certificates.certificate_pem(made))
    (folder / "key").write_bytes(certificates.key_pem(own))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "crt", folder / "key")
    return context, base64.b64encode(certificates.certificate_pem(authority)).decode()


async def serve(context: ssl.SSLContext, port: int, answer: Any) -> web.ServerRunner:
    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context).start()
    return runner


async def test_a_service_is_asked_under_its_name(tmp_path: Path) -> None:
    port = free_port()
    context, bundle = certify(tmp_path, "hook.default.svc")
    seen: list[tuple[str, str, Any]] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        peer = request.transport.get_extra_info("peername") if request.transport else None
        seen.append((request.path_qs, request.host, peer))
        if request.path == "/long":
            return web.Response(body=b" " * (ANSWER_BYTES_MAX + 1))
        return web.json_response({"some": "answer"})

    runner = await serve(context, port, answer)
    dialler = Loopback(port)
    client = WebhookClient(dialler)
    try:
        config = {"service": SERVICE, "caBundle": bundle}
        for _ in range(2):
            assert await client.post(config, {}, 5.0) == {"some": "answer"}
        assert dialler.dialled == [("default", "hook", 443)]
        assert [(path, host) for path, host, _ in seen] == [
            ("/ask?timeout=5s", "hook.default.svc")
        ] * 2
        assert seen[0][2] == seen[1][2], "the connection is kept"
        stranger = {"service": {**SERVICE, "name": "other"}, "caBundle": bundle}
        with pytest.raises(CallFailed, match='service "other" not found'):
            await client.post(stranger, {}, 5.0)
        with pytest.raises(CallFailed, match="longer than"):
            await client.post({**config, "service": {**SERVICE, "path": "/long"}}, {}, 5.0)
    finally:
        await client.close()
        await runner.cleanup()


async def test_another_name_is_not_believed(tmp_path: Path) -> None:
    port = free_port()
    context, bundle = certify(tmp_path, "hook.elsewhere.svc")

    async def answer(request: web.BaseRequest) -> web.Response:
        raise AssertionError("nothing is sent to a stranger")

    runner = await serve(context, port, answer)
    client = WebhookClient(Loopback(port))
    try:
        with pytest.raises(CallFailed, match="tls: failed to verify certificate"):
            await client.post({"service": SERVICE, "caBundle": bundle}, {}, 5.0)
        with pytest.raises(CallFailed, match="unable to load root certificates"):
            await client.post({"service": SERVICE, "caBundle": "bm9uZQ=="}, {}, 5.0)
    finally:
        await client.close()
        await runner.cleanup()
