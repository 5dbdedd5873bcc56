"""What the state machine costs, without disk and network.

    python -m tests.bench.state            prints microseconds, milliseconds and bytes

The writes are what the API server makes: create transactions ("if the key is absent, put it") and
updates ("if it is unchanged"), 64 of them per log entry, through their encoding. Each figure is the
best of several rounds: the others tell of the machine's neighbours.
"""

import gc
import os
import random
import resource
import sys
import time
from collections.abc import Callable, Generator

from cluster.limits import KIB
from cluster.messages.store import Compare, Delete, Put, TxnRecord
from cluster.state.commands import (
    LeaseExpireCommand,
    LeaseGrantCommand,
    LeaseKeepAliveCommand,
    TxnsCommand,
    decode_command,
    encode_command,
)
from cluster.state.mvcc import StateMachine
from cluster.state.snapshot import decode_snapshot, decode_snapshot_slices, encode_snapshot
from cluster.state.state_hash import hash_of

BATCH = 64
ROUNDS = 5


def key_of(number: int) -> str:
    return f"/registry/pods/namespace-{number % 50}/web-{number * 7919 % 1_000_003:07d}"


def entries(first: int, count: int, size: int, client: str, update: bool = False) -> list[bytes]:
    """Log entries that write ``count`` objects of ``size`` bytes."""
    body = os.urandom(size)
    records = []
    for number in range(first, first + count):
        key = key_of(number)
        absent = Compare(key, "mod", 0, "!=" if update else "=")
        put = Put(key, b"%08d" % number + body[8:], 40, b"index of some labels and such " * 4)
        sequence = number + 1 + update * 10_000_000
        done = max(0, sequence - 256)
        trace = f"{number:016x}-{number:016x}"
        records.append(TxnRecord((absent,), (put,), 0, client, sequence, trace, done, True))
    return [
        encode_command(TxnsCommand(tuple(records[start : start + BATCH])))
        for start in range(0, count, BATCH)
    ]


def feed(machine: StateMachine, log: list[bytes]) -> tuple[float, float, float]:
    """Seconds to decode and to apply, and the longest of one entry."""
    decoding = applying = longest = 0.0
    for data in log:
        began = time.process_time()
        command = decode_command(data)
        middle = time.process_time()
        machine.apply(machine.applied + 1, 1, command)
        ended = time.process_time()
        decoding += middle - began
        applying += ended - middle
        longest = max(longest, ended - began)
    return decoding, applying, longest


def new_machine() -> StateMachine:
    """With a session that is known already."""
    machine = StateMachine()
    machine.sessions.record("replica-1/bench", 0, 0, machine.apply(1, 1, None)[0])  # type: ignore[arg-type]
    return machine


def apply_costs(count: int, size: int) -> None:
    """Microseconds per transaction, of creates, of creates without a session, and of updates."""
    made: list[tuple[float, ...]] = []
    for _ in range(ROUNDS):
        machine, bare = new_machine(), new_machine()
        created = feed(machine, entries(0, count, size, "replica-1/bench"))
        updated = feed(machine, entries(0, count, size, "replica-1/bench", update=True))
        unsessioned = feed(bare, entries(0, count, size, ""))
        made.append((*created[:2], unsessioned[1], updated[1], created[2], updated[2]))
        assert len(machine.items) == count and machine.revision == 1 + 2 * count
    decode, create, free, update = (min(row[n] for row in made) / count * 1e6 for n in range(4))
    print(
        f"{size:5} B: decode {decode:.2f} us, create {create:.2f} us ({free:.2f} without a "
        f"session), update {update:.2f} us a transaction; longest entry of {BATCH} "
        f"{min(row[4] for row in made) * 1e3:.2f} / {min(row[5] for row in made) * 1e3:.2f} ms"
    )


def spin(slices: Generator[None, None, object]) -> tuple[object, float, float]:
    """What it returns, how long it took, and its longest slice."""
    longest, began = 0.0, time.process_time()
    last = began
    while True:
        try:
            next(slices)
        except StopIteration as stop:
            now = time.process_time()
            return stop.value, now - began, max(longest, now - last)
        now = time.process_time()
        longest, last = max(longest, now - last), now


