"""Majorities: of one set of voters, or of both while a change is joint (paper 6).

Job: the arithmetic of quorums. Must not know: who asks, what for.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from cluster.raft.messages import Membership

Number = TypeVar("Number", int, float)


def majority(size: int) -> int:
    """The smallest number of members of which any two groups share one: 3 → 2, 4 → 3."""
    return size // 2 + 1


def quorum_value(values: Iterable[Number]) -> Number:
    """The highest value that a majority has reached, of one value per member."""
    ordered = sorted(values, reverse=True)
    return ordered[majority(len(ordered)) - 1]


class Quorum:
    """Who must agree under one membership, made once per membership.

    ``groups``: the voters; while a change is joint the outgoing voters too. A quorum is a majority
    of each group. Nobody is a quorum of nobody: a member that knows no voters wins nothing.
    """

    __slots__ = ("groups", "names")

    def __init__(self, membership: Membership) -> None:
        groups = (membership.voters, membership.outgoing)
        self.groups: tuple[tuple[str, ...], ...] = tuple(group for group in groups if group)
        self.names = tuple(sorted({name for group in self.groups for name in group}))

    def has(self, supporters: Collection[str]) -> bool:
        """True if ``supporters`` are a quorum (strangers among them do not count)."""
        return bool(self.groups) and all(
            sum(name in supporters for name in group) >= majority(len(group))
            for group in self.groups
        )

    def out_of_reach(self, refusers: Collection[str]) -> bool:
        """True if without ``refusers`` there is no quorum left."""
        return any(
            sum(name not in refusers for name in group) < majority(len(group))
            for group in self.groups
        )

    def value(self, of: Mapping[str, Number]) -> Number:
        """The highest value that a quorum has reached; ``of`` has one per voter."""
        return least([[of[name] for name in group] for group in self.groups])


def least(groups: Sequence[Sequence[Number]]) -> Number:
    """The highest value that a majority of each group has reached."""
    return min(quorum_value(group) for group in groups)
