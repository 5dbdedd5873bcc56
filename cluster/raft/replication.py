"""How a leader sends: pipelines, probes, chunks (paper 5.3, 7; thesis 10.2 for the pipeline).

Job: messages to one peer out of its Progress, within the limits of flow control. Must not know:
what answers mean, commitment, elections.
"""

from cluster.raft.member_state import MemberState
from cluster.raft.messages import AppendRequest, Entry, SnapshotRequest
from cluster.raft.progress import Progress

# For how many of the longest election timeouts a silent peer counts as one that comes back: a
# process that is started anew takes some seconds.
ALIVE_ELECTIONS = 5


def pipeline(state: MemberState, peer: str, progress: Progress) -> None:
    """Replicate: send what is new without waiting for answers, as far as the window goes."""
    config, log = state.config, state.log
    while (
        progress.next <= log.last_index
        and len(progress.inflight) < config.inflight_max
        and (progress.inflight_bytes < config.inflight_bytes_max or not progress.inflight)
    ):
        if progress.next <= log.base_index:
            probe(state, peer, progress, even_empty=True)
            return
        entries, size = log.batch(progress.next, config.entries_max, config.bytes_max)
        send_append(state, peer, progress, progress.next - 1, entries)
        progress.sent_append(progress.next - 1 + len(entries), size)


def is_alive(state: MemberState, progress: Progress) -> bool:
    """True if the peer has answered lately, or may be just starting anew."""
    return state.now - progress.contact <= ALIVE_ELECTIONS * state.config.election_max


def wants_snapshot(state: MemberState) -> bool:
    """True if a living peer lacks what is neither in memory nor in a snapshot that what is in
    memory follows."""
    base = state.log.base_index
    return state.log.snapshot_index < base and any(
        progress.state != "snapshot" and progress.next <= base and is_alive(state, progress)
        for progress in state.progress.values()
    )


def needed_after(state: MemberState) -> int:
    """The index after which living peers may still lack entries. One that is being sent a snapshot
    lacks all that follows it, one that waits for the next one what follows the base."""
    log = state.log
    found = log.last_index
    for progress in state.progress.values():
        if is_alive(state, progress):
            if progress.state == "snapshot":
                held = progress.snapshot.index
            else:
                held = progress.match if progress.state == "replicate" else progress.next - 1
            found = min(found, held)
    return max(found, log.base_index)


def probe(state: MemberState, peer: str, progress: Progress, even_empty: bool) -> None:
    """Probe or snapshot: one message, unless one is out."""
    config, log = state.config, state.log
    if progress.waiting:
        return
    if progress.state != "snapshot" and progress.next <= log.base_index:
        if log.snapshot.index < log.base_index:
            # No snapshot is followed by what is in memory: the next one will be, and is wanted.
            progress.state = "probe"
            if even_empty:
                progress.waiting = True
                send_append(state, peer, progress, progress.match, ())
            return
        progress.start_snapshot(log.snapshot)
    if progress.state == "snapshot":
        _send_chunk(state, peer, progress)
        return
    entries = log.slice(progress.next, config.entries_max, config.bytes_max)
    if entries or even_empty:
        progress.waiting = True
        send_append(state, peer, progress, progress.next - 1, entries)


def send_append(
    state: MemberState,
    peer: str,
    progress: Progress,
    prev_index: int,
    entries: tuple[Entry, ...],
    quiet: bool = False,
) -> None:
    """AppendEntries after ``prev_index``, or a heartbeat after the log's base if that is older."""
    prev_term = state.log.term_at(prev_index)
    if prev_term is None:
        # Matched long ago and compacted since: the base is as good, it is committed.
        prev_index, prev_term = state.log.base_index, state.log.base_term
        entries = ()
    # The commit index goes along whole; the receiver takes what this message verifies.
    progress.told_commit = min(state.log.commit, prev_index + len(entries))
    progress.read_sent = state.reads.round
    state.send_now.append(
        AppendRequest(
            sender=state.config.member,
            to=peer,
            term=state.term,
            prev_index=prev_index,
            prev_term=prev_term,
            entries=entries,
            commit=state.log.commit,
            read=state.reads.round,
            tenure=progress.tenure,
            quiet=quiet,
        )
    )


def _send_chunk(state: MemberState, peer: str, progress: Progress) -> None:
    """The shell fills the data in: it has the file."""
    progress.waiting = True
    progress.sent = state.now
    state.send_now.append(
        SnapshotRequest(
            sender=state.config.member,
            to=peer,
            term=state.term,
            meta=progress.snapshot,
            offset=progress.snapshot_offset,
            tenure=progress.tenure,
        )
    )
