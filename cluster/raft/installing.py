"""What a member does with a leader's snapshot chunks (Figure 13, InstallSnapshot, receiver).

Job: functions over MemberState: which chunk is wanted next, when the snapshot is whole. Must not
know: where chunks are kept (the shell spools them), what is in them.

Chunks are taken in order; each answer, sent once the chunk is durable, names the byte wanted next.
So a transfer goes on where it was after a restart of either side and under another leader, as long
as that one sends the same snapshot.
"""

from cluster.raft.follower import accepted, hear_leader
from cluster.raft.member_state import Incoming, MemberState
from cluster.raft.messages import SnapshotMeta, SnapshotRequest, SnapshotResponse
from cluster.raft.ready import SnapshotChunk


def on_snapshot(state: MemberState, message: SnapshotRequest) -> None:
    """One chunk of a snapshot, of the present term's leader."""
    if not hear_leader(state, message.sender, message.tenure) or state.installing:
        # While the spool is being installed nothing else must come into it.
        return
    if _is_held(state, message):
        return
    incoming = state.incoming
    if incoming is None or incoming.meta != message.meta:
        if incoming is not None and _is_overtaken(state, incoming, message.meta):
            return
        incoming = state.incoming = Incoming(message.meta)
    incoming.term = state.term
    if message.offset == incoming.size:
        if message.data:
            chunk = SnapshotChunk(incoming.meta, incoming.size, message.data)
            state.chunks.append(chunk)
            incoming.size += len(message.data)
        if message.done:
            _install(state, incoming.meta)
            index = incoming.meta.index
            answer = accepted(state, message.sender, index, message.tenure)
            state.send_after.append(answer)
            return
    state.send_after.append(
        SnapshotResponse(
            sender=state.config.member,
            to=message.sender,
            term=state.term,
            last_index=message.meta.index,
            offset=incoming.size,
            tenure=message.tenure,
        )
    )


def _is_held(state: MemberState, message: SnapshotRequest) -> bool:
    """True if the log holds all that the snapshot stands for; it is answered then. What a snapshot
    covers is committed, so if its last entry is here (Figure 13, step 6) all of it is."""
    log, meta = state.log, message.meta
    if meta.index > log.commit:
        if not log.matches(meta.index, meta.term):
            return False
        log.commit = meta.index
    state.incoming = None
    if meta.index > log.persisted:
        # On its way to the disk: this leaves when it is there.
        answer = accepted(state, message.sender, meta.index, message.tenure)
        state.send_after.append(answer)
    else:
        held = min(log.commit, log.persisted)
        state.answer(accepted(state, message.sender, held, message.tenure))
    return True


def _is_overtaken(state: MemberState, incoming: Incoming, meta: SnapshotMeta) -> bool:
    """True for a late chunk of an older snapshot of the same leader."""
    return incoming.term == state.term and meta.index < incoming.meta.index


def _install(state: MemberState, meta: SnapshotMeta) -> None:
    state.incoming = None
    state.log.install(meta)
    state.applied = state.installing = meta.index
    state.installed = meta
    state.adopt_membership()
