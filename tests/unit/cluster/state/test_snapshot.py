"""Snapshots: whole, equal bytes for equal states, and every damaged byte is noticed."""

import random

import pytest

from cluster.errors import StoreError
from cluster.messages.store import Compare, Delete, Put, Txn
from cluster.state.commands import (
    Command,
    CompactCommand,
    TxnCommand,
    decode_command,
    encode_command,
)
from cluster.state.mvcc import StateMachine
from cluster.state.snapshot import SnapshotDamaged, decode_snapshot, encode_snapshot


def random_commands(seed: int, count: int) -> list[Command]:
    rng = random.Random(seed)
    commands: list[Command] = []
    for number in range(count):
        key = f"k{rng.randrange(12)}"
        other = f"o{rng.randrange(4)}"
        operation = Delete(key) if rng.random() < 0.3 else Put(key, rng.randbytes(5), index=b"i")
        txn = Txn(
            compare=(Compare(key, "mod", 0),) if rng.random() < 0.1 else (),
            success=(operation, Put(other, b'{""}', stamp=2)),
            fence=2 if rng.random() < 0.05 else 0,
            client=rng.choice(("", "x", "y")),
            sequence=number + 1,
        )
        commands.append(TxnCommand(txn, f"t{number}", max(0, number - 5)))
        if rng.random() < 0.02:
            commands.append(CompactCommand(number // 2))
    return commands


def feed(machine: StateMachine, commands: list[Command]) -> None:
    for command in commands:
        machine.apply(machine.applied + 1, 1, decode_command(encode_command(command)))


@pytest.mark.parametrize("seed", range(8))
def test_a_restored_state_goes_on_exactly_as_the_original(seed: int) -> None:
    original = StateMachine(revisions_max=300)
    feed(original, random_commands(seed, 400))
    data = b"".join(encode_snapshot(original))
    restored = decode_snapshot(data, revisions_max=300)
    assert b"".join(encode_snapshot(restored)) == data
    assert restored.digest.hex() == original.digest.hex()
    assert restored.history.bytes == original.history.bytes
    more = random_commands(seed + 100, 100)
    feed(original, more)
    feed(restored, more)
    assert b"".join(encode_snapshot(restored)) == b"".join(encode_snapshot(original))
    for revision in range(original.compacted, original.revision + 1):
        assert restored.history.at(revision) == original.history.at(revision)
        assert restored.read("a", "z", 0, revision) == original.read("a", "z", 0, revision)


def test_what_it_holds_is_fixed_when_it_begins() -> None:
    machine = StateMachine()
    feed(machine, random_commands(1, 50))
    expected = b"".join(encode_snapshot(machine))
    pieces = encode_snapshot(machine)
    first = next(pieces)
    feed(machine, random_commands(2, 50))
    assert first + b"".join(pieces) == expected


def test_every_flipped_byte_and_every_cut_is_noticed() -> None:
    machine = StateMachine()
    feed(machine, random_commands(3, 12))
    data = b"".join(encode_snapshot(machine))
    for position in range(len(data)):
        broken = bytearray(data)
        broken[position] ^= 0x10
        with pytest.raises(SnapshotDamaged):
            decode_snapshot(bytes(broken))
        with pytest.raises(SnapshotDamaged):
            decode_snapshot(data[:position])


def test_sessions_remember_errors_too() -> None:
    machine = StateMachine()
    refused = TxnCommand(Txn(fence=9, client="c", sequence=1))
    assert isinstance(machine.apply(1, 1, refused), StoreError)
    restored = decode_snapshot(b"".join(encode_snapshot(machine)))
    again = restored.apply(2, 9, refused)
    assert type(again).__name__ == "Fenced"
