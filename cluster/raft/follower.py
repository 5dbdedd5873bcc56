"""What a member does with a leader's appends (Figure 2, AppendEntries, receiver).

Job: functions over MemberState for messages whose term is the member's own. Must not know: how
leaders and candidates decide; snapshots.
"""

from cluster.raft.member_state import MemberState
from cluster.raft.messages import AppendRequest, AppendResponse


def hear_leader(state: MemberState, leader: str, tenure: int) -> bool:
    """The leader of this term spoke: follow it, and start the election timer anew. False if that
    was said to an earlier life of this member: the leader has spoken to the present one. (Its log
    only grows, so what it tells of tenures does; another term's leader may know of less.)"""
    assert state.role != "leader", f"two leaders in term {state.term}: {leader} and this"
    if tenure < state.tenure and state.told == state.term:
        return False
    state.tenure, state.told = tenure, state.term if tenure else 0
    if state.role != "follower" or state.leader != leader:
        state.become_follower(leader)
        state.lost_at = float("-inf")
    if not state.vote:
        # Whoever leads this term is the only one this member helps in it, even if its disk was
        # lost with a vote on it and it came back as a new member.
        state.vote = leader
    state.heard = state.now
    state.last_leader = leader
    state.starved = False
    if state.config.lease_reads:
        state.promised = state.now + state.config.election_min
    state.arm_election()
    return True


def on_append(state: MemberState, message: AppendRequest) -> None:
    """AppendEntries of the present term's leader."""
    if not hear_leader(state, message.sender, message.tenure):
        return
    log = state.log
    if message.prev_index < log.commit:
        # Old news, or a leader that knows little of us: what is committed surely matches.
        _accept(state, message, min(log.commit, log.persisted))
        return
    if not log.matches(message.prev_index, message.prev_term):
        refuse(state, message)
        return
    if message.entries:
        log.merge(message.entries)
        state.adopt_membership()
    verified = message.prev_index + len(message.entries)
    log.commit = max(log.commit, min(message.commit, verified))
    if message.entries and verified > log.persisted:
        answer = accepted(state, message.sender, verified, message.tenure, message.read)
        state.send_after.append(answer)
    else:
        # A heartbeat must not wait for the disk, so it promises only what is durable already.
        _accept(state, message, min(verified, log.persisted))


def _accept(state: MemberState, message: AppendRequest, held: int) -> None:
    if not message.quiet:
        state.answer(accepted(state, message.sender, held, message.tenure, message.read))


def refuse(state: MemberState, message: AppendRequest) -> None:
    """Answer no, with the hint that lets a leader skip a term per round.

    The answer is of the present term. If the request is not, its read round is of another term of
    office, which may be the same leader's: echoed, it would confirm rounds of this one unasked.
    """
    hint_index, hint_term = state.log.last_not_above(message.prev_index, message.prev_term)
    state.answer(
        AppendResponse(
            sender=state.config.member,
            to=message.sender,
            term=state.term,
            accepted=False,
            index=message.prev_index,
            hint_index=hint_index,
            hint_term=hint_term,
            read=message.read if message.term == state.term else 0,
            tenure=message.tenure,
        )
    )


def accepted(
    state: MemberState, leader: str, index: int, tenure: int, read: int = 0
) -> AppendResponse:
    """Everything up to ``index`` is held here, durably when this leaves."""
    return AppendResponse(
        sender=state.config.member,
        to=leader,
        term=state.term,
        accepted=True,
        index=index,
        read=read,
        tenure=tenure,
    )
