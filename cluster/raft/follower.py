"""What a member does with a leader's appends and snapshot chunks (Figure 2 and 13, receivers).

Job: functions over MemberState for messages whose term is the member's own. Must not know: how
leaders and candidates decide.
"""

from cluster.raft.member_state import Incoming, MemberState
from cluster.raft.messages import (
    AppendRequest,
    AppendResponse,
    SnapshotRequest,
    SnapshotResponse,
)
from cluster.raft.ready import Snapshot


def hear_leader(state: MemberState, leader: str) -> None:
    """The leader of this term spoke: follow it, and start the election timer anew."""
    assert state.role != "leader", f"two leaders in term {state.term}: {leader} and this"
    if state.role != "follower" or state.leader != leader:
        state.become_follower(leader)
    state.heard = state.now
    state.arm_election()


def on_append(state: MemberState, message: AppendRequest) -> None:
    """AppendEntries of the present term's leader."""
    hear_leader(state, message.sender)
    log = state.log
    if message.prev_index < log.commit:
        # Old news, or a leader that knows little of us: what is committed surely matches.
        held = min(log.commit, log.persisted)
        state.answer(_accepted(state, message, held))
        return
    if not log.matches(message.prev_index, message.prev_term):
        refuse(state, message)
        return
    log.merge(message.entries)
    verified = message.prev_index + len(message.entries)
    log.commit = max(log.commit, min(message.commit, verified))
    if message.entries and verified > log.persisted:
        state.send_after.append(_accepted(state, message, verified))
    else:
        # A heartbeat must not wait for the disk, so it promises only what is durable already.
        state.answer(_accepted(state, message, min(verified, log.persisted)))


def refuse(state: MemberState, message: AppendRequest) -> None:
    """Answer no, with the hint that lets a leader skip a term per round."""
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
            read=message.read,
        )
    )


def _accepted(state: MemberState, message: AppendRequest, index: int) -> AppendResponse:
    return AppendResponse(
        sender=state.config.member,
        to=message.sender,
        term=state.term,
        accepted=True,
        index=index,
        read=message.read,
    )


def on_snapshot(state: MemberState, message: SnapshotRequest) -> None:
    """One chunk of a snapshot; chunks are taken in order, the answer names the byte wanted next."""
    hear_leader(state, message.sender)
    if message.last_index <= state.log.commit:
        state.incoming = None
        held = min(state.log.commit, state.log.persisted)
        state.answer(AppendResponse(state.config.member, message.sender, state.term, True, held))
        return
    incoming = state.incoming
    if incoming is None or (incoming.index, incoming.term) != (
        message.last_index,
        message.last_term,
    ):
        incoming = state.incoming = Incoming(message.last_index, message.last_term)
    if message.offset == incoming.size:
        incoming.parts.append(message.data)
        incoming.size += len(message.data)
        if message.done:
            _install(state, incoming, message.sender)
            return
    state.answer(
        SnapshotResponse(
            state.config.member, message.sender, state.term, message.last_index, incoming.size
        )
    )


def _install(state: MemberState, incoming: Incoming, leader: str) -> None:
    state.incoming = None
    state.log.install(incoming.index, incoming.term)
    state.applied = incoming.index
    state.installed = Snapshot(incoming.index, incoming.term, b"".join(incoming.parts))
    state.send_after.append(
        AppendResponse(state.config.member, leader, state.term, True, incoming.index)
    )
