"""What a leader knows of one peer's log, and how it sends to it.

Job: match/next bookkeeping, the window of appends in flight, contact times.
Must not know: messages, the log itself.

probe: where the logs part is being searched, one append at a time. replicate: they match, appends
are pipelined. snapshot: the entries wanted are compacted away, chunks of a snapshot go instead.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Literal


@dataclass(slots=True)
class Progress:
    """``match``: highest index known durable there; never moves back within a term of leadership.
    ``contact``: when the peer last answered, seconds. ``told_commit``: the commit index sent."""

    next: int
    contact: float
    match: int = 0
    state: Literal["probe", "replicate", "snapshot"] = "probe"
    waiting: bool = (
        False  # probe and snapshot: one message is out, send no other before a heartbeat
    )
    inflight: deque[int] = field(default_factory=deque)
    told_commit: int = 0
    read: int = 0  # newest ReadIndex round the peer has answered, and the newest sent to it
    read_sent: int = 0
    snapshot_index: int = 0
    snapshot_term: int = 0
    snapshot_offset: int = 0

    def acknowledge(self, index: int) -> None:
        """The peer durably holds everything up to ``index``."""
        self.match = max(self.match, index)
        self.next = max(self.next, self.match + 1)
        while self.inflight and self.inflight[0] <= index:
            self.inflight.popleft()
        if self.state == "probe" or (
            self.state == "snapshot" and self.match >= self.snapshot_index
        ):
            self.state = "replicate"
            self.next = self.match + 1
            self.inflight.clear()
        self.waiting = False

    def reject(self, prev_index: int, probe_next: int) -> bool:
        """The peer refused an append after ``prev_index``; try ``probe_next``. False if stale."""
        if prev_index <= self.match or self.state == "snapshot":
            return False
        if self.state == "probe" and prev_index != self.next - 1:
            return False
        self.probe(probe_next)
        return True

    def probe(self, probe_next: int | None = None) -> None:
        """Search again from ``probe_next`` (default: after ``match``)."""
        self.state = "probe"
        self.next = max(self.match + 1, probe_next or 0)
        self.inflight.clear()
        self.waiting = False

    def start_snapshot(self, index: int, term: int) -> None:
        """Send the snapshot that ends with entry (index, term) from its first byte."""
        self.state = "snapshot"
        self.snapshot_index, self.snapshot_term = index, term
        self.snapshot_offset = 0
        self.inflight.clear()
        self.waiting = False
