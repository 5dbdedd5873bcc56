"""Acting as somebody else: the Impersonate- headers to a Caller, if the true caller may.

Source: docs "User Impersonation"; KEP-5284. Must not know: sockets, how anybody proved who they
are, what a mode needs.
"""

from collections.abc import Callable, Iterable
from typing import Protocol
from urllib.parse import unquote

from actors.apiserver.authorization import Authorization
from actors.apiserver.call import Caller
from actors.apiserver.impersonation_metrics import ImpersonationMetrics
from cluster.api import status
from cluster.errors import StatusError
from cluster.security import impersonation
from cluster.security.impersonation import LEGACY, Need, Wanted
from cluster.security.rbac import Attributes, denial

_EXTRA = "impersonate-extra-"
# Of how many callers it is known which mode last let them act as others.
REMEMBERED_MAX = 1024


class Headers(Protocol):
    """Case-insensitive, a name may come several times."""

    def get(self, key: str, /, default: str) -> str: ...

    def getall(self, key: str, /, default: list[str]) -> list[str]: ...

    def keys(self) -> Iterable[str]: ...


class Impersonation:
    """One per API server. ``clock``: monotonic seconds."""

    def __init__(self, authorization: Authorization, clock: Callable[[], float]) -> None:
        self.metrics = ImpersonationMetrics()
        self._authorization = authorization
        self._clock = clock
        self._modes: dict[str, str] = {}

    async def acting(
        self, caller: Caller, headers: Headers, asked: Callable[[], Attributes] | None
    ) -> Caller:
        """Whom the request acts as: ``caller`` if it names nobody. ``asked``: gives what it asks
        for; None: it is nothing that rules can name, and only the legacy right counts. Raises
        StatusError 400, 403; 503 as the authorizer does."""
        wanted = wanted_of(headers)
        if wanted is None:
            return caller
        began, allowed = self._clock(), ""
        try:
            allowed = await self._allowed(caller, wanted, None if asked is None else asked())
        finally:
            self.metrics.attempted(allowed, self._clock() - began)
        return Caller(
            wanted.user,
            impersonation.groups_of(allowed, wanted),
            wanted.uid,
            wanted.extra,
            impersonator=caller,
            constraint=impersonation.constraint(allowed),
        )

    async def _allowed(self, caller: Caller, wanted: Wanted, asked: Attributes | None) -> str:
        """The mode that lets it. What let this caller in before is tried first, so that who has the
        legacy right is not asked for others each time, and is told of that one when it fails."""
        modes = impersonation.modes(wanted, caller.user, caller.extra)
        if asked is None:
            modes = (LEGACY,)
        last = self._modes.get(caller.user, "")
        refused: StatusError | None = None
        for mode in sorted(modes, key=lambda mode: mode != last):
            try:
                for need in impersonation.needs(mode, wanted, asked):
                    await self._check(caller, mode, need)
            except StatusError as error:
                if error.code != 403:
                    raise
                refused = refused or error
                continue
            if len(self._modes) >= REMEMBERED_MAX:
                self._modes.clear()
            self._modes[caller.user] = mode
            return mode
        assert refused is not None
        raise refused

    async def _check(self, caller: Caller, mode: str, need: Need) -> None:
        """Raises StatusError 403 with what is missing."""
        if need.objection:
            about = need.each[0]
            raise _forbidden(about, f"{denial(caller.user, about)}: {need.objection}")
        if need.whole is not None and await self._asks(caller, mode, need.whole) is None:
            return
        for attributes in need.each:
            reason = await self._asks(caller, mode, attributes)
            if reason is not None:
                raise _forbidden(attributes, reason)

    async def _asks(self, caller: Caller, mode: str, attributes: Attributes) -> str | None:
        """Why not; None if it is allowed."""
        began = self._clock()
        decision = await self._authorization.decide(caller, attributes)
        self.metrics.asked(mode, decision.allowed, self._clock() - began)
        return None if decision.allowed else decision.reason


def _forbidden(attributes: Attributes, reason: str) -> StatusError:
    if attributes.path:
        return status.forbidden(None, "", reason)
    return status.forbidden_name(attributes.resource, attributes.group, attributes.name, reason)


def wanted_of(headers: Headers) -> Wanted | None:
    """None if nobody is named. Raises StatusError 400 if only something of a user is."""
    user = headers.get("Impersonate-User", "")
    groups = tuple(headers.getall("Impersonate-Group", []))
    uid = headers.get("Impersonate-Uid", "")
    extra = _extra(headers)
    if user:
        return Wanted(user, groups, uid, extra)
    if groups or uid or extra:
        raise status.bad_request("requested groups, uid or extra without impersonating a user")
    return None


def _extra(headers: Headers) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for header in headers.keys():  # noqa: SIM118  # a multi-dict's own iteration is not declared
        if header.lower().startswith(_EXTRA):
            key = unquote(header[len(_EXTRA) :].lower())
            found[key] = tuple(headers.getall(header, []))
    return found
