"""HTTPS to webhooks: connections kept, names of services resolved to endpoints.

Source: "Dynamic Admission Control", Contacting the webhook, Timeouts, Authenticate API servers;
"Versions in CustomResourceDefinitions". A service is asked under the name
``<service>.<namespace>.svc``, which its certificate must have. Must not know: what reviews mean,
where credentials come from.
"""

import asyncio
import base64
import binascii
import os
import re
import socket
import ssl
from collections import OrderedDict
from urllib.parse import urlsplit

import aiohttp
import orjson
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from actors.apiserver.admission.hooks import ANSWER_BYTES_MAX, CallFailed, HookCaller
from actors.apiserver.dialling import Dialler, Unreachable
from actors.apiserver.webhook_errors import refusal, told
from actors.kit import tracing
from cluster import limits
from cluster.api.types import Object
from cluster.errors import StatusError
from cluster.security.server_credentials import NOTHING, Credential, ServerCredentials
from cluster.wire import traceparent

# What one slow webhook may hold, and all together; whoever comes later waits within its timeout.
CALLS_PER_HOST_MAX = 64
CALLS_MAX = 256
CONTEXTS_MAX = 64
_SERVICE = re.compile(r"([^.]+)\.([^.]+)\.svc")


class WebhookClient:
    """A ``HookCaller``. Opens nothing before the first call."""

    def __init__(self, dialler: Dialler) -> None:
        self._dialler = dialler
        self._session: aiohttp.ClientSession | None = None
        self._contexts: OrderedDict[tuple[str, bytes, bytes], ssl.SSLContext] = OrderedDict()

    def showing(self, credentials: ServerCredentials) -> HookCaller:
        """The same connections, for those who must be shown something."""
        return _Showing(self, credentials)

    async def post(
        self,
        client: Object,
        review: Object,
        seconds: float,
        most: int = ANSWER_BYTES_MAX,
        shown: Credential = NOTHING,
    ) -> object:
        """See ``HookCaller``. ``shown``: to prove who this server is."""
        url = f"{_url(client)}?timeout={_duration(seconds)}"
        try:
            context = self._context(client.get("caBundle") or "", shown)
            async with asyncio.timeout(seconds):
                body = orjson.dumps(review)
                try:
                    return await self._post(url, context, body, most, shown.authorization)
                except aiohttp.ServerDisconnectedError:
                    # A kept connection that the webhook had just let go of.
                    return await self._post(url, context, body, most, shown.authorization)
        except TimeoutError as error:
            raise CallFailed(f'Post "{url}": context deadline exceeded') from error
        except (aiohttp.ClientError, OSError, StatusError) as error:
            raise CallFailed(f'Post "{url}": {told(error)}') from error
        except ValueError as error:
            raise CallFailed(str(error)) from error

    async def close(self) -> None:
        """Close what is open."""
        if self._session is not None:
            await self._session.close()

    async def _post(
        self, url: str, context: ssl.SSLContext, body: bytes, most: int, authorization: str
    ) -> object:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=_Resolver(self._dialler),
                use_dns_cache=False,
                limit=CALLS_MAX,
                limit_per_host=CALLS_PER_HOST_MAX,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=None),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if authorization:
            headers["Authorization"] = authorization
        if trace := tracing.current_trace():
            headers[traceparent.HEADER] = traceparent.render(trace)
        async with self._session.post(
            url, data=body, headers=headers, ssl=context, allow_redirects=False
        ) as answer:
            read = bytearray()
            async for piece in answer.content.iter_chunked(64 * limits.KIB):
                read += piece
                if len(read) > most:
                    raise ValueError(f"the answer is longer than {most} bytes")
        if not 200 <= answer.status < 300:
            raise ValueError(refusal(answer.status, bytes(read)))
        try:
            return orjson.loads(read)
        except orjson.JSONDecodeError as error:
            text = f"couldn't get version/kind; json parse error: {error}"
            raise ValueError(text) from error

    def _context(self, bundle: str, shown: Credential) -> ssl.SSLContext:
        """Trusts ``bundle`` (base64 of PEM), or the system's authorities if there is none; shows a
        client certificate. The same one for the same of both: connections are kept by it."""
        key = (bundle, shown.certificate, shown.key)
        known = self._contexts.get(key)
        if known is None:
            known = _make_context(bundle)
            show_certificate(known, shown)
            self._contexts[key] = known
            if len(self._contexts) > CONTEXTS_MAX:
                self._contexts.popitem(last=False)
        self._contexts.move_to_end(key)
        return known


class _Showing:
    """A ``HookCaller``."""

    def __init__(self, client: WebhookClient, credentials: ServerCredentials) -> None:
        self._client = client
        self._credentials = credentials

    async def post(
        self, client: Object, review: Object, seconds: float, most: int = ANSWER_BYTES_MAX
    ) -> object:
        shown = self._credentials.of(_host(client))
        return await self._client.post(client, review, seconds, most, shown)


class _Resolver(AbstractResolver):
    """Names of services are the dialler's, all others the system's."""

    def __init__(self, dialler: Dialler) -> None:
        self._dialler = dialler
        self._others = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = _SERVICE.fullmatch(host)
        if found is None:
            return await self._others.resolve(host, port, family)
        try:
            address, number = await self._dialler.address(found[2], found[1], port)
        except Unreachable as error:
            raise OSError(str(error)) from error
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=number,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        await self._others.close()


def _url(client: Object) -> str:
    if client.get("url"):
        return str(client["url"])
    service = client.get("service") or {}
    path = (service.get("path") or "/").lstrip("/")
    port = int(service.get("port") or 443)
    return f"https://{service.get('name')}.{service.get('namespace')}.svc:{port}/{path}"


def _host(client: Object) -> str:
    """Of its URL, as it is written; of a service always with the port."""
    return urlsplit(_url(client)).netloc


def show_certificate(context: ssl.SSLContext, shown: Credential) -> None:
    """Raises ValueError if the certificate and the key are none, or none of each other."""
    if not shown.certificate:
        return
    # TLS takes files only: one that no disk has, and that is gone when it has been read.
    place = os.memfd_create("client")
    try:
        with os.fdopen(place, "wb", closefd=False) as file:
            file.write(shown.certificate + b"\n" + shown.key)
        context.load_cert_chain(f"/proc/self/fd/{place}", password=b"")
    except (ssl.SSLError, OSError) as error:
        raise ValueError("the client certificate and its key cannot be used") from error
    finally:
        os.close(place)


def _duration(seconds: float) -> str:
    """As Go writes it: ``10s``, ``1.5s``."""
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"


def _make_context(bundle: str) -> ssl.SSLContext:
    """Raises ValueError."""
    if not bundle:
        return ssl.create_default_context()
    try:
        text = base64.b64decode(bundle, validate=True).decode()
        return ssl.create_default_context(cadata=text)
    except (binascii.Error, UnicodeDecodeError, ssl.SSLError) as error:
        raise ValueError("unable to load root certificates: no certificate in it") from error
