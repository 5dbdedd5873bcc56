"""What a leader does: replicate, commit, confirm reads, hand over (Figure 2, rules for leaders).

Job: functions over MemberState in role leader. Must not know: elections, disks, how membership
changes are decided.
"""

from cluster.raft import changes
from cluster.raft.member_state import DRIFT, MemberState
from cluster.raft.messages import AppendResponse, Entry, SnapshotResponse, TimeoutNow
from cluster.raft.progress import Progress
from cluster.raft.quorum import least
from cluster.raft.replication import pipeline, probe, send_append


def become_leader(state: MemberState) -> None:
    """Take office: a no-op of the new term first, so that what came before can be committed."""
    assert state.role == "candidate", "only an elected candidate leads"
    log = state.log
    state.role = "leader"
    state.leader = state.config.member
    state.votes.clear()
    state.reads.begin_term()
    assert not state.progress, "left behind by an earlier term"
    state.own = Progress(next=0, contact=state.now)
    state.uncommitted_bytes = log.bytes_between(log.commit, log.last_index)
    state.term_start = log.last_index + 1
    changes.reconcile(state, state.term_start)
    log.append(Entry(state.term_start, state.term, b""))
    state.deadline = state.now + state.config.heartbeat
    state.grace_until = state.now + state.config.election_max
    maybe_commit(state)


def heartbeat(state: MemberState) -> None:
    """The timer ran out: step down if no quorum was heard, else tell everybody one leads."""
    config = state.config
    if state.now - state.deadline > config.election_min / 2:
        # This process slept: answers wait unread. Judge the others only when they had a chance.
        state.grace_until = state.now + config.election_max
    if silence(state) > config.election_max and state.now > state.grace_until:
        state.become_follower("")
        return
    if state.transfer_to and state.now >= state.transfer_deadline:
        state.transfer_to = ""
        if changes.is_over(state):
            state.become_follower("")
            return
    state.deadline = state.now + config.heartbeat
    if config.lease_reads and state.log.commit >= state.term_start:
        _start_reads(state)
        state.reads.begin(state.log.commit, state.now)
    changes.drop_departed(state)
    for peer, progress in state.progress.items():
        _beat(state, peer, progress)


def _beat(state: MemberState, peer: str, progress: Progress) -> None:
    if progress.state == "replicate":
        send_append(state, peer, progress, progress.beat_after(), ())
        return
    if progress.state == "probe":
        progress.waiting = False
        probe(state, peer, progress, even_empty=True)
        return
    # A chunk may take long; that one leads must be heard meanwhile.
    send_append(state, peer, progress, progress.match, ())
    if progress.waiting and state.now - progress.sent >= state.config.election_min:
        progress.waiting = False
        probe(state, peer, progress, even_empty=True)


def silence(state: MemberState) -> float:
    """How long ago a quorum, this member included if it counts, was last heard."""
    state.own.contact = state.now
    return state.now - least([[p.contact for p in group] for group in state.groups])


def has_work(state: MemberState) -> bool:
    """Whether ``flush`` may have something to send. Asked after every answer: most of an idle
    cluster's change nothing."""
    reads, last, commit = state.reads, state.log.last_index, state.log.commit
    if reads.asked or reads.waiting:
        return True
    for progress in state.progress.values():
        if progress.state != "replicate" or progress.next <= last:
            return True
        if commit > progress.told_commit < progress.tellable():
            return True
    return False


def flush(state: MemberState) -> None:
    """Send what the peers lack: entries, the commit index, a read round."""
    _start_reads(state)
    commit = state.log.commit
    read = state.reads.round if state.reads.waiting else 0
    quick = state.reads.quick
    for peer, progress in state.progress.items():
        if progress.state == "replicate":
            pipeline(state, peer, progress)
            asks = progress.read_sent < read and (not quick or peer in quick)
            told = min(commit, progress.tellable())
            if asks or told > progress.told_commit:
                behind = max(told, progress.match)
                send_append(state, peer, progress, behind, (), quiet=not asks)
        elif progress.state == "snapshot":
            if progress.read_sent < read:
                send_append(state, peer, progress, progress.match, ())
            probe(state, peer, progress, even_empty=False)
        else:
            probe(state, peer, progress, even_empty=progress.read_sent < state.reads.round)


def _start_reads(state: MemberState) -> None:
    """One round at a time; none before an entry of the own term is committed."""
    reads, commit = state.reads, state.log.commit
    if not reads.asked or commit < state.term_start:
        return
    if _lease_holds(state):
        state.read_states.extend(reads.at_once(commit))
    elif not reads.waiting:
        reads.begin(commit, state.now)
        _confirm_reads(state)


