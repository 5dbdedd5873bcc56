"""A log over segments that hold arbitrary old bytes: whatever a loss of power leaves of the last
group, what was synced is there and nothing else is."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.kit.world.memory_disk import SimDisk
from actors.store import wal_records
from actors.store.layout import Layout
from actors.store.persistence import Persistence
from actors.store.wal_reader import LogDamaged, Tail
from actors.store.wal_records import (
    MARK_BYTES,
    TERMINATOR,
    Header,
    Mark,
    Record,
    encode_record,
    judge,
    scan,
)
from actors.store.wal_segments import Log
from cluster.raft.messages import BLANK, Entry, SnapshotMeta
from tests.simulation.loop import run_simulation
from tests.unit.actors.store.persistence_model import FOUNDING, ready

LAYOUT = Layout.of("m1")
SEGMENT_BYTES = 2500
SECTOR = 64
FIRST = 1000  # ordinal of the segment's header: what was there before has lower ones

OLD_RECORD = st.builds(
    encode_record,
    st.one_of(
        st.builds(Entry, st.integers(1, 60), st.integers(1, 9), st.binary(max_size=90)),
        st.builds(Mark, st.integers(0, SEGMENT_BYTES)),
        st.builds(Header, st.just(3), st.just("c"), st.just("m1"), st.integers(1, 5)),
    ),
    st.integers(0, FIRST - 1),
)
OLD = st.lists(
    st.one_of(OLD_RECORD, st.binary(max_size=60), st.integers(1, 60).map(bytes)), max_size=60
).map(b"".join)
GROUP = st.lists(st.binary(max_size=90), min_size=1, max_size=6)


def torn(before: bytes, after: bytes, chance: random.Random) -> bytes:
    """Any sectors of the new content, or a prefix of it."""
    if chance.random() < 0.5:
        cut = chance.randrange(len(after) + 1)
        return after[:cut] + before[cut:]
    return b"".join(
        chance.choice((before, after))[start : start + SECTOR]
        for start in range(0, len(after), SECTOR)
    )


@settings(max_examples=300, deadline=None)
@given(OLD, st.lists(GROUP, min_size=1, max_size=4), GROUP, st.randoms(use_true_random=False))
def test_records_over_old_bytes(
    old: bytes, durable: list[list[bytes]], last: list[bytes], chance: random.Random
) -> None:
    room = old.ljust(6000, b"\0")
    records: list[Record] = [Header(3, "c", "m1", 9), BLANK, SnapshotMeta()]
    data, ends = b"", []
    images = []
    for group in [*durable, last]:
        if ends:
            records.append(Mark(ends[-1]))
        records.extend(Entry(len(records), 1, piece) for piece in group)
        data = b"".join(encode_record(record, n) for n, record in enumerate(records, FIRST))
        room = data + TERMINATOR + room[len(data) + len(TERMINATOR) :]
        ends.append(len(data))
        images.append(room)
    before, after = images[-2:]
    whole = scan(after, None)
    assert (whole.records, whole.damage, judge(after, whole)) == (records, "", "torn")
    found = torn(before, after, chance)
    seen = scan(found, None)
    assert seen.records == records[: len(seen.records)] and seen.end >= ends[-2]
    assert judge(found, seen) == "torn"
    # What a mark covers is never cut, whatever stands there now.
    place = chance.randrange(ends[0])
    size = min(chance.choice((1, 17, 40)), ends[0] - place)
    broken = bytearray(after)
    broken[place : place + size] = chance.choice((bytes(size), images[0][-size:], b"?" * size))
    if broken != after:
        seen = scan(bytes(broken), None)
        changed = next(n for n in range(len(after)) if broken[n] != after[n])
        assert seen.end <= changed and judge(bytes(broken), seen) == "corrupt"


class Recycled:
    """A log whose segments are spares with ``old`` in them, and its last groups of entries. With
    sizes of few kinds, old records end where new ones do."""

    def __init__(self, old: bytes, chance: random.Random) -> None:
        self.disk = SimDisk()
        self.old = old
        self.chance = chance
        self.entries: list[Entry] = []
        self.last = 0

    async def run(self) -> None:
        log = Persistence(self.disk, "c", "m1", SEGMENT_BYTES)
        await log.load(FOUNDING)
        await self.grow(log, 60)
        await log.save_snapshot(self.covered(), [b"state"])
        self.entries.clear()
        await self.grow(log, 25)
        for path in await self.disk.list(LAYOUT.spares):
            if self.chance.random() < 0.5:
                content = self.old.ljust(SEGMENT_BYTES, b"\0")[:SEGMENT_BYTES]
                await self.disk.write_atomic(path, content)
        for _ in range(12):
            await self.grow(log, 6)
            await self.check_torn(log)
        await log.close()

    def covered(self) -> SnapshotMeta:
        last = self.entries[-1]
        return SnapshotMeta(last.index, last.term, FOUNDING.membership)

    async def grow(self, log: Persistence, count: int) -> None:
        for _ in range(count):
            await log.write([ready(None, self.some())])

    def some(self) -> tuple[Entry, ...]:
        first = self.last + 1
        size = self.chance.choice((20, 20, 20, 60))
        count = self.chance.choice((1, 1, 3))
        found = tuple(
            Entry(index, 1, self.chance.randbytes(size)) for index in range(first, first + count)
        )
        self.entries.extend(found)
        self.last = found[-1].index
        return found

    async def check_torn(self, log: Persistence) -> None:
        """One group more, torn in many ways."""
        before = {path: await self.disk.read(path) for path in await self.disk.list(LAYOUT.logs)}
        synced = tuple(self.entries)
        await log.write([ready(None, self.some())])
        path = (await self.disk.list(LAYOUT.logs))[-1]
        after = await self.disk.read(path) or b""
        earlier = before.get(path)
        if earlier is None:
            return  # its head was durable before it got its name
        for _ in range(10):
            disk = self.disk.copy()
            await disk.write_atomic(path, torn(earlier, after, self.chance))
            again = Persistence(disk, "c", "m1", SEGMENT_BYTES)
            found = tuple((await again.load(None)).entries)
            await again.close()
            assert found[: len(synced)] == synced
            assert found == tuple(self.entries)[: len(found)]


@settings(max_examples=25, deadline=None)
@given(OLD, st.integers(0, 1 << 32))
def test_a_log_over_old_segments(old: bytes, seed: int) -> None:
    run_simulation(Recycled(old, random.Random(seed)).run)


async def torn_twice() -> None:
    """A group is torn so that its end survives; the mark of the restart and a group that ends where
    one of the first one's records did come in its place, torn before the terminator: the remains of
    the first must not follow them."""
    disk = SimDisk()
    path = LAYOUT.log(1)
    log = Persistence(disk, "c", "m1", SEGMENT_BYTES)
    await log.load(FOUNDING)
    synced = tuple(Entry(index, 1, b"synced") for index in (1, 2, 3))
    await log.write([ready(None, synced)])
    before = await disk.read(path) or b""
    end = scan(before, None).end
    await log.write([ready(None, tuple(Entry(index, 1, b"lost") for index in (4, 5, 6)))])
    await log.close()
    after = await disk.read(path) or b""
    await disk.write_atomic(path, before[: end + 4] + after[end + 4 :])
    log = Persistence(disk, "c", "m1", SEGMENT_BYTES)
    assert tuple((await log.load(None)).entries) == synced
    before = await disk.read(path) or b""
    new = Entry(4, 2, b"new, in its place")
    await log.write([ready(None, (new,))])
    await log.close()
    after = await disk.read(path) or b""
    of_lost = len(encode_record(Entry(4, 1, b"lost"), 0))
    assert scan(after, None).end == end + MARK_BYTES + 2 * of_lost
    for cut in range(end, SEGMENT_BYTES):
        await disk.write_atomic(path, after[:cut] + before[cut:])
        log = Persistence(disk.copy(), "c", "m1", SEGMENT_BYTES)
        found = tuple((await log.load(None)).entries)
        await log.close()
        assert found in (synced, (*synced, new)), cut


async def test_remains_of_a_torn_group_never_follow_another() -> None:
    await torn_twice()


def no_repair(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of a torn group stays where new records will come."""

    async def repair(self: Log, tail: Tail) -> None:
        return

    monkeypatch.setattr(Log, "_repair", repair)


def ordinals_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """A good record is taken for a new one wherever it comes from."""
    read = wal_records._read
    monkeypatch.setattr(wal_records, "_read", lambda data, view, at, _: read(data, view, at, None))


def ordinals_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each segment counts its records from 0, and nobody compares with the one before."""
    begin = Log._begin_segment
    whole = wal_records.scan

    async def anew(self: Log) -> None:
        self._ordinal = 0
        await begin(self)

    monkeypatch.setattr(Log, "_begin_segment", anew)
    monkeypatch.setattr("actors.store.wal_reader.scan", lambda data, _: whole(data, None))


def test_planted_bugs_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def planted(bug: Callable[[pytest.MonkeyPatch], None], work: Callable[[], object]) -> None:
        with monkeypatch.context() as patched, pytest.raises((AssertionError, LogDamaged)):
            bug(patched)
            work()

    def some_seeds() -> None:
        for seed in range(20):
            run_simulation(Recycled(b"", random.Random(seed)).run)

    planted(no_repair, lambda: run_simulation(torn_twice))
    planted(ordinals_ignored, some_seeds)
    planted(ordinals_restart, some_seeds)
    some_seeds()
