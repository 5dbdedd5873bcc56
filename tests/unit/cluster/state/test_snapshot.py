"""Snapshots: whole, equal bytes for equal states, and every damaged byte is noticed."""

import random

import msgspec
import pytest

from cluster.errors import StoreError
from cluster.messages.store import Compare, Delete, KeyValue, Put, TxnRecord
from cluster.state.commands import (
    AlarmCommand,
    Command,
    CompactCommand,
    LeaseExpireCommand,
    LeaseGrantCommand,
    LeaseKeepAliveCommand,
    LeaseRevokeCommand,
    TxnsCommand,
    decode_command,
    encode_command,
)
from cluster.state.mvcc import StateMachine
from cluster.state.snapshot import decode_snapshot, decode_snapshot_slices, encode_snapshot
from cluster.state.snapshot_pieces import (
    FORMAT,
    PIECE_BYTES,
    PIECE_ITEMS,
    Head,
    Items,
    Past,
    PastEvent,
    Piece,
    SnapshotDamaged,
    write_pieces,
)


def random_record(rng: random.Random, number: int) -> TxnRecord:
    key = f"k{rng.randrange(12)}"
    lease = rng.choice((0, 0, 1, 2, 3))
    put = Put(key, rng.randbytes(5), index=b"i", lease=lease)
    return TxnRecord(
        compare=(Compare(key, "mod", 0),) if rng.random() < 0.1 else (),
        success=(
            Delete(key) if rng.random() < 0.3 else put,
            Put(f"o{rng.randrange(4)}", b'{""}', stamp=2),
        ),
        fence=2 if rng.random() < 0.05 else 0,
        client=rng.choice(("", "x", "y")),
        sequence=number + 1,
        trace=f"t{number}",
        done_below=max(0, number - 5),
    )


def random_commands(seed: int, count: int) -> list[Command]:
    rng = random.Random(seed)
    commands: list[Command] = []
    for number in range(count):
        now = number * 100
        records = tuple(random_record(rng, 3 * number + more) for more in range(rng.randrange(3)))
        commands.append(TxnsCommand(records))
        if rng.random() < 0.02:
            commands.append(CompactCommand(number // 2))
        if rng.random() < 0.2:
            commands.append(LeaseGrantCommand(rng.randrange(1, 4), rng.randrange(1, 9), now))
            commands.append(LeaseKeepAliveCommand((1, 2), now + 10))
            commands.append(LeaseExpireCommand(now + 20))
        if rng.random() < 0.05:
            commands.append(LeaseRevokeCommand(3))
            commands.append(AlarmCommand(f"m{rng.randrange(3)}", rng.choice(("", "corrupt"))))
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
    assert restored.state_hash() == original.state_hash()
    assert restored.next_expiry() == original.next_expiry()
    assert restored.leases.table == original.leases.table
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
    refused = TxnsCommand((TxnRecord((), (), fence=9, client="c", sequence=1),))
    assert isinstance(machine.apply(1, 1, refused)[0], StoreError)
    restored = decode_snapshot(b"".join(encode_snapshot(machine)))
    (again,) = restored.apply(2, 9, refused)
    assert type(again).__name__ == "Fenced"


def test_slices_give_the_same_and_each_is_short() -> None:
    machine = StateMachine()
    records = [
        TxnRecord((), (Put(f"k{number:05d}", b"v"),), 0, "c", 1 + number) for number in range(2000)
    ]
    machine.apply(1, 1, TxnsCommand(tuple(records)))
    data = b"".join(encode_snapshot(machine))
    slices, count = decode_snapshot_slices(data), 0
    while True:
        try:
            next(slices)
        except StopIteration as stop:
            assert b"".join(encode_snapshot(stop.value)) == data
            break
        count += 1
    # Items, history and results: 2000 of each.
    assert count == 3 * -(-2000 // PIECE_ITEMS) + 1


def test_a_piece_is_bounded_in_bytes_but_for_one_large_item() -> None:
    machine = StateMachine()
    sizes = [100_000] * 20 + [1_000_000]
    for number, size in enumerate(sizes):
        record = TxnRecord((), (Put(f"k{number:02d}", bytes(size)),))
        machine.apply(number + 1, 1, TxnsCommand((record,)))
    lengths = [len(piece) for piece in encode_snapshot(machine)]
    large = [length for length in lengths if length > 10_000]
    assert len(large) == 5 and max(large) < 1_001_000 and sorted(large)[-2] <= PIECE_BYTES + 1000


def test_pieces_that_do_not_fit_are_noticed() -> None:
    head = Head(FORMAT, 1, 1, 3, 2, bytes(16), 0, ())
    item = KeyValue("a", b"", 3, 3, 1)
    cases: list[tuple[list[Piece], str]] = [
        ([], "no head"),
        ([Items(())], "no head"),
        ([msgspec.structs.replace(head, format=1)], "format 1"),
        ([head, head], "two heads"),
        ([head, Items((item, item))], "not in order"),
        ([head, Items((msgspec.structs.replace(item, lease=4),))], "lease 4"),
        ([head, Past((PastEvent(3, "a", False, None, ""),))], "does not fit"),
        ([head, Items((item,)), Past((PastEvent(2, "a", False, None, ""),))], "does not fit"),
        ([head, Past((PastEvent(3, "a", True, None, ""),))], "does not fit"),
        ([head, Past((PastEvent(1, "a", True, item, ""),))], "out of order"),
        ([head, Past((PastEvent(4, "a", True, item, ""),))], "out of order"),
    ]
    for pieces, text in cases:
        with pytest.raises(SnapshotDamaged, match=text):
            decode_snapshot(b"".join(write_pieces(pieces)))