def _lease_holds(state: MemberState) -> bool:
    """True while no other leader can have been elected: a quorum answered what was sent less than
    the shortest election timeout ago, by any clock (thesis 6.4.1)."""
    config, reads = state.config, state.reads
    if not config.lease_reads or state.transfer_to or reads.lease_spoilt or not reads.clock_read:
        return False
    return state.now < reads.confirmed_at + config.election_min / (1 + DRIFT)


def _confirm_reads(state: MemberState) -> None:
    reads = state.reads
    state.own.read = reads.round
    number = least([[p.read for p in group] for group in state.groups])
    if number > reads.confirmed:
        state.read_states.extend(reads.confirm(number))
        reads.quick = frozenset(name for name, p in state.progress.items() if p.read >= number)


def on_append_response(state: MemberState, message: AppendResponse) -> None:
    """An answer of this term: move match forward, or search where the logs part."""
    progress = state.progress.get(message.sender)
    if progress is None or progress.tenure != message.tenure:
        # Of a member that has left, or of its life before it came in again.
        return
    progress.contact, progress.heard = state.now, True
    if progress.read < message.read <= state.reads.round:
        progress.read = message.read
        _confirm_reads(state)
    if not message.accepted:
        _on_refusal(state, progress, message)
        return
    last = state.log.last_index
    assert message.index <= last, "a peer acknowledged what was never sent"
    news = message.index > progress.match
    progress.acknowledge(message.index)
    if news and message.index > state.log.commit:
        maybe_commit(state)
    if state.transfer_to == message.sender:
        _maybe_hand_over(state, message.sender, progress)
    if state.membership.learners:
        progress.catch_up(last, state.now)


def _on_refusal(state: MemberState, progress: Progress, message: AppendResponse) -> None:
    log = state.log
    if message.hint_index < log.base_index:
        candidate = message.hint_index
    else:
        candidate, _ = log.last_not_above(message.hint_index, message.hint_term)
    progress.reject(message.index, min(message.index, candidate + 1))


def on_snapshot_response(state: MemberState, message: SnapshotResponse) -> None:
    """The peer wants the chunk at ``offset`` of the snapshot being sent."""
    progress = state.progress.get(message.sender)
    if progress is None or progress.tenure != message.tenure:
        return
    progress.contact, progress.heard = state.now, True
    if progress.state != "snapshot" or progress.snapshot.index != message.last_index:
        return
    if message.offset != progress.snapshot_offset:
        # (If it wants what is out already, this answers a chunk that was sent twice.)
        progress.snapshot_offset = message.offset
        progress.waiting = False


def maybe_commit(state: MemberState) -> None:
    """Advance the commit index to what a quorum holds durably, this member by its own disk.

    Only entries of the leader's own term are committed by counting (paper 5.4.2).
    """
    log = state.log
    state.own.match = log.persisted
    index = least([[p.match for p in group] for group in state.groups])
    if index > log.commit and log.term_at(index) == state.term:
        state.uncommitted_bytes -= log.bytes_between(log.commit, index)
        log.commit = index
        changes.on_commit(state)
        if changes.is_over(state) and not state.transfer_to:
            _resign(state)


def _resign(state: MemberState) -> None:
    """The membership without this leader is committed: hand over if somebody is at hand, and step
    down in any case (paper 6, thesis 4.2.2)."""
    to = most_advanced(state)
    if to:
        transfer(state, to)
    else:
        state.become_follower("")


def most_advanced(state: MemberState) -> str:
    """The voter that holds most of the log, of those heard lately if there are any; '' if there is
    none but this one."""
    peers = state.progress
    voters = [name for name in state.membership.voters if name in peers]
    since = state.now - state.config.election_min
    return max(
        voters, key=lambda name: (peers[name].contact >= since, peers[name].match), default=""
    )


def transfer(state: MemberState, to: str) -> None:
    """Hand leadership to ``to`` as soon as it holds the whole log; give up after a timeout."""
    state.transfer_to = to
    state.transfer_deadline = state.now + state.config.election_min
    progress = state.progress[to]
    if progress.match < state.log.last_index and progress.state == "replicate":
        # What was sent may have been lost: do not wait for heartbeats to find out.
        send_append(state, to, progress, progress.next - 1, ())
    _maybe_hand_over(state, to, progress)


def _maybe_hand_over(state: MemberState, peer: str, progress: Progress) -> None:
    if progress.match == state.log.last_index:
        # From here on another may be elected past the lease, however late this message arrives.
        state.reads.lease_spoilt = True
        state.send_now.append(TimeoutNow(state.config.member, peer, state.term))
