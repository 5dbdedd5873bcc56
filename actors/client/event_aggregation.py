"""Which Events to write when a component says the same things again and again.

Job: the pure half of ``EventRecorder``: a repeated event raises the count of the one written, many
alike become one combined event, and an object that talks too much is cut off (Kubernetes: client-go
tools/record, "events correlator"). Must not know: the API, clocks; ``now`` in UNIX seconds.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, NamedTuple

# client-go's defaults: more than 10 alike in 10 minutes are combined; per source and object a
# burst of 25, then one per 5 minutes.
ALIKE_MAX = 10
ALIKE_SECONDS = 600.0
BURST = 25
REFILL_SECONDS = 300.0
REMEMBERED_MAX = 4096
COMBINED_PREFIX = "(combined from similar events): "


class Said(NamedTuple):
    """One thing said about one object (its uid, or kind/namespace/name if it has none).

    ``part``: which part of it, '' for the whole."""

    about: str
    type: str
    reason: str
    message: str
    part: str = ""


class Record(NamedTuple):
    """What to write: ``key`` names the Event object; ``times`` 1 creates it, more patch it."""

    key: Said
    message: str
    times: int
    first: float
    last: float


@dataclass
class _Count:
    count: int
    first: float


@dataclass
class _Alike:
    messages: set[str]
    since: float


@dataclass
class _Bucket:
    tokens: float
    at: float


class EventCorrelator:
    """Remembers a bounded number of what was said; forgets the oldest."""

    def __init__(self) -> None:
        self._counts: OrderedDict[Said, _Count] = OrderedDict()
        self._alike: OrderedDict[tuple[str, str, str], _Alike] = OrderedDict()
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def observe(self, said: Said, now: float) -> Record | None:
        """What to write for it, or None if the object has talked too much."""
        key = self._combine(said, now)
        if not self._allowed(said.about, now):
            return None
        known = self._counts.pop(key, None)
        count = _Count(1, now) if known is None else _Count(known.count + 1, known.first)
        self._counts[key] = count
        _bound(self._counts)
        message = said.message
        if key != said:
            message = COMBINED_PREFIX + message
        return Record(key, message, count.count, count.first, now)

    def lost(self, key: Said) -> None:
        """The Event object of ``key`` is gone: the next one is created anew."""
        self._counts.pop(key, None)

    def _combine(self, said: Said, now: float) -> Said:
        group = (said.about, said.type, said.reason)
        alike = self._alike.pop(group, None)
        if alike is None or now - alike.since > ALIKE_SECONDS:
            alike = _Alike(set(), now)
        self._alike[group] = alike
        _bound(self._alike)
        if len(alike.messages) < ALIKE_MAX or said.message in alike.messages:
            alike.messages.add(said.message)
            return said
        return said._replace(message=COMBINED_PREFIX)

    def _allowed(self, about: str, now: float) -> bool:
        bucket = self._buckets.pop(about, None) or _Bucket(float(BURST), now)
        refilled = bucket.tokens + max(0.0, now - bucket.at) / REFILL_SECONDS
        bucket = _Bucket(min(float(BURST), refilled), now)
        self._buckets[about] = bucket
        _bound(self._buckets)
        if bucket.tokens < 1.0:
            return False
        bucket.tokens -= 1.0
        return True


def _bound(entries: OrderedDict[Any, Any]) -> None:
    while len(entries) > REMEMBERED_MAX:
        entries.popitem(last=False)
