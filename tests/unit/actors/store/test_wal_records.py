"""Records: their bytes, and the judgement over damage."""

from hypothesis import given
from hypothesis import strategies as st

from actors.store.wal_records import (
    TERMINATOR,
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
    assert data.hex() == "695b2189070000000207000000000000009403a26d310000"


def test_a_hard_state_without_the_term_that_told_the_tenure_is_read() -> None:
    """As it was written before that was known."""
    data = bytes.fromhex("5f49fd37060000000207000000000000009303a26d3100")
    assert scan(data, 7).records == [HardState(3, "m1")]


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
    assert found.records == [BLANK] and bool(found.damage) == any(data[: len(TERMINATOR)])


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


def test_a_terminator_ends_the_records_whatever_follows() -> None:
    """What follows was there before: records of an earlier use of the file among it."""
    good = encode_record(BLANK, 50)
    old = encode_record(Entry(1, 1, b"old"), 7)
    for behind in (old, b"?" * 99, encode_record(Mark(30), 9)):
        found = scan(good + TERMINATOR + behind, 50)
        assert (found.records, found.end, found.ordinal) == ([BLANK], len(good), 51)
        assert found.damage == "" and judge(good + TERMINATOR + behind, found) == "torn"
    for cut in range(len(TERMINATOR)):
        assert scan(good + TERMINATOR[:cut], 50).damage == ""
    assert scan(good + TERMINATOR[:-1] + b"?" + old, 50).damage == "checksum does not match"
    assert scan(good + old, 50).damage == "record 7 where 51 belongs"


def test_no_record_begins_like_a_terminator() -> None:
    for record in (BLANK, Entry(0, 0, b""), Mark(0), SnapshotMeta(), Header(0, "", "", 0)):
        assert any(encode_record(record, 0)[: len(TERMINATOR)])


def test_zeros_that_a_later_mark_speaks_of_are_no_end() -> None:
    """A sector that a disk lost reads as zeros, in the middle of what was durable."""
    records = [encode_record(Entry(n, 1, b"x" * 100), n) for n in range(10)]
    whole = b"".join(records)
    marked = whole + encode_record(Mark(len(whole)), 10) + TERMINATOR
    end = 4 * len(records[0])
    lost = marked[:end] + bytes(200) + marked[end + 200 :]
    found = scan(lost, 0)
    assert (found.end, found.damage) == (end, "")
    assert judge(lost, found) == "corrupt"
    assert judge(marked, scan(marked, 0)) == "torn"


def test_marks_of_an_earlier_use_of_the_file_say_nothing() -> None:
    good = encode_record(BLANK, 500)
    old = encode_record(Mark(len(good) + 1), 499)
    data = good + TERMINATOR + old
    assert judge(data, scan(data, 500)) == "torn"
    newer = good + TERMINATOR + encode_record(Mark(len(good) + 1), 501)
    assert judge(newer, scan(newer, 500)) == "corrupt"
    assert judge(newer[:-1], scan(newer[:-1], 500)) == "torn"
