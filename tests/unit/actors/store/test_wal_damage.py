"""Any single flipped bit, any subset of sectors of the last group: never a wrong entry."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.kit.world.memory_disk import SimDisk
from actors.store.layout import Layout
from actors.store.persistence import Persistence, Recovered
from actors.store.wal_reader import LogDamaged
from actors.store.wal_records import MARK_BYTES, Header, Mark, Record, encode_record, judge, scan
from cluster.raft.messages import BLANK, Entry, HardState, SnapshotMeta
from tests.simulation.loop import run_simulation
from tests.unit.actors.store.persistence_model import FOUNDING, State, Workload

SECTOR = 512


async def written(seed: int) -> tuple[SimDisk, State]:
    """A log of several segments, all of it marked durable."""
    disk, workload, state = SimDisk(), Workload(seed), State()
    log = Persistence(disk, "c", "m1", 1500)
    await log.load(FOUNDING)
    for _ in range(15):
        readies = workload.readies(state)
        await log.write(readies)
        state = state.during(readies)[-1]
    await log.mark()
    await log.close()
    return disk, state


async def recovered(disk: SimDisk) -> Recovered | LogDamaged:
    log = Persistence(disk, "c", "m1", 1500)
    try:
        return await log.load(None)
    except LogDamaged as error:
        return error
    finally:
        await log.close()


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 12), st.floats(0, 1, exclude_max=True), st.integers(0, 7))
def test_a_flipped_bit_is_refused_or_harmless(seed: int, where: float, bit: int) -> None:
    async def main() -> None:
        disk, state = await written(seed)
        paths = await disk.list(Layout.of("m1").logs)
        sizes = [len(await disk.read(path) or b"") for path in paths]
        position = int(where * sum(sizes))
        number = 0
        while position >= sizes[number]:
            position -= sizes[number]
            number += 1
        disk.damage(paths[number], position, 1 << bit)
        found = await recovered(disk)
        if isinstance(found, LogDamaged):
            assert paths[number] in str(found) and "at offset" in str(found)
        else:
            assert (found.hard_state, tuple(found.entries)) == (state.hard_state, state.entries)

    run_simulation(main)


def test_every_byte_of_a_record_in_use_is_covered() -> None:
    """Not by chance: every single one of a small log, but for the last mark and the zeros."""

    async def main() -> None:
        disk, _ = await written(3)
        path = (await disk.list(Layout.of("m1").logs))[-1]
        found = scan(await disk.read(path) or b"", None)
        for position in range(found.end - MARK_BYTES):
            broken = disk.copy()
            broken.damage(path, position, 1 << position % 8)
            assert isinstance(await recovered(broken), LogDamaged), position

    run_simulation(main)


GROUP = st.lists(st.binary(max_size=900), min_size=1, max_size=8)


@settings(deadline=None)
@given(st.lists(GROUP, min_size=1, max_size=4), GROUP, st.randoms(use_true_random=False))
def test_whatever_sectors_of_the_last_group_survive_it_is_a_torn_tail(
    durable: list[list[bytes]], last: list[bytes], chance: random.Random
) -> None:
    data = b""
    records: list[Record] = [Header(2, "c", "m", 1), BLANK, SnapshotMeta()]
    ends = []
    for group in [*durable, last]:
        if ends:
            records.append(Mark(ends[-1]))
        records.extend(Entry(len(records), 1, piece) for piece in group)
        data = b"".join(encode_record(record, n) for n, record in enumerate(records))
        ends.append(len(data))
    synced = ends[-2]
    room = len(data) + 2000
    before, after = data[:synced].ljust(room, b"\0"), data.ljust(room, b"\0")
    found = b"".join(
        chance.choice((before, after))[start : start + SECTOR] for start in range(0, room, SECTOR)
    )
    seen = scan(found, None)
    assert seen.records == records[: len(seen.records)]
    assert seen.end >= synced
    assert seen.damage == "" or judge(found, seen) == "torn"
    # What a mark covers is never cut.
    broken = bytearray(after)
    broken[chance.randrange(ends[0])] ^= 1 << chance.randrange(8)
    seen = scan(bytes(broken), None)
    assert judge(bytes(broken), seen) == "corrupt"


def test_a_mark_within_an_entrys_data_is_no_mark() -> None:
    """Data may look like anything; what decides is where a record is, and its ordinal."""
    inner = encode_record(Mark(1), 5)
    data = encode_record(HardState(1, ""), 0) + encode_record(Entry(1, 1, inner), 1)
    torn = bytearray(data)
    torn[25] ^= 1
    assert judge(bytes(torn), scan(bytes(torn), None)) == "torn"
