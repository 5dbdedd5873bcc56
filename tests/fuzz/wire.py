"""Raw bytes to the HTTPS door of a control plane in this process, and what comes back.

    door = Wire(plane)
    answer = await door.send(b"GET /api HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")

No HTTP client stands between: what no client would send is the point.
"""

import asyncio
import re
import ssl
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from tests.security.door import tls
from tests.support.control_plane import REPLICA, ControlPlane

SECONDS = 30.0
# kube-apiserver says so too: the revision is not reached yet; nothing stands behind a service.
ALLOWED_5XX = re.compile("Too large resource version|no endpoints available")


# Where no API is at all, there is no Status either.
NOWHERE = b"404 page not found\n"


class Reply(NamedTuple):
    """One HTTP answer. ``code`` 0: the connection was closed without one."""

    code: int
    headers: dict[str, str]
    body: bytes

    @property
    def status(self) -> Any:
        """The Status of a failure."""
        return orjson.loads(self.body)


@dataclass
class Wire:
    """``context``: of an administrator."""

    plane: ControlPlane
    context: ssl.SSLContext

    @classmethod
    def to(cls, plane: ControlPlane, client: str = "admin") -> "Wire":
        """With that client's certificate."""
        return cls(plane, tls(plane, client))

    async def open(self, limit: int = 1 << 20) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection after its TLS handshake."""
        host, _, port = self.plane.settings.replica(REPLICA).api_addresses[0].rpartition(":")
        return await asyncio.open_connection(host, int(port), ssl=self.context, limit=limit)

    async def send(self, raw: bytes) -> Reply:
        """The first answer to these bytes; the request should say ``Connection: close``."""
        reader, writer = await self.open()
        try:
            async with asyncio.timeout(SECONDS):
                try:
                    writer.write(raw)
                    await writer.drain()
                except ConnectionError:
                    pass  # it has answered before all was sent
                return await read_reply(reader, bare=raw.startswith(b"HEAD "))
        finally:
            writer.transport.abort()

    async def ask(
        self, method: str, target: str, *headers: tuple[str, str], body: bytes = b""
    ) -> Reply:
        """A request in right HTTP, whatever its parts hold; judged."""
        lines = [f"{method} {target} HTTP/1.1", "Host: a", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        head = "\r\n".join(lines) + "\r\n\r\n"
        reply = await self.send(head.encode("utf-8", "surrogateescape") + body)
        check(reply, f"{method} {target} {headers}")
        return reply


async def read_reply(reader: asyncio.StreamReader, bare: bool = False) -> Reply:
    """One answer; the body is all until the connection ends, unless its length is told. ``bare``:
    it has none."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return Reply(0, {}, b"")
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    if bare:
        body = b""
    elif "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"]))
    else:
        body = await reader.read(1 << 20)
    return Reply(int(first.split()[1]), headers, body)


def check(reply: Reply, subject: str) -> None:
    """Raises AssertionError for what no request may get."""
    if 200 <= reply.code < 400 or (reply.code, reply.body) == (404, NOWHERE):
        return
    document = orjson.loads(reply.body)
    assert (document["kind"], document["status"]) == ("Status", "Failure"), (subject, reply)
    assert document["code"] == reply.code, (subject, reply)
    allowed = reply.code < 500 or ALLOWED_5XX.search(document["message"])
    assert allowed, (subject, reply)
