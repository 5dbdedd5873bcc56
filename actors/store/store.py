"""What an engine of the store can do: the one interface behind which raft, etcd and raftos stand.

Job: the contract, for the actor (its only caller) and for the conformance suite that every engine
passes. Must not know: any engine. Deadlines are times of the running loop. Every method may raise
AskTimeout (the outcome of a write is then unknown) and TemporaryFault; ``Unsupported`` is what an
engine says that cannot do a thing at all.
"""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from actors.kit.actor import Delivery, Later
from cluster.errors import StoreError
from cluster.errors import Unsupported as Unsupported
from cluster.messages.base import Message
from cluster.messages.store import (
    ChangeMembership,
    HashResult,
    Leadership,
    LeaseGrant,
    LeaseKeepAlive,
    LeaseList,
    LeaseRevoke,
    LeaseTimeToLive,
    MembershipStatus,
    Range,
    RangeResult,
    StoreEvents,
    StoreStatus,
    TransferLeadership,
    TxnRecord,
    TxnResult,
    Watch,
)

LeaseRequest = LeaseGrant | LeaseKeepAlive | LeaseRevoke | LeaseTimeToLive | LeaseList


class Store(Protocol):
    """One replica's access to the replicated state. See the messages for what answers mean."""

    async def start(self) -> None:
        """Recover, or connect. Raises what must end the process (Unrecoverable, DiskFault)."""

    async def close(self) -> None:
        """Let go of files, timers and connections."""

    async def txns(
        self, records: Sequence[TxnRecord], deadline: float
    ) -> Sequence[TxnResult | StoreError]:
        """Independent transactions (already checked by ``check_txn``), in order, one outcome each.
        A record without a client is applied exactly once all the same, however often this replica
        has to try. ``fence``: see ``Txn``."""

    def range_now(self, query: Range) -> RangeResult | None:
        """The answer if it is here and needs no waiting, else None. Raises as ``range``."""

    async def range(self, query: Range, deadline: float) -> RangeResult:
        """Raises Compacted, FutureRevision."""

    def watch(self, watch: Watch) -> AsyncGenerator[StoreEvents, None]:
        """Items for ever; the first comes at once. Raises Compacted."""

    async def lease(self, request: LeaseRequest, deadline: float) -> Message:
        """Raises LeaseNotFound."""

    def trace_of(self, revision: int) -> str:
        """Context of the write that made a revision, '' if it is not kept (any more)."""

    async def compact(self, revision: int, deadline: float) -> None:
        """Forget history before ``revision`` on all replicas."""

    async def hash(self, revision: int, deadline: float) -> HashResult:
        """Of all keys at ``revision`` (0: the latest). Raises Compacted, FutureRevision."""

    def status(self) -> StoreStatus:
        """Local knowledge, at once."""

    def leadership(self) -> Leadership:
        """Who leads, as known here, at once."""

    async def leadership_changed(self) -> None:
        """Return at the next change of ``leadership``."""

    async def hand_over(self, deadline: float) -> None:
        """Before a planned stop: return once this replica does not lead. Raises NotLeader if nobody
        could take over."""

    async def transfer(self, request: TransferLeadership, deadline: float) -> None:
        """Raises NotLeader, Unsupported."""

    async def change_membership(
        self, request: ChangeMembership, deadline: float
    ) -> MembershipStatus:
        """Raises StoreError saying what to do instead, Unsupported."""

    async def membership(self, deadline: float) -> MembershipStatus:
        """As the leader knows it. Raises Unsupported."""

    def snapshot(self) -> AsyncGenerator[bytes, None]:
        """The state as one snapshot file (``cluster.state.snapshot``), linearizable, in pieces.
        Raises Unsupported."""

    def metrics(self) -> bytes:
        """In the Prometheus text format."""

    def peer(self, message: Message, delivery: Delivery) -> Message | Later | None:
        """A message that only replicas of this engine (or the kit) send each other: as
        ``Actor.handle``. Raises PeerFault if it is none of them."""
