"""Who is calling: certificate, bearer token, or the actor behind a message.

Job: turn credentials into a Caller (docs: "Authenticating"). Must not know: what callers may do.
Secrets never leave this file: no token is logged or echoed.
"""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from actors.apiserver.authority import Authority, StaticToken
from actors.apiserver.call import Caller
from actors.kit.actor import Delivery
from actors.kit.transports.hello import subject_of
from cluster import names
from cluster.api import status

# Paths anyone may read: probes and the version, no cluster data.
OPEN_PATHS = ("/healthz", "/livez", "/readyz", "/version")
ANONYMOUS = Caller(names.USER_ANONYMOUS, (names.GROUP_UNAUTHENTICATED,))

# Verifies a ServiceAccount token: the caller it proves, or None.
VerifyAccount = Callable[[str], Awaitable[Caller | None]]


class Authentication:
    """Both doors' authentication. ``verify``: for bearer tokens that are not static ones."""

    def __init__(self, authority: Authority, verify: VerifyAccount) -> None:
        self._static = authority.static_tokens
        self._verify = verify

    async def of_http(
        self, certificate: Mapping[str, Any] | None, authorization: str, path: str
    ) -> Caller:
        """``certificate``: the peer's, already verified by TLS, as ``ssl.getpeercert()`` gives it.

        Raises StatusError 401 for wrong credentials, and for none except on open paths.
        """
        if authorization:
            return await self.of_token(_bearer(authorization))
        if certificate:
            caller = caller_of_certificate(certificate)
            if caller is not None:
                return caller
        if path in OPEN_PATHS or path.startswith(("/livez/", "/readyz/", "/healthz/")):
            return ANONYMOUS
        raise status.unauthorized()

    async def of_token(self, token: str) -> Caller:
        """Raises StatusError 401."""
        known = self._static_token(token)
        if known is not None:
            return Caller(known.user, _authenticated(known.groups))
        caller = await self._verify(token)
        if caller is None:
            raise status.unauthorized()
        return caller

    def _static_token(self, token: str) -> StaticToken | None:
        found = None
        given = token.encode()
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


def caller_of_certificate(certificate: Mapping[str, Any]) -> Caller | None:
    """None if it names no user."""
    user, groups = subject_of(certificate)
    return Caller(user, _authenticated(groups)) if user else None


def _authenticated(groups: tuple[str, ...]) -> tuple[str, ...]:
    return (*(g for g in groups if g != names.GROUP_UNAUTHENTICATED), names.GROUP_AUTHENTICATED)


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise status.unauthorized()
    return token
