"""Who is calling: certificate, bearer token, or the actor behind a message.

Job: turn credentials into a Caller (docs: "Authenticating"). Must not know: what callers may do.
Secrets never leave this file: no token is logged or echoed.
"""

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from actors.apiserver.authority import Authority, StaticToken
from actors.apiserver.bootstrap_tokens import FindSecret, bootstrap_caller
from actors.apiserver.call import Caller
from actors.kit.actor import Delivery
from actors.kit.transports.hello import subject_of
from cluster import names
from cluster.api import status

TOKEN_PROTOCOL = "base64url.bearer.authorization.k8s.io."
# Which of a user's credentials was shown, in the extra of who it is.
CREDENTIAL_ID = "authentication.kubernetes.io/credential-id"
ANONYMOUS = Caller(names.USER_ANONYMOUS, (names.GROUP_UNAUTHENTICATED,))
Audiences = tuple[str, ...]
# Verifies a ServiceAccount token for any of the audiences: the caller it proves and those audiences
# that it is meant for, or None.
VerifyAccount = Callable[[str, Sequence[str]], Awaitable[tuple[Caller, Audiences] | None]]


class Authentication:
    """Both doors' authentication. ``verify``: tokens of accounts; ``find_secret``: what bootstrap
    tokens are held against; ``of_issuer``: whom a token of another issuer proves; ``now``: UNIX
    seconds."""

    def __init__(
        self,
        authority: Authority,
        verify: VerifyAccount,
        find_secret: FindSecret,
        now: Callable[[], float],
        of_issuer: Callable[[str], Awaitable[Caller | None]] | None = None,
    ) -> None:
        self._static = authority.static_tokens
        self._anonymous = authority.authentication.anonymous
        self._of_issuer = of_issuer
        self._audiences = (authority.issuer,)
        self._verify = verify
        self._find_secret = find_secret
        self._now = now

    async def of_http(self, certified: Caller | None, token: str, path: str = "") -> Caller:
        """``certified``: whom the peer's certificate names, which TLS has verified already;
        ``token``: '' if none came. Who shows nothing is anonymous, where the path allows that.

        Raises StatusError 401.
        """
        if token:
            return await self.of_token(token)
        if certified is not None:
            return certified
        if not self._anonymous.lets_in(path):
            raise status.unauthorized()
        return ANONYMOUS

    async def of_token(self, token: str) -> Caller:
        """Raises StatusError 401."""
        return (await self.review(token, self._audiences))[0]

    async def review(self, token: str, audiences: Sequence[str]) -> tuple[Caller, Audiences]:
        """Who it proves, and to which of ``audiences`` (none: the API server). Raises
        StatusError 401."""
        wanted = audiences or self._audiences
        caller = await self._plain(token)
        if caller is not None:
            # Such tokens name no audience: they are meant for this server.
            common = tuple(audience for audience in wanted if audience in self._audiences)
            found = (caller, common) if common else None
        else:
            found = await self._verify(token, wanted)
        if found is None:
            raise status.unauthorized()
        return found

    async def _plain(self, token: str) -> Caller | None:
        known = self._static_token(token)
        if known is not None:
            return Caller(known.user, _authenticated(known.groups))
        caller = await bootstrap_caller(self._find_secret, token, self._now())
        if caller is None and self._of_issuer is not None:
            caller = await self._of_issuer(token)
        if caller is None:
            return None
        return replace(caller, groups=_authenticated(caller.groups))

    def _static_token(self, token: str) -> StaticToken | None:
        found = None
        given = token.encode(errors="surrogateescape")
        for candidate, owner in self._static.items():
            if hmac.compare_digest(candidate.encode(), given):
                found = owner
        return found


def caller_of_message(delivery: Delivery) -> Caller:
    """A component of this replica, or of a peer replica, acts as its well-known user.

    A node's components all act as the node: its certificate is all they can show.
    """
    actor = delivery.sender.partition("@")[0]
    principal = delivery.principal
    component = actor.partition("/")[0]
    if principal.is_trusted:
        groups: tuple[str, ...] = ()
        if component == names.APISERVER:
            groups = (names.GROUP_MASTERS,)
        return Caller(names.local_user(actor), _authenticated(groups), component=component)
    return Caller(principal.user, _authenticated(principal.groups), component=component)


def caller_of_certificate(certificate: Mapping[str, Any], whole: bytes = b"") -> Caller | None:
    """``certificate``: as ``ssl.getpeercert()`` gives it; ``whole``: its DER, by whose hash it is
    known. None if it names no user."""
    user, groups = subject_of(certificate)
    if not user:
        return None
    extra = {CREDENTIAL_ID: (f"X509SHA256={hashlib.sha256(whole).hexdigest()}",)} if whole else {}
    return Caller(user, _authenticated(groups), extra=extra)


def _authenticated(groups: tuple[str, ...]) -> tuple[str, ...]:
    return (*(g for g in groups if g != names.GROUP_UNAUTHENTICATED), names.GROUP_AUTHENTICATED)


def bearer_token(authorization: str, protocols: str = "") -> str:
    """The token of an Authorization header; '' if it holds none (of another scheme, as if it were
    not there). ``protocols``: Sec-WebSocket-Protocol, where browsers put it, since they can set no
    other header. Source: docs "Authenticating"; RFC 6750 section 2.1."""
    words = authorization.strip().split(" ", 2)
    if len(words) > 1 and words[0].lower() == "bearer" and words[1]:
        return words[1]
    for protocol in protocols.split(","):
        name = protocol.strip()
        if name.startswith(TOKEN_PROTOCOL):
            return _decoded(name.removeprefix(TOKEN_PROTOCOL))
    return ""


def _decoded(encoded: str) -> str:
    """Raises StatusError 401."""
    try:
        raw = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        return raw.decode()
    except ValueError as error:
        raise status.unauthorized() from error
