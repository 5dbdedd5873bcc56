"""Makes the trace records of one process: spans, clock stamps, one record per step of a message.

Routine messages are counted: one record a second for each pair of actors and type of message, which
says how many were sent, received and handled well. What else becomes of one has its own record.
Whatever is sent is received or dropped, each with its record. Must not know: where records are
kept, or what messages mean.
"""

from typing import Any, Protocol

from actors.kit.tap import Tap
from actors.kit.trace_levels import ROUTINE, Dial, Levels
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
from cluster.wire.hlc import COUNTER_BITS, HybridClock

SPAN_START = TRACE_ID_LENGTH + 1
# The last three digits of span ids, ready made, and how many numbers the first thirteen are.
DIGITS = tuple(f"{number:03x}" for number in range(16**3))
FIRST_DIGITS_MAX = 16**13
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
    """The trace of one process. Span ids count from a random start: unique, and cheap."""

    def __init__(self, process: str, zone: str, world: World, tracer: Tracer) -> None:
        self.tracer = tracer
        self._keep = tracer.record
        self.hlc = HybridClock()
        self._now = world.clock.actual
        self._entropy = world.entropy
        self._process = process
        self._zone = zone
        self._base = int.from_bytes(world.entropy.token(8), "big")
        self._last_digits = len(DIGITS) - 1
        self._first_digits = ""
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
        digits = self._last_digits = self._last_digits + 1
        if digits == len(DIGITS):
            digits = self._last_digits = 0
            self._base = (self._base + 1) % FIRST_DIGITS_MAX
            self._first_digits = f"{self._base:013x}"
        if len(cause) == CONTEXT_LENGTH:
            context = cause[:SPAN_START] + self._first_digits + DIGITS[digits]
            return context, cause[SPAN_START:]
        trace = self._entropy.hex(TRACE_ID_LENGTH)
        return f"{trace}-{self._first_digits}{DIGITS[digits]}", ""

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
        reason: str = "",
    ) -> None:
        """Record one step of a message: ``event`` is sent, received, handled or dropped; ``size``
        bytes on the wire (0: it stayed in the process); ``seconds`` that the step took; ``wait``
        seconds in the mailbox; ``reason`` why it is dropped."""
        message = item.message
        if message.routine or not self.levels.plain:
            if not self._wanted(event, item):
                return
            if message.routine and self._counted(event, item, outcome):
                self._count(event, item, size, seconds)
                return
        trace, now, hlc = item.trace, self._now(), self.hlc
        # As ``HybridClock.tick``: a call would cost as much again.
        physical, last = int(now * 1000) << COUNTER_BITS, hlc.last + 1
        hlc.last = last = physical if physical > last else last
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
            trace[SPAN_START:],
            item.parent,
            self._process,
            self._zone,
            last,
            "" if told else message.subject(),
            size,
            # Milliseconds, to the microsecond.
            UNTIMED if wait is UNTIMED else int(wait * 1e6) / 1e3,
            UNTIMED if seconds is UNTIMED else int(seconds * 1e6) / 1e3,
            outcome,
            reason,
        )
        self._keep(step, message.routine)
        if self._taps:
            for tap in self._taps:
                tap.offer(step, message.routine)

    def dropped(self, item: Traced, reason: str) -> None:
        """Record that a message that was sent is received by nobody."""
        self.message("dropped", item, reason=reason)

    def _dial(self, event: str, item: Traced) -> Dial:
        return self.levels.of(item.to if event in ("received", "handled") else item.sender)

    def _counted(self, event: str, item: Traced, outcome: str) -> bool:
        if outcome not in COUNTED or event == "dropped":
            return False
        return self.levels.plain or self._dial(event, item).level != ROUTINE

    def _wanted(self, event: str, item: Traced) -> bool:
        if self.levels.plain:
            return True
        dial = self._dial(event, item)
        return dial.messages and dial.samples(item.trace[:TRACE_ID_LENGTH])

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
            "span": trace[SPAN_START:],
            "process": self._process,
            "zone": self._zone,
            "hlc": self.hlc.tick(now),
            "subject": subject,
        }
        record.update(fields)
        self.record(record)
