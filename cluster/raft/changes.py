"""Changes of membership, as a leader makes them (paper 6; thesis 4.1 to 4.3).

Job: which change may be made now, what follows when it is committed, whom the leader sends to.
Must not know: how appends are sent, elections.

A membership is in force as soon as its entry is in the log. One change at a time: the next may
begin when the entry before is committed, and not before the leader has committed an entry of its
own term (the bug in single-server changes of 2015). ``replace`` goes through C_old,new.
"""

from cluster.errors import NotLeader, StoreError
from cluster.raft import memberships
from cluster.raft.member_state import MemberState
from cluster.raft.memberships import kind_of, names_of, tenure_of
from cluster.raft.messages import Membership, membership_entry
from cluster.raft.progress import Progress
from cluster.raft.quorum import Quorum

# Heartbeats to a member that left, so that it learns of it, before it is left alone.
FAREWELLS_MAX = 20


def change(
    state: MemberState, action: str, member: str, voters: tuple[str, ...]
) -> tuple[int, int]:
    """Append the entry of a change; its (term, index). Raises NotLeader, StoreError."""
    if state.log.commit < state.term_start:
        raise NotLeader("the leader has committed nothing yet in its term")
    _check_settled(state)
    wanted = _wanted(state, action, member, voters)
    if len(names_of(wanted)) > state.config.members_max:
        raise StoreError(f"at most {state.config.members_max} members: remove one first")
    _check_quorum(state, wanted)
    return append(state, wanted)


def _check_settled(state: MemberState) -> None:
    at = state.log.memberships.changed_at
    if state.membership.outgoing or at > state.log.commit:
        raise StoreError(f"a change of members (entry {at}) is under way: wait until it is done")


def _wanted(state: MemberState, action: str, member: str, voters: tuple[str, ...]) -> Membership:
    present = state.membership
    kind = kind_of(present, member)
    if action == "replace":
        return _replaced(state, voters)
    if not member:
        raise StoreError(f"{action} needs the name of a member")
    if action == "add-learner":
        if kind:
            raise StoreError(f"{member} is a {kind} already: remove it first to add it anew")
        return memberships.with_learner(present, member, state.log.last_index + 1)
    if not kind:
        raise StoreError(f"{member} is no member, these are: {', '.join(names_of(present))}")
    if action == "promote":
        if kind == "voter":
            raise StoreError(f"{member} is a voter already")
        _check_caught_up(state, member)
        return memberships.promoted(present, member)
    if action == "remove":
        if present.voters == (member,):
            raise StoreError(f"{member} is the last voter: promote another one first")
        return memberships.removed(present, member)
    raise StoreError(f"{action} is no change: add-learner, promote, remove or replace")


def _replaced(state: MemberState, voters: tuple[str, ...]) -> Membership:
    present = state.membership
    if not voters:
        raise StoreError("replace needs the names of the voters wanted: at least one")
    if set(voters) == set(present.voters):
        raise StoreError(f"the voters are {', '.join(present.voters)} already")
    for name in sorted(set(voters) - set(present.voters)):
        if name not in present.learners:
            raise StoreError(f"{name} holds no log yet: add it as a learner first")
        _check_caught_up(state, name)
    return memberships.joint(present, voters)


def _check_caught_up(state: MemberState, learner: str) -> None:
    """As a voter it must not hold commitment up (thesis 4.2.1)."""
    progress = state.progress[learner]
    lags = progress.state != "replicate" or progress.lags(state.now, state.config.election_min)
    if lags or state.now - progress.contact > state.config.election_max:
        behind = state.log.last_index - progress.match
        raise StoreError(f"{learner} lags {behind} entries behind: wait until it has caught up")


def _check_quorum(state: MemberState, wanted: Membership) -> None:
    """A membership that has no live quorum could never be committed, nor taken back."""
    since = state.now - state.config.election_max
    live = {name for name, p in state.progress.items() if p.heard and p.contact >= since}
    live.add(state.config.member)
    if not Quorum(wanted).has(live):
        silent = sorted({*wanted.voters, *wanted.outgoing} - live)
        raise StoreError(
            f"without an answer of {', '.join(silent)} the new voters would have no quorum: "
            "bring it back, or remove it first"
        )


def append(state: MemberState, membership: Membership) -> tuple[int, int]:
    """Put a membership into the log, and it is in force."""
    log = state.log
    entry = membership_entry(log.last_index + 1, state.term, membership)
    log.append(entry)
    state.uncommitted_bytes += len(entry.data)
    reconcile(state, entry.index)
    return entry.term, entry.index


def reconcile(state: MemberState, next_index: int) -> None:
    """A leader's bookkeeping follows the membership in force. ``next_index``: from where on new
    peers are sent the log first."""
    state.adopt_membership()
    state.reads.quick = frozenset()
    present = state.membership
    at = state.log.memberships.changed_at
    own, known = state.config.member, state.progress
    for name, progress in known.items():
        if not progress.left_at and not kind_of(present, name):
            # It is told until it knows, so that it need not find out by campaigning.
            progress.left_at = at
    for name in names_of(present):
        tenure = tenure_of(present, name)
        held = known.get(name)
        if name != own and (held is None or held.left_at or held.tenure != tenure):
            known[name] = Progress(next_index, state.now, tenure=tenure)
    state.groups = [
        [state.own if name == own else known[name] for name in group]
        for group in state.quorum.groups
    ]


def drop_departed(state: MemberState) -> None:
    """Leave alone who left, once it knows or has had its chance."""
    commit = state.log.commit
    for name in [name for name, p in state.progress.items() if p.left_at and p.left_at <= commit]:
        progress = state.progress[name]
        progress.farewells += 1
        knows = progress.match >= progress.left_at and progress.told_commit >= progress.left_at
        if knows or progress.farewells > FAREWELLS_MAX:
            del state.progress[name]


def on_commit(state: MemberState) -> None:
    """C_old,new is committed: C_new follows by itself."""
    log = state.log
    if state.membership.outgoing and log.memberships.changed_at <= log.commit:
        append(state, memberships.settled(state.membership))


def is_over(state: MemberState) -> bool:
    """True if this leader is no voter of a membership that is committed."""
    return not state.is_voter and state.log.memberships.changed_at <= state.log.commit
