"""Who gets which events: once per range, without gaps, within bounds."""

import pytest

from actors.store import watch_hub
from actors.store.watch_hub import WatchHub
from cluster import limits
from cluster.errors import Compacted
from cluster.messages.store import Put, StoreEvents, TxnRecord, Watch
from cluster.state.commands import TxnsCommand
from cluster.state.mvcc import StateMachine
from cluster.state.snapshot import decode_snapshot, encode_snapshot


def put(machine: StateMachine, *keys: str) -> None:
    for key in keys:
        record = TxnRecord((), (Put(key, b""),))
        machine.apply(machine.applied + 1, 1, TxnsCommand((record,)))


def revisions(item: StoreEvents | None) -> list[int]:
    assert item is not None
    return [event.item.mod_revision for event in item.events]


async def test_watchers_of_a_range_share_one_item_per_turn() -> None:
    machine = StateMachine()
    hub = WatchHub(machine)
    one, two = hub.open(Watch("a", "b")), hub.open(Watch("a", "b"))
    other = hub.open(Watch("c"))
    futures = [hub.follow(watcher) for watcher in (one, two, other)]
    put(machine, "a1", "c0", "a2")
    hub.publish()
    first = await futures[0]
    assert revisions(first) == [2, 4]
    assert first is await futures[1]
    assert not futures[2].done()
    assert hub.next_item(one) is None


async def test_what_came_between_items_is_not_missed() -> None:
    machine = StateMachine()
    hub = WatchHub(machine)
    watcher = hub.open(Watch("a", "b"))
    future = hub.follow(watcher)
    put(machine, "a")
    hub.publish()
    await future
    put(machine, "a", "x", "a")
    hub.publish()
    item = hub.next_item(watcher)
    assert revisions(item) == [3, 5]
    assert hub.next_item(watcher) is None


async def test_catching_up_comes_in_slices_and_never_splits_a_revision(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watch_hub, "CATCH_UP_EVENTS", 3)
    machine = StateMachine()
    for _ in range(4):
        record = TxnRecord((), (Put("a", b""), Put("b", b"")))
        machine.apply(machine.applied + 1, 1, TxnsCommand((record,)))
    hub = WatchHub(machine)
    watcher = hub.open(Watch("a", "z", 2))
    items = []
    while (item := hub.next_item(watcher)) is not None:
        items.append(revisions(item))
    assert items == [[2, 2, 3, 3], [4, 4, 5, 5]]


async def test_a_future_start_gets_nothing_before_it() -> None:
    machine = StateMachine()
    hub = WatchHub(machine)
    watcher = hub.open(Watch("a", "", 4))
    assert hub.next_item(watcher) is None
    future = hub.follow(watcher)
    put(machine, "a", "a", "a")
    hub.publish()
    assert await future is None
    assert revisions(hub.next_item(watcher)) == [4]


async def test_a_live_watcher_that_falls_too_far_behind_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "WATCH_LAG_EVENTS_MAX", 5)
    machine = StateMachine()
    hub = WatchHub(machine)
    put(machine, *"a" * 20)
    hub.publish()
    late = hub.open(Watch("a", "", 2))
    assert len(revisions(hub.next_item(late))) == 20
    assert hub.next_item(late) is None
    put(machine, *"a" * 6)
    hub.publish()
    with pytest.raises(Compacted, match="behind"):
        hub.next_item(late)


async def test_idle_ranges_are_told_how_far_they_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_hub, "PROGRESS_REVISIONS", 10)
    machine = StateMachine()
    hub = WatchHub(machine)
    watcher = hub.open(Watch("a"))
    future = hub.follow(watcher)
    put(machine, *"x" * 9)
    hub.publish()
    assert not future.done()
    put(machine, "x")
    hub.publish()
    assert await future == StoreEvents((), 11)


async def test_a_received_snapshot_lets_watchers_catch_up_from_its_history() -> None:
    ahead = StateMachine()
    put(ahead, *"a" * 5)
    machine = StateMachine()
    put(machine, "a", "a")
    hub = WatchHub(machine)
    watcher = hub.open(Watch("a"))
    future = hub.follow(watcher)
    hub.replace(decode_snapshot(b"".join(encode_snapshot(ahead))))
    assert await future is None
    assert revisions(hub.next_item(watcher)) == [4, 5, 6]


async def test_closed_watchers_leave_nothing_behind() -> None:
    hub = WatchHub(StateMachine())
    one, two = hub.open(Watch("a")), hub.open(Watch("a"))
    hub.follow(one)
    hub.close(one)
    hub.close(two)
    assert hub._groups == {}


async def test_a_start_that_is_kept_is_served_though_what_comes_before_it_is_gone() -> None:
    """A replica that lagged behind the start gets a snapshot whose history begins before it."""
    ahead = StateMachine()
    put(ahead, *"a" * 9)
    ahead.history.compact(8)
    machine = StateMachine()
    put(machine, "a")
    hub = WatchHub(machine)
    watcher = hub.open(Watch("a", start=9))
    assert hub.next_item(watcher) is None
    hub.replace(decode_snapshot(b"".join(encode_snapshot(ahead))))
    assert revisions(hub.next_item(watcher)) == [9, 10]
