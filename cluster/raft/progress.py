"""What a leader knows of one peer's log, and how it sends to it.

Job: match/next bookkeeping, the window of appends in flight, contact times, catching up.
Must not know: messages, the log itself.

probe: where the logs part is being searched, one append at a time. replicate: they match, appends
are pipelined. snapshot: the entries wanted are compacted away, chunks of a snapshot go instead.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from cluster.limits import KIB
from cluster.raft.messages import FOUNDING, SnapshotMeta

# Appends that are no longer together keep their order on any transport.
SHORT_BYTES = 64 * KIB

SendState = Literal["probe", "replicate", "snapshot"]


@dataclass(slots=True)
class Progress:
    """``match``: highest index known durable there; never moves back within a term of leadership.
    ``contact``: when the peer last answered, or this began, seconds; ``heard``: it has answered.
    ``told_commit``: the commit index sent.
    ``waiting`` (probe, snapshot): one message is out, send no other before its answer or a while.
    ``inflight``: (last index, bytes) of each append not yet answered. ``left_at``: index of the
    entry by which the peer left (0: it is a member), ``farewells``: heartbeats sent since."""

    next: int
    contact: float
    match: int = 0
    tenure: int = 0
    heard: bool = False
    state: SendState = "probe"
    waiting: bool = False
    inflight: deque[tuple[int, int]] = field(default_factory=deque)
    inflight_bytes: int = 0
    told_commit: int = 0
    read: int = 0  # newest ReadIndex round the peer has answered, and the newest sent to it
    read_sent: int = 0
    snapshot: SnapshotMeta = FOUNDING
    snapshot_offset: int = 0
    sent: float = 0.0  # snapshot: when the chunk that is out was sent
    left_at: int = 0
    farewells: int = 0
    # Heartbeats since the oldest append in flight was last seen to move on.
    stalled_beats: int = 0
    match_at_beat: int = 0
    # Catching up in rounds (thesis 4.2.1): a round is to reach what the log's end was at its start.
    round_end: int = 0
    round_began: float = 0.0
    round_took: float = float("inf")

    def acknowledge(self, index: int) -> None:
        """The peer durably holds everything up to ``index``."""
        if index > self.match:
            self.match = index
        if self.next <= self.match:
            self.next = self.match + 1
        inflight = self.inflight
        while inflight and inflight[0][0] <= index:
            self.inflight_bytes -= inflight.popleft()[1]
        if self.state == "probe" or (
            self.state == "snapshot" and self.match >= self.snapshot.index
        ):
            self.state = "replicate"
            self.next = self.match + 1
            self._forget_inflight()
        if self.state != "snapshot":
            self.waiting = False

    def beat_after(self) -> int:
        """Replicate: the index that a heartbeat follows. After what was sent last, so that an
        append that was lost shows as a refusal; but while appends are on their way a heartbeat,
        which is short, may overtake them, so that counts only when they have had two more."""
        if self.inflight and self.match == self.match_at_beat:
            self.stalled_beats += 1
        else:
            self.stalled_beats = 0
        self.match_at_beat = self.match
        if self.inflight and self.stalled_beats < 2:
            return self.match
        return self.next - 1

    def tellable(self) -> int:
        """Replicate: up to where the peer may be told what is committed: what it holds, and what is
        on its way to it, if nothing that is sent behind it can overtake it."""
        return self.next - 1 if self.inflight_bytes <= SHORT_BYTES else self.match

    def sent_append(self, last_index: int, size: int) -> None:
        """An append that ends with ``last_index`` is out."""
        self.next = last_index + 1
        self.inflight.append((last_index, size))
        self.inflight_bytes += size

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
        self.told_commit = min(self.told_commit, self.match)
        self._forget_inflight()
        self.waiting = False

    def lost(self) -> None:
        """The connection broke, and with it what was on its way."""
        if self.state == "snapshot":
            self.waiting = False
        else:
            self.probe()

    def start_snapshot(self, meta: SnapshotMeta) -> None:
        """Send this snapshot. From its first byte: the peer answers what it wants of it."""
        self.state = "snapshot"
        self.snapshot = meta
        self.snapshot_offset = 0
        self._forget_inflight()
        self.waiting = False

    def _forget_inflight(self) -> None:
        self.inflight.clear()
        self.inflight_bytes = 0

    def catch_up(self, last_index: int, now: float) -> None:
        """A round ends when the peer holds what the log's end was at its start."""
        if self.match < self.round_end:
            return
        if self.match >= last_index:
            self.round_took = 0.0
        elif self.round_end:
            self.round_took = now - self.round_began
        self.round_end, self.round_began = last_index, now

    def lags(self, now: float, within: float) -> bool:
        """True if the last round took longer than ``within``, or the present one already does."""
        under_way = now - self.round_began if self.match < self.round_end else 0.0
        return max(self.round_took, under_way) > within
