"""A member's log read as it lies on disk, and the errors that say what is wrong with it.

Job: read, verify, judge; change nothing. Must not know: how logs are written and repaired.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from actors.kit.supervisor import Unrecoverable
from actors.kit.world.disk import Disk
from actors.store.layout import Layout
from actors.store.wal_records import FORMATS_READ, Header, Record, Replay, judge, scan
from cluster.raft.messages import BLANK, Entry, SnapshotMeta

# A segment's head: header, hard state and snapshot, durable before it gets its name.
HEAD_RECORDS = 3
REBUILD = (
    "have it fetch everything from the others as a new member: `steersman replica rebuild {member}`"
)
ADVICE = (
    "What this replica promised to keep is damaged, so it takes no part any more; the other "
    "replicas are not affected. Put the file back as it was, or " + REBUILD
)
MISSING = (
    "there is no log, though this replica is not new: what it promised to the others is lost, so "
    "it takes no part any more. Put its files back as they were, or " + REBUILD
)


class LogDamaged(Unrecoverable):
    """The log on disk is not what was written there. Names file and offset. Going on without what
    is damaged would break promises made to the other members: a person must act."""


class LogMissing(Unrecoverable):
    """There is no log where one must be."""


@dataclass(slots=True)
class Segment:
    """``highest``: highest entry index in it. ``room``: bytes of its file."""

    number: int
    highest: int
    room: int


@dataclass(frozen=True, slots=True)
class Tail:
    """The last segment: what it holds up to ``end`` is good; up to ``marked`` it is durable.
    ``torn``: what is wrong with what follows and is cut off, '' if nothing."""

    path: str
    data: bytes
    marked: int
    end: int
    torn: str


class LogReader:
    """Reads the log of ``member``. ``tail`` is None if there is none."""

    def __init__(self, disk: Disk, cluster: str, member: str) -> None:
        self._disk = disk
        self._cluster = cluster
        self._member = member
        self._layout = Layout.of(member)
        self.segments: list[Segment] = []
        self.replay = Replay(BLANK, SnapshotMeta(), [])
        self.ordinal = 0
        self.tail: Tail | None = None

    async def read(self) -> None:
        """Raises LogDamaged, DiskFault."""
        paths = await self._disk.list(self._layout.logs)
        ordinal: int | None = None
        for position, path in enumerate(paths):
            data = await self._disk.read(path) or b""
            self._check_header(path, data, ordinal)
            found = scan(data, ordinal)
            last = position == len(paths) - 1
            headless = len(found.records) < HEAD_RECORDS
            # Too early an end of one that is not the last shows in the next one's ordinals.
            durable = judge(data, found) == "corrupt" if last else bool(found.damage)
            if headless or durable:
                problem = found.damage or "zeros where a record belongs"
                raise self.damaged(path, f"{problem} at offset {found.end}")
            ordinal = found.ordinal
            self._take(path, data, found.records)
            torn = found.damage and f"{path}: {found.damage} at offset {found.end}"
            self.tail = Tail(path, data, found.marked, found.end, torn)
        self.ordinal = ordinal or 0
        entries, index = self.replay.entries, self.replay.meta.index
        if entries and entries[0].index > index + 1:
            missing = f"entries {index + 1} to {entries[0].index - 1} are missing"
            raise self.damaged(self._layout.root, missing)

    @property
    def last(self) -> Entry | SnapshotMeta:
        """Where the log ends."""
        return self.replay.entries[-1] if self.replay.entries else self.replay.meta

    def damaged(self, path: str, problem: str) -> LogDamaged:
        """The error for a file that is not what it was."""
        advice = ADVICE.format(member=self._member)
        return LogDamaged(f"{self._disk.locate(path)}: {problem}. {advice}")

    def missing(self) -> LogMissing:
        """The error for a member that has lost its log."""
        advice = MISSING.format(member=self._member)
        return LogMissing(f"{self._disk.locate(self._layout.root)}: {advice}")

    def _check_header(self, path: str, data: bytes, ordinal: int | None) -> None:
        """Before the rest is read, which may be in another format. ``ordinal``: the one that
        follows what was read so far."""
        length = int.from_bytes(data[4:8], "little")
        found = scan(data[: 17 + length], None)
        header = found.records[0] if found.records else None
        if not isinstance(header, Header):
            problem = found.damage or "nothing but zeros"
            raise self.damaged(path, f"{problem} at offset 0, where a header belongs")
        if header.format not in FORMATS_READ:
            formats = " and ".join(map(str, FORMATS_READ))
            raise self.damaged(path, f"format {header.format}, this version reads {formats}")
        if (header.cluster, header.member) != (self._cluster, self._member):
            raise self.damaged(
                path,
                f"belongs to member {header.member} of cluster {header.cluster}, not to "
                f"{self._member} of {self._cluster}",
            )
        expected = self.segments[-1].number + 1 if self.segments else header.segment
        if path != self._layout.log(header.segment) or header.segment != expected:
            raise self.damaged(path, f"is segment {header.segment}, {expected} belongs here")
        first = found.ordinal - 1
        if self.tail is not None and ordinal is not None and first > ordinal:
            missing = f"records {ordinal} to {first - 1} are missing at offset {self.tail.end}"
            raise self.damaged(self.tail.path, missing)

    def _take(self, path: str, data: bytes, records: Sequence[Record]) -> None:
        header = records[0]
        assert isinstance(header, Header)
        take = self.replay.take
        self.replay.highest = 0
        for record in records[1:]:
            wrong = take(record)
            if wrong:
                raise self.damaged(path, wrong)
        self.segments.append(Segment(header.segment, self.replay.highest, len(data)))
