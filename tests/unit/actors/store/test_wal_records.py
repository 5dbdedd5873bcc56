"""Records: their bytes, and the judgement over damage."""

from hypothesis import given
from hypothesis import strategies as st

from actors.store.wal_records import (
    Header,
    Mark,
    Replay,
    Reset,
    encode_entries,
    encode_record,
    judge,
    scan,
)
from cluster.raft.messages import BLANK, MEMBERSHIP, Entry, HardState, SnapshotMeta


def test_golden_bytes() -> None:
    """The format on disk must not change unnoticed."""
    data = encode_record(HardState(3, "m1"), 7)
    assert data.hex() == "5f49fd37060000000207000000000000009303a26d3100"


def test_golden_bytes_of_entries_and_marks() -> None:
    data = b"".join(encode_entries([Entry(9, 3, b"xyz", MEMBERSHIP)], 7))
    assert data == encode_record(Entry(9, 3, b"xyz", MEMBERSHIP), 7)
    head = "1400000006070000000000000009000000000000000300000000000000" + "01"
    assert data[4:].hex() == head + b"xyz".hex()
    assert encode_record(Mark(513), 8)[4:].hex() == "080000000808000000000000000102000000000000"


def test_a_record_in_a_wrong_place_is_noticed() -> None:
    data = encode_record(Header(1, "c", "m", 1), 0) + encode_record(Mark(1), 2)
    found = scan(data, None)
    assert len(found.records) == 1 and "record 2 where 1 belongs" in found.damage


@given(st.binary(max_size=200))
def test_garbage_never_passes_for_a_record(data: bytes) -> None:
    good = encode_record(BLANK, 0)
    found = scan(good + data, None)
    assert found.records == [BLANK] and bool(found.damage) == any(data)


def test_whole_records_behind_a_torn_one_of_the_same_group_are_cut_too() -> None:
    first = encode_record(BLANK, 0)
    torn = bytearray(encode_record(Entry(1, 1, b"x" * 50), 1))
    torn[30] ^= 1
    data = first + bytes(torn) + encode_record(Entry(2, 1, b"y"), 2)
    assert judge(data, scan(data, None)) == "torn"
    marked = data + encode_record(Mark(len(data)), 3)
    assert judge(marked, scan(marked, None)) == "corrupt"


def test_replay_folds_records() -> None:
    replay = Replay(BLANK, SnapshotMeta(), [])
    for index in (1, 2, 3, 4):
        assert replay.take(Entry(index, 1, b"")) == ""
    assert replay.take(Entry(3, 2, b"")) == ""
    assert [(e.index, e.term) for e in replay.entries] == [(1, 1), (2, 1), (3, 2)]
    replay.take(SnapshotMeta(2, 1))
    assert [e.index for e in replay.entries] == [3]
    assert "after entry 3" in replay.take(Entry(5, 2, b""))
    assert "goes back" in (replay.take(HardState(3, "")) or replay.take(HardState(2, "")))


def test_entries_may_replace_ones_whose_segment_is_dropped() -> None:
    """Segments go oldest first, so a log may begin behind an entry that was written again later."""
    replay = Replay(BLANK, SnapshotMeta(), [])
    for entry in (Entry(5, 1, b""), Entry(6, 1, b""), Entry(4, 2, b""), Entry(5, 2, b"")):
        assert replay.take(entry) == ""
    assert [(e.index, e.term) for e in replay.entries] == [(4, 2), (5, 2)]


def test_a_reset_forgets_entries_also_if_the_one_it_differs_in_is_dropped() -> None:
    replay = Replay(BLANK, SnapshotMeta(2, 1), [])
    for index in (5, 6, 7):
        replay.take(Entry(index, 1, b""))
    replay.take(SnapshotMeta(4, 1))
    assert [entry.index for entry in replay.entries] == [5, 6, 7]
    replay.take(Reset(SnapshotMeta(4, 2)))
    assert (replay.entries, replay.meta) == ([], SnapshotMeta(4, 2))
