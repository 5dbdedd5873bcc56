"""Tokens of other issuers: their keys fetched by HTTPS, kept, fetched anew for a key not known.

Job: from a token to a Caller. Must not know: what claims mean (``cluster.security.issued_tokens``).
Source: docs "Authenticating", OpenID Connect tokens; OpenID Connect Discovery 1.0, section 4.
"""

import asyncio
import ssl
from collections.abc import Callable

import aiohttp
import orjson
import structlog

from actors.apiserver.call import Caller
from cluster import limits
from cluster.api.authentication_configuration import AuthenticationConfiguration, JwtAuthenticator
from cluster.security import issued_tokens
from cluster.security.issued_tokens import Key
from cluster.security.tokens import InvalidToken

FETCH_SECONDS = 10.0
# How often an unknown key, or an issuer that does not answer, may make us ask again.
PAUSE_SECONDS = 10.0
DOCUMENT_BYTES_MAX = limits.MIB
_WELL_KNOWN = "/.well-known/openid-configuration"
_FAULTS = (aiohttp.ClientError, OSError, TimeoutError, ValueError)


class Issuers:
    """All issuers of a configuration. ``now``: UNIX seconds; ``monotonic``: seconds."""

    def __init__(
        self,
        configuration: AuthenticationConfiguration,
        now: Callable[[], float],
        monotonic: Callable[[], float],
        log: structlog.typing.FilteringBoundLogger,
    ) -> None:
        self._by_url = {
            item.issuer.url: _Issuer(item, monotonic, log) for item in configuration.jwt
        }
        self._now = now

    async def caller(self, token: str) -> Caller | None:
        """Whom a token of one of them proves; None if it is of none, or proves nothing."""
        if not self._by_url:
            return None
        issuer = self._by_url.get(issued_tokens.issuer_of(token))
        if issuer is None:
            return None
        keys = await issuer.keys(issued_tokens.key_name(token))
        try:
            user = issued_tokens.verify(issuer.authenticator, keys, token, self._now())
        except InvalidToken:
            return None
        extra = {key: (value,) for key, value in user.extra}
        return Caller(user.name, user.groups, user.uid, extra)


class _Issuer:
    """One issuer's keys."""

    def __init__(
        self,
        authenticator: JwtAuthenticator,
        monotonic: Callable[[], float],
        log: structlog.typing.FilteringBoundLogger,
    ) -> None:
        self.authenticator = authenticator
        self._monotonic = monotonic
        self._log = log
        self._keys: tuple[Key, ...] = ()
        self._asked = float("-inf")
        # One fetch at a time: those who wait use what it brings.
        self._lock = asyncio.Lock()

    async def keys(self, name: str) -> tuple[Key, ...]:
        """The published keys, with that one among them if there is such a one."""
        if not self._knows(name):
            async with self._lock:
                now = self._monotonic()
                if not self._knows(name) and now - self._asked >= PAUSE_SECONDS:
                    await self._fetch()
                    self._asked = self._monotonic()
        return self._keys

    def _knows(self, name: str) -> bool:
        return any(not name or key.name == name for key in self._keys)

    async def _fetch(self) -> None:
        issuer = self.authenticator.issuer
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                context = ssl.create_default_context(cadata=issuer.certificate_authority or None)
                connector = aiohttp.TCPConnector(ssl=context)
                async with aiohttp.ClientSession(connector=connector) as session:
                    where = issuer.discovery_url or issuer.url.rstrip("/") + _WELL_KNOWN
                    found = await _document(session, where)
                    if not isinstance(found, dict) or found.get("issuer") != issuer.url:
                        raise ValueError("the discovery document is of another issuer")
                    self._keys = issued_tokens.published_keys(
                        await _document(session, str(found.get("jwks_uri") or ""))
                    )
        except _FAULTS as error:
            self._log.warning(
                "an issuer's keys cannot be read", issuer=issuer.url, error=str(error)
            )


async def _document(session: aiohttp.ClientSession, url: str) -> object:
    """Raises ValueError, aiohttp.ClientError, OSError."""
    if not url.startswith("https://"):
        raise ValueError(f"{url!r} is not an https address")
    async with session.get(url, allow_redirects=False) as answer:
        if answer.status != 200:
            raise ValueError(f"{url} answered {answer.status}")
        read = bytearray()
        async for piece in answer.content.iter_chunked(64 * limits.KIB):
            read += piece
            if len(read) > DOCUMENT_BYTES_MAX:
                raise ValueError(f"{url} is longer than {DOCUMENT_BYTES_MAX} bytes")
    return orjson.loads(bytes(read))
