"""Kubernetes' Time and MicroTime, to and from UNIX seconds. Must not know clocks."""

from datetime import UTC, datetime


def rfc3339(seconds: float) -> str:
    """UNIX seconds as a Time: "2026-01-02T03:04:05Z"."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rfc3339_micro(seconds: float) -> str:
    """UNIX seconds as a MicroTime: "2026-01-02T03:04:05.000000Z"."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_time(text: str | None) -> float:
    """A Time or MicroTime as UNIX seconds; 0.0 for none and for what is no time."""
    if not text:
        return 0.0
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return 0.0
