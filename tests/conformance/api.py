"""A plain HTTPS client for the suite: paths as in Kubernetes' API reference."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from cluster.api.kinds import Kind, by_resource
from deploy import pki
from tests.support.control_plane import ControlPlane

Json = dict[str, Any]
SECONDS = 10.0
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True)
class Answer:
    """``body``: the JSON of it, or {} if it is none."""

    code: int
    body: Json
    headers: Mapping[str, str]
    data: bytes = b""

    @property
    def name(self) -> str:
        """Of the object."""
        return str(self.body["metadata"]["name"])

    @property
    def version(self) -> str:
        """resourceVersion of the object or list."""
        return str(self.body["metadata"]["resourceVersion"])


class Refused(AssertionError):
    """An answer with another code than was expected."""


class Api:
    """As one user. Calls raise Refused unless the code is the expected one (any 2xx by default)."""

    def __init__(self, session: aiohttp.ClientSession, server: str) -> None:
        self._session = session
        self._server = server

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        code: int | None = None,
        content: str = "application/json",
        accept: str = "application/json",
        headers: dict[str, str] | None = None,
        **query: Any,
    ) -> Answer:
        """One request."""
        data = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
        sent = {"Accept": accept, **({"Content-Type": content} if data is not None else {})}
        params = {name: str(value) for name, value in query.items()}
        async with asyncio.timeout(SECONDS):
            async with self._session.request(
                method,
                self._server + path,
                data=data,
                headers=sent | (headers or {}),
                params=params,
            ) as answer:
                told = await answer.read()
        try:
            parsed = orjson.loads(told)
        except orjson.JSONDecodeError:
            parsed = {}
        if (answer.status != code) if code else (answer.status >= 300):
            raise Refused(f"{method} {path}: {answer.status}: {told[:2000]!r}")
        return Answer(answer.status, parsed, answer.headers, told)

    async def get(self, path: str, **more: Any) -> Answer:
        """GET"""
        return await self.call("GET", path, **more)

    async def create(self, path: str, obj: Any, **more: Any) -> Answer:
        """POST"""
        return await self.call("POST", path, obj, **more)

    async def update(self, path: str, obj: Any, **more: Any) -> Answer:
        """PUT"""
        return await self.call("PUT", path, obj, **more)

    async def patch(self, path: str, change: Any, content: str = MERGE, **more: Any) -> Answer:
        """PATCH"""
        return await self.call("PATCH", path, change, content=content, **more)

    async def delete(self, path: str, options: Any = None, **more: Any) -> Answer:
        """DELETE"""
        return await self.call("DELETE", path, options, **more)

    @asynccontextmanager
    async def watch(self, path: str, **query: Any) -> AsyncIterator["Watch"]:
        """Events of a list's path."""
        params = {name: str(value) for name, value in (query | {"watch": "1"}).items()}
        async with self._session.get(self._server + path, params=params) as answer:
            assert answer.status == 200, await answer.text()
            yield Watch(answer)


class Watch:
    """What a watch tells, one event at a time."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def next(self) -> tuple[str, Json]:
        """(type, object)"""
        async with asyncio.timeout(SECONDS):
            event = orjson.loads(await self._answer.content.readline())
        return event["type"], event["object"]

    async def take(self, count: int) -> list[tuple[str, str]]:
        """(type, name) of the next ones."""
        found = [await self.next() for _ in range(count)]
        return [(kind, obj["metadata"].get("name", "")) for kind, obj in found]

    async def ends(self) -> bool:
        """Whether the server closes it without another event."""
        async with asyncio.timeout(SECONDS):
            return await self._answer.content.readline() == b""


@asynccontextmanager
async def administrator(plane: ControlPlane) -> AsyncIterator[Api]:
    """With the certificate of the cluster's administrator."""
    settings = plane.settings
    context = ssl.create_default_context(cafile=pki.path(settings, "ca.crt"))
    context.load_cert_chain(pki.path(settings, "admin.crt"), pki.path(settings, "admin.key"))
    server = f"https://{settings.replicas[0].api_addresses[0]}"
    connector = aiohttp.TCPConnector(ssl=context)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield Api(session, server)


def root(kind: Kind) -> str:
    """``/api/v1`` or ``/apis/GROUP/VERSION``."""
    return f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.version}"


def collection(kind: Kind, namespace: str) -> str:
    """Path of the kind's list, in the namespace if it has one."""
    within = f"/namespaces/{namespace}" if kind.namespaced and namespace else ""
    return f"{root(kind)}{within}/{kind.plural}"


def core(plural: str, namespace: str = "") -> str:
    """Path of a list of a core kind."""
    kind = by_resource("", "v1", plural)
    assert kind is not None
    return collection(kind, namespace)
