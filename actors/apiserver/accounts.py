"""ServiceAccount tokens: issued for TokenRequest, verified at the doors.

Job: keys and claims (``cluster.security.tokens``) joined with what the store knows: a token dies
with its account, or with the pod it is bound to. Must not know: HTTP.
Source: docs "Managing Service Accounts".
"""

from collections.abc import Callable, Sequence

from actors.apiserver.authority import Authority
from actors.apiserver.call import Caller
from actors.apiserver.object_store import ObjectStore
from cluster import names
from cluster.api.encoding import decode
from cluster.api.kinds import Kind, by_resource
from cluster.security import certificates, tokens

_ACCOUNTS = by_resource("", "v1", "serviceaccounts")
_PODS = by_resource("", "v1", "pods")


class Accounts:
    """Issues and verifies. ``now``: UNIX seconds."""

    def __init__(
        self, authority: Authority, objects: ObjectStore, now: Callable[[], float]
    ) -> None:
        self._key = certificates.load_key(authority.service_account_key)
        self.issuer = authority.issuer
        self._objects = objects
        self._now = now

    def issue(
        self, account: tokens.Account, audiences: Sequence[str], seconds: float
    ) -> tuple[str, float]:
        """(token, when it expires)."""
        now = self._now()
        wanted = tuple(audiences) or (self.issuer,)
        token = tokens.issue(self._key, self.issuer, account, wanted, now, seconds)
        return token, now + seconds

    async def verify(self, token: str) -> Caller | None:
        """Whom a token proves, if it still does."""
        keys = (self._key.public_key(),)
        try:
            account = tokens.verify(keys, token, self.issuer, (self.issuer,), self._now())
        except tokens.InvalidToken:
            return None
        if not await self._lives(_ACCOUNTS, account.namespace, account.name, account.uid):
            return None
        pod = account.pod
        if pod is not None and not await self._lives(_PODS, account.namespace, pod.name, pod.uid):
            return None
        extra = {key: tuple(values) for key, values in account.extra().items()}
        groups = (*account.groups(), names.GROUP_AUTHENTICATED)
        return Caller(account.user(), groups, account.uid, extra)

    def key_set(self) -> dict[str, object]:
        """The public keys (RFC 7517)."""
        return tokens.key_set((self._key.public_key(),))

    async def _lives(self, kind: Kind | None, namespace: str, name: str, uid: str) -> bool:
        assert kind is not None
        item = await self._objects.find(kind, namespace, name, fresh=False)
        if item is None or decode(item.value)["metadata"].get("uid") != uid:
            # This replica may lag behind the one that made the object.
            item = await self._objects.find(kind, namespace, name, fresh=True)
        return item is not None and decode(item.value)["metadata"].get("uid") == uid
