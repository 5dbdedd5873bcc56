"""What a member's disk must hold, kept beside it in the simplest way, and steps drawn at random.

Job: the state after each step, and every state that a crash within one may leave. Must not know:
files, records.
"""

import random
from dataclasses import dataclass, replace

from cluster.raft.messages import BLANK, Entry, HardState, Membership, SnapshotMeta
from cluster.raft.ready import Ready, SnapshotChunk

MEMBERS = Membership(("m1", "m2", "m3"))
FOUNDING = SnapshotMeta(0, 0, MEMBERS)
CHUNK_BYTES = 300


@dataclass(frozen=True)
class State:
    """``spooled``: meta and bytes of the snapshot being received."""

    hard_state: HardState = BLANK
    entries: tuple[Entry, ...] = ()
    meta: SnapshotMeta = FOUNDING
    spooled: tuple[SnapshotMeta, int] | None = None

    @property
    def last(self) -> Entry | SnapshotMeta:
        """Where the log ends."""
        return self.entries[-1] if self.entries else self.meta

    def with_entry(self, entry: Entry) -> "State":
        """An entry replaces all at and after its index."""
        kept = tuple(held for held in self.entries if held.index < entry.index)
        return replace(self, entries=(*kept, entry))

    def with_chunk(self, chunk: SnapshotChunk) -> "State":
        """A chunk goes to the end of the spool."""
        return replace(self, spooled=(chunk.meta, chunk.offset + len(chunk.data)))

    def with_snapshot(self, meta: SnapshotMeta) -> "State":
        """Of the log only what follows that very entry stays."""
        held = any((e.index, e.term) == (meta.index, meta.term) for e in self.entries)
        kept = tuple(e for e in self.entries if held and e.index > meta.index)
        spooled = self.spooled
        if spooled is not None and spooled[0].index <= meta.index:
            spooled = None
        return replace(self, entries=kept, meta=meta, spooled=spooled)

    def during(self, readies: list[Ready]) -> list["State"]:
        """The states that a crash while these are written may leave; the last: when they are."""
        states = [self]
        for chunk in (chunk for ready in readies for chunk in ready.chunks):
            if chunk.offset == 0:
                states.append(replace(states[-1], spooled=None))
                states.append(replace(states[-1], spooled=(chunk.meta, 0)))
            states.append(states[-1].with_chunk(chunk))
        for ready in readies:
            if ready.hard_state is not None:
                states.append(replace(states[-1], hard_state=ready.hard_state))
            for entry in ready.entries:
                states.append(states[-1].with_entry(entry))
        return states


def snapshot_bytes(meta: SnapshotMeta) -> bytes:
    """The content of a snapshot, made from its name."""
    return random.Random(f"{meta.index}.{meta.term}").randbytes(200 + meta.index * 7 % 900)


class Workload:
    """Draws steps that a member might take in ``state``."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def readies(self, state: State) -> list[Ready]:
        """One to three Readys with hard states and entries, sometimes in place of older ones."""
        found = []
        for _ in range(self._random.randint(1, 3)):
            hard_state = None
            if self._random.random() < 0.2:
                term = state.hard_state.term + self._random.randint(0, 1)
                hard_state = HardState(max(term, 1), self._random.choice(("", "m1", "m2")))
                state = replace(state, hard_state=hard_state)
            entries = self._entries(state) if self._random.random() < 0.9 else ()
            found.append(ready(hard_state, entries))
            for entry in entries:
                state = state.with_entry(entry)
        return found

    def _entries(self, state: State) -> tuple[Entry, ...]:
        term = max(state.hard_state.term, state.last.term)
        first = state.last.index + 1
        if self._random.random() < 0.1 and len(state.entries) > 2:
            first = self._random.choice(state.entries).index
        count = self._random.randint(1, 4)
        return tuple(
            Entry(index, term, self._random.randbytes(self._random.choice((0, 9, 90, 700))))
            for index in range(first, first + count)
        )

    def saved(self, state: State) -> SnapshotMeta | None:
        """A snapshot that the member may take itself."""
        if not state.entries:
            return None
        entry = self._random.choice(state.entries)
        return SnapshotMeta(entry.index, entry.term, MEMBERS)

    def received(self, state: State) -> SnapshotMeta:
        """A snapshot that a leader may send: of an entry held, or of one that is not."""
        if state.entries and self._random.random() < 0.4:
            entry = self._random.choice(state.entries)
            return SnapshotMeta(entry.index, entry.term + self._random.randint(0, 1), MEMBERS)
        index = state.last.index + self._random.randint(1, 9)
        return SnapshotMeta(index, max(1, state.hard_state.term), MEMBERS)

    def chunks(self, state: State) -> list[Ready]:
        """The next chunk of the snapshot being received, or the first of another."""
        if state.spooled is None or self._random.random() < 0.1:
            meta, offset = self.received(state), 0
        else:
            meta, offset = state.spooled
        data = snapshot_bytes(meta)[offset : offset + CHUNK_BYTES]
        return [ready(None, (), (SnapshotChunk(meta, offset, data),))]

    def draw(self, *kinds: str) -> str:
        """One of them."""
        return self._random.choice(kinds)


def ready(
    hard_state: HardState | None = None,
    entries: tuple[Entry, ...] = (),
    chunks: tuple[SnapshotChunk, ...] = (),
) -> Ready:
    """A Ready with nothing to send."""
    return Ready(hard_state, entries, None, (), (), (), (), None, 0, chunks)
