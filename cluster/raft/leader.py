"""What a leader does: replicate, commit, confirm reads, hand over (Figure 2, rules for leaders).

Job: functions over MemberState in role leader. Must not know: elections, disks.
"""

from cluster.raft import quorum
from cluster.raft.member_state import MemberState
from cluster.raft.messages import (
    AppendRequest,
    AppendResponse,
    Entry,
    SnapshotRequest,
    SnapshotResponse,
    TimeoutNow,
)
from cluster.raft.progress import Progress


def become_leader(state: MemberState) -> None:
    """Take office: a no-op of the new term first, so that what came before can be committed."""
    assert state.role == "candidate", "only an elected candidate leads"
    log = state.log
    state.role = "leader"
    state.leader = state.config.member
    state.votes.clear()
    state.reads.confirmed = state.reads.round
    state.progress = {
        peer: Progress(next=log.last_index + 1, contact=state.now) for peer in state.config.peers
    }
    state.term_start = log.last_index + 1
    log.append(Entry(state.term_start, state.term, b""))
    state.deadline = state.now + state.config.heartbeat
    state.grace_until = state.now + state.config.election_max
    maybe_commit(state)


def heartbeat(state: MemberState) -> None:
    """The timer ran out: step down if no quorum was heard, else tell everybody one leads."""
    late = state.now - state.deadline
    if late > state.config.election_min / 2:
        # This process slept: answers wait unread. Judge the others only when they had a chance.
        state.grace_until = state.now + state.config.election_max
    contacts = [progress.contact for progress in state.progress.values()] + [state.now]
    silence = state.now - quorum.quorum_value(contacts)
    if silence > state.config.election_max and state.now > state.grace_until:
        state.become_follower("")
        return
    if state.transfer_to and state.now >= state.transfer_deadline:
        state.transfer_to = ""
    state.deadline = state.now + state.config.heartbeat
    for peer, progress in state.progress.items():
        progress.waiting = False
        if progress.state == "replicate":
            # After what was sent last: a lost append shows as a refusal.
            _send(state, peer, progress, progress.next - 1, ())
        else:
            _probe(state, peer, progress, even_empty=True)


def flush(state: MemberState) -> None:
    """Send what the peers lack: entries, the commit index, a read round."""
    _start_reads(state)
    for peer, progress in state.progress.items():
        if progress.state == "replicate":
            _pipeline(state, peer, progress)
            news = min(state.log.commit, progress.match) > progress.told_commit
            if news or (state.reads.waiting and progress.read_sent < state.reads.round):
                _send(state, peer, progress, progress.match, ())
        else:
            _probe(state, peer, progress, even_empty=progress.read_sent < state.reads.round)


def _start_reads(state: MemberState) -> None:
    """One round at a time; none before an entry of the own term is committed."""
    if state.reads.waiting or state.log.commit < state.term_start:
        return
    if state.reads.start(state.log.commit) and not state.progress:
        state.read_states.extend(state.reads.confirm(state.reads.round))


def _pipeline(state: MemberState, peer: str, progress: Progress) -> None:
    config, log = state.config, state.log
    while progress.next <= log.last_index and len(progress.inflight) < config.inflight_max:
        if progress.next <= log.base_index:
            _probe(state, peer, progress, even_empty=True)
            return
        entries = log.slice(progress.next, config.entries_max, config.bytes_max)
        _send(state, peer, progress, progress.next - 1, entries)
        progress.next += len(entries)
        progress.inflight.append(progress.next - 1)


def _probe(state: MemberState, peer: str, progress: Progress, even_empty: bool) -> None:
    config, log = state.config, state.log
    if progress.waiting:
        return
    if progress.state != "snapshot" and progress.next <= log.base_index:
        progress.start_snapshot(log.snapshot_index, log.snapshot_term)
    if progress.state == "snapshot":
        progress.waiting = True
        state.send_now.append(_chunk(state, peer, progress))
        return
    entries = log.slice(progress.next, config.entries_max, config.bytes_max)
    if entries or even_empty:
        progress.waiting = True
        _send(state, peer, progress, progress.next - 1, entries)


def _send(
    state: MemberState,
    peer: str,
    progress: Progress,
    prev_index: int,
    entries: tuple[Entry, ...],
) -> None:
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
        )
    )


def _chunk(state: MemberState, peer: str, progress: Progress) -> SnapshotRequest:
    return SnapshotRequest(
        sender=state.config.member,
        to=peer,
        term=state.term,
        last_index=progress.snapshot_index,
        last_term=progress.snapshot_term,
        offset=progress.snapshot_offset,
    )


def on_append_response(state: MemberState, message: AppendResponse) -> None:
    """An answer of this term: move match forward, or search where the logs part."""
    progress = state.progress[message.sender]
    progress.contact = state.now
    if message.read > progress.read:
        progress.read = message.read
        _confirm_reads(state)
    if not message.accepted:
        _on_refusal(state, progress, message)
        return
    assert message.index <= state.log.last_index, "a peer acknowledged what was never sent"
    progress.acknowledge(message.index)
    maybe_commit(state)
    _maybe_hand_over(state, message.sender, progress)


def _on_refusal(state: MemberState, progress: Progress, message: AppendResponse) -> None:
    log = state.log
    if message.hint_index < log.base_index:
        candidate = message.hint_index
    else:
        candidate, _ = log.last_not_above(message.hint_index, message.hint_term)
    progress.reject(message.index, min(message.index, candidate + 1))


def on_snapshot_response(state: MemberState, message: SnapshotResponse) -> None:
    """The peer wants the chunk at ``offset`` of the snapshot being sent."""
    progress = state.progress[message.sender]
    progress.contact = state.now
    if progress.state == "snapshot" and progress.snapshot_index == message.last_index:
        progress.snapshot_offset = message.offset
        progress.waiting = False


def _confirm_reads(state: MemberState) -> None:
    answered = [progress.read for progress in state.progress.values()]
    number = quorum.quorum_value([*answered, state.reads.round])
    if number > state.reads.confirmed:
        state.read_states.extend(state.reads.confirm(number))


def maybe_commit(state: MemberState) -> None:
    """Advance the commit index to what a majority holds durably, this member by its own disk.

    Only entries of the leader's own term are committed by counting (paper 5.4.2).
    """
    held = [progress.match for progress in state.progress.values()] + [state.log.persisted]
    index = quorum.quorum_value(held)
    if index > state.log.commit and state.log.term_at(index) == state.term:
        state.log.commit = index


def transfer(state: MemberState, to: str) -> None:
    """Hand leadership to ``to`` as soon as it holds the whole log; give up after a timeout."""
    state.transfer_to = to
    state.transfer_deadline = state.now + state.config.election_min
    _maybe_hand_over(state, to, state.progress[to])


def _maybe_hand_over(state: MemberState, peer: str, progress: Progress) -> None:
    if peer == state.transfer_to and progress.match == state.log.last_index:
        state.send_now.append(TimeoutNow(state.config.member, peer, state.term))
