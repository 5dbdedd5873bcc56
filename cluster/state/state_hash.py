"""A hash of all keys at one revision, the same wherever it is taken.

Job: hash the state as it is in memory, in slices, while the machine goes on. Must not know: who
compares. It depends on nothing but the revision: not on what history a replica keeps, nor on how
far it has applied since.

The hash is the sum, modulo 2^128, of a hash of each key with its version: a sum needs no order, so
nothing has to be sorted, and the copy that is hashed costs microseconds to take.
"""

import hashlib
from collections.abc import Generator, Iterable

import msgspec

from cluster.messages.store import KeyValue, StoreEvent
from cluster.state.mvcc import StateMachine

HASH_BYTES = 16
# What is done between two yields: so many items, or so many bytes of them.
SLICE_ITEMS = 500
SLICE_BYTES = 1 << 20

_encoder = msgspec.msgpack.Encoder()


def hash_of(machine: StateMachine, revision: int = 0) -> Generator[None, None, str]:
    """The hash at a kept ``revision`` (0: the latest), as the generator's return value; it yields
    between slices. What it hashes is fixed by this call, by copies of references. Raises Compacted,
    FutureRevision, at once."""
    at = machine.check_revision(revision)
    items = machine.items.freeze_values()
    events = machine.history.freeze_after(at)
    return _hash(at, items, events)


def _hash(
    revision: int, items: list[KeyValue], events: list[tuple[StoreEvent, ...]]
) -> Generator[None, None, str]:
    undone: dict[str, KeyValue | None] = {}
    seen = 0
    for group in reversed(events):
        for event in reversed(group):
            undone[event.item.key] = event.previous
        seen += len(group)
        if seen >= SLICE_ITEMS:
            seen = 0
            yield
    unchanged = yield from _sum(items, undone)
    past = yield from _sum([item for item in undone.values() if item is not None], {})
    total = (unchanged[0] + past[0]) % (1 << 8 * HASH_BYTES)
    told = f"{revision} {unchanged[1] + past[1]} {total}".encode()
    return hashlib.blake2b(told, digest_size=HASH_BYTES).hexdigest()


def _sum(
    items: Iterable[KeyValue], without: dict[str, KeyValue | None]
) -> Generator[None, None, tuple[int, int]]:
    """The sum of the hashes, and how many they are."""
    total = count = sliced = size = 0
    for item in items:
        if item.key in without:
            continue
        encoded = _encoder.encode(item)
        total += int.from_bytes(hashlib.blake2b(encoded, digest_size=HASH_BYTES).digest(), "big")
        count += 1
        sliced += 1
        size += len(encoded)
        if sliced >= SLICE_ITEMS or size >= SLICE_BYTES:
            sliced = size = 0
            yield
    return total, count
