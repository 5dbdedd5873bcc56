"""When a request may be sent again, and how long to wait before.

Job: the pure decision behind ``ApiClient``. A fault leaves the outcome of a write unknown, so only
what is harmless when done twice is sent twice. Must not know: sockets, clocks, the event loop.
"""

from typing import Literal

from cluster.errors import Overloaded, StatusError, SteersmanError, TemporaryFault

Repeat = Literal["safe", "unsafe"]

BACKOFF_FIRST_SECONDS = 0.02
BACKOFF_MAX_SECONDS = 2.0
# Codes by which an API server says "not now" (RFC 9110 section 15 and RFC 6585 section 4).
NOT_NOW = frozenset({429, 503, 504})


def is_temporary(error: SteersmanError) -> bool:
    """True if the same request may succeed later, perhaps at another server."""
    if isinstance(error, StatusError):
        return error.code in NOT_NOW
    return isinstance(error, TemporaryFault)


def is_outcome_known(error: SteersmanError) -> bool:
    """True if the failed request certainly changed nothing."""
    if isinstance(error, StatusError):
        return error.code == 429
    return isinstance(error, Overloaded)


def may_repeat(error: SteersmanError, repeat: Repeat) -> bool:
    """True if the request that failed with ``error`` may be sent again."""
    if not is_temporary(error):
        return False
    return repeat == "safe" or is_outcome_known(error)


def should_switch(error: SteersmanError) -> bool:
    """True if another server is the better choice for the next try."""
    return is_temporary(error) and not is_outcome_known(error)


def backoff(attempt: int, jitter: float) -> float:
    """Seconds before try ``attempt`` + 1 (``attempt`` counts from 0); ``jitter`` lies in [0, 1).

    Doubles up to a bound; the upper half of each step is random so that clients spread out.
    """
    step = min(BACKOFF_MAX_SECONDS, BACKOFF_FIRST_SECONDS * 2.0 ** min(attempt, 20))
    return step * (0.5 + 0.5 * jitter)


def retry_after(error: SteersmanError) -> float:
    """Seconds the server asked for (Status details.retryAfterSeconds), else 0."""
    if not isinstance(error, StatusError):
        return 0.0
    details = error.status.get("details") or {}
    return float(details.get("retryAfterSeconds") or 0)
