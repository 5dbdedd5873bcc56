"""Answers of a watch: whole revisions only, whatever the fragments."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.store.engines.etcd.messages import Event, Header, KeyValue, WatchResponse
from actors.store.engines.etcd.watch_answers import WatchAssembly, WatchBatch, by_revision
from cluster.errors import ActorDown, Compacted


def event(revision: int, key: bytes = b"k") -> Event:
    return Event(kv=KeyValue(key, mod_revision=revision))


def test_made_and_progress() -> None:
    assembly = WatchAssembly()
    made = WatchResponse(Header(revision=50), created=True)
    assert list(assembly.take(made)) == [WatchBatch(0, ())]
    progress = WatchResponse(Header(revision=60))
    assert list(assembly.take(progress)) == [WatchBatch(60, ())]


def test_events_tell_no_more_than_their_own_revision() -> None:
    behind = WatchResponse(Header(revision=60), events=(event(40), event(41)))
    assert list(WatchAssembly().take(behind)) == [WatchBatch(41, (event(40), event(41)))]


def test_the_end_is_told() -> None:
    with pytest.raises(Compacted, match="up to 7"):
        list(WatchAssembly().take(WatchResponse(canceled=True, compact_revision=7)))
    with pytest.raises(ActorDown, match="no leader"):
        list(WatchAssembly().take(WatchResponse(canceled=True, cancel_reason="no leader")))


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=6),
    st.lists(st.booleans(), min_size=40, max_size=40),
)
def test_fragments_come_together(sizes: list[int], cuts: list[bool]) -> None:
    events = [
        event(10 + place, str(number).encode())
        for place, size in enumerate(sizes)
        for number in range(size)
    ]
    assembly, batches, part = WatchAssembly(), [], []
    for place, each in enumerate(events):
        part.append(each)
        last = place == len(events) - 1
        if cuts[place] or last:
            batches += assembly.take(WatchResponse(fragment=not last, events=tuple(part)))
            part = []
    assert [each for batch in batches for each in batch.events] == events
    for batch in batches:
        assert batch.revision == batch.events[-1].kv.mod_revision
    starts = [batch.events[0].kv.mod_revision for batch in batches]
    ends = [batch.revision for batch in batches]
    assert all(end < start for end, start in zip(ends, starts[1:], strict=False))


def test_events_by_revision() -> None:
    events = (event(1), event(1, b"l"), event(4), event(5))
    assert list(by_revision(events)) == [
        (1, [event(1), event(1, b"l")]),
        (4, [event(4)]),
        (5, [event(5)]),
    ]
    assert list(by_revision(())) == []
