"""Leases of the cluster's on etcd's own. Must not know: the leases that replicas hold themselves.

Job: the lease messages ↔ etcd's calls.
"""

from actors.kit.world.entropy import Entropy
from actors.store.engines.etcd import messages as etcd
from actors.store.engines.etcd.client import TRY_SECONDS, EtcdClient
from actors.store.engines.etcd.layout import Layout
from actors.store.engines.etcd.own_leases import is_own
from actors.store.store import LeaseRequest
from cluster.errors import LeaseNotFound, StoreError
from cluster.messages.base import Done, Message
from cluster.messages.store import (
    LeaseGrant,
    LeaseIds,
    LeaseKeepAlive,
    LeaseRevoke,
    LeaseStatus,
    LeaseTimeToLive,
)

# Ids that are picked here: positive, and not of the replicas' own.
PICKED_BYTES = 6


class EtcdLeases:
    """One replica's access to them."""

    def __init__(self, client: EtcdClient, layout: Layout, entropy: Entropy) -> None:
        self._client = client
        self._layout = layout
        self._entropy = entropy

    async def lease(self, request: LeaseRequest, deadline: float) -> Message:
        """See ``Store``."""
        match request:
            case LeaseGrant():
                return await self._grant(request, deadline)
            case LeaseKeepAlive():
                return await self._keep_alive(request.id)
            case LeaseRevoke():
                await self._client.insist(
                    etcd.LEASE_REVOKE,
                    etcd.LeaseRequest(request.id),
                    etcd.LeaseRevokeResponse,
                    deadline,
                )
                return Done()
            case LeaseTimeToLive():
                return await self.time_to_live(request.id, request.keys, deadline)
        answer = await self._client.insist(
            etcd.LEASE_LEASES, etcd.Nothing(), etcd.LeaseLeasesResponse, deadline
        )
        return LeaseIds(tuple(sorted(each.id for each in answer.leases if not is_own(each.id))))

    async def _grant(self, request: LeaseGrant, deadline: float) -> LeaseStatus:
        # Picked here, not by etcd: trying again must not make two.
        chosen = request.id or 1 + int.from_bytes(self._entropy.token(PICKED_BYTES), "big")
        tried = self._client.failures
        try:
            answer = await self._client.insist(
                etcd.LEASE_GRANT,
                etcd.LeaseGrantRequest(request.ttl, chosen),
                etcd.LeaseGrantResponse,
                deadline,
            )
        except StoreError:
            if request.id or tried + 1 == self._client.failures:
                raise
            return await self.time_to_live(chosen, False, deadline)
        return LeaseStatus(answer.id, answer.ttl, float(answer.ttl))

    async def _keep_alive(self, lease: int) -> LeaseStatus:
        answer = await self._client.keep_alive(lease, TRY_SECONDS)
        return LeaseStatus(answer.id, answer.ttl, float(answer.ttl))

    async def time_to_live(self, lease: int, keys: bool, deadline: float) -> LeaseStatus:
        """See ``Store``. Raises LeaseNotFound."""
        answer = await self._client.insist(
            etcd.LEASE_TIME_TO_LIVE,
            etcd.LeaseTimeToLiveRequest(lease, keys),
            etcd.LeaseTimeToLiveResponse,
            deadline,
        )
        if answer.ttl < 0:
            raise LeaseNotFound(f"lease {lease} has ended")
        layout = self._layout
        attached = sorted(layout.name(key) for key in answer.keys if layout.is_key(key))
        return LeaseStatus(lease, answer.granted_ttl, float(answer.ttl), tuple(attached))
