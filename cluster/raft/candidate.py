"""Elections: asking for votes, giving them, counting them (paper 5.2, 5.4.1; thesis 4.2.3, 9.6).

Job: functions over MemberState. Must not know: replication; what a winner does.
"""

from cluster.raft.member_state import MemberState
from cluster.raft.messages import VoteRequest, VoteResponse
from cluster.raft.quorum import has_quorum


def ask_pre_votes(state: MemberState) -> None:
    """Ask whether an election could be won, without disturbing anybody's term."""
    low = state.config.election_min
    _stand(state, "pre-candidate")
    # A refused pre-vote costs nobody anything: try again soon.
    state.arm(low / 4, low / 2)
    state.votes[state.config.member] = True
    for peer in state.config.peers:
        state.send_now.append(_request(state, peer, state.term + 1, pre=True, transfer=False))


def ask_votes(state: MemberState, transfer: bool = False) -> None:
    """Begin an election: next term, vote for oneself (counted when durable), ask the others."""
    low = state.config.election_min
    _stand(state, "candidate")
    state.arm(low / 2, low)
    state.term += 1
    state.vote = state.config.member
    for peer in state.config.peers:
        state.send_after.append(_request(state, peer, state.term, pre=False, transfer=transfer))


def _stand(state: MemberState, role: str) -> None:
    state.become_follower("")
    state.role = "candidate" if role == "candidate" else "pre-candidate"


def _request(state: MemberState, peer: str, term: int, *, pre: bool, transfer: bool) -> VoteRequest:
    return VoteRequest(
        sender=state.config.member,
        to=peer,
        term=term,
        last_index=state.log.last_index,
        last_term=state.log.last_term,
        pre=pre,
        transfer=transfer,
    )


def on_vote_request(state: MemberState, message: VoteRequest) -> None:
    """RequestVote or pre-vote, of any term.

    While a leader is fresh, requests are not even looked at (so a member that was cut off cannot
    depose it), unless the leader itself asked for the election.
    """
    if message.term > state.term and not message.transfer and state.leader_is_fresh():
        return
    up_to_date = state.log.is_up_to_date(message.last_index, message.last_term)
    if message.pre:
        granted = message.term > state.term and up_to_date
        state.answer(_response(state, message, granted))
        return
    if message.term > state.term:
        state.enter_term(message.term)
    may_vote = state.vote == message.sender or (not state.vote and not state.leader)
    if message.term < state.term or not may_vote or not up_to_date:
        state.answer(_response(state, message, granted=False))
        return
    if state.role == "pre-candidate":
        state.become_follower("")
    state.vote = message.sender
    state.arm_election()
    # answer(): a repeated grant is durable already, a new one waits for the disk.
    state.answer(_response(state, message, granted=True))


def _response(state: MemberState, request: VoteRequest, granted: bool) -> VoteResponse:
    return VoteResponse(
        sender=state.config.member,
        to=request.sender,
        term=request.term if granted else state.term,
        granted=granted,
        pre=request.pre,
    )


def on_vote_response(state: MemberState, message: VoteResponse) -> bool:
    """Count an answer. True if this member has now won what it asked for."""
    if message.pre:
        asked = state.role == "pre-candidate"
        current = not message.granted or message.term == state.term + 1
    else:
        asked = state.role == "candidate"
        current = message.term == state.term
    if not asked or not current:
        return False
    return record_vote(state, message.sender, message.granted)


def record_vote(state: MemberState, voter: str, granted: bool) -> bool:
    """True if a majority has granted. A majority of refusals ends the candidacy."""
    state.votes.setdefault(voter, granted)
    yes = [name for name, answer in state.votes.items() if answer]
    if has_quorum(state.config.members, yes):
        return True
    no = [name for name, answer in state.votes.items() if not answer]
    if has_quorum(state.config.members, no):
        state.become_follower("")
    return False
