"""Elections: asking for votes, giving them, counting them (paper 5.2, 5.4.1; thesis 4.2.3, 9.6).

Job: functions over MemberState. Must not know: replication; what a winner does.
"""

from cluster.raft.member_state import MemberState
from cluster.raft.memberships import tenure_of
from cluster.raft.messages import VoteRequest, VoteResponse
from cluster.raft.ready import Role


def campaign(state: MemberState) -> None:
    """Ask whether an election could be won, without disturbing anybody's term; with nobody to ask,
    stand at once."""
    low, member = state.config.election_min, state.config.member
    assert state.may_campaign, f"{member} does not find itself a voter"
    just_lost = state.now - state.lost_at < low
    state.asked_at = state.now
    _stand(state, "pre-candidate")
    # A refused pre-vote costs nobody anything: try again soon; very soon if a connection just
    # broke, which the others may notice a little later.
    if just_lost:
        state.arm(state.config.stagger, 2 * state.config.stagger)
    else:
        state.arm(low / 4, low / 2)
    if record_vote(state, member, granted=True):
        ask_votes(state)
        return
    for peer in state.quorum.names:
        if peer != member:
            _ask(state, peer)


def _ask(state: MemberState, peer: str) -> None:
    request = _request(state, peer, state.term + 1, pre=True, transfer=False)
    state.send_now.append(request)


def ask_votes(state: MemberState, transfer: bool = False) -> None:
    """Begin an election: next term, vote for oneself (counted when durable), ask the others."""
    low = state.config.election_min
    _stand(state, "candidate")
    state.arm(low / 2, low)
    state.term += 1
    state.vote = state.config.member
    if transfer:
        state.last_leader = ""  # it lives, and votes
    for peer in state.quorum.names:
        if peer != state.config.member:
            request = _request(state, peer, state.term, pre=False, transfer=transfer)
            state.send_after.append(request)


def _stand(state: MemberState, role: Role) -> None:
    state.become_follower("")
    state.role = role


def _request(state: MemberState, peer: str, term: int, *, pre: bool, transfer: bool) -> VoteRequest:
    return VoteRequest(
        sender=state.config.member,
        to=peer,
        term=term,
        last_index=state.log.last_index,
        last_term=state.log.last_term,
        pre=pre,
        transfer=transfer,
        tenure=tenure_of(state.membership, peer),
    )


def on_vote_request(state: MemberState, message: VoteRequest) -> None:
    """RequestVote or pre-vote, of any term, of anybody: who asks may be a member that this one has
    not heard of yet, and who is asked may be a voter without knowing it (thesis 4.1). But not to
    who asks an earlier life of this member: what that one promised is forgotten.

    While a leader is fresh, requests are not even looked at (so a member that was cut off, or was
    removed, cannot depose it), unless the leader itself asked for the election.
    """
    if message.tenure != state.tenure or state.is_blank:
        return
    if message.term > state.term and not message.transfer and state.leader_is_fresh():
        state.unheard, state.unheard_at = message, state.now
        return
    up_to_date = state.log.is_up_to_date(message.last_index, message.last_term)
    if message.pre:
        granted = message.term > state.term and up_to_date
        if granted:
            _give_way(state, message)
        state.answer(_response(state, message, granted))
        if not up_to_date:
            _ask_back(state, message.sender)
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


def _give_way(state: MemberState, rival: VoteRequest) -> None:
    """Two that ask in the same moment are both told yes, stand, vote for themselves and split the
    vote. So the one that could not have the other's vote, or else has the greater name, stands
    down, and asks again if nothing comes of the other.

    Only who has just asked: its question and the rival's have crossed. Later that would let a
    member that asks again and again without being able to win hold up one that is.
    """
    config, log = state.config, state.log
    if state.role != "pre-candidate" or state.now - state.asked_at > config.stagger:
        return
    own = (state.term + 1, log.last_term, log.last_index)
    equal = own == (rival.term, rival.last_term, rival.last_index)
    if equal and config.member < rival.sender:
        return
    state.become_follower("")
    state.arm(config.election_min / 4, config.election_min / 2)


def _ask_back(state: MemberState, rival: str) -> None:
    """A rival with a worse log hears no leader now. It may have passed over this member's question
    when it did."""
    waits = rival in state.quorum.names and rival not in state.votes
    if state.role == "pre-candidate" and waits:
        _ask(state, rival)


def hear_again(state: MemberState) -> None:
    """The leader turns out to be dead. Whoever noticed that a moment earlier has asked already."""
    message, state.unheard = state.unheard, None
    if message is not None and state.now - state.unheard_at <= state.config.stagger:
        on_vote_request(state, message)


def _response(state: MemberState, request: VoteRequest, granted: bool) -> VoteResponse:
    return VoteResponse(
        sender=state.config.member,
        to=request.sender,
        term=request.term if granted else state.term,
        granted=granted,
        pre=request.pre,
        asked=request.term,
    )


def on_vote_response(state: MemberState, message: VoteResponse) -> bool:
    """Count an answer. True if this member has now won what it asked for."""
    if message.pre:
        asking, asked = state.role == "pre-candidate", state.term + 1
    else:
        asking, asked = state.role == "candidate", state.term
    if not asking or asked != (message.term if message.granted else message.asked):
        return False
    return record_vote(state, message.sender, message.granted)


def record_vote(state: MemberState, voter: str, granted: bool) -> bool:
    """True if a quorum has granted. Once none is within reach, the candidacy ends."""
    if voter not in state.quorum.names:
        return False
    state.votes.setdefault(voter, granted)
    if state.quorum.has([name for name, answer in state.votes.items() if answer]):
        return True
    refusers = [name for name, answer in state.votes.items() if not answer]
    standing = state.role == "candidate"
    if state.quorum.out_of_reach(refusers):
        state.become_follower("")
    if standing and state.quorum.out_of_reach([*refusers, state.last_leader]):
        _stand_again_soon(state)
    return False


def _stand_again_soon(state: MemberState) -> None:
    """The vote is split among those that live: nothing is won by waiting for the leader that fell
    silent. But not for long: that leader may live after all, and its vote, from a slow disk, be the
    one that is missing."""
    if state.now - state.heard < 2 * state.config.election_max:
        hurry(state, state.last_leader)


def hurry(state: MemberState, lost: str) -> None:
    """Campaign soon, as the leader ``lost`` is gone: in the order of the names, a stagger apart, so
    that the vote is not split. With lease reads what was promised to it is kept."""
    others = {*state.quorum.names, state.config.member} - {lost}
    rank = sorted(others).index(state.config.member)
    delay = state.config.stagger * (rank + state.random() / 10)
    due = max(state.now + delay, state.promised)
    state.deadline = min(state.deadline, due)
