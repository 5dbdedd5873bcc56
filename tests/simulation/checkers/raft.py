"""Raft's promises, checked on what members sent and applied (paper, Figure 3). Each check returns
what is wrong, as text. Must not know: how members decide.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet


def rival_leaders(
    leaders: Mapping[int, AbstractSet[str]], told: Sequence[tuple[int, str]]
) -> list[str]:
    """Election safety: one member per term sends entries or tells that it leads."""
    found: dict[int, set[str]] = {term: set(who) for term, who in leaders.items()}
    for term, member in told:
        found.setdefault(term, set()).add(member)
    return [f"term {term} has leaders {sorted(who)}" for term, who in found.items() if len(who) > 1]


def double_votes(votes: Mapping[tuple[int, str], AbstractSet[str]]) -> list[str]:
    """A member votes for one candidate per term, over all its incarnations."""
    return [
        f"{voter} voted in term {term} for {sorted(candidates)}"
        for (term, voter), candidates in votes.items()
        if len(candidates) > 1
    ]


def diverged_states(applied: Mapping[int, AbstractSet[tuple[int, bytes]]]) -> list[str]:
    """State machine safety: whoever applies an index applies the same entry to the same state;
    terms only grow along the log."""
    found = [
        f"index {index} was applied as {sorted((term, d.hex()) for term, d in marks)}"
        for index, marks in applied.items()
        if len(marks) > 1
    ]
    highest = 0
    for index in sorted(applied):
        term = min(term for term, _ in applied[index])
        if term < highest:
            found.append(f"index {index} is of term {term}, one before it of {highest}")
        highest = max(highest, term)
    return found[:5]


def unfenced_writes(fenced: AbstractSet[tuple[int, int]]) -> list[str]:
    """What is written under the fence of a term takes effect in that term only."""
    return [
        f"a write fenced with term {fence} took effect in term {term}"
        for fence, term in sorted(fenced)
        if fence != term
    ]
