"""Raft messages between members: who may speak as whom, on what they travel, what gets lost."""

import asyncio
from typing import cast

import msgspec
import pytest

from actors.kit.actor import Delivery
from actors.kit.mailbox import Principal
from actors.kit.tracing import CURRENT
from actors.store.peers import Peers
from actors.store.persistence import Persistence
from cluster import limits, names
from cluster.errors import ActorDown, Overloaded, PeerFault
from cluster.messages.store import RaftHeartbeat, RaftMessage
from cluster.raft.messages import (
    AppendRequest,
    AppendResponse,
    Entry,
    Membership,
    RaftRpc,
    SnapshotMeta,
    SnapshotRequest,
    VoteRequest,
    decode,
    encode,
)
from tests.unit.actors.store.bare_context import BareContext

HEARTBEAT = AppendRequest("r1", "r2", 3, 7, 3, (), 7)
APPEND = msgspec.structs.replace(HEARTBEAT, entries=(Entry(8, 3, b"x"), Entry(9, 3, b"y")))
ACCEPTED = AppendResponse("r1", "r2", 3, True, 7)
CHUNK = SnapshotRequest("r1", "r2", 3, SnapshotMeta(5, 2, Membership(("r1", "r2"))), 100)


class Rig:
    """``chunk``: what the disk has of the snapshot; ``asked``: which of it was read."""

    def __init__(self) -> None:
        self.bare = BareContext("r1")
        self.chunk: tuple[bytes, bool] | None = (b"data", True)
        self.asked: list[tuple[int, int, int]] = []
        self.peers = Peers(self.bare.context, cast(Persistence, self), lambda index: f"t{index}")

    async def read_chunk(self, index: int, offset: int, size: int) -> tuple[bytes, bool] | None:
        self.asked.append((index, offset, size))
        return self.chunk

    def told(self) -> list[tuple[type, RaftRpc]]:
        """Carriers and messages sent."""
        sent = [message for _, _, message in self.bare.told]
        assert all(isinstance(message, RaftMessage | RaftHeartbeat) for message in sent)
        return [(type(message), decode(message.payload)) for message in sent]  # type: ignore[attr-defined]  # as asserted


def delivery(process: str, *groups: str) -> Delivery:
    principal = Principal(process, f"system:{process}", groups, local=False)
    return Delivery(f"store@{process}", principal, "", None)


async def test_what_an_idle_cluster_says_travels_apart() -> None:
    rig = Rig()
    refused = msgspec.structs.replace(ACCEPTED, accepted=False)
    vote = VoteRequest("r1", "r2", 4, 9, 3, False)
    rig.peers.send([HEARTBEAT, APPEND, ACCEPTED, refused, vote])
    assert rig.told() == [
        (RaftHeartbeat, HEARTBEAT),
        (RaftMessage, APPEND),
        (RaftHeartbeat, ACCEPTED),
        (RaftMessage, refused),
        (RaftMessage, vote),
    ]
    assert {address for address, _, _ in rig.bare.told} == {"store@r2"}


async def test_an_append_is_part_of_the_trace_of_its_first_entry() -> None:
    rig, before = Rig(), CURRENT.get()
    rig.peers.send([APPEND, HEARTBEAT, APPEND])
    assert [trace for _, trace, _ in rig.bare.told] == ["t8", "", "t8"]
    assert CURRENT.get() == before


@pytest.mark.parametrize("error", [ActorDown("gone"), Overloaded("full")])
async def test_what_cannot_be_sent_is_lost(error: Exception) -> None:
    rig = Rig()
    rig.bare.refuses = error
    rig.peers.send([HEARTBEAT, APPEND])
    rig.bare.refuses = None
    rig.peers.send([HEARTBEAT])
    assert rig.told() == [(RaftHeartbeat, HEARTBEAT)]


async def test_a_snapshot_chunk_is_filled_in_from_the_disk_if_it_is_still_there() -> None:
    rig = Rig()
    rig.peers.send([CHUNK])
    await asyncio.sleep(0)
    await rig.bare.stop()
    assert rig.asked == [(5, 100, limits.RAFT_SNAPSHOT_CHUNK_BYTES)]
    filled = msgspec.structs.replace(CHUNK, data=b"data", done=True)
    assert rig.told() == [(RaftMessage, filled)]
    rig.chunk = None
    rig.peers.send([CHUNK])
    await asyncio.sleep(0)
    await rig.bare.stop()
    assert len(rig.told()) == 1


@pytest.mark.parametrize("carrier", [RaftMessage, RaftHeartbeat])
def test_a_replica_speaks_for_itself_only(carrier: type[RaftMessage | RaftHeartbeat]) -> None:
    peers = Rig().peers
    message = carrier(encode(APPEND))
    assert peers.receive(message, delivery("r1", names.GROUP_REPLICAS)) == APPEND
    with pytest.raises(PeerFault, match="r3 sends Raft messages as r1"):
        peers.receive(message, delivery("r3", names.GROUP_REPLICAS))


def test_who_is_no_replica_does_not_speak_and_nonsense_is_told() -> None:
    peers = Rig().peers
    with pytest.raises(PeerFault, match="no replica"):
        peers.receive(RaftMessage(encode(APPEND)), delivery("r1", "system:nodes"))
    with pytest.raises(PeerFault, match=r"^r1: "):
        peers.receive(RaftMessage(b"\xc1"), delivery("r1", names.GROUP_REPLICAS))
