"""Makes the trace records of one process: spans, clock stamps, one record per step of a message.

Routine messages are counted: one record a second for each pair of actors and type of message, which
says how many were sent, received and handled well. What else becomes of one has its own record.
Whatever is sent is received or dropped, each with its record. Must not know: where records are
kept, or what messages mean.
"""

from typing import Any, Protocol

from actors.kit.tap import Tap
from actors.kit.trace_levels import ROUTINE, Levels
from actors.kit.tracing import (
    CONTEXT_LENGTH,
    CURRENT,
    TRACE_ID_LENGTH,
    UNTIMED,
    Kept,
    Record,
    Step,
    Tracer,
)
from actors.kit.world.world import World
from cluster.messages.base import Message
from cluster.wire.hlc import HybridClock

SPAN_MASK = (1 << 64) - 1
# Routine messages are counted for so long before the count is written.
COUNT_SECONDS = 1.0
# Outcomes of a step that are counted, if the message is routine: none yet, or a good one.
COUNTED = ("", "ok")
# Why messages are dropped. A fault that was put in says its own name.
UNREACHABLE = "unreachable"
OVERLOADED = "overloaded"
CONNECTION_LOST = "connection lost"
EXPIRED = "expired"
DOWN = "down"
NOBODY_WAITS = "nobody waits"


class Traced(Protocol):
    """What a record needs to know of a message under way."""

    message: Message
    id: int
    to: str
    sender: str
    trace: str
    parent: str

    @property
    def principal(self) -> "Whose": ...


class Whose(Protocol):
    """On whose behalf it came."""

    @property
    def local(self) -> bool: ...


class Counts:
    """Of one type of routine message from one actor to another: ``steps`` by event; ``size``,
    ``seconds``: of all together."""

    __slots__ = ("seconds", "size", "steps")

    def __init__(self) -> None:
        self.steps = {"sent": 0, "received": 0, "handled": 0}
        self.size = 0
        self.seconds = 0.0


