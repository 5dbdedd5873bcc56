"""What a Ready says of itself: whether anything has to be durable before answers go out."""

from typing import Any

import pytest
from msgspec.structs import replace

from cluster.raft.messages import Entry, HardState, Membership, SnapshotMeta
from cluster.raft.ready import ReadState, Ready, SnapshotChunk, Standing

META = SnapshotMeta(3, 1, Membership(("a",)))
BARE = Ready(None, (), None, (), (), (), (), None, 0)


@pytest.mark.parametrize(
    "more",
    [
        {"hard_state": HardState(1, "a")},
        {"entries": (Entry(1, 1, b"x"),)},
        {"chunks": (SnapshotChunk(META, 0, b"x"),)},
        {"snapshot": META},
    ],
    ids=lambda more: next(iter(more)),
)
def test_what_must_be_durable_before_anything_is_answered(more: dict[str, Any]) -> None:
    assert replace(BARE, **more).must_persist


def test_what_is_only_told_needs_no_disk() -> None:
    assert not BARE.must_persist
    told = replace(
        BARE,
        committed=(Entry(1, 1, b"x"),),
        reads=(ReadState(1, 1),),
        standing=Standing("follower", "a", 1),
        membership=META.membership,
    )
    assert not told.must_persist