def best(call: Callable[[], float]) -> float:
    return min(call() for _ in range(ROUNDS)) * 1e3


def filled(count: int, size: int) -> StateMachine:
    machine = new_machine()
    feed(machine, entries(0, count, size, "replica-1/bench"))
    return machine


def memory(count: int, size: int) -> None:
    """Bytes of resident memory per object; first, before the process has memory to use again."""
    before = resident()
    machine = new_machine()
    for first in range(0, count, BATCH):
        feed(machine, entries(first, min(BATCH, count - first), size, "replica-1/bench"))
    print(f"{count} objects of {size} B: {(resident() - before) / count:.0f} B each")


def resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def snapshots(count: int, size: int) -> None:
    """Milliseconds to encode and to decode, and the longest slice of each."""
    machine = filled(count, size)
    gc.collect()
    gc.freeze()
    pieces: list[bytes] = []

    def encode() -> Generator[None, None, None]:
        pieces.clear()
        for piece in encode_snapshot(machine):
            pieces.append(piece)
            yield

    _, encoding, longest = min((spin(encode()) for _ in range(ROUNDS)), key=lambda row: row[1])
    print(
        f"snapshot of {count} x {size} B: {sum(map(len, pieces)) / 1e6:.0f} MB in {len(pieces)} "
        f"pieces; encode {encoding * 1e3:.0f} ms, longest {longest * 1e3:.1f} ms"
    )
    data = b"".join(pieces)
    began = time.process_time()
    assert decode_snapshot(data).state_hash() == machine.state_hash()
    once = time.process_time() - began
    _, decoding, longest = spin(decode_snapshot_slices(data))
    print(
        f"  decode {once * 1e3:.0f} ms at once, {decoding * 1e3:.0f} ms in slices, "
        f"longest {longest * 1e3:.1f} ms"
    )
    _, hashing, longest = min(
        (spin(hash_of(machine)) for _ in range(ROUNDS)), key=lambda row: row[1]
    )
    print(f"  hash {hashing * 1e3:.0f} ms, longest slice {longest * 1e3:.1f} ms")
    gc.unfreeze()


def ranges(count: int) -> None:
    """Reads of a full store."""
    machine = filled(count, KIB)
    rng = random.Random(1)
    keys = [key_of(rng.randrange(count)) for _ in range(2000)]

    def points() -> float:
        began = time.process_time()
        for key in keys:
            machine.read(key)
        return (time.process_time() - began) / len(keys) * 1e3

    def pages() -> float:
        began = time.process_time()
        machine.read("/registry/pods/", "/registry/pods0", 500)
        return time.process_time() - began

    print(f"read one of {count}: {best(points):.2f} us, a page of 500: {best(pages):.2f} ms")


def leases(count: int) -> None:
    """Microseconds per lease granted, kept alive and expired (with a key each)."""
    machine = new_machine()
    took = []
    for step in ("grant", "keep", "expire"):
        began = time.process_time()
        if step == "grant":
            for number in range(1, count + 1):
                machine.apply(machine.applied + 1, 1, LeaseGrantCommand(number, 10, number))
                put = TxnRecord((), (Put(f"k{number:06d}", b"", lease=number), Delete("none")))
                machine.apply(machine.applied + 1, 1, TxnsCommand((put,)))
        elif step == "keep":
            ids = tuple(range(1, count + 1))
            machine.apply(machine.applied + 1, 1, LeaseKeepAliveCommand(ids, count))
        else:
            while machine.next_expiry() is not None:
                machine.apply(machine.applied + 1, 1, LeaseExpireCommand(count + 10_000))
        took.append((time.process_time() - began) / count * 1e6)
    print("lease: grant+put {:.1f} us, keep alive {:.1f} us, expire {:.1f} us".format(*took))


def main() -> None:
    gc.disable()
    memory(30_000, 3600)
    apply_costs(32_000, KIB)
    apply_costs(16_000, 3600)
    leases(20_000)
    ranges(100_000)
    snapshots(100_000, KIB)
    snapshots(30_000, 3600)


if __name__ == "__main__":
    sys.exit(main())
