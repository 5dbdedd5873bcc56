"""The hash of the keys at a revision: the same wherever and whenever it is taken."""

import random
from collections.abc import Generator

import pytest

from cluster.errors import Compacted, FutureRevision
from cluster.messages.store import Delete, KeyValue, Put, TxnRecord
from cluster.state import state_hash
from cluster.state.commands import CompactCommand, LeaseGrantCommand, TxnsCommand
from cluster.state.mvcc import StateMachine
from cluster.state.snapshot import decode_snapshot, encode_snapshot
from cluster.state.state_hash import hash_of


def finish(hashing: Generator[None, None, str]) -> tuple[str, int]:
    """The hash, and in how many slices it came."""
    slices = 1
    while True:
        try:
            next(hashing)
        except StopIteration as stop:
            return str(stop.value), slices
        slices += 1


def write(machine: StateMachine, *operations: Put | Delete) -> None:
    command = TxnsCommand((TxnRecord((), operations),))
    machine.apply(machine.applied + 1, 1, command)


def scribble(machine: StateMachine, seed: int, count: int) -> None:
    rng = random.Random(seed)
    for _ in range(count):
        key = f"k{rng.randrange(40)}"
        write(machine, Delete(key) if rng.random() < 0.3 else Put(key, rng.randbytes(9)))


def test_every_kept_revision_hashes_as_it_did_when_it_was_the_newest() -> None:
    machine, hashes = StateMachine(), {}
    for step in range(60):
        hashes[machine.revision] = finish(hash_of(machine))[0]
        scribble(machine, step, 1)
    assert {revision: finish(hash_of(machine, revision))[0] for revision in hashes} == hashes
    assert len(set(hashes.values())) == len(hashes)


def test_it_does_not_depend_on_history_compaction_or_what_was_applied_since() -> None:
    machine, short = StateMachine(), StateMachine(revisions_max=20)
    for each in (machine, short):
        scribble(each, 1, 100)
    short.apply(short.applied + 1, 1, CompactCommand(short.revision - 5))
    restored = decode_snapshot(b"".join(encode_snapshot(machine)))
    at = machine.revision
    expected = finish(hash_of(machine))[0]
    scribble(restored, 2, 10)
    assert finish(hash_of(restored, at))[0] == finish(hash_of(short, at))[0] == expected


def test_the_machine_may_go_on_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_hash, "SLICE_ITEMS", 3)
    machine = StateMachine()
    scribble(machine, 1, 100)
    at = machine.revision - 20
    expected, slices = finish(hash_of(machine, at))
    assert slices > 10
    hashing = hash_of(machine, at)
    for step in range(slices - 1):
        next(hashing)
        scribble(machine, step, 2)
        machine.apply(machine.applied + 1, 1, CompactCommand(machine.revision))
    assert finish(hashing) == (expected, 1)


def test_slices_are_bounded_in_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_hash, "SLICE_BYTES", 1000)
    machine = StateMachine()
    for number in range(10):
        write(machine, Put(f"k{number}", bytes(990)))
    assert finish(hash_of(machine))[1] == 11


def test_every_part_of_a_version_counts() -> None:
    def one(*writes: Put) -> str:
        machine = StateMachine()
        machine.apply(1, 1, LeaseGrantCommand(1, 10, 0))
        for put in writes:
            write(machine, put)
        return finish(hash_of(machine))[0]

    found = [
        one(Put("a", b"v")),
        one(Put("a", b"w")),
        one(Put("b", b"v")),
        one(Put("a", b"v", index=b"i")),
        one(Put("a", b"v", lease=1)),
        one(Put("a", b"v"), Put("a", b"v")),
    ]
    assert len(set(found)) == len(found)


def test_a_rotten_byte_in_memory_is_seen() -> None:
    machine = StateMachine()
    scribble(machine, 1, 50)
    before = finish(hash_of(machine))[0]
    item = machine.items["k1"]
    machine.items.table["k1"] = KeyValue(
        "k1", item.value + b"!", item.create_revision, item.mod_revision, item.version
    )
    assert finish(hash_of(machine))[0] != before


def test_only_kept_revisions_can_be_hashed_and_it_says_so_at_once() -> None:
    machine = StateMachine()
    scribble(machine, 1, 20)
    machine.apply(machine.applied + 1, 1, CompactCommand(5))
    with pytest.raises(Compacted):
        hash_of(machine, 4)
    with pytest.raises(FutureRevision):
        hash_of(machine, machine.revision + 1)
