"""How this replica reaches other API servers: at a Service's endpoints, over TLS, with the front
proxy's certificate.

Source: "Configure the Aggregation Layer". The server must prove to be
``<service>.<namespace>.svc``. Must not know: what is asked.
"""

import asyncio
import base64
import binascii
import socket
import ssl
from collections import OrderedDict
from dataclasses import dataclass

import aiohttp

from actors.apiserver.aggregation import identity
from actors.apiserver.authority import Authority
from actors.apiserver.call import Caller
from actors.apiserver.environment import Environment
from actors.apiserver.selection import Selection
from actors.apiserver.streaming import proxy_target
from actors.apiserver.streaming.backend import dialled, unreachable
from actors.apiserver.streaming.proxy_exchange import NO_TIMEOUT, SILENT, Manner, OneSocket
from actors.apiserver.streaming.proxy_target import Named, Target
from cluster import limits, names
from cluster.api import status
from cluster.api.aggregation.api_services import reference
from cluster.api.encoding import decode
from cluster.api.kinds import by_resource
from cluster.api.types import Object

# What discovery and OpenAPI documents may be long.
ANSWER_BYTES_MAX = 8 * limits.MIB
ASK_SECONDS = 5.0
CONTEXTS_MAX = 64
_SERVICES = by_resource("", "v1", "services")
_SLICES = by_resource("discovery.k8s.io", "v1", "endpointslices")


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    code: int
    body: bytes


class Remotes:
    """One per API server."""

    def __init__(self, environment: Environment, authority: Authority) -> None:
        self._environment = environment
        self._authority = authority
        self._contexts: OrderedDict[tuple[str, bool], ssl.SSLContext] = OrderedDict()

    async def behind(self, api_service: Object) -> tuple[Object | None, list[Object]]:
        """The Service that an APIService names, None if there is none, and its slices; as this
        replica knows them."""
        assert _SERVICES is not None and _SLICES is not None
        named = reference(api_service)
        assert named is not None
        namespace, name, _ = named
        objects = self._environment.objects
        found = await objects.find(_SERVICES, namespace, name, False)
        if found is None:
            return None, []
        chosen = Selection(_SLICES, namespace, labels=f"{names.LABEL_SERVICE_NAME}={name}")
        slices = [decode(item.value) for item in await objects.all(chosen)]
        return decode(found.value), slices

    async def target(self, api_service: Object) -> Target:
        """One of those that serve it. Raises StatusError 503."""
        named = reference(api_service)
        assert named is not None
        _, name, port = named
        service, slices = await self.behind(api_service)
        if service is None:
            raise status.service_unavailable(f'service "{name}" not found')
        spec = service.get("spec") or {}
        if spec.get("type") == "ExternalName":
            return Target("https", await _resolved(str(spec.get("externalName")), port), port)
        chosen = proxy_target.service_targets(service, slices, Named("https", name, str(port)))
        return self._environment.entropy.choice(chosen)

    def manner(self, api_service: Object, caller: Caller, *, blind: bool = False) -> Manner:
        """How to speak with the server on behalf of the caller. ``blind``: whoever it is. Raises
        ValueError for a caBundle that holds no certificate, StatusError 400 for a caller whose
        name cannot be told."""
        named = reference(api_service)
        assert named is not None
        spec = api_service["spec"]
        blind = blind or bool(spec.get("insecureSkipTLSVerify"))
        return Manner(
            tls=self._context("" if blind else spec.get("caBundle") or "", blind),
            host=f"{named[1]}.{named[0]}.svc",
            added=tuple(identity.headers_of(caller)),
            drops=identity.is_claim,
            pages=False,
        )

    async def ask(
        self, api_service: Object, path: str, accept: str, *, blind: bool = False
    ) -> Answer:
        """GET a document, as the API server itself. Raises StatusError 503."""
        try:
            manner = self.manner(api_service, identity.MYSELF, blind=blind)
            async with asyncio.timeout(ASK_SECONDS):
                target = await self.target(api_service)
                async with dialled(self._environment, target) as near:
                    return await _get(near, target, manner, path, accept)
        except TimeoutError as error:
            raise unreachable(TimeoutError("context deadline exceeded")) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise unreachable(error) from error

    def _context(self, bundle: str, blind: bool) -> ssl.SSLContext:
        known = self._contexts.get((bundle, blind))
        if known is None:
            known = self._contexts[(bundle, blind)] = _make_context(bundle, blind)
            if self._authority.front_proxy_certificate:
                certificate = self._authority.front_proxy_certificate
                known.load_cert_chain(certificate, self._authority.front_proxy_key)
            if len(self._contexts) > CONTEXTS_MAX:
                self._contexts.popitem(last=False)
        self._contexts.move_to_end((bundle, blind))
        return known


async def _get(
    near: socket.socket, target: Target, manner: Manner, path: str, accept: str
) -> Answer:
    async with (
        aiohttp.ClientSession(
            connector=OneSocket(near, manner.tls, manner.host),
            timeout=NO_TIMEOUT,
            skip_auto_headers=SILENT,
            cookie_jar=aiohttp.DummyCookieJar(),
        ) as session,
        session.get(
            f"https://{target.host}{path}",
            headers=[("Host", manner.host), ("Accept", accept), *manner.added],
            allow_redirects=False,
        ) as answer,
    ):
        read = bytearray()
        async for piece in answer.content.iter_chunked(64 * limits.KIB):
            read += piece
            if len(read) > ANSWER_BYTES_MAX:
                raise ValueError(f"the answer is longer than {ANSWER_BYTES_MAX} bytes")
        return Answer(answer.status, bytes(read))


async def _resolved(host: str, port: int) -> str:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, family=socket.AF_INET, type=socket.SOCK_STREAM
        )
    except OSError as error:
        raise unreachable(error) from error
    return str(found[0][4][0])


def _make_context(bundle: str, blind: bool) -> ssl.SSLContext:
    """Trusts ``bundle`` (base64 of PEM), or the system's authorities if there is none. Raises
    ValueError."""
    try:
        text = base64.b64decode(bundle, validate=True).decode()
        context = ssl.create_default_context(cadata=text or None)
    except (binascii.Error, UnicodeDecodeError, ssl.SSLError) as error:
        raise ValueError("unable to load root certificates: no certificate in it") from error
    # As Go judges: a certificate may be its own authority, and need not have every extension.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if blind:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
