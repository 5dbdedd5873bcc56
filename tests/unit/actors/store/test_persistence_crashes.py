"""A crash before and after every single operation on the disk, torn in several ways: what was
acknowledged is there, nothing is invented, and the log goes on."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

import pytest

from actors.kit.world.disk import AppendFile
from actors.kit.world.memory import SeededEntropy
from actors.kit.world.memory_disk import SimAppendFile, SimDisk
from actors.store import snapshot_files, wal_segments
from actors.store.persistence import Persistence
from actors.store.term_runs import TermRuns
from actors.store.wal_reader import LogDamaged
from actors.store.wal_segments import Log
from cluster.raft.messages import Entry, HardState, SnapshotMeta
from tests.simulation.loop import run_simulation
from tests.unit.actors.store.persistence_model import (
    FOUNDING,
    State,
    Workload,
    ready,
    snapshot_bytes,
)

SEGMENT_BYTES = 2500
STEPS = 300
# Few restarts: each ends the use of what segments were dropped before.
KINDS = (*["write"] * 6, *["save"] * 3, "receive", "receive", "receive", "on")
TORN_STATES = 3


class WatchedDisk(SimDisk):
    """Calls ``moment`` before and after each of its operations that changes something."""

    moment: Callable[[], Awaitable[None]]
    recycled = 0

    async def settle(self) -> None:
        await self.moment()

    async def rename(self, old: str, new: str) -> None:
        await super().rename(old, new)
        self.recycled += "/spare-" in old and "/log-" in new
        await self.moment()

    async def remove(self, path: str) -> None:
        await super().remove(path)
        await self.moment()

    async def write_atomic(self, path: str, data: bytes) -> None:
        await super().write_atomic(path, data)
        await self.moment()

    async def open_append(self, path: str, end: int | None = None) -> AppendFile:
        await self.moment()
        file = await super().open_append(path, end)
        assert isinstance(file, SimAppendFile)
        await self.moment()
        return WatchedFile(self, file._file, path, file.size)


class WatchedFile(SimAppendFile):
    async def sync(self, behind: bytes = b"") -> None:
        await super().sync(behind)
        assert isinstance(self._disk, WatchedDisk)
        await self._disk.moment()

    async def truncate(self, size: int) -> None:
        await super().truncate(size)
        assert isinstance(self._disk, WatchedDisk)
        await self._disk.moment()


class Trial:
    """The workload on a disk, and at each moment a crash of a copy of it. ``possible``: the states
    that a crash now may leave; the last one counts once the step is done."""

    def __init__(self, seed: int) -> None:
        self.disk = WatchedDisk()
        self.disk.moment = self.crash
        self.workload = Workload(seed)
        self.possible = [State()]
        self.founded = False
        self.crashes = 0
        self.seen: dict[str, int] = {}

    async def run(self) -> None:
        log = await self.load()
        self.founded = True
        for _ in range(STEPS):
            state = self.possible[-1]
            kind = self.workload.draw(*KINDS)
            self.seen[kind] = self.seen.get(kind, 0) + 1
            spooled = state.spooled
            if spooled is not None and spooled[1] == len(snapshot_bytes(spooled[0])):
                self.seen["install"] = self.seen.get("install", 0) + 1
                self.possible = [state, state.with_snapshot(spooled[0])]
                await log.install(spooled[0])
            elif kind == "write" or kind == "receive":
                draw = self.workload.readies if kind == "write" else self.workload.chunks
                readies = draw(state)
                self.possible = state.during(readies)
                await log.write(readies)
            elif kind == "save" and (meta := self.workload.saved(state)) is not None:
                self.possible = [state, state.with_snapshot(meta)]
                data = snapshot_bytes(meta)
                await log.save_snapshot(meta, [data[:100], data[100:]])
            elif kind == "on":
                await log.mark()
                await log.close()
                log = await self.load()
            self.possible = [self.possible[-1]]
            await self.crash()
        await log.close()

    async def load(self) -> Persistence:
        log = Persistence(self.disk, "c", "m1", SEGMENT_BYTES)
        recovered = await log.load(FOUNDING)
        assert recovered.torn == ""
        return log

    async def crash(self) -> None:
        for number in range(TORN_STATES):
            self.crashes += 1
            entropy = SeededEntropy(f"{self.crashes}/{number}")
            disk = self.disk.copy()
            disk.crash(entropy)
            found = await self.recovered(disk, more=True)
            assert found in self.possible
            disk.crash(entropy)
            again = await self.recovered(disk, more=False)
            assert again == replace(found, hard_state=MORE).with_entry(one_more(found))

    async def recovered(self, disk: SimDisk, more: bool) -> State:
        """What is there; after that, and if wanted, something is written."""
        log = Persistence(disk, "c", "m1", SEGMENT_BYTES)
        found = await log.load(None if self.founded else FOUNDING)
        state = State(found.hard_state, tuple(found.entries), found.meta, found.spooled)
        if state.meta.index:
            assert found.snapshot == snapshot_bytes(state.meta)
        if state.spooled is not None:
            meta, size = state.spooled
            assert await log.read_spool() == snapshot_bytes(meta)[:size]
        if more:
            await log.write([ready(MORE, (one_more(state),))])
        await log.close()
        return state


MORE = HardState(99, "more")


def one_more(state: State) -> Entry:
    """An entry that follows the last."""
    return Entry(state.last.index + 1, 99, b"more")


@pytest.mark.parametrize("seed", [1])
def test_a_crash_at_any_moment_loses_nothing_and_invents_nothing(seed: int) -> None:
    async def main() -> Trial:
        trial = Trial(seed)
        await trial.run()
        return trial

    trial = run_simulation(main)
    assert trial.crashes > 3000
    assert trial.disk.recycled > 5
    assert min(trial.seen.values()) > 3 and len(trial.seen) == 5


def lost_syncs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups are acknowledged before they are durable."""

    async def sync(self: Log) -> None:
        self._durable = self._opened.size

    monkeypatch.setattr(Log, "sync", sync)