class Recorder:
    """The trace of one process. Span ids are a random start and a counter: unique, and cheap."""

    def __init__(self, process: str, zone: str, world: World, tracer: Tracer) -> None:
        self.tracer = tracer
        self.hlc = HybridClock()
        self._now = world.clock.actual
        self._entropy = world.entropy
        self._process = process
        self._zone = zone
        self._span = int.from_bytes(world.entropy.token(8), "big")
        self._counts: dict[tuple[str, str, str], Counts] = {}
        self._counted_since = 0.0
        self._taps: tuple[Tap, ...] = ()
        self.levels = Levels()

    def record(self, fields: Kept, routine: bool = False) -> None:
        """Keep a record as it is, and show it to whoever looks on."""
        self.tracer.record(fields, routine)
        for tap in self._taps:
            tap.offer(fields, routine)

    def attach(self, tap: Tap) -> None:
        """Let ``tap`` look on, until it is detached."""
        self._taps = (*self._taps, tap)

    def detach(self, tap: Tap) -> None:
        """It looks on no more."""
        self._taps = tuple(other for other in self._taps if other is not tap)

    def new_context(self, cause: str) -> tuple[str, str]:
        """A span below the context ``cause`` ('' starts a trace): its context, its parent span."""
        self._span = span = (self._span + 1) & SPAN_MASK
        if len(cause) == CONTEXT_LENGTH:
            trace = cause[:TRACE_ID_LENGTH]
            return f"{trace}-{span:016x}", cause[TRACE_ID_LENGTH + 1 :]
        return f"{self._entropy.hex(TRACE_ID_LENGTH)}-{span:016x}", ""

    def context_for(self, message: Message, cause: str) -> tuple[str, str]:
        """As ``new_context``, but a routine message begins no trace: '', ''."""
        if message.routine and not cause:
            return "", ""
        return self.new_context(cause)

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
        seconds: float = UNTIMED,
        outcome: str = "",
        wait: float = UNTIMED,
    ) -> None:
        """Record one step of a message: ``event`` is sent, received or handled; ``size`` bytes on
        the wire (0: it stayed in the process); ``seconds`` that the step took; ``wait`` seconds in
        the mailbox."""
        message = item.message
        routine = message.routine
        counted = routine and outcome in COUNTED
        if not self.levels.plain:
            dial = self.levels.of(item.sender if event == "sent" else item.to)
            if not dial.messages or not dial.samples(item.trace[:TRACE_ID_LENGTH]):
                return
            counted = counted and dial.level != ROUTINE
        if counted:
            self._count(event, item, size, seconds)
            return
        self._step(event, item, size, seconds, outcome, wait, "")

    def dropped(self, item: Traced, reason: str) -> None:
        """Record that a message that was sent is received by nobody."""
        if not self.levels.plain:
            dial = self.levels.of(item.sender)
            if not dial.messages or not dial.samples(item.trace[:TRACE_ID_LENGTH]):
                return
        self._step("dropped", item, 0, UNTIMED, "", UNTIMED, reason)

    def connection(self, peer: str, connection: str, sent: int, received: int, reason: str) -> None:
        """Record how many messages went which way on a connection that is gone. What one end sent
        and the other did not receive was lost in between."""
        now = self._now()
        record: Record = {
            "ts": now,
            "event": "connection",
            "msg": "closed",
            "connection": connection,
            "from": self._process,
            "to": peer,
            "process": self._process,
            "zone": self._zone,
            "hlc": self.hlc.tick(now),
            "sent": sent,
            "received": received,
            "reason": reason,
        }
        self.record(record)

    def _step(
        self,
        event: str,
        item: Traced,
        size: int,
        seconds: float,
        outcome: str,
        wait: float,
        reason: str,
    ) -> None:
        message, trace, now = item.message, item.trace, self._now()
        # Within a process, what was sent is what is received: its subject is told once.
        told = event == "handled" or (event == "received" and item.principal.local)
        step = Step(
            now,
            event,
            type(message).__name__,
            item.id,
            item.to,
            item.sender,
            trace[:TRACE_ID_LENGTH],
            trace[TRACE_ID_LENGTH + 1 :],
            item.parent,
            self._process,
            self._zone,
            self.hlc.tick(now),
            "" if told else message.subject(),
            size,
            # Milliseconds, to the microsecond.
            int(wait * 1e6) / 1e3 if wait >= 0 else UNTIMED,
            int(seconds * 1e6) / 1e3 if seconds >= 0 else UNTIMED,
            outcome,
            reason,
        )
        self.tracer.record(step, message.routine)
        if self._taps:
            for tap in self._taps:
                tap.offer(step, message.routine)

    def _count(self, event: str, item: Traced, size: int, seconds: float) -> None:
        now = self._now()
        if not self._counts:
            self._counted_since = now
        elif now - self._counted_since >= COUNT_SECONDS:
            self.write_counts()
            self._counted_since = now
        key = (type(item.message).__name__, item.sender, item.to)
        counts = self._counts.get(key)
        if counts is None:
            counts = self._counts[key] = Counts()
        counts.steps[event] += 1
        counts.size += size
        if event == "handled":
            counts.seconds += max(0.0, seconds)

    def write_counts(self) -> None:
        """Record what was counted since the last time."""
        now = self._now()
        counted, self._counts = self._counts, {}
        for (name, sender, to), counts in counted.items():
            record: Record = {
                "ts": now,
                "since": self._counted_since,
                "event": "counted",
                "msg": name,
                "to": to,
                "from": sender,
                "process": self._process,
                "zone": self._zone,
                "hlc": self.hlc.tick(now),
                **counts.steps,
                "bytes": counts.size,
                "ms": round(counts.seconds * 1000, 3),
            }
            self.record(record, routine=True)

    def note(self, actor: str, what: str, subject: str, fields: dict[str, Any]) -> None:
        """Record something that is no message, in the current span."""
        trace, now = CURRENT.get(), self._now()
        if not self.levels.plain:
            dial = self.levels.of(actor)
            if not dial.notes or not dial.samples(trace[:TRACE_ID_LENGTH]):
                return
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
        self.record(record)
