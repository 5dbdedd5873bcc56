"""One proxied HTTP exchange over a socket: the request there, the answer back, bodies streamed.

Must not know: how the socket came to be. aiohttp speaks HTTP on both sides; where the client wants
another protocol, the bytes pass as they are.
"""

import asyncio
import gzip
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

import aiohttp
from aiohttp import web
from yarl import URL

from actors.apiserver.http_requests import go_on
from actors.apiserver.streaming import pipes, proxy_headers, proxy_links
from actors.apiserver.streaming.backend import unreachable
from actors.apiserver.streaming.proxy_headers import Pairs
from actors.apiserver.streaming.proxy_target import Target
from actors.kit.together import until_first
from cluster.api import status

HEAD_BYTES_MAX = 64 * 1024
# A page longer than this passes as it is: its links are not rewritten.
PAGE_BYTES_MAX = 4 * 1024 * 1024
REDIRECTED = "the backend attempted to redirect this request, which is not permitted"
NO_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=30)
# aiohttp must add nothing of its own.
SILENT = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


class OneSocket(aiohttp.BaseConnector):
    """A connector whose one connection is there already."""

    def __init__(self, near: socket.socket, tls: ssl.SSLContext | None, name: str) -> None:
        super().__init__(force_close=True)
        self._near = near
        self._security: dict[str, Any] = {"ssl": tls, "server_hostname": name} if tls else {}

    async def _create_connection(self, req: Any, traces: Any, timeout: Any) -> Any:
        loop = asyncio.get_running_loop()
        # Not only for UNIX sockets: for any that is connected.
        connect = (
            loop.create_unix_connection
            if self._near.family == socket.AF_UNIX
            else loop.create_connection
        )
        _, protocol = await connect(self._factory, sock=self._near, **self._security)
        return protocol


