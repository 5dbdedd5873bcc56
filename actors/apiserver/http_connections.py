"""Connections of the HTTPS door: TLS, how long a client may take, what is no HTTP at all.

Who a client is by its certificate, once for all its requests. Must not know: what is asked.
"""

import asyncio
import ssl
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from actors.apiserver import http_errors
from actors.apiserver.authentication import caller_of_certificate
from actors.apiserver.authority import Authority
from actors.apiserver.call import Caller

# Slow senders: time for the first header block.
HEADER_SECONDS = 30.0
LIMITS: dict[str, Any] = {
    "auto_decompress": False,
    "keepalive_timeout": 90.0,
    "max_line_size": 80 * 1024,
    "max_field_size": 32 * 1024,
    "max_headers": 32 * 1024,
}


class StatusServer(web.Server):
    """Answers what aiohttp itself refuses (malformed HTTP, our bugs) with a Status too."""

    def __call__(self) -> RequestHandler:
        """A handler per connection."""
        return StatusHandler(self, loop=self._loop, **self._kwargs)


class StatusHandler(RequestHandler):
    """See ``StatusServer``. A connection must bring its first request within HEADER_SECONDS (later
    ones fall under keep-alive), else it is closed."""

    _first: asyncio.TimerHandle | None = None
    _asked_who = False
    _certified: Caller | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the clock."""
        super().connection_made(transport)
        loop = asyncio.get_running_loop()
        self._first = loop.call_later(HEADER_SECONDS, self.force_close)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop the clock."""
        self.first_request_seen()
        super().connection_lost(exc)

    def first_request_seen(self) -> None:
        """The headers came in time."""
        if self._first is not None:
            self._first.cancel()
            self._first = None

    @property
    def certified(self) -> Caller | None:
        """Whom the client's certificate names: it is the same as long as the connection lasts."""
        if not self._asked_who and self.transport is not None:
            self._asked_who = True
            certificate = self.transport.get_extra_info("peercert")
            connection = self.transport.get_extra_info("ssl_object")
            if certificate and connection is not None:
                whole = connection.getpeercert(binary_form=True) or b""
                self._certified = caller_of_certificate(certificate, whole)
        return self._certified

    def handle_error(
        self,
        request: Any,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to a request that could not be parsed or served."""
        if exc is not None and status >= 500:
            self.log_exception("unhandled error in a request", exc_info=exc)
        return http_errors.plain(status)


def certified_by(request: web.BaseRequest) -> Caller | None:
    """Whom the certificate of a request's connection names, None if there is none."""
    handler = request.protocol
    return handler.certified if isinstance(handler, StatusHandler) else None


def tls_context(authority: Authority) -> ssl.SSLContext:
    """TLS 1.2 or newer; a client certificate is asked for, and if given must be of our CA."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(authority.serving_certificate, authority.serving_key)
    context.load_verify_locations(cadata=authority.ca_certificate.decode())
    context.verify_mode = ssl.CERT_OPTIONAL
    context.set_alpn_protocols(["http/1.1"])
    return context
