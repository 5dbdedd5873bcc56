"""Whether every message that was sent is accounted for: received, or dropped for a reason. Pure.

Heartbeats are in it by their counts. A connection that broke may have had messages in the kernel's
buffers: its two ends say how many they wrote and read, and the difference is lost. Records of all
processes belong in; what a killed process had not written yet is missing.
"""

from collections import Counter
from dataclasses import dataclass, field

from cluster.trace_subjects import Record

STEPS = ("sent", "received", "dropped")
End = tuple[str, str, int, int]


@dataclass
class Accounts:
    """``steps``: how many, by step; ``reasons``: of those dropped; ``open``: messages of each type
    that were sent and neither received nor dropped, where that is not 0."""

    steps: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    _types: Counter[str] = field(default_factory=Counter)
    _ends: dict[str, list[End]] = field(default_factory=dict)

    def take(self, record: Record) -> None:
        """Add one record, of any event."""
        event = record["event"]
        if event == "connection":
            end = (record["from"], record["to"], record["sent"], record["received"])
            self._ends.setdefault(record["connection"], []).append(end)
        elif event == "counted":
            for step in STEPS:
                self._count(step, record["msg"], record.get(step, 0))
        elif event in STEPS:
            # (A tracer of an older version told of records that it dropped.)
            self._count(event, record.get("msg", ""), 1)
            if event == "dropped":
                self.reasons[record.get("reason", "")] += 1

    def _count(self, step: str, message: str, number: int) -> None:
        self.steps[step] += number
        self._types[message] += number if step == "sent" else -number

    @property
    def open(self) -> dict[str, int]:
        """By type of message."""
        return {message: number for message, number in sorted(self._types.items()) if number}

    @property
    def lost(self) -> int:
        """Messages that one end of a connection wrote and the other never read."""
        lost = 0
        for ends in self._ends.values():
            written = {(here, there): sent for here, there, sent, _ in ends}
            for here, there, _, received in ends:
                lost += max(0, written.get((there, here), received) - received)
        return lost

    @property
    def balance(self) -> int:
        """What is not accounted for; 0 if all is."""
        return sum(self._types.values()) - self.lost
