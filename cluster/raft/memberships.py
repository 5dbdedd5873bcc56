"""Who takes part: the memberships a log holds, and how one follows from another (paper 6).

Job: the membership in force at any index; the next membership of each kind of change. Must not
know: roles, messages, whether a change may be made now.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from cluster.raft.messages import MEMBERSHIP, Entry, Membership, membership_of


@dataclass(slots=True)
class Memberships:
    """``base``: the membership before the log's first MEMBERSHIP entry. ``changes``: (index,
    membership) of each such entry, in order."""

    base: Membership
    changes: list[tuple[int, Membership]] = field(default_factory=list)

    @property
    def current(self) -> Membership:
        """The one in force: a server uses the last in its log, committed or not."""
        return self.changes[-1][1] if self.changes else self.base

    @property
    def changed_at(self) -> int:
        """The index of the entry in force; 0 if it is older than the log."""
        return self.changes[-1][0] if self.changes else 0

    def at(self, index: int) -> Membership:
        """The membership as of entry ``index``."""
        found = self.base
        for position, membership in self.changes:
            if position > index:
                break
            found = membership
        return found

    def take(self, entries: Iterable[Entry]) -> None:
        """Entries were added to the log."""
        for entry in entries:
            if entry.kind == MEMBERSHIP:
                self.changes.append((entry.index, membership_of(entry)))

    def truncate(self, index: int) -> None:
        """Entries at and after ``index`` are gone: what was in force before is again."""
        while self.changes and self.changes[-1][0] >= index:
            self.changes.pop()

    def compact(self, index: int) -> None:
        """Entries up to ``index`` are gone, what they said stays."""
        self.base = self.at(index)
        self.changes = [change for change in self.changes if change[0] > index]

    def reset(self, base: Membership) -> None:
        """A snapshot replaced the log."""
        self.base = base
        self.changes.clear()


Kind = Literal["voter", "learner", "leaving", ""]


def kind_of(membership: Membership, name: str) -> Kind:
    """voter, learner, leaving (a voter that the joint change takes out), or '' for a stranger."""
    if name in membership.voters:
        return "voter"
    if name in membership.outgoing:
        return "leaving"
    return "learner" if name in membership.learners else ""


def names_of(membership: Membership) -> tuple[str, ...]:
    """All members, sorted."""
    return tuple(sorted({*membership.voters, *membership.outgoing, *membership.learners}))


def tenure_of(membership: Membership, name: str) -> int:
    """The index of the entry by which ``name`` last came in; 0 for founders."""
    for member, index in membership.tenures:
        if member == name:
            return index
    return 0


def with_learner(membership: Membership, name: str, index: int) -> Membership:
    """``name`` comes in by the entry at ``index``."""
    tenures = [tenure for tenure in membership.tenures if tenure[0] != name]
    return Membership(
        membership.voters,
        membership.outgoing,
        tuple(sorted((*membership.learners, name))),
        tuple(sorted((*tenures, (name, index)))),
    )


def promoted(membership: Membership, name: str) -> Membership:
    """A learner becomes a voter."""
    return _settled(membership, tuple(sorted((*membership.voters, name))))


def removed(membership: Membership, name: str) -> Membership:
    """A voter or learner goes."""
    voters = tuple(voter for voter in membership.voters if voter != name)
    learners = tuple(learner for learner in membership.learners if learner != name)
    return _with(membership, voters, (), learners)


def joint(membership: Membership, voters: Iterable[str]) -> Membership:
    """C_old,new: the present voters and the wanted ones decide together."""
    wanted = tuple(sorted(set(voters)))
    learners = tuple(name for name in membership.learners if name not in wanted)
    return _with(membership, wanted, membership.voters, learners)


def settled(membership: Membership) -> Membership:
    """C_new after C_old,new."""
    return _settled(membership, membership.voters)


def _settled(membership: Membership, voters: tuple[str, ...]) -> Membership:
    learners = tuple(name for name in membership.learners if name not in voters)
    return _with(membership, voters, (), learners)


def _with(
    old: Membership, voters: tuple[str, ...], outgoing: tuple[str, ...], learners: tuple[str, ...]
) -> Membership:
    stay = {*voters, *outgoing, *learners}
    tenures = tuple(tenure for tenure in old.tenures if tenure[0] in stay)
    return Membership(voters, outgoing, learners, tenures)
