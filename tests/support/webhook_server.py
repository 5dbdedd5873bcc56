"""Admission webhooks for tests: a real HTTPS server on loopback.

async with webhook_server(plane) as server:
    server.answers["/deny"] = lambda asked: denied("no")
    await server.register("validating", hook("deny", rules("pods")))
    server.asked["/deny"]       # the requests that came, in order
"""

import asyncio
import base64
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from cluster.errors import StatusError
from deploy import pki
from tests.support.control_plane import REPLICA, ControlPlane, free_port

Json = dict[str, Any]
# From the request of a review to its response (the uid is filled in), or to the whole answer.
Answer = Callable[[Json], Json | web.Response | Awaitable[Json]]
GROUP = "admissionregistration.k8s.io"
TRIES = 400


def allowed(**more: Any) -> Json:
    """A yes."""
    return {"allowed": True, **more}


def denied(message: str = "", **result: Any) -> Json:
    """A no."""
    return {"allowed": False, "status": {**({"message": message} if message else {}), **result}}


def patched(*operations: Json) -> Json:
    """A yes with a JSON patch."""
    patch = base64.b64encode(orjson.dumps(list(operations))).decode()
    return allowed(patchType="JSONPatch", patch=patch)


def rules(
    *resources: str, group: str = "", operations: tuple[str, ...] = ("*",), **more: Any
) -> Json:
    """One rule."""
    return {
        "operations": list(operations),
        "apiGroups": [group],
        "apiVersions": ["v1"],
        "resources": list(resources),
        **more,
    }


class WebhookServer:
    """``answers``: by path (a path without one says yes). ``asked``: requests by path, ``shown``:
    their Authorization. ``order``: paths as they were asked."""

    def __init__(self, plane: ControlPlane, port: int) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: defaultdict[str, list[Json]] = defaultdict(list)
        self.shown: defaultdict[str, list[str]] = defaultdict(list)
        self.order: list[str] = []
        self.slow: dict[str, asyncio.Event] = {}
        self.port = port
        self._plane = plane
        certificate = Path(pki.path(plane.settings, "ca.crt")).read_bytes()
        self.bundle = base64.b64encode(certificate).decode()

    def hook(self, name: str, *rule: Json, **more: Any) -> Json:
        """A webhook named ``<name>.hooks.example.com`` at the path ``/<name>``."""
        return {
            "name": f"{name}.hooks.example.com",
            "rules": list(rule),
            "clientConfig": {
                "url": f"https://127.0.0.1:{self.port}/{name}", "caBundle": self.bundle,
            },
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            **more,
        }  # fmt: skip

    async def register(self, kind: str, *hooks: Json, name: str = "test") -> Json:
        """Create a configuration, ``mutating`` or ``validating``, and wait until it counts."""
        ready = self.hook(f"ready-{name}", rules("configmaps"))
        ready["objectSelector"] = {"matchLabels": {"probe": name}}
        body = {"metadata": {"name": name}, "webhooks": [ready, *hooks]}
        made = await self._plane.create(f"{kind}webhookconfigurations", body, group=GROUP)
        probe = {"metadata": {"name": f"probe-{name}", "labels": {"probe": name}}}
        for _ in range(TRIES):
            try:
                await self._plane.create("configmaps", probe, "default", dryRun="All")
            except StatusError:
                pass  # by another webhook of the configuration
            if self.asked[f"/ready-{name}"]:
                self.asked.clear()
                self.order.clear()
                return made
            await asyncio.sleep(0.01)
        raise AssertionError("the webhooks are never asked")

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """One review."""
        review = await request.json()
        asked = review["request"]
        if asked.get("namespace") == "kube-system":
            # What the server itself keeps there comes at any time.
            return web.json_response({**review, "response": {"uid": asked["uid"], **allowed()}})
        self.order.append(request.path)
        self.asked[request.path].append(asked)
        self.shown[request.path].append(request.headers.get("Authorization", ""))
        if request.path in self.slow:
            await self.slow[request.path].wait()
        found = self.answers.get(request.path, lambda _: allowed())(asked)
        if isinstance(found, Awaitable):
            found = await found
        if isinstance(found, web.Response):
            return found
        response = {"uid": asked["uid"], **found}
        return web.json_response({**{key: review[key] for key in ("kind", "apiVersion")},
                                  "response": response})  # fmt: skip


@asynccontextmanager
async def webhook_server(plane: ControlPlane) -> AsyncIterator[WebhookServer]:
    """Answers until the end, under the replica's own certificate for 127.0.0.1."""
    server = WebhookServer(plane, free_port())
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(
        pki.path(plane.settings, f"{REPLICA}.crt"), pki.path(plane.settings, f"{REPLICA}.key")
    )
    runner = web.ServerRunner(web.Server(server.answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", server.port, ssl_context=tls).start()
    try:
        yield server
    finally:
        for event in server.slow.values():
            event.set()
        await runner.cleanup()
