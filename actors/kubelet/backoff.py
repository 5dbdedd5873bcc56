"""Exponential waits between the tries of one thing (a container's restarts, an image's pulls).

The first retry is immediate, then 10 s, doubling to 300 s; a try that held for 10 minutes starts
over. Pure. Source: Kubernetes docs, "Pod lifecycle: container restarts".
"""

from dataclasses import dataclass

FIRST_SECONDS = 10.0
MAX_SECONDS = 300.0
RESET_SECONDS = 2 * MAX_SECONDS


@dataclass(frozen=True, slots=True)
class Backoff:
    """``delay`` seconds must pass between a failure and the next try; ``at``: of the last try."""

    delay: float
    at: float


def remaining(backoff: Backoff | None, failed_at: float, now: float) -> float:
    """Seconds still to wait after the failure at ``failed_at``; 0.0: try now."""
    if backoff is None or failed_at - backoff.at > RESET_SECONDS:
        return 0.0
    return max(0.0, failed_at + backoff.delay - now)


def advance(backoff: Backoff | None, now: float, first: float = FIRST_SECONDS) -> Backoff:
    """The state after a try at ``now``; ``first``: the first delay."""
    if backoff is None or now - backoff.at > RESET_SECONDS:
        return Backoff(first, now)
    return Backoff(min(backoff.delay * 2, MAX_SECONDS), now)


def words(seconds: float) -> str:
    """As Go prints a duration: ``10s``, ``1m20s``, ``5m0s``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
