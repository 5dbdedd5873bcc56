"""Chains as they happen: which new lines a growing set of records makes. Pure: time comes in.

Records of one message come from two processes, each of which writes twice a second: a line is told
once it has been known for a while, so that it is whole and in its place.
"""

import datetime
from collections.abc import Iterable, Iterator

from cluster.trace_subjects import Record, about, target
from cluster.trace_tree import build
from deploy.tracing import text

# How long after its beginning a line is told, and how long after its last record a trace is kept.
SETTLE_SECONDS = 1.0
FORGET_SECONDS = 120.0
# A longer chain than this is told no further: it is a process's whole work, not a request's.
RECORDS_MAX = 50_000
SHORT_ID = 8


class Live:
    """Followed chains. ``words``: only those that write this object or note something of it, as
    KIND/NAME; '' is all. Raises ValueError if it names none."""

    def __init__(self, words: str = "", full: bool = False) -> None:
        self._full = full
        self._subject: tuple[str, tuple[str, str]] | None = None
        self._namespace = ""
        if words:
            plural, self._namespace, name = target(words)
            self._subject = (plural, (f"{self._namespace}/{name}", name))
        self._chains: dict[str, _Followed] = {}

    def take(self, records: Iterable[Record]) -> None:
        """New records, in any order."""
        for record in records:
            trace = str(record.get("trace", ""))
            if not trace or record["event"] == "log":
                continue
            chain = self._chains.setdefault(trace, _Followed())
            chain.add(record)
            if self._subject is not None and about(record, *self._subject):
                chain.wanted = True

    def lines(self, now: float) -> Iterator[str]:
        """What can be told now that was not told yet. ``now``: UNIX seconds."""
        for trace, chain in list(self._chains.items()):
            if chain.changed and (self._subject is None or chain.wanted):
                yield from self._told(trace, chain, now)
            if now - chain.last > FORGET_SECONDS:
                del self._chains[trace]

    @property
    def is_waiting(self) -> bool:
        """Whether something is known that is to be told later."""
        return any(
            chain.changed and (self._subject is None or chain.wanted)
            for chain in self._chains.values()
        )

    def _told(self, trace: str, chain: "_Followed", now: float) -> Iterator[str]:
        roots = build(chain.records, trace)
        items = text.items_of(roots, self._full)
        chain.changed = False
        for depth, item in text.flattened(items):
            if item.key in chain.told:
                continue
            if now - item.begin < SETTLE_SECONDS:
                chain.changed = True
                continue
            chain.told.add(item.key)
            yield self._line(trace, depth, item)

    def _line(self, trace: str, depth: int, item: text.Item) -> str:
        at = datetime.datetime.fromtimestamp(item.begin).strftime("%H:%M:%S.%f")[:-3]
        words = item.text
        if self._namespace:
            words = words.replace(f" {self._namespace}/", " ")
        took = text.number(item.took)
        return f"{at} {trace[:SHORT_ID]} {took:>6}  {'  ' * depth}{words}".rstrip()


class _Followed:
    def __init__(self) -> None:
        self.records: list[Record] = []
        self.told: set[str] = set()
        self.changed = False
        self.wanted = False
        self.last = 0.0

    def add(self, record: Record) -> None:
        self.last = max(self.last, float(record["ts"]))
        if len(self.records) < RECORDS_MAX:
            self.records.append(record)
            self.changed = True
