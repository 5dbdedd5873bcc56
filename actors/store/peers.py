"""Raft messages to and from the other members, over actor references.

Job: encode, send, fill snapshot chunks in, check who speaks. Must not know: what messages mean.
"""

from collections.abc import Callable, Iterable

import msgspec

from actors.kit.actor import Delivery
from actors.kit.context import Context
from actors.kit.ref import Ref
from actors.kit.tracing import CURRENT
from actors.store.persistence import Persistence
from cluster import limits, names
from cluster.errors import ActorDown, Overloaded, PeerFault
from cluster.messages.store import RaftHeartbeat, RaftMessage
from cluster.raft.messages import (
    AppendRequest,
    RaftRpc,
    SnapshotRequest,
    decode,
    encode,
    is_routine,
)


class Peers:
    """``trace_of(index)``: context of a proposal made here, so that the appends that carry it are
    part of its trace."""

    def __init__(
        self, ctx: Context, persistence: Persistence, trace_of: Callable[[int], str]
    ) -> None:
        self._ctx = ctx
        self._persistence = persistence
        self._trace_of = trace_of
        self._refs: dict[str, Ref] = {}

    def send(self, messages: Iterable[RaftRpc]) -> None:
        """Send what the core asks for. What cannot be sent is lost: Raft sends again."""
        for message in messages:
            if isinstance(message, SnapshotRequest):
                self._ctx.task(self._send_chunk(message), f"snapshot chunk to {message.to}")
            else:
                self._tell(message)

    def _tell(self, message: RaftRpc) -> None:
        trace = ""
        if isinstance(message, AppendRequest) and message.entries:
            trace = self._trace_of(message.entries[0].index)
        payload = encode(message)
        carrier = RaftHeartbeat if is_routine(message) else RaftMessage
        ref = self._refs.get(message.to)
        if ref is None:
            ref = self._refs[message.to] = self._ctx.ref(names.address(names.STORE, message.to))
        # As ``resume_trace``, which costs too much for every message.
        token = CURRENT.set(trace)
        try:
            ref.tell(carrier(payload))
        except (ActorDown, Overloaded):
            return
        finally:
            CURRENT.reset(token)

    async def _send_chunk(self, message: SnapshotRequest) -> None:
        size = limits.RAFT_SNAPSHOT_CHUNK_BYTES
        index = message.meta.index
        chunk = await self._persistence.read_chunk(index, message.offset, size)
        if chunk is not None:
            data, done = chunk
            self._tell(msgspec.structs.replace(message, data=data, done=done))

    def receive(self, message: RaftMessage | RaftHeartbeat, delivery: Delivery) -> RaftRpc:
        """Decode, and check that the sender is the member it says it is. Raises PeerFault."""
        principal = delivery.principal
        try:
            rpc = decode(message.payload)
        except ValueError as error:
            raise PeerFault(f"{principal.process}: {error}") from error
        if not principal.is_trusted:
            raise PeerFault(f"{principal.user} is no replica, yet sends Raft messages")
        if rpc.sender != principal.process:
            raise PeerFault(f"{principal.process} sends Raft messages as {rpc.sender}")
        return rpc