def trusting() -> ssl.SSLContext:
    """Pods' certificates are their own affair (as with Kubernetes' proxy)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _nothing(name: str) -> bool:
    return False


@dataclass(frozen=True)
class Manner:
    """How the other side is spoken to. ``tls``: None: by the target's scheme, whoever it is;
    ``host``: what it must be called, '' its address; ``added``: headers of this server's own;
    ``drops``: which of the client's do not go on; ``pages``: links in pages are rewritten, and
    redirects lead through the proxy; else redirects are refused: they would lead clients away, and
    their credentials with them (CVE-2022-3172)."""

    tls: ssl.SSLContext | None = None
    host: str = ""
    added: tuple[tuple[str, str], ...] = ()
    drops: Callable[[str], bool] = _nothing
    pages: bool = True


POD = Manner()
# Told the code of an answer that begins.
Started: TypeAlias = Callable[[int], None]


class Exchange:
    """``prefix``: the proxy's own path; ``path``: what is behind it, with the query."""

    def __init__(
        self,
        http: web.BaseRequest,
        target: Target,
        prefix: str,
        path: str,
        started: Started,
        manner: Manner = POD,
    ) -> None:
        self._started = started
        self._manner = manner
        tls = manner.tls or (trusting() if target.scheme == "https" else None)
        self._tls, self._name = tls, manner.host or target.address
        self._http = http
        self._target = target
        self._prefix = prefix
        self._path = path
        self._hosts = frozenset((target.host, target.address, http.headers.get("Host", "")))

    async def plain(self, near: socket.socket, seconds: float | None = None) -> web.StreamResponse:
        """``seconds``: how long the answer may take to begin. Raises StatusError 417, 503, 504."""
        target, http = self._target, self._http
        url = URL(f"{target.scheme}://{target.host}{self._path}", encoded=True)
        if http.body_exists:
            await go_on(http)
        async with aiohttp.ClientSession(
            connector=OneSocket(near, self._tls, self._name),
            timeout=NO_TIMEOUT,
            auto_decompress=False,
            skip_auto_headers=SILENT,
            cookie_jar=aiohttp.DummyCookieJar(),
        ) as session:
            try:
                async with asyncio.timeout(seconds):
                    answer = await session.request(
                        http.method,
                        url,
                        headers=self._headers(False),
                        data=http.content if http.body_exists else None,
                        allow_redirects=False,
                    )
            except TimeoutError as error:
                text = "request did not complete within the allotted timeout"
                raise status.timeout(text) from error
            except (aiohttp.ClientError, OSError) as error:
                raise unreachable(error) from error
            async with answer:
                if self._is_refused(answer.status, "Location" in answer.headers):
                    return web.Response(status=502, text=REDIRECTED)
                return await self._answer(answer)

    def _is_refused(self, code: int, leads_away: bool) -> bool:
        return not self._manner.pages and 300 <= code < 400 and leads_away

    async def _answer(self, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        pairs = [(str(name), value) for name, value in answer.headers.items()]
        response = web.StreamResponse(status=answer.status, reason=answer.reason)
        for name, value in proxy_headers.answer_headers(pairs, self._prefix, self._hosts):
            response.headers.add(name, value)
        first = b""
        if self._manner.pages and _is_page(answer) and self._http.method != "HEAD":
            first = await answer.content.read(PAGE_BYTES_MAX)
            while not answer.content.at_eof() and len(first) < PAGE_BYTES_MAX:
                first += await answer.content.read(PAGE_BYTES_MAX)
            if answer.content.at_eof():
                first = self._page(first, answer)
                response.headers["Content-Length"] = str(len(first))
        bodiless = self._http.method == "HEAD" or answer.status in (204, 304)
        if "Content-Length" not in response.headers and not bodiless:
            response.enable_chunked_encoding()
        await response.prepare(self._http)
        self._started(answer.status)
        with suppress(ConnectionError):  # there is nobody left to tell
            if first:
                await response.write(first)
            try:
                async for piece in answer.content.iter_any():
                    await response.write(piece)
            except aiohttp.ClientError:
                # Without the last chunk the client knows that it is not whole.
                if self._http.transport is not None:
                    self._http.transport.abort()
                return response
            await response.write_eof()
        return response

    def _page(self, body: bytes, answer: aiohttp.ClientResponse) -> bytes:
        """Its links rewritten, if it can be read."""
        packed = answer.headers.get("Content-Encoding", "").lower() == "gzip"
        try:
            text = (gzip.decompress(body) if packed else body).decode(answer.charset or "utf-8")
        except (OSError, EOFError, ValueError, LookupError):
            return body
        text = proxy_links.rewrite(
            text, lambda url: proxy_headers.rewritten(url, self._prefix, self._hosts)
        )
        changed = text.encode(answer.charset or "utf-8", "xmlcharrefreplace")
        return gzip.compress(changed) if packed else changed

    async def upgraded(self, near: socket.socket) -> web.StreamResponse:
        """The connection becomes another protocol's, if the pod agrees. Raises StatusError 503."""
        security: dict[str, Any] = {}
        if self._tls is not None:
            security = {"ssl": self._tls, "server_hostname": self._name}
        dial = (
            asyncio.open_unix_connection
            if near.family == socket.AF_UNIX
            else asyncio.open_connection
        )
        reader, writer = await dial(sock=near, limit=HEAD_BYTES_MAX, **security)
        try:
            lines = [f"{self._http.method} {self._path} HTTP/1.1"]
            lines += [f"{name}: {value}" for name, value in self._headers(True)]
            # As aiohttp reads them and writes them.
            head = ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")
            writer.write(head)
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError) as error:
                raise unreachable(error) from error
            if self._is_refused(_code(head), b"\nlocation:" in head.lower()):
                return web.Response(status=502, text=REDIRECTED)
            pipe = pipes.take(self._http, head)
            self._started(_code(head))
            with suppress(ConnectionError):
                await until_first(_forth(pipe, writer), _back(pipe, reader))
            await pipe.close()
            return pipes.Upgraded()
        finally:
            writer.close()

    def _headers(self, upgrade: bool) -> Pairs:
        http = self._http
        drops = self._manner.drops
        pairs = [(str(name), value) for name, value in http.headers.items() if not drops(name)]
        asked = http.raw_path.partition("?")[0]
        host = self._manner.host or self._target.host
        kept = proxy_headers.request_headers(pairs, http.remote or "", host, asked, upgrade)
        return [*kept, *self._manner.added]


def _code(head: bytes) -> int:
    """The status of a response's head; 0 if it has none."""
    words = head.split(b" ", 2)
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


async def _forth(pipe: pipes.Pipe, writer: asyncio.StreamWriter) -> None:
    while data := await pipe.read():
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
        # The other side may have more to say.
        await asyncio.Event().wait()


async def _back(pipe: pipes.Pipe, reader: asyncio.StreamReader) -> None:
    while data := await reader.read(pipes.READ_BYTES):
        await pipe.write(data)


def _is_page(answer: aiohttp.ClientResponse) -> bool:
    packing = answer.headers.get("Content-Encoding", "").lower()
    return answer.content_type == "text/html" and packing in ("", "identity", "gzip")
