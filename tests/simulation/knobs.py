"""Sizes and times that differ from run to run, so that rare paths (snapshots, new log segments,
compaction, chunks, evictions) are walked as often as the common ones.

Must not know: clusters.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from actors.kit.world.entropy import Entropy
from actors.store.persistence import Persistence
from cluster import limits
from cluster.state.mvcc import StateMachine
from cluster.state.snapshot import decode_snapshot, decode_snapshot_slices

QUICK_NODES = {
    "node_lease_renew": 1.5, "node_lease_duration": 5.0, "node_grace": 5.0, "toleration": 2,
}  # fmt: skip


@dataclass(frozen=True)
class Knobs:
    """The defaults are production's. ``bounds``: constants of ``cluster.limits`` by name."""

    snapshot_entries: int = limits.RAFT_SNAPSHOT_ENTRIES
    segment_bytes: int = 16 * limits.MIB
    history_revisions: int = limits.HISTORY_REVISIONS_MAX
    bounds: dict[str, int] = field(default_factory=dict)
    timing: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def turned(self) -> Iterator[None]:
        """Bounds are constants in production: for one run they are what this says."""
        before = {name: getattr(limits, name) for name in self.bounds}
        # Bounds that became defaults of arguments when their modules were loaded.
        defaults = {
            Persistence.__init__: (self.segment_bytes,),
            StateMachine.__init__: (self.history_revisions, limits.HISTORY_BYTES_MAX),
            decode_snapshot: (self.history_revisions, limits.HISTORY_BYTES_MAX),
            decode_snapshot_slices: (self.history_revisions, limits.HISTORY_BYTES_MAX),
        }
        kept = {function: function.__defaults__ for function in defaults}
        try:
            for name, value in self.bounds.items():
                setattr(limits, name, value)
            for function, values in defaults.items():
                function.__defaults__ = values
            yield
        finally:
            for name, value in before.items():
                setattr(limits, name, value)
            for function, old in kept.items():
                function.__defaults__ = old


def draw(entropy: Entropy) -> Knobs:
    """The knobs of one run."""
    return Knobs(
        snapshot_entries=entropy.choice((25, 60, 200, limits.RAFT_SNAPSHOT_ENTRIES)),
        segment_bytes=entropy.choice((8, 64, 1 * limits.KIB)) * limits.KIB,
        history_revisions=entropy.choice((300, limits.HISTORY_REVISIONS_MAX)),
        bounds={
            "RAFT_KEEP_ENTRIES": entropy.choice((3, 20, limits.RAFT_KEEP_ENTRIES)),
            "RAFT_SNAPSHOT_CHUNK_BYTES": entropy.choice((4, 32, 512)) * limits.KIB,
            "RAFT_APPEND_ENTRIES_MAX": entropy.choice((1, 4, 1024)),
            "RAFT_INFLIGHT_APPENDS_MAX": entropy.choice((1, 3, 64)),
        },
        timing=entropy.choice(({}, QUICK_NODES)),
    )
