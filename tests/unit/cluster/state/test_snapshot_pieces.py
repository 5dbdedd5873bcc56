"""Framing: whole and in order, or refused with the place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.messages.store import KeyValue
from cluster.state.snapshot_pieces import (
    PIECE_BYTES,
    PIECE_ITEMS,
    Items,
    Piece,
    SavedSession,
    SnapshotDamaged,
    grouped,
    read_pieces,
    write_pieces,
)

PIECES: list[Piece] = [
    SavedSession("c", 3),
    Items((KeyValue("a", b"v", 2, 3, 2, b"i", 4), KeyValue("b", b"", 3, 3, 1))),
]


@given(st.lists(st.sampled_from((0, 1, PIECE_BYTES // 3, PIECE_BYTES, 2 * PIECE_BYTES))))
def test_groups_are_bounded_and_leave_nothing_out(sizes: list[int]) -> None:
    groups = list(grouped(sizes * 20, lambda size: size))
    assert [size for group in groups for size in group] == sizes * 20
    for group in groups:
        assert 0 < len(group) <= PIECE_ITEMS
        assert len(group) == 1 or sum(group) <= PIECE_BYTES


def test_pieces_come_back() -> None:
    assert list(read_pieces(b"".join(write_pieces(PIECES)))) == PIECES
    assert list(read_pieces(b"".join(write_pieces([])))) == []


def test_what_is_not_whole_is_refused() -> None:
    written = list(write_pieces(PIECES))
    cases = [
        (written[:-1], "not whole"),
        (written[1:], "not whole"),
        ([], "not whole"),
        ([*written, written[0]], "after the end"),
        ([*written[:2], written[2][:5]], "cut off"),
        ([*written[:2], written[2][:-1]], "checksum"),
    ]
    for pieces, text in cases:
        with pytest.raises(SnapshotDamaged, match=text):
            list(read_pieces(b"".join(pieces)))
