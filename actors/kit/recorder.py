"""Makes the trace records of one process: spans, clock stamps, one record per step of a message.

Must not know: where records are kept, or what messages mean.
"""

from typing import Any, Protocol

from actors.kit.tracing import CONTEXT_LENGTH, CURRENT, TRACE_ID_LENGTH, Record, Tracer
from actors.kit.world.world import World
from cluster.messages.base import Message
from cluster.wire.hlc import HybridClock

SPAN_MASK = (1 << 64) - 1


class Traced(Protocol):
    """What a record needs to know of a message under way."""

    message: Message
    id: int
    to: str
    sender: str
    trace: str
    parent: str


class Recorder:
    """The trace of one process. Span ids are a random start and a counter: unique, and cheap."""

    def __init__(self, process: str, zone: str, world: World, tracer: Tracer) -> None:
        self.tracer = tracer
        self.hlc = HybridClock()
        self._now = world.clock.now
        self._entropy = world.entropy
        self._process = process
        self._zone = zone
        self._span = int.from_bytes(world.entropy.token(8), "big")

    def new_context(self, cause: str) -> tuple[str, str]:
        """A span below the context ``cause`` ('' starts a trace): its context, its parent span."""
        self._span = span = (self._span + 1) & SPAN_MASK
        if len(cause) == CONTEXT_LENGTH:
            trace = cause[:TRACE_ID_LENGTH]
            return f"{trace}-{span:016x}", cause[TRACE_ID_LENGTH + 1 :]
        return f"{self._entropy.hex(16)}-{span:016x}", ""

    def stamp(self) -> int:
        """A new time of the hybrid logical clock, for an envelope."""
        return self.hlc.tick(self._now())

    def observe(self, remote: int) -> None:
        """An envelope came with this time of its sender's clock."""
        self.hlc.observe(remote, self._now())

    def message(
        self,
        event: str,
        item: Traced,
        size: int = 0,
        seconds: float = -1.0,
        outcome: str = "",
    ) -> None:
        """Record one step of a message: ``event`` is sent, received or handled; ``size`` bytes on
        the wire (0: it stayed in the process); ``seconds`` that the step took."""
        message, trace, now = item.message, item.trace, self._now()
        record: Record = {
            "ts": now,
            "event": event,
            "msg": type(message).__name__,
            "id": item.id,
            "to": item.to,
            "from": item.sender,
            "trace": trace[:TRACE_ID_LENGTH],
            "span": trace[TRACE_ID_LENGTH + 1 :],
            "parent": item.parent,
            "process": self._process,
            "zone": self._zone,
            "hlc": self.hlc.tick(now),
        }
        if event != "handled" and (subject := message.subject()):
            record["subject"] = subject
        if size:
            record["bytes"] = size
        if seconds >= 0:
            record["ms"] = round(seconds * 1000, 3)
        if outcome:
            record["outcome"] = outcome
        self.tracer.record(record, message.routine)

    def note(self, actor: str, what: str, subject: str, fields: dict[str, Any]) -> None:
        """Record something that is no message, in the current span."""
        trace, now = CURRENT.get(), self._now()
        record: Record = {
            "ts": now,
            "event": "note",
            "msg": what,
            "from": actor,
            "trace": trace[:TRACE_ID_LENGTH],
            "span": trace[TRACE_ID_LENGTH + 1 :],
            "process": self._process,
            "zone": self._zone,
            "hlc": self.hlc.tick(now),
            "subject": subject,
        }
        record.update(fields)
        self.tracer.record(record)
