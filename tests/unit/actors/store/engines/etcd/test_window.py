"""The stretch of history that a replica on etcd holds: with gaps, bounded, stretched back."""

from hypothesis import given
from hypothesis import strategies as st

from actors.store.engines.etcd.window import TRIM_STRIDE, Window, cost_of
from cluster.messages.store import KeyValue, StoreEvent


def events(revision: int, size: int = 1) -> tuple[StoreEvent, ...]:
    return (StoreEvent("put", KeyValue("k", b"x" * size, revision, revision, 1), None),)


def test_it_begins_empty_at_a_revision() -> None:
    window = Window(7)
    assert (window.compacted, window.revision, window.at(7)) == (7, 7, ())
    assert list(window.since(8)) == []


def test_revisions_of_others_are_gaps() -> None:
    window = Window(7)
    window.add(9, events(9))
    window.add(20, events(20))
    window.reached(25)
    assert window.revision == 25
    assert [window.at(revision) for revision in (8, 9, 10, 20, 25)] == [
        (), events(9), (), events(20), (),
    ]  # fmt: skip
    assert list(window.since(10)) == [events(20)]
    window.reached(3)
    assert window.revision == 25


def test_the_oldest_go_beyond_the_bounds() -> None:
    window = Window(1, revisions_max=3)
    for revision in (4, 6, 8):
        window.add(revision, events(revision))
    assert (window.compacted, len(window)) == (4, 3)
    heavy = Window(1, bytes_max=cost_of(events(4, 1000)) * 2)
    for revision in (4, 6, 8):
        heavy.add(revision, events(revision, 1000))
    assert heavy.compacted == 6
    assert heavy.bytes == cost_of(events(1, 1000)) * 2


def test_compaction_keeps_the_newest() -> None:
    window = Window(1)
    for revision in (4, 6, 8):
        window.add(revision, events(revision))
    window.compact(5)
    assert window.compacted == 6
    window.compact(100)
    assert (window.compacted, window.at(8)) == (8, events(8))


def test_it_stretches_back() -> None:
    window = Window(10)
    window.add(12, events(12))
    assert window.fits(5, 100)
    window.prepend(3, [(4, events(4)), (6, ()), (9, events(9))])
    assert window.compacted == 3
    assert list(window.since(3)) == [events(4), (), events(9), (), events(12)]
    assert (window.at(9), window.at(12)) == (events(9), events(12))
    assert window.bytes == cost_of(events(4)) * 3
    small = Window(10, revisions_max=3)
    assert not small.fits(3, 0)
    assert not Window(10, bytes_max=10).fits(1, 11)


@given(st.lists(st.integers(1, 3), max_size=60), st.integers(1, 20))
def test_it_is_the_end_of_the_whole_history(steps: list[int], kept: int) -> None:
    window, revision, whole = Window(1, revisions_max=kept), 1, {1: ()}
    for step in steps:
        revision += step
        window.add(revision, events(revision))
        whole[revision] = events(revision)
    first = window.compacted
    held = [group for at, group in whole.items() if at >= first]
    assert len(held) == min(kept, len(steps) + 1)
    assert list(window.since(first)) == held
    for at in range(first, revision + 1):
        assert window.at(at) == whole.get(at, ())


def test_trimming_in_strides_loses_nothing() -> None:
    window = Window(1, revisions_max=10)
    for revision in range(2, 3 * TRIM_STRIDE):
        window.add(revision, events(revision))
    assert len(window) == 10
    assert list(window.since(window.compacted)) == [
        events(revision) for revision in range(window.compacted, 3 * TRIM_STRIDE)
    ]
