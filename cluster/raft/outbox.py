"""What a member has for its shell, gathered into one Ready.

Job: functions over MemberState: is there news; take it, once. Must not know: why it is there.
"""

from cluster.raft.member_state import MemberState
from cluster.raft.messages import Entry, HardState, Membership
from cluster.raft.ready import Ready, Standing


def has_news(state: MemberState) -> bool:
    """Asked after every step, so without making anything."""
    log, told, handed = state.log, state.told_standing, state.handed_hard
    return bool(
        state.send_now
        or state.send_after
        or state.read_states
        or state.chunks
        or state.installed is not None
        or log.handed < log.last_index
        or (state.applied < log.commit and not state.installing)
        or state.term != handed.term
        or state.vote != handed.vote
        or state.tenure != handed.tenure
        or state.told != handed.told
        or told is None
        or state.role != told.role
        or state.leader != told.leader
        or state.term != told.term
        or state.membership is not state.told_membership
    )


def take(state: MemberState) -> Ready:
    """All of it. What is taken is not news any more."""
    ready = Ready(
        hard_state=_hard_state(state),
        entries=state.log.take_unhanded(),
        snapshot=state.installed,
        send_now=tuple(state.send_now),
        send_after_persist=tuple(state.send_after),
        committed=_committed(state),
        reads=tuple(state.read_states),
        standing=_standing(state),
        epoch=state.log.epoch,
        chunks=tuple(state.chunks),
        membership=_membership(state),
    )
    state.installed = None
    state.chunks.clear()
    state.send_now.clear()
    state.send_after.clear()
    state.read_states.clear()
    return ready


def _hard_state(state: MemberState) -> HardState | None:
    handed = state.handed_hard
    known = handed.tenure == state.tenure and handed.told == state.told
    if known and state.term == handed.term and state.vote == handed.vote:
        return None
    state.handed_hard = HardState(state.term, state.vote, state.tenure, state.told)
    return state.handed_hard


def _standing(state: MemberState) -> Standing | None:
    told = state.told_standing
    now = (state.role, state.leader, state.term)
    if told is not None and now == (told.role, told.leader, told.term):
        return None
    state.told_standing = Standing(*now)
    return state.told_standing


def _membership(state: MemberState) -> Membership | None:
    if state.membership is state.told_membership:
        return None
    state.told_membership = state.membership
    return state.membership


def _committed(state: MemberState) -> tuple[Entry, ...]:
    """Committed entries to apply, durable here or not: a quorum's disks have them, and the state
    is made anew from the log after a crash. None on top of a state that a snapshot is about to
    replace."""
    end = state.log.commit
    if end <= state.applied or state.installing:
        return ()
    count = min(end - state.applied, state.config.apply_max)
    entries = state.log.slice(state.applied + 1, count, state.config.bytes_max)
    state.applied += len(entries)
    return entries
