"""Reading a log: changes nothing, and says what is wrong and where."""

import pytest

from actors.kit.world.memory_disk import SimDisk
from actors.store.layout import Layout
from actors.store.persistence import Persistence
from actors.store.wal_reader import HEAD_RECORDS, LogDamaged, LogReader
from actors.store.wal_records import TERMINATOR, Header, encode_record, scan
from cluster.raft.messages import BLANK, Entry, SnapshotMeta
from tests.unit.actors.store.persistence_model import FOUNDING, ready

LAYOUT = Layout.of("m1")


async def written() -> SimDisk:
    """Several segments, closed after a group that no mark covers."""
    disk = SimDisk()
    log = Persistence(disk, "c", "m1", 600)
    await log.load(FOUNDING)
    for index in range(1, 30):
        await log.write([ready(None, (Entry(index, 1, b"x" * 80),))])
    await log.close()
    return disk


async def read(disk: SimDisk) -> LogReader:
    reader = LogReader(disk, "c", "m1")
    await reader.read()
    return reader


async def test_reading_changes_nothing() -> None:
    disk = await written()
    last = (await disk.list(LAYOUT.logs))[-1]
    end = scan(await disk.read(last) or b"", None).end
    disk.damage(last, end + 16)
    before = {path: await disk.read(path) for path in await disk.list("")}
    found = await read(disk)
    assert [entry.index for entry in found.replay.entries] == list(range(1, 30))
    assert found.last.index == 29 and found.tail is not None
    assert found.tail.torn == f"{last}: checksum does not match at offset {end}"
    assert {path: await disk.read(path) for path in await disk.list("")} == before


async def test_an_empty_disk_has_no_tail() -> None:
    found = await read(SimDisk())
    assert (found.tail, found.segments, found.ordinal) == (None, [], 0)
    assert found.last == SnapshotMeta()


async def test_segments_swapped_or_given_twice_are_refused() -> None:
    disk = await written()
    first, second, third = (await disk.list(LAYOUT.logs))[:3]
    one, two = await disk.read(second) or b"", await disk.read(third) or b""
    await disk.write_atomic(second, two)
    with pytest.raises(LogDamaged, match=f"{second}: is segment 3, 2 belongs here"):
        await read(disk)
    await disk.write_atomic(second, one)
    await disk.remove(first)
    with pytest.raises(LogDamaged, match="are missing"):
        await read(disk)


async def test_an_older_copy_of_a_segment_is_noticed() -> None:
    """Restored from a backup, or a write that went astray: the ordinals do not go on."""
    disk = await written()
    second = (await disk.list(LAYOUT.logs))[1]
    header = Header(2, "c", "m1", 2)
    records = (header, BLANK, FOUNDING, Entry(5, 1, b""))
    old = b"".join(encode_record(record, n) for n, record in enumerate(records, 3))
    await disk.write_atomic(second, old.ljust(600, b"\0"))
    with pytest.raises(LogDamaged, match=r"record 3 where \d+ belongs at offset 0"):
        await read(disk)


@pytest.mark.parametrize("content", [b"", bytes(600), b"\xff" * 600])
async def test_a_segment_without_a_header_is_refused(content: bytes) -> None:
    disk = await written()
    last = (await disk.list(LAYOUT.logs))[-1]
    await disk.write_atomic(last, content)
    with pytest.raises(LogDamaged, match=f"{last}: .* at offset 0, where a header belongs"):
        await read(disk)


async def test_damage_anywhere_in_the_last_segments_head_is_refused() -> None:
    """It was durable before the segment got its name: no tail that may be torn, though no mark
    covers it yet; cut off there, the group behind it would be lost silently."""
    disk = await written()
    last = (await disk.list(LAYOUT.logs))[-1]
    head = scan(await disk.read(last) or b"", None).records[:HEAD_RECORDS]
    size = sum(len(encode_record(record, 0)) for record in head)
    for position in range(size):
        broken = disk.copy()
        broken.damage(last, position)
        with pytest.raises(LogDamaged, match=f"{last}: .* at offset"):
            await read(broken)


async def test_zeros_in_the_middle_of_an_older_segment_are_named() -> None:
    """They look like its end, but the records of the next one do not go on there."""
    disk = await written()
    second = (await disk.list(LAYOUT.logs))[1]
    data = await disk.read(second) or b""
    whole = scan(data, None)
    last = len(encode_record(Entry(1, 1, b"x" * 80), 0))
    end = whole.end - last
    await disk.write_atomic(second, data[:end] + bytes(last) + data[whole.end :])
    number = whole.ordinal - 1
    missing = f"{second}: records {number} to {number} are missing at offset {end}"
    with pytest.raises(LogDamaged, match=missing):
        await read(disk)


async def test_zeros_in_the_middle_of_what_is_marked_are_refused() -> None:
    disk = await written()
    last = (await disk.list(LAYOUT.logs))[-1]
    data = await disk.read(last) or b""
    found = scan(data, None)
    head = sum(len(encode_record(record, 0)) for record in found.records[:HEAD_RECORDS])
    assert found.marked > head
    await disk.write_atomic(last, data[:head] + bytes(20) + data[head + 20 :])
    with pytest.raises(LogDamaged, match=f"{last}: zeros where a record belongs at offset {head}"):
        await read(disk)


async def test_a_head_that_ends_in_zeros_is_refused() -> None:
    disk = await written()
    last = (await disk.list(LAYOUT.logs))[-1]
    data = await disk.read(last) or b""
    header = len(encode_record(scan(data, None).records[0], 0))
    await disk.write_atomic(last, data[:header].ljust(600, b"\0"))
    with pytest.raises(LogDamaged, match=f"{last}: zeros where a record belongs at offset"):
        await read(disk)


async def test_what_follows_the_end_of_any_segment_says_nothing() -> None:
    """Old records, as in a file that was another segment before."""
    disk = await written()
    old = encode_record(Entry(1, 1, b"old"), 2) * 20
    for path in await disk.list(LAYOUT.logs):
        data = await disk.read(path) or b""
        end = scan(data, None).end + len(TERMINATOR)
        await disk.write_atomic(path, (data[:end] + old)[:600])
    found = await read(disk)
    assert [entry.index for entry in found.replay.entries] == list(range(1, 30))
    assert found.tail is not None and found.tail.torn == ""


async def test_a_log_of_format_2_is_read_and_goes_on_in_format_3() -> None:
    disk = SimDisk()
    records = (Header(2, "c", "m1", 1), BLANK, FOUNDING, *(Entry(n, 1, b"two") for n in (1, 2)))
    data = b"".join(encode_record(record, n) for n, record in enumerate(records))
    await disk.write_atomic(LAYOUT.log(1), data.ljust(600, b"\0"))
    log = Persistence(disk, "c", "m1", 600)
    assert [entry.index for entry in (await log.load(None)).entries] == [1, 2]
    for index in range(3, 20):
        await log.write([ready(None, (Entry(index, 1, b"three" * 10),))])
    await log.close()
    found = await read(disk)
    assert [entry.index for entry in found.replay.entries] == list(range(1, 20))
    headers = [
        scan(await disk.read(path) or b"", None).records[0]
        for path in (LAYOUT.log(1), LAYOUT.log(2))
    ]
    assert headers == [Header(2, "c", "m1", 1), Header(3, "c", "m1", 2)]
