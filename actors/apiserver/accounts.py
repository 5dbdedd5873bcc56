"""ServiceAccount tokens: issued for TokenRequest, verified at the doors.

Job: keys and claims (``cluster.security.tokens``) joined with what the store knows: a token dies
with its account, or with the pod it is bound to; one without end with the Secret that holds it.
Must not know: HTTP.
Source: docs "Managing Service Accounts".
"""

import base64
import hmac
from collections.abc import Callable, Sequence

from actors.apiserver.authority import Authority
from actors.apiserver.call import Caller
from actors.apiserver.object_store import ObjectStore
from cluster import names
from cluster.api.encoding import decode
from cluster.api.kinds import Kind, by_resource
from cluster.api.timestamps import seconds_of
from cluster.api.types import Object
from cluster.api.validation.configuration import TOKEN_TYPE
from cluster.security import certificates, secret_tokens, tokens

_ACCOUNTS = by_resource("", "v1", "serviceaccounts")
_PODS = by_resource("", "v1", "pods")
_SECRETS = by_resource("", "v1", "secrets")
_NODES = by_resource("", "v1", "nodes")
# How long a token outlives the moment at which its account or pod was to be gone, where a finalizer
# still holds that.
LEEWAY_SECONDS = 60.0
_GENERATED = (
    "Use tokens from the TokenRequest API or manually created secret-based tokens instead of "
    "auto-generated secret-based tokens."
)


class Accounts:
    """Issues and verifies. ``now``: UNIX seconds. ``used``: told of the Secret whose token
    somebody showed, also where that counts no longer."""

    def __init__(
        self,
        authority: Authority,
        objects: ObjectStore,
        now: Callable[[], float],
        used: Callable[[Object], None],
    ) -> None:
        self._key = certificates.load_key(authority.service_account_key)
        self.issuer = authority.issuer
        self._objects = objects
        self._now = now
        self._used = used

    def issue(
        self, account: tokens.Account, audiences: Sequence[str], seconds: float
    ) -> tuple[str, float]:
        """(token, when it expires)."""
        now = self._now()
        wanted = tuple(audiences) or (self.issuer,)
        token = tokens.issue(self._key, self.issuer, account, wanted, now, seconds)
        return token, now + seconds

    async def verify(
        self, token: str, audiences: Sequence[str]
    ) -> tuple[Caller, tuple[str, ...]] | None:
        """Whom a token proves, if it still does, and to which of the audiences."""
        keys = (self._key.public_key(),)
        try:
            account = tokens.verify(keys, token, self.issuer, audiences, self._now())
        except tokens.InvalidToken:
            return await self._of_secret(token, audiences)
        if not await self._lives(_ACCOUNTS, account.namespace, account.name, account.uid):
            return None
        if not await self._bound_lives(account):
            return None
        extra = {key: tuple(values) for key, values in account.extra().items()}
        groups = (*account.groups(), names.GROUP_AUTHENTICATED)
        return Caller(account.user(), groups, account.uid, extra), account.audiences

    async def _of_secret(
        self, token: str, audiences: Sequence[str]
    ) -> tuple[Caller, tuple[str, ...]] | None:
        """Of a token that a Secret holds. It names no audience: it is meant for this server."""
        common = tuple(audience for audience in audiences if audience == self.issuer)
        try:
            account = secret_tokens.verify((self._key.public_key(),), token)
        except tokens.InvalidToken:
            return None
        if not common or account.secret is None:
            return None
        if not await self._lives(_ACCOUNTS, account.namespace, account.name, account.uid):
            return None
        if not await self._held(account.namespace, account.secret.name, token):
            return None
        groups = (*account.groups(), names.GROUP_AUTHENTICATED)
        generated = await self._is_generated(account.namespace, account.name, account.secret.name)
        warning = _GENERATED if generated else ""
        return Caller(account.user(), groups, account.uid, {}, warning=warning), common

    async def _is_generated(self, namespace: str, account: str, secret: str) -> bool:
        """Whether the Secret was made for the account by itself: then the account names it."""
        assert _ACCOUNTS is not None
        item = await self._objects.find(_ACCOUNTS, namespace, account, fresh=False)
        listed = () if item is None else decode(item.value).get("secrets") or ()
        return any(entry.get("name") == secret for entry in listed)

    async def _held(self, namespace: str, name: str, token: str) -> bool:
        """Whether a Secret holds the token, and it still counts."""
        assert _SECRETS is not None
        for fresh in (False, True):
            item = await self._objects.find(_SECRETS, namespace, name, fresh=fresh)
            if item is None:
                continue
            secret = decode(item.value)
            held = str((secret.get("data") or {}).get("token") or "").encode()
            mine = base64.b64encode(token.encode())
            if secret.get("type") == TOKEN_TYPE and hmac.compare_digest(held, mine):
                metadata = secret["metadata"]
                self._used(secret)
                over = secret_tokens.INVALID_SINCE in (metadata.get("labels") or {})
                return not over and not metadata.get("deletionTimestamp")
        return False

    async def _bound_lives(self, account: tokens.Account) -> bool:
        """A token dies with what it is bound to. The node of a pod-bound token only says where."""
        space = account.namespace
        if account.pod is not None:
            return await self._lives(_PODS, space, account.pod.name, account.pod.uid)
        if account.secret is not None:
            return await self._lives(_SECRETS, space, account.secret.name, account.secret.uid)
        if account.node is not None:
            return await self._lives(_NODES, "", account.node.name, account.node.uid)
        return True

    def key_set(self) -> dict[str, object]:
        """The public keys (RFC 7517)."""
        return tokens.key_set((self._key.public_key(),))

    async def _lives(self, kind: Kind | None, namespace: str, name: str, uid: str) -> bool:
        assert kind is not None
        # This replica may lag behind the one that made the object.
        for fresh in (False, True):
            item = await self._objects.find(kind, namespace, name, fresh=fresh)
            metadata = None if item is None else decode(item.value)["metadata"]
            if metadata is not None and metadata.get("uid") == uid:
                gone = metadata.get("deletionTimestamp")
                return not gone or seconds_of(gone) + LEEWAY_SECONDS > self._now()
        return False
