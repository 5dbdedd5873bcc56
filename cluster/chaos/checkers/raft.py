"""Raft's promises, checked on what members sent, told and applied (paper, Figure 3). Pure.

Must not know: how members decide.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from cluster.chaos.observations import Led, Violation


def rival_leaders(leaders: Mapping[int, AbstractSet[str]], told: Sequence[Led]) -> list[Violation]:
    """Election safety: one member per term sends entries (``leaders``) or tells that it leads."""
    found: dict[int, set[str]] = {term: set(who) for term, who in leaders.items()}
    at: dict[int, float] = {}
    evidence: dict[int, list[str]] = {}
    for led in told:
        found.setdefault(led.term, set()).add(led.replica)
        at[led.term] = led.at
        evidence.setdefault(led.term, []).append(str(led))
    return [
        Violation(
            "one leader per term", at.get(term, 0.0), f"term {term} has leaders {sorted(who)}",
            evidence=tuple(dict.fromkeys(evidence.get(term, ())))[:6],
        )
        for term, who in found.items()
        if len(who) > 1
    ]  # fmt: skip


def double_votes(votes: Mapping[tuple[int, str], AbstractSet[str]]) -> list[Violation]:
    """A member votes for one candidate per term, over all its incarnations."""
    return [
        Violation("one vote per term", 0.0, f"{voter} voted in term {term} for {sorted(chosen)}")
        for (term, voter), chosen in votes.items()
        if len(chosen) > 1
    ]


def diverged_states(applied: Mapping[int, AbstractSet[tuple[int, bytes]]]) -> list[Violation]:
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
    return [Violation("state machine safety", 0.0, text) for text in found[:5]]


def unfenced_writes(fenced: AbstractSet[tuple[int, int]]) -> list[Violation]:
    """What is written under the fence of a term takes effect in that term only."""
    return [
        Violation("fence", 0.0, f"a write fenced with term {fence} took effect in term {term}")
        for fence, term in sorted(fenced)
        if fence != term
    ]
