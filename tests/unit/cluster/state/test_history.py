"""History's bookkeeping."""

from hypothesis import given
from hypothesis import strategies as st

from cluster.messages.store import KeyValue, StoreEvent
from cluster.state.history import EVENT_OVERHEAD_BYTES, FREED_AT_ONCE, History, cost_of


def event(revision: int, size: int = 0) -> StoreEvent:
    item = KeyValue("k", b"", revision, revision, 1)
    previous = KeyValue("k", bytes(size), 1, 1, 1) if size else None
    return StoreEvent("put", item, previous)


@given(st.lists(st.one_of(st.just(-1), st.integers(0, 300)), max_size=60))
def test_what_is_kept_is_exactly_what_the_bounds_allow(steps: list[int]) -> None:
    history = History(revisions_max=8, bytes_max=5 * EVENT_OVERHEAD_BYTES)
    for step in steps:
        if step < 0:
            history.compact(history.compacted + 2)
        else:
            history.add((event(history.revision + 1, step),))
        kept = range(history.compacted, history.revision + 1)
        assert 1 <= len(kept) <= 8
        assert history.bytes == sum(cost_of(history.at(revision)) for revision in kept)
        assert history.bytes <= 5 * EVENT_OVERHEAD_BYTES or len(kept) == 1
        for revision in kept:
            assert all(e.item.mod_revision == revision for e in history.at(revision))
        flat = [e.item.mod_revision for group in history.since(history.compacted) for e in group]
        assert flat == [revision for revision in kept if revision > 1]


def test_the_front_is_trimmed_in_strides() -> None:
    history = History(revisions_max=10, bytes_max=1 << 30)
    for _ in range(5000):
        history.add((event(history.revision + 1),))
    assert len(history.freeze()) == 10
    assert history.at(history.compacted)[0].item.mod_revision == history.compacted


def test_forgetting_much_is_one_step_and_memory_goes_with_the_writes_after_it() -> None:
    history = History(revisions_max=10_000, bytes_max=1 << 30)
    for _ in range(3000):
        history.add((event(history.revision + 1, 100),))
    history.compact(2500)
    assert history.compacted == 2500
    assert history.bytes == sum(cost_of(group) for group in history.since(2500))
    held = [len(history._events)]
    for _ in range(300):
        history.add((event(history.revision + 1),))
        held.append(sum(1 for group in history._events if group))
        assert history.at(history.compacted)[0].item.mod_revision == 2500
        assert next(history.since(2600))[0].item.mod_revision == 2600
    assert held[1] == 3001 + 1 - FREED_AT_ONCE and held[-1] == 3001 + 300 - 2499
    assert len(history.freeze()) == 3001 + 300 - 2499


def test_a_frozen_part_stays_as_it_was() -> None:
    history = History(revisions_max=100, bytes_max=1 << 30)
    for _ in range(50):
        history.add((event(history.revision + 1),))
    frozen = history.freeze_after(40)
    history.compact(51)
    for _ in range(50):
        history.add((event(history.revision + 1),))
    assert [group[0].item.mod_revision for group in frozen] == list(range(41, 52))
