"""What is said of webhooks that give no answer, over real connections."""

import base64
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

from actors.apiserver.admission.hooks import CallFailed
from actors.apiserver.webhook_client import WebhookClient
from actors.apiserver.webhook_errors import refusal, told
from cluster.security import certificates
from tests.support.control_plane import free_port
from tests.unit.actors.apiserver.test_dialling import Loopback
from tests.unit.actors.apiserver.test_webhook_client import Ca

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


async def yes(request: web.BaseRequest) -> web.StreamResponse:
    return web.json_response({})


async def gone(request: web.BaseRequest) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def cut(request: web.BaseRequest) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b"{")
    assert request.transport is not None
    request.transport.close()
    return response


async def text(request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(text="hello")


class Bench:
    """A webhook with a certificate of its own, and what asking it comes to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()

    def context(
        self, ca: Ca, host: str = "127.0.0.1", pair: tuple[bytes, bytes] | None = None
    ) -> ssl.SSLContext:
        certificate, key = pair or ca.sign("hook", (host,))
        (self.folder / "server.pem").write_bytes(certificate + key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.pem")
        return context

    async def failure(
        self, trusted: Ca, context: ssl.SSLContext | None, answer: Answer | None = yes
    ) -> str:
        """``answer`` None: nobody listens there."""
        runner = web.ServerRunner(web.Server(answer or yes))
        await runner.setup()
        if answer is not None:
            site = web.TCPSite(runner, "127.0.0.1", self.port, ssl_context=context)
            await site.start()
        client = WebhookClient(Loopback(self.port))
        url = f"https://127.0.0.1:{self.port}/ask"
        bundle = base64.b64encode(trusted.pem).decode()
        try:
            with pytest.raises(CallFailed) as failed:
                await client.post({"url": url, "caBundle": bundle}, {}, 5.0)
        finally:
            await client.close()
            await runner.cleanup()
        return str(failed.value).removeprefix(f'Post "{url}?timeout=5s": ')


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_certificates(bench: Bench) -> None:
    x509 = "tls: failed to verify certificate: x509: "
    ca, other = Ca(), Ca()
    assert await bench.failure(other, bench.context(ca)) == (
        f"{x509}certificate signed by unknown authority"
    )
    own = (ca.pem, certificates.key_pem(ca._key))
    assert await bench.failure(other, bench.context(ca, pair=own)) == (
        f"{x509}certificate signed by unknown authority"
    )
    assert await bench.failure(ca, bench.context(ca, "elsewhere.example.com")) == (
        f"{x509}certificate is valid for other names, not 127.0.0.1"
    )
    ca._now -= 7200
    assert await bench.failure(ca, bench.context(ca)) == (
        f"{x509}certificate has expired or is not yet valid"
    )


async def test_connections(bench: Bench) -> None:
    ca = Ca()
    assert await bench.failure(ca, None) == "http: server gave HTTP response to HTTPS client"
    assert await bench.failure(ca, bench.context(ca), None) == (
        f"dial tcp 127.0.0.1:{bench.port}: connect: connection refused"
    )
    assert await bench.failure(ca, bench.context(ca), gone) == "EOF"
    assert await bench.failure(ca, bench.context(ca), cut) == "unexpected EOF"
    assert (await bench.failure(ca, bench.context(ca), text)).startswith(
        "couldn't get version/kind; json parse error: "
    )


async def test_a_webhook_that_wants_a_certificate(bench: Bench) -> None:
    ca = Ca()
    context = bench.context(ca)
    context.load_verify_locations(cadata=ca.pem.decode())
    context.verify_mode = ssl.CERT_REQUIRED
    # It is a race between its alert and the end of the connection.
    alert = "remote error: tls: certificate required"
    assert await bench.failure(ca, context) in (alert, "read: connection reset by peer", "EOF")
    error = ssl.SSLError(1, "")
    error.reason = "TLSV13_ALERT_CERTIFICATE_REQUIRED"
    assert told(error) == alert


async def test_hosts_that_are_none(bench: Bench) -> None:
    client = WebhookClient(Loopback(bench.port))
    with pytest.raises(CallFailed) as failed:
        await client.post({"url": "https://no-such-host.invalid/a"}, {}, 5.0)
    await client.close()
    assert str(failed.value).endswith("dial tcp: lookup no-such-host.invalid: no such host")


@pytest.mark.parametrize(
    ("code", "body", "said"),
    [
        (302, b"", "the server responded with the status code 302 but did not return more "
                   "information"),
        (403, b"bob may not\n", "bob may not"),
        (500, b"oh", 'an error on the server ("oh") has prevented the request from succeeding'),
        (422, b"", "the server rejected our request due to an error in our request"),
    ],
)  # fmt: skip
def test_codes(code: int, body: bytes, said: str) -> None:
    assert refusal(code, body) == said
