"""What differs from seed to seed: sizes, times, and which faults there are (swarm testing).

Must not know: members, faults' workings.
"""

import random
from dataclasses import dataclass

FAULTS = (
    "crash", "power", "boundary", "boundary", "crash-leader", "all-down", "pause", "halves",
    "isolate", "one-way", "bridge", "partial", "swizzle", "loss", "doubling", "straggling",
    "replay", "slow-disk", "sync-error", "disk-full", "flip", "peer-lost", "transfer", "clock",
    "membership", "membership", "split-change", "wipe",
)  # fmt: skip


@dataclass(frozen=True)
class Knobs:
    """Times in seconds. ``spares``: hosts that are no members at first. ``drift``: how far a
    clock's rate may be from 1. ``wire``: messages go as bytes. ``faults``: kinds of this seed."""

    size: int
    spares: int
    heartbeat: float
    election_min: float
    election_max: float
    entries_max: int
    bytes_max: int
    inflight_max: int
    apply_max: int
    snapshot_entries: int
    keep_entries: int
    chunk_bytes: int
    segment_bytes: int
    sector_bytes: int
    history_revisions: int
    sync_seconds: float
    gather_seconds: float
    drift: float
    wire: bool
    lease_reads: bool
    clients: int
    fault_gap: float
    faults: tuple[str, ...]
    loss: float
    doubling: float
    straggling: float
    compaction: bool
    memory_entries: int


def draw(rng: random.Random) -> Knobs:
    """The knobs of one seed."""
    heartbeat = rng.choice((0.1, 0.15, 0.2))
    election_min = heartbeat * rng.choice((3, 4, 6))
    share = rng.choice((0.25, 0.4, 0.6))
    faults = tuple(kind for kind in FAULTS if rng.random() < share) or ("boundary",)
    lossy = rng.random() < 0.4
    lease_reads = rng.random() < 0.3
    return Knobs(
        size=rng.choice((1, 3, 3, 3, 3, 3, 4, 5)),
        spares=rng.choice((0, 1, 2, 2)),
        heartbeat=heartbeat,
        election_min=election_min,
        election_max=election_min * rng.choice((1.3, 2.0)),
        entries_max=rng.choice((1, 3, 64)),
        bytes_max=rng.choice((200, 1000, 1 << 20)),
        inflight_max=rng.choice((1, 2, 16)),
        apply_max=rng.choice((1, 4, 256)),
        snapshot_entries=rng.choice((8, 20, 20, 60, 10_000)),
        keep_entries=rng.choice((0, 3, 10)),
        chunk_bytes=rng.choice((150, 600, 4096)),
        segment_bytes=rng.choice((1024, 4096, 4096, 65536)),
        sector_bytes=rng.choice((16, 64, 512)),
        history_revisions=rng.choice((120, 1000, 1000)),
        sync_seconds=rng.choice((0.0, 0.0, 0.0005, 0.003)),
        gather_seconds=rng.choice((0.0, 0.0, 0.004)),
        # Lease reads bear clocks whose rates are within a tenth of each other.
        drift=rng.choice((0.0, 0.02, 0.045 if lease_reads else 0.15)),
        wire=rng.random() < 0.2,
        lease_reads=lease_reads,
        clients=rng.choice((2, 3, 4)),
        fault_gap=rng.choice((0.25, 0.5, 1.0)),
        faults=faults,
        loss=rng.choice((0.01, 0.05, 0.15)) if lossy else 0.0,
        doubling=rng.choice((0.0, 0.0, 0.05, 0.2)),
        straggling=rng.choice((0.0, 0.0, 0.01, 0.05)),
        compaction=rng.random() < 0.5,
        memory_entries=rng.choice((2, 6, 10_000, 10_000)),
    )
