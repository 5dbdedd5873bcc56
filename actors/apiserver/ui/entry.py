"""Who comes to the page: a token, a session's cookie or a certificate, and codes for cookies.

Job: from credentials to a Caller, and from a login to a cookie's value. Must not know: HTTP beyond
a mapping of headers, what the page shows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import msgspec

from actors.apiserver.authentication import Authentication, bearer_token
from actors.apiserver.call import Caller
from actors.apiserver.store_client import StoreClient
from actors.apiserver.ui import endings, sessions
from actors.apiserver.ui.codes import maker
from actors.apiserver.ui.endings import Endings
from actors.apiserver.ui.sessions import Sessions
from actors.kit.ref import Ref
from cluster import names
from cluster.api import status
from cluster.errors import StatusError, SteersmanError
from cluster.messages.store import Put, Txn
from cluster.messages.ui import Identity, Login, LoginCode, MakeLogin, RedeemLogin

UI_ACTOR = f"{names.APISERVER}/ui"
ASK_SECONDS = 5.0


class LoginBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /ui/login: one of them."""

    token: str = ""
    code: str = ""


@dataclass
class Entry:
    """``ref``: to other actors; ``me``: this replica; ``now``: UNIX seconds."""

    authentication: Authentication
    sessions: Sessions
    endings: Endings
    store: StoreClient
    ref: Callable[[str], Ref]
    me: str
    replicas: Callable[[], tuple[str, ...]]
    now: Callable[[], float]

    async def caller(
        self, certified: Caller | None, headers: Mapping[str, str], cookie: str, path: str
    ) -> Caller:
        """Who it is: by a bearer token, else by the cookie, else by a certificate. A cookie that is
        over counts as none. Raises StatusError 401; 503 before it is known which were ended."""
        token = bearer_token(headers.get("Authorization", ""))
        if not token and cookie:
            if not self.endings.synced and not sessions.token(cookie):
                raise status.service_unavailable("who logged out is not known here yet: try again")
            identity = self.sessions.identity(cookie, self.now())
            if identity is not None:
                return caller_of(identity)
            if sessions.token(cookie):
                try:
                    return await self.authentication.of_token(sessions.token(cookie))
                except StatusError as error:
                    if error.code != 401:
                        raise
        return await self.authentication.of_http(certified, token, path)

    def goes_on(self, cookie: str) -> bool:
        """Whether a sealed session is neither over nor ended; true for whoever has none."""
        sealed = bool(cookie) and not sessions.token(cookie)
        return not sealed or self.sessions.identity(cookie, self.now()) is not None

    async def end(self, user: str) -> None:
        """End all sealed sessions of a user, '' for everybody's, at all replicas. Raises
        StatusError 503 without a quorum."""
        key = endings.key(user) if user else endings.EVERYBODY
        await self.store.txn(Txn(success=(Put(key, b""),)))

    async def log_in(self, body: bytes) -> tuple[Caller, str]:
        """Whom a token or a code stands for, and the value of the cookie for it. Raises
        StatusError 400, 401."""
        try:
            asked = msgspec.json.decode(body or b"{}", type=LoginBody)
        except msgspec.DecodeError as error:
            raise status.bad_request(f"the body: {error}") from error
        if asked.code:
            login = await self._redeemed(asked.code)
            identity = login.identity
            if login.ending < self.endings.last(identity.user):
                # Made by a session that has been ended since.
                raise status.unauthorized()
            return caller_of(identity), self.sessions.of_identity(identity, self.now())
        token = asked.token.strip()
        if not token:
            raise status.unauthorized()
        if len(token) > sessions.TOKEN_CHARS_MAX or not token.isascii() or not token.isprintable():
            raise status.bad_request(
                f"a token for the page is ASCII and has at most {sessions.TOKEN_CHARS_MAX} "
                "characters: take a code from `steersman ui` instead"
            )
        return await self.authentication.of_token(token), sessions.of_token(token)

    async def code_for(self, caller: Caller) -> LoginCode:
        """A code for who is already known. Raises StatusError 503."""
        identity = Identity(
            caller.user, caller.groups, caller.uid, {k: tuple(v) for k, v in caller.extra.items()}
        )
        ending = self.endings.last(caller.user)
        own = self.ref(names.address(UI_ACTOR, self.me))
        try:
            return cast(LoginCode, await own.ask(MakeLogin(identity, ending), ASK_SECONDS))
        except SteersmanError as error:
            raise status.service_unavailable(f"no code could be made: {error}") from error

    async def _redeemed(self, code: str) -> Login:
        replica = maker(code)
        if replica not in self.replicas():
            raise status.unauthorized()
        there = self.ref(names.address(UI_ACTOR, replica))
        try:
            return cast(Login, await there.ask(RedeemLogin(code), ASK_SECONDS))
        except StatusError:
            raise
        except SteersmanError as error:
            raise status.service_unavailable(f"{replica}, which made the code: {error}") from error


def caller_of(identity: Identity) -> Caller:
    """As the request chain knows it."""
    return Caller(identity.user, identity.groups, identity.uid, identity.extra)
