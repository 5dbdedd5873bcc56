"""The write-ahead log on this machine's disk: python -m tests.bench.wal [FOLDER]

Job: what one sync costs (appended, and overwriting a prepared file), what the log makes of it, with
segments used again and with new ones, how long a restart takes. Run it where data will lie: a
folder in memory syncs nothing.
"""

import asyncio
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from actors.kit.world.real_disk import RealDisk
from actors.store import wal_segments
from actors.store.persistence import Persistence
from actors.store.wal_records import encode_entries
from cluster import limits
from cluster.raft.messages import Entry, Membership, SnapshotMeta
from cluster.raft.ready import Ready

FOUNDING = SnapshotMeta(0, 0, Membership(("m1",)))
ENTRY_BYTES = 1024
RECOVERED_ENTRIES = 100_000
RECYCLING_TURNS = 5


def main() -> None:
    """Print everything."""
    parent = sys.argv[1] if len(sys.argv) > 1 else "."
    folder = Path(tempfile.mkdtemp(prefix="wal-bench-", dir=parent))
    try:
        raw(folder)
        encoding()
        for group in (1, 16, 64, 256):
            asyncio.run(groups(folder / f"groups-{group}", group))
        recycling(folder)
        asyncio.run(recovery(folder / "recovery"))
    finally:
        shutil.rmtree(folder)


def entries(first: int, count: int) -> tuple[Entry, ...]:
    """Entries of random bytes."""
    return tuple(Entry(n, 3, os.urandom(ENTRY_BYTES)) for n in range(first, first + count))


def ready(found: tuple[Entry, ...]) -> Ready:
    """A Ready that has only entries."""
    return Ready(None, found, None, (), (), (), (), None, 0)


def percentiles(seconds: list[float]) -> str:
    """Median and 99th, in microseconds."""
    ordered = sorted(seconds)
    p50, p99 = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
    return f"p50 {p50 * 1e6:6.0f} us  p99 {p99 * 1e6:6.0f} us"


def raw(folder: Path) -> None:
    """Write and fdatasync: appended, into reserved room, over zeros; in turns, so that all meet the
    same disk."""
    for size in (1, 4, 16, 64, 256):
        count = 1000 if size < 64 else 200
        data = os.urandom(size * 1024)
        room = count * len(data)
        files = {
            name: os.open(folder / name, os.O_RDWR | os.O_CREAT)
            for name in ("append", "reserved", "overwrite")
        }
        os.posix_fallocate(files["reserved"], 0, room)
        for start in range(0, room, 1 << 20):
            os.pwrite(files["overwrite"], bytes(1 << 20), start)
        for file in files.values():
            os.fsync(file)
        times: dict[str, list[float]] = {name: [] for name in files}
        for number in range(count):
            for name, file in files.items():
                begin = time.perf_counter()
                os.pwrite(file, data, number * len(data))
                os.fdatasync(file)
                times[name].append(time.perf_counter() - begin)
        for name, file in files.items():
            rate = count / sum(times[name])
            print(f"{name:9} {size:4} KiB + fdatasync  {percentiles(times[name])}  {rate:7.0f}/s")
            os.close(file)
            (folder / name).unlink()


def encoding() -> None:
    """Processor time of an entry's record."""
    found = entries(1, 10_000)
    best = min(timed(lambda: encode_entries(found, 1)) for _ in range(5))
    print(f"encode an entry of {ENTRY_BYTES} bytes: {best / len(found) * 1e6:.2f} us")


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


async def groups(folder: Path, group: int) -> None:
    """Group commit, over some segments."""
    log = Persistence(RealDisk(folder), "bench", "m1")
    await log.load(FOUNDING)
    taken = []
    count = max(300, min(3000, 60_000 // group))
    batches = [ready(entries(n * group + 1, group)) for n in range(count)]
    processor = time.process_time()
    for batch in batches:
        begin = time.perf_counter()
        await log.write([batch])
        taken.append(time.perf_counter() - begin)
    processor = time.process_time() - processor
    await log.close()
    rate = count * group / sum(taken)
    each = processor / (count * group)
    print(
        f"groups of {group:3}: {percentiles(taken)}  longest {max(taken) * 1000:5.1f} ms  "
        f"{rate:8.0f} entries/s  {each * 1e6:5.1f} us processor per entry"
    )


def recycling(folder: Path) -> None:
    """Groups of 64 entries with a snapshot whenever the store would make one: new segments full of
    zeros against old ones used again, in turns."""
    usual = wal_segments.SPARES_MAX
    rates: dict[str, list[float]] = {"prepared": [], "recycled": []}
    taken: dict[str, list[float]] = {"prepared": [], "recycled": []}
    processor = {"prepared": 0.0, "recycled": 0.0}
    for turn in range(RECYCLING_TURNS):
        for name in rates:
            wal_segments.SPARES_MAX = usual if name == "recycled" else 0
            place = folder / f"{name}-{turn}"
            before = time.process_time()
            found = asyncio.run(snapshots(place))
            processor[name] += time.process_time() - before
            shutil.rmtree(place)
            taken[name] += found
            rates[name].append(len(found) * 64 / sum(found))
    for name, each in rates.items():
        median = sorted(each)[len(each) // 2]
        # The span before the first snapshot is not timed.
        cost = processor[name] / (len(taken[name]) * 64 * 4 / 3)
        print(
            f"{name}: {percentiles(taken[name])}  longest {max(taken[name]) * 1000:5.1f} ms  "
            f"{median:8.0f} entries/s ({min(each):.0f} to {max(each):.0f})  "
            f"{cost * 1e6:5.1f} us processor per entry"
        )


async def snapshots(folder: Path) -> list[float]:
    """Seconds of each group, after the first snapshot."""
    log = Persistence(RealDisk(folder), "bench", "m1")
    await log.load(FOUNDING)
    span = limits.RAFT_SNAPSHOT_LOG_BYTES // (64 * ENTRY_BYTES)
    data = [os.urandom(ENTRY_BYTES) for _ in range(64)]
    taken = []
    for number in range(4 * span):
        first = number * 64 + 1
        found = tuple(Entry(first + at, 3, piece) for at, piece in enumerate(data))
        begin = time.perf_counter()
        await log.write([ready(found)])
        if number >= span:
            taken.append(time.perf_counter() - begin)
        if number % span == span - 1:
            await log.save_snapshot(SnapshotMeta(first, 3, FOUNDING.membership), [b"state"])
    await log.close()
    return taken


async def recovery(folder: Path) -> None:
    """A restart with a full log."""
    log = Persistence(RealDisk(folder), "bench", "m1")
    await log.load(FOUNDING)
    for first in range(1, RECOVERED_ENTRIES, 500):
        await log.write([ready(entries(first, 500))])
    await log.close()
    for _ in range(3):
        log = Persistence(RealDisk(folder), "bench", "m1")
        begin, before = time.perf_counter(), time.process_time()
        recovered = await log.load(None)
        seconds = time.perf_counter() - begin
        processor = time.process_time() - before
        assert len(recovered.entries) == RECOVERED_ENTRIES
        await log.close()
        figures = f"{seconds:.2f} s, {processor:.2f} s processor"
        print(f"restart with {RECOVERED_ENTRIES} entries: {figures}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"peak of this process: {peak} MiB")


if __name__ == "__main__":
    main()
