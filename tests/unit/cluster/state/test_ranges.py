"""Pages of an older revision while writes go on, and what is kept for them."""

import random

import pytest

from cluster.errors import Compacted
from cluster.messages.store import Delete, KeyValue, Put, TxnRecord
from cluster.state import ranges
from cluster.state.commands import CompactCommand, TxnsCommand
from cluster.state.mvcc import StateMachine


def write(machine: StateMachine, *operations: Put | Delete) -> None:
    machine.apply(machine.applied + 1, 1, TxnsCommand((TxnRecord((), operations),)))


def scribble(machine: StateMachine, rng: random.Random, count: int) -> None:
    for _ in range(count):
        key = f"k{rng.randrange(60):02d}"
        write(machine, Delete(key) if rng.random() < 0.4 else Put(key, rng.randbytes(3)))


def pages(machine: StateMachine, revision: int, rng: random.Random, size: int) -> list[KeyValue]:
    """The whole list, page after page, with writes between them."""
    found: list[KeyValue] = []
    more, key = True, "k"
    while more:
        page = machine.read(key, "l", size, revision)
        assert page.revision == machine.revision
        assert page.count == machine.read(key, "l", 0, revision, count_only=True).count
        found += page.items
        more, key = page.more, (page.items[-1].key if page.items else "l") + "\0"
        scribble(machine, rng, 5)
    return found


@pytest.mark.parametrize("seed", range(5))
def test_a_list_in_pages_is_the_list_as_it_was(seed: int) -> None:
    rng, machine = random.Random(seed), StateMachine()
    scribble(machine, rng, 100)
    expected = {machine.revision: machine.read("k", "l").items}
    for _ in range(3):
        scribble(machine, rng, 10)
        expected[machine.revision] = machine.read("k", "l").items
    for revision, items in expected.items():
        assert pages(machine, revision, rng, rng.randrange(1, 9)) == list(items)
        for item in items:
            assert machine.read(item.key, revision=revision).items == (item,)
    gone = sorted({item.key for items in expected.values() for item in items})
    for revision, items in expected.items():
        present = {item.key for item in items}
        for key in gone:
            assert machine.read(key, revision=revision).count == (key in present)


def test_more_lists_than_are_kept_ready_are_right_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "PASTS_MAX", 2)
    rng, machine = random.Random(1), StateMachine()
    expected = {}
    for _ in range(6):
        scribble(machine, rng, 20)
        expected[machine.revision] = machine.read("k", "l").items
    for _ in range(3):
        for revision, items in expected.items():
            assert machine.read("k", "l", revision=revision).items == items
        assert len(machine._ranges._pasts) == 2
        scribble(machine, rng, 3)


def test_what_is_compacted_is_not_held_on_to() -> None:
    rng, machine = random.Random(1), StateMachine()
    scribble(machine, rng, 50)
    machine.read("k", "l", revision=10)
    machine.read("k", "l", revision=20)
    machine.apply(machine.applied + 1, 1, CompactCommand(15))
    assert list(machine._ranges._pasts) == [20]
    with pytest.raises(Compacted):
        machine.read("k", "l", revision=10)
    short = StateMachine(revisions_max=10)
    scribble(short, rng, 30)
    short.read("k", "l", revision=short.revision - 5)
    scribble(short, rng, 20)
    assert not short._ranges._pasts