def dropped_before_the_marker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments go before the snapshot that covers them counts."""
    count = Persistence._count

    async def too_early(self: Persistence, meta: SnapshotMeta) -> None:
        await self._log.drop_covered(meta.index)
        await count(self, meta)

    monkeypatch.setattr(Persistence, "_count", too_early)


def dropped_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """A segment goes that holds an entry behind the snapshot."""
    drop = Log.drop_covered

    async def greedy(self: Log, index: int) -> None:
        await drop(self, index + 2)

    monkeypatch.setattr(Log, "drop_covered", greedy)


def no_terminator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Old records follow the last new one."""
    monkeypatch.setattr(wal_segments, "TERMINATOR", b"")


def named_before_its_head(monkeypatch: pytest.MonkeyPatch) -> None:
    """A spare is the next segment before its new head is written."""
    take = Log._take_room

    async def too_early(self: Log) -> str:
        path = await take(self)
        name = self._layout.log(self._segments[-1].number + 1) if self._segments else path
        await self._disk.rename(path, name)
        return name

    monkeypatch.setattr(Log, "_take_room", too_early)


def snapshot_not_synced(monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot counts before it is durable."""

    async def write(file: AppendFile, pieces: Iterable[bytes]) -> None:
        file.append(*pieces)

    monkeypatch.setattr(snapshot_files, "_write", write)


def conflicts_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries stay that a received snapshot contradicts."""
    monkeypatch.setattr(TermRuns, "holds", lambda *_: True)


@pytest.mark.parametrize(
    "bug",
    [
        lost_syncs,
        no_terminator,
        named_before_its_head,
        dropped_before_the_marker,
        dropped_too_much,
        snapshot_not_synced,
        conflicts_forgotten,
    ],
)
def test_planted_bugs_are_found(
    bug: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    bug(monkeypatch)
    with pytest.raises((AssertionError, LogDamaged)):
        run_simulation(Trial(1).run)
