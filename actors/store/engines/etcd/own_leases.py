"""Leases that a replica holds for itself: for its markers, its presence and its leadership.

Job: grant one, keep it alive, know how long it surely lasts. Must not know: what goes with it.
"""

import asyncio

from actors.kit.world.entropy import Entropy
from actors.store.engines.etcd import messages as etcd
from actors.store.engines.etcd.client import PAUSE_SECONDS, EtcdClient
from cluster.errors import LeaseNotFound, StoreError, TemporaryFault

# Ids of own leases begin so ("ST"): they are not told as leases of the cluster.
OWN_SPACE = 0x5354 << 48
RANDOM_BYTES = 6
# After a refusal, which will not pass as quickly as a lost connection.
REFUSED_SECONDS = 1.0


def is_own(lease: int) -> bool:
    """Whether some replica holds it for itself."""
    return lease >> 48 == OWN_SPACE >> 48


class OwnLease:
    """``id`` once granted. ``valid_until``: time of the loop until which it surely lasts."""

    def __init__(self, client: EtcdClient, entropy: Entropy, seconds: int) -> None:
        self._client = client
        self._entropy = entropy
        self.seconds = seconds
        self.id = 0
        self.valid_until = 0.0
        self._given_up = asyncio.Event()

    @property
    def valid(self) -> bool:
        """Whether it surely lasts."""
        return asyncio.get_running_loop().time() < self.valid_until

    def give_up(self) -> None:
        """Keep it alive no longer; what has begun with it still has its time."""
        self._given_up.set()

    async def grant(self) -> None:
        """Begin it; tries for ever: an etcd that refuses (it is full, say) may not always."""
        loop = asyncio.get_running_loop()
        while True:
            # A new id each time: of a lease whose grant is not known nobody makes use.
            chosen = OWN_SPACE | int.from_bytes(self._entropy.token(RANDOM_BYTES), "big")
            began = loop.time()
            try:
                request = etcd.LeaseGrantRequest(self.seconds, chosen)
                answer = await self._client.once(etcd.LEASE_GRANT, request, etcd.LeaseGrantResponse)
            except TemporaryFault:
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            except StoreError:
                await asyncio.sleep(REFUSED_SECONDS)
                continue
            self.id = answer.id
            self.seconds = answer.ttl
            self.valid_until = began + answer.ttl
            return

    async def keep(self) -> None:
        """Keep it alive; return once it is lost, or may be, or is given up."""
        loop = asyncio.get_running_loop()
        pause = self.seconds / 3
        while True:
            await self._rest(min(pause, max(self.valid_until - loop.time(), 0.0)))
            began = loop.time()
            if began >= self.valid_until or self._given_up.is_set():
                return
            try:
                seconds = min(self.seconds / 3, self.valid_until - began)
                answer = await self._client.keep_alive(self.id, seconds)
                self.valid_until = began + answer.ttl
                pause = self.seconds / 3
            except LeaseNotFound:
                self.valid_until = 0.0
                return
            except TemporaryFault:
                pause = PAUSE_SECONDS

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._given_up.wait()
        except TimeoutError:
            return

    async def exists(self) -> bool:
        """Whether etcd still knows it. Raises TemporaryFault."""
        request = etcd.LeaseTimeToLiveRequest(self.id)
        answer = await self._client.once(
            etcd.LEASE_TIME_TO_LIVE, request, etcd.LeaseTimeToLiveResponse
        )
        return answer.ttl > 0

    async def revoke(self) -> None:
        """End it, with all that goes with it, if etcd answers; else it ends by itself."""
        self.give_up()
        self.valid_until = 0.0
        if not self.id:
            return
        try:
            await self._client.once(
                etcd.LEASE_REVOKE,
                etcd.LeaseRequest(self.id),
                etcd.LeaseRevokeResponse,
            )
        except (StoreError, TemporaryFault):
            return
