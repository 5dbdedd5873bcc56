"""When what could not be sent is sent again, as the OTLP specification says ("OTLP/HTTP"). Pure.

429, 502, 503 and 504 are tried again, and what got no answer; no other refusal is. A server may say
how long to wait (Retry-After); else the wait doubles from try to try, and is drawn by lot so that
clients do not come back together.
"""

import email.utils

RETRYABLE = (429, 502, 503, 504)
FIRST_SECONDS = 1.0
LONGEST_SECONDS = 30.0
# What a server may ask for at most: one that is wrong about its clock must not silence us for long.
ASKED_MAX_SECONDS = 300.0


def pause(attempt: int, draw: float, asked: float | None = None) -> float:
    """Seconds before the next try. ``attempt``: tries so far, from 1; ``draw``: in [0, 1);
    ``asked``: what the server asked for, None if nothing."""
    if asked is not None:
        return min(max(0.0, asked), ASKED_MAX_SECONDS)
    doubled: float = FIRST_SECONDS * 2 ** min(max(attempt - 1, 0), 16)
    return min(LONGEST_SECONDS, doubled) * (0.5 + draw / 2)


def retry_after(header: str, now: float) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110: a number, or a date); None if it is
    neither. ``now``: UNIX seconds."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None


def endpoint(url: str) -> str:
    """Where traces are posted to: ``http://host:4318`` with the path that the specification gives.
    Raises ValueError if it is no URL of HTTP."""
    base = url.rstrip("/")
    scheme, separator, rest = base.partition("://")
    if scheme not in ("http", "https") or not separator or not rest or rest.startswith("/"):
        raise ValueError(f"{url!r} is no collector's URL: write it as http://127.0.0.1:4318")
    return base if base.endswith("/v1/traces") else f"{base}/v1/traces"
