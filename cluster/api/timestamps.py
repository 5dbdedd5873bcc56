"""Kubernetes' Time and MicroTime (RFC 3339), to and from UNIX seconds. Must not know: clocks.

Source: metav1.Time and metav1.MicroTime of the Kubernetes API reference.
"""

from datetime import UTC, datetime
from functools import lru_cache


def rfc3339(seconds: float) -> str:
    """UNIX seconds as a Time: "2026-01-02T03:04:05Z"."""
    return _of_second(int(seconds))


@lru_cache(maxsize=64)
def _of_second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rfc3339_micro(seconds: float) -> str:
    """UNIX seconds as a MicroTime: "2026-01-02T03:04:05.000000Z"."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def seconds_of(text: str) -> float:
    """Either form as UNIX seconds. Raises ValueError, also for a time without an offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        # Read on, it would be taken for the local time of whatever machine this is.
        raise ValueError(f"{text!r} has no offset from UTC")
    return moment.timestamp()


def parse_time(text: str | None) -> float:
    """As ``seconds_of``; 0.0 for none and for what is no time."""
    if not text:
        return 0.0
    try:
        return seconds_of(text)
    except ValueError:
        return 0.0
