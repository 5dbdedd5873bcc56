"""Binary forms: what is sent comes back, and they do not change unnoticed."""

import pytest

from cluster.raft.messages import (
    AppendRequest,
    AppendResponse,
    Entry,
    Membership,
    RaftRpc,
    SnapshotMeta,
    SnapshotRequest,
    SnapshotResponse,
    TimeoutNow,
    VoteRequest,
    VoteResponse,
    decode,
    encode,
    is_routine,
)

EXAMPLES: list[tuple[RaftRpc, bytes]] = [
    (VoteRequest("a", "b", 3, 9, 2, True), b"\x99\xa4vote\xa1a\xa1b\x03\x09\x02\xc3\xc2\x00"),
    (VoteResponse("a", "b", 3, True), b"\x97\xa5voted\xa1a\xa1b\x03\xc3\xc2\x00"),
    (
        AppendRequest("a", "b", 3, 1, 1, (Entry(2, 3, b"x"),), 1, 4, 7),
        b"\x9b\xa6append\xa1a\xa1b\x03\x01\x01\x91\x94\x02\x03\xc4\x01x\x00\x01\x04\x07\xc2",
    ),
    (
        AppendResponse("a", "b", 3, False, 9, 7, 2, 4, 7),
        b"\x9a\xa8appended\xa1a\xa1b\x03\xc2\x09\x07\x02\x04\x07",
    ),
    (
        SnapshotRequest("a", "b", 3, SnapshotMeta(9, 2, Membership(("a",))), 0, b"x", True, 7),
        b"\x99\xa8snapshot\xa1a\xa1b\x03\x93\x09\x02\x94\x91\xa1a\x90\x90\x90\x00\xc4\x01x\xc3\x07",
    ),
    (
        SnapshotResponse("a", "b", 3, 9, 5, 7),
        b"\x97\xabsnapshotted\xa1a\xa1b\x03\x09\x05\x07",
    ),
    (TimeoutNow("a", "b", 3), b"\x94\xabtimeout-now\xa1a\xa1b\x03"),
]


@pytest.mark.parametrize(("message", "data"), EXAMPLES)
def test_golden_bytes(message: RaftRpc, data: bytes) -> None:
    assert encode(message) == data
    assert decode(data) == message


def test_anything_else_is_refused() -> None:
    for data in (b"", b"\x90", b"\x91\xa4what", b"\xc0", b"\x94\xabtimeout-now\xa1a\xa1b\xa1x"):
        with pytest.raises(ValueError, match="not a Raft message"):
            decode(data)


def test_heartbeats_and_their_answers_are_routine() -> None:
    assert is_routine(AppendRequest("a", "b", 1, 0, 0, (), 0))
    assert is_routine(AppendResponse("a", "b", 1, True, 0))
    assert not is_routine(AppendRequest("a", "b", 1, 0, 0, (Entry(1, 1, b""),), 0))
    assert not is_routine(VoteResponse("a", "b", 1, True))
