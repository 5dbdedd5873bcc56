"""Leases: none ends before its time, no two clients hold one lock at once, none stays for ever.

``slack``: how much faster than true time the fastest clock may run, as a factor of 1. Must not
know: whose clock counts what.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """A client was sure of its lease from ``begin`` (of the ask that was answered last) for ``ttl``
    seconds, by its own clock at rate ``rate``."""

    client: str
    lease: int
    begin: float
    ttl: float


@dataclass(frozen=True, slots=True)
class Hold:
    """``client`` held the lock, as it knows, from ``start`` until ``end`` (true times): from the
    answer that it has it until its lease might be over, or it let go."""

    client: str
    start: float
    end: float


def ended_early(terms: Sequence[Term], ended: dict[int, float], slack: float) -> list[str]:
    """``ended``: when a lease's end was first seen, without its client's asking for it."""
    found = []
    for term in terms:
        end = ended.get(term.lease)
        if end is not None and term.begin <= end < term.begin + term.ttl / slack:
            found.append(
                f"lease {term.lease} of {term.client} ended at {end:.3f}, "
                f"kept alive at {term.begin:.3f} for {term.ttl}"
            )
    return found


def overlapping(holds: Sequence[Hold]) -> list[str]:
    """Two clients never hold at the same time."""
    found = []
    ordered = sorted(holds, key=lambda hold: hold.start)
    latest: Hold | None = None
    for hold in ordered:
        if latest is not None and hold.client != latest.client and hold.start < latest.end:
            found.append(f"{hold} while {latest}")
        if latest is None or hold.end > latest.end:
            latest = hold
    return found
