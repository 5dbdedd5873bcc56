"""What operators do to the disk of a stopped replica: look how far its log goes, make it go on
alone, fill it from a saved state.

Job: each step whole or not at all. Must not know: processes, who is told, where data lies. The
replica must not run meanwhile. All raise DiskFault, and LogDamaged or LogMissing for a log that is
not whole or not there; StoreError refuses.
"""

from collections.abc import Iterable

from actors.kit.world.disk import Disk
from actors.store.layout import Layout
from actors.store.persistence import SEGMENT_BYTES, Persistence
from actors.store.snapshot_files import SnapshotFiles
from actors.store.spool import SnapshotSpool
from actors.store.wal_reader import LogReader
from actors.store.wal_segments import Log
from cluster.errors import StoreError
from cluster.raft.memberships import Memberships, names_of, tenure_of
from cluster.raft.messages import (
    Entry,
    HardState,
    Membership,
    SnapshotMeta,
    membership_entry,
)
from cluster.raft.ready import Ready


async def last_position(disk: Disk, cluster: str, member: str) -> tuple[int, int]:
    """(term, index) of the last entry held: of several members the one with the greatest holds
    all that was acknowledged, if any of them does (paper 5.4.1). Changes nothing."""
    found = LogReader(disk, cluster, member)
    await found.read()
    if found.tail is None:
        raise found.missing()
    index = found.replay.meta.index
    if index and await SnapshotFiles(disk, Layout.of(member)).read_chunk(index, 0, 1) is None:
        raise found.damaged(Layout.of(member).snapshot(index), "missing")
    return found.last.term, found.last.index


async def force_membership(
    disk: Disk, cluster: str, member: str, segment_bytes: int = SEGMENT_BYTES
) -> Membership:
    """After the loss of a quorum: ``member`` becomes the only voter of its own log, by an entry at
    its end, as if elected leader of a new term had appended it. All its entries stay, and count as
    committed once it leads. Returns the membership that was in force before.

    Whoever else was a member must never come back with the log it had. What only others held is
    lost.
    """
    persistence = Persistence(disk, cluster, member, segment_bytes)
    recovered = await persistence.load(None)
    try:
        before = _in_force(recovered.meta, recovered.entries)
        if member not in names_of(before):
            raise StoreError(f"{member} was never taken into the cluster: it cannot go on alone")
        last = recovered.entries[-1] if recovered.entries else recovered.meta
        term = max(recovered.hard_state.term, last.term) + 1
        tenures = tuple(tenure for tenure in before.tenures if tenure[0] == member)
        alone = Membership(voters=(member,), tenures=tenures)
        forced = membership_entry(last.index + 1, term, alone)
        hard_state = HardState(term, member, tenure_of(alone, member))
        await persistence.write([_ready(hard_state, forced)])
        await persistence.mark()
        await persistence.discard_spool()
    finally:
        await persistence.close()
    return before


async def seed(
    disk: Disk,
    cluster: str,
    member: str,
    meta: SnapshotMeta,
    pieces: Iterable[bytes],
    segment_bytes: int = SEGMENT_BYTES,
) -> None:
    """Make a log that is empty but for the state in ``pieces``, which stands for ``meta``: a
    replica restored from a saved snapshot. Cut short, it can be done again."""
    layout = Layout.of(member)
    if meta.index < 1:
        raise StoreError("a state without an index cannot be restored")
    if member not in names_of(meta.membership):
        raise StoreError(f"{member} is not among the members that the state is restored for")
    if await disk.list(layout.logs):
        raise StoreError(
            f"{member} has a log in {disk.locate(layout.root)}: it is not overwritten. Remove it "
            "first if the replica is to forget all it knows"
        )
    snapshots = SnapshotFiles(disk, layout)
    await SnapshotSpool(disk, layout).discard()
    await snapshots.remove_others(0)
    await snapshots.write(meta.index, pieces)
    log = Log(disk, cluster, member, segment_bytes)
    try:
        await log.create(HardState(meta.term, "", tenure_of(meta.membership, member)), meta)
    finally:
        await log.close()


def _in_force(meta: SnapshotMeta, entries: Iterable[Entry]) -> Membership:
    memberships = Memberships(meta.membership)
    memberships.take(entries)
    return memberships.current


def _ready(hard_state: HardState, entry: Entry) -> Ready:
    return Ready(hard_state, (entry,), None, (), (), (), (), None, 0)
