"""The API servers of a real cluster over HTTPS, as the administrator: ``Api``.

Must not know: what is asked for.
"""

import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Self

import aiohttp
import orjson

from actors.apiserver.rest_path import uri_of
from cluster.errors import ActorDown, AskTimeout, StatusError
from cluster.limits import MIB
from cluster.messages.apiserver import ApiRequest
from cluster.settings import ClusterSettings
from deploy import pki
from deploy.chaos.ground import ASK_SECONDS, Event, Object

METHODS = {
    "get": "GET", "list": "GET", "watch": "GET", "create": "POST", "update": "PUT",
    "patch": "PATCH", "delete": "DELETE", "deletecollection": "DELETE",
}  # fmt: skip
# A watch that is silent for longer than bookmarks come is looked at as broken.
SILENCE_SECONDS = 75.0
LINE_BYTES_MAX = 4 * MIB


class HttpsApi:
    """Each replica by its own address; connections are kept. Use as an async context manager."""

    def __init__(self, settings: ClusterSettings) -> None:
        self.replicas = tuple(replica.name for replica in settings.replicas)
        self._bases = [f"https://{replica.api_addresses[-1]}" for replica in settings.replicas]
        self._tls = ssl.create_default_context(cafile=pki.path(settings, "ca.crt"))
        self._tls.load_cert_chain(pki.path(settings, "admin.crt"), pki.path(settings, "admin.key"))
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(ssl=self._tls, limit=0)
        self._session = aiohttp.ClientSession(connector=connector, read_bufsize=LINE_BYTES_MAX)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def ask(self, request: ApiRequest, turn: int, seconds: float = ASK_SECONDS) -> Object:
        """See ``Api``."""
        return await self.call(
            METHODS[request.verb], uri_of(request), turn, seconds, request.body,
            request.content_type,
        )  # fmt: skip

    async def call(
        self, method: str, path: str, turn: int, seconds: float = ASK_SECONDS, body: bytes = b"",
        content_type: str = "application/json",
    ) -> Object:  # fmt: skip
        """Any path of a replica. Raises as ``ask``."""
        assert self._session is not None
        url = self._bases[turn % len(self._bases)] + path
        headers = {"Content-Type": content_type} if body else {}
        timeout = aiohttp.ClientTimeout(total=seconds)
        try:
            async with self._session.request(
                method, url, data=body or None, headers=headers, timeout=timeout
            ) as response:
                text = await response.read()
        except TimeoutError as error:
            raise AskTimeout(f"{url}: no answer in {seconds:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise ActorDown(f"{url}: {error}") from error
        return answered(response.status, text)

    @asynccontextmanager
    async def watch(self, request: ApiRequest, turn: int) -> AsyncIterator[AsyncIterator[Event]]:
        """See ``Api``."""
        assert self._session is not None
        path = uri_of(request)
        url = f"{self._bases[turn % len(self._bases)]}{path}{'&' if '?' in path else '?'}watch=1"
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=ASK_SECONDS, sock_read=SILENCE_SECONDS
        )
        try:
            async with self._session.get(url, timeout=timeout) as response:
                if response.status >= 400:
                    answered(response.status, await response.read())
                async with aclosing(_events(response.content)) as events:
                    yield events
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise ActorDown(f"{url}: {error!r}") from error


def answered(code: int, text: bytes) -> Object:
    """What an answer holds. Raises StatusError if it is a refusal."""
    try:
        body: Object = orjson.loads(text or b"{}")
    except orjson.JSONDecodeError:
        body = {"code": code, "message": text.decode(errors="replace")[:200]}
    if code >= 400:
        raise StatusError({**body, "code": code})
    return body


async def _events(content: aiohttp.StreamReader) -> AsyncGenerator[Event, None]:
    async for line in content:
        # A line that was cut off is of no use, and the stream has ended.
        if not line.endswith(b"\n"):
            return
        raw = orjson.loads(line)
        obj = raw["object"]
        revision = int((obj.get("metadata") or {}).get("resourceVersion") or 0)
        yield Event(raw["type"], obj, revision)
