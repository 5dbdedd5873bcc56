"""The log of one member, in memory: entries after a base that compaction moves up.

Job: lookups, append with conflict detection, truncation, compaction. Indexes start at 1.
Must not know: terms of office, messages, disks (it counts what was handed out and what is durable).
Invariants: base <= commit <= last; snapshot <= commit; entries at or below commit never change.
The base may be beyond the snapshot: what lies between is on disk only, for the next start.
"""

from collections.abc import Iterable

from cluster.raft.memberships import Memberships
from cluster.raft.messages import FOUNDING, MEMBERSHIP, Entry, SnapshotMeta

# What an entry takes in memory beside its data, about.
ENTRY_BYTES = 128


class RaftLog:
    """``persisted``: the last index known durable here. ``handed``: the last index given out to
    be persisted. ``epoch`` counts truncations, so that news of a write that a truncation has
    overtaken is not taken for news of what replaced it. ``snapshot``: the newest durable one."""

    def __init__(self, entries: Iterable[Entry] = (), snapshot: SnapshotMeta = FOUNDING) -> None:
        self.entries: list[Entry] = list(entries)
        first = self.entries[0].index if self.entries else snapshot.index + 1
        if first > snapshot.index + 1:
            raise ValueError(f"log starts at {first}, its snapshot ends at {snapshot.index}")
        # Entries that the snapshot covers are kept only from it on: its term is known, theirs not.
        self.entries = self.entries[snapshot.index + 1 - first :]
        self.snapshot = snapshot
        self.base_index, self.base_term = snapshot.index, snapshot.term
        # Of the last entry, or of what the base stands for. (Kept, as each turn asks often.)
        self.last_index = self.base_index + len(self.entries)
        for expected, entry in enumerate(self.entries, snapshot.index + 1):
            if entry.index != expected:
                raise ValueError(f"log has entry {entry.index} where {expected} belongs")
        self.memberships = Memberships(snapshot.membership)
        self.memberships.take(self.entries)
        self.commit = snapshot.index
        self.persisted = self.handed = self.last_index
        self.epoch = 0
        self._batch_key: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
        self._batch: tuple[tuple[Entry, ...], int] = ((), 0)

    @property
    def snapshot_index(self) -> int:
        """The last index that the newest durable snapshot covers."""
        return self.snapshot.index

    @property
    def last_term(self) -> int:
        """Term of the last entry."""
        return self.entries[-1].term if self.entries else self.base_term

    def term_at(self, index: int) -> int | None:
        """The term of an entry; None if it is compacted away or not here yet."""
        if index == self.base_index:
            return self.base_term
        if self.base_index < index <= self.last_index:
            return self.entries[index - self.base_index - 1].term
        return None

    def matches(self, index: int, term: int) -> bool:
        """True if this log surely holds that entry."""
        return self.term_at(index) == term

    def is_up_to_date(self, last_index: int, last_term: int) -> bool:
        """True if a log that ends so is at least as up to date as this one (paper 5.4.1)."""
        return (last_term, last_index) >= (self.last_term, self.last_index)

    def slice(self, start: int, count_max: int, bytes_max: int) -> tuple[Entry, ...]:
        """Entries from ``start`` on, within both bounds but at least one if there is one."""
        return self.batch(start, count_max, bytes_max)[0]

    def batch(self, start: int, count_max: int, bytes_max: int) -> tuple[tuple[Entry, ...], int]:
        """As ``slice``, and the bytes of their data. Peers are mostly sent the same, so the last
        answer is remembered."""
        key = (start, count_max, bytes_max, self.last_index, self.epoch)
        if key != self._batch_key:
            self._batch = self._cut(start, count_max, bytes_max)
            self._batch_key = key
        return self._batch

    def _cut(self, start: int, count_max: int, bytes_max: int) -> tuple[tuple[Entry, ...], int]:
        position = start - self.base_index - 1
        assert position >= 0, f"entry {start} is compacted"
        size = 0
        taken = self.entries[position : position + count_max]
        for count, entry in enumerate(taken):
            length = len(entry.data)
            if count and size + length > bytes_max:
                return tuple(taken[:count]), size
            size += length
        return tuple(taken), size

    def bytes_between(self, after: int, last: int) -> int:
        """Bytes of the data of entries ``after`` + 1 to ``last``."""
        first = max(after - self.base_index, 0)
        return sum(len(e.data) for e in self.entries[first : last - self.base_index])

    def count_within(self, last: int, count_max: int, bytes_max: int) -> int:
        """How many entries up to ``last``, the newest first, both bounds allow."""
        size, count = 0, 0
        for position in range(last - self.base_index - 1, -1, -1):
            size += len(self.entries[position].data) + ENTRY_BYTES
            if count == count_max or size > bytes_max:
                break
            count += 1
        return count

    def append(self, entry: Entry) -> None:
        """Add one at the end."""
        assert entry.index == self.last_index + 1, "no hole in a log"
        self.entries.append(entry)
        self.last_index = entry.index
        if entry.kind == MEMBERSHIP:
            self.memberships.take((entry,))

    def merge(self, entries: Iterable[Entry]) -> None:
        """Take a leader's entries that follow one which matches.

        What is already here stays; only a real conflict (same index, other term) cuts, and never
        at or below the commit index: that would be a broken protocol, hence AssertionError.
        """
        for entry in entries:
            if entry.index <= self.base_index:
                continue
            held = self.term_at(entry.index)
            if held == entry.term:
                continue
            if held is not None:
                self._truncate(entry.index)
            self.append(entry)

    def _truncate(self, index: int) -> None:
        assert index > self.commit, f"entry {index} is committed (up to {self.commit})"
        del self.entries[index - self.base_index - 1 :]
        self.last_index = index - 1
        self.persisted = min(self.persisted, index - 1)
        self.handed = min(self.handed, index - 1)
        self.epoch += 1
        self.memberships.truncate(index)

    def last_not_above(self, index: int, term: int) -> tuple[int, int]:
        """The last (index, term) at or below ``index`` whose term is at most ``term``.

        Both sides skip whole terms with it, so finding where two logs part takes a round per
        term, not per entry (paper 5.3). (0, 0) or the base if there is none above it.
        """
        index = min(index, self.last_index)
        while index > self.base_index:
            held = self.entries[index - self.base_index - 1].term
            if held <= term:
                return index, held
            index -= 1
        return self.base_index, self.base_term

    def take_unhanded(self) -> tuple[Entry, ...]:
        """Entries not yet given out to be persisted; they count as given out now."""
        fresh = tuple(self.entries[self.handed - self.base_index :])
        self.handed = self.last_index
        return fresh

    def mark_persisted(self, index: int, epoch: int) -> None:
        """Entries up to ``index``, given out in ``epoch``, are durable."""
        if epoch == self.epoch:
            self.persisted = max(self.persisted, min(index, self.last_index))

    def snapshot_taken(self, index: int, keep: int) -> None:
        """A durable snapshot up to ``index`` exists: drop what is ``keep`` entries older."""
        assert index <= self.commit, "only what is committed is in a snapshot"
        if index <= self.snapshot_index:
            return
        term = self.term_at(index)
        assert term is not None
        self.snapshot = SnapshotMeta(index, term, self.memberships.at(index))
        self.forget(index - keep)

    def forget(self, index: int) -> None:
        """What is applied and durable up to ``index`` leaves memory."""
        cut = min(index, self.persisted, self.commit)
        if cut > self.base_index:
            cut_term = self.term_at(cut)
            assert cut_term is not None
            del self.entries[: cut - self.base_index]
            self.base_index, self.base_term = cut, cut_term
            self.memberships.compact(cut)

    def install(self, meta: SnapshotMeta) -> None:
        """A snapshot from the leader takes the place of the whole log (Figure 13, step 7); it holds
        nothing of what the snapshot stands for. Durable when ``mark_persisted`` says so."""
        assert meta.index > self.commit and not self.matches(meta.index, meta.term)
        self.entries.clear()
        self.epoch += 1
        self.persisted = min(self.persisted, self.commit)
        self.snapshot = meta
        self.base_index, self.base_term = meta.index, meta.term
        self.commit = self.handed = self.last_index = meta.index
        self.memberships.reset(meta.membership)
