"""Messages and notes as whole things, from their records in any order. Pure: time comes in.

A message's records are of two processes: the sender's, and the receiver's. ``Assembler`` says when
one is whole, for exports that go on as records come. Must not know: formats.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from cluster.trace_subjects import Record

# How long after its last record a message is whole: the other process writes twice a second.
LINGER_SECONDS = 1.5
# Answers and what streams bring are received, and that is their end; what is asked is handled, but
# that may take a while.
OPEN_SECONDS = 10.0
# What was given out is remembered so long, so that a late record makes no second of it.
REMEMBER_SECONDS = 120.0


@dataclass
class Step:
    """One step of a message in one process. ``at``: UNIX seconds. ``wait``: milliseconds that it
    lay in the mailbox, None if that is not known. ``hlc``: the hybrid logical clock."""

    at: float
    process: str
    zone: str
    hlc: int = 0
    wait: float | None = None


@dataclass
class Message:
    """``name``: its type. ``milliseconds``: it was handled for so long, None if it was not (yet,
    or never: an answer). ``dropped``: why it never came, '' if that is not known. ``links``:
    further causes, as contexts."""

    trace: str
    span: str
    parent: str = ""
    name: str = ""
    subject: str = ""
    sender: str = ""
    receiver: str = ""
    number: int = 0
    size: int = 0
    sent: Step | None = None
    received: Step | None = None
    handled: Step | None = None
    milliseconds: float | None = None
    outcome: str = ""
    dropped: str = ""
    links: list[str] = field(default_factory=list)

    def take(self, record: Record) -> None:
        """Add what one record tells."""
        self.parent = self.parent or str(record.get("parent", ""))
        self.name = self.name or str(record.get("msg", ""))
        self.subject = self.subject or str(record.get("subject", ""))
        self.sender = self.sender or str(record.get("from", ""))
        self.receiver = self.receiver or str(record.get("to", ""))
        self.number = self.number or int(record.get("id", 0))
        self.size = self.size or int(record.get("bytes", 0))
        self.links += [link for link in record.get("links", ()) if link not in self.links]
        step = step_of(record)
        match record["event"]:
            case "sent":
                self.sent = step
            case "received":
                self.received = step
            case "handled":
                self.handled = step
                self.milliseconds = float(record.get("ms", 0.0))
                self.outcome = str(record.get("outcome", ""))
            case "dropped":
                self.dropped = str(record.get("reason", "")) or "dropped"
                self.sent = self.sent or step

    @property
    def begin(self) -> float:
        """UNIX seconds."""
        return min(step.at for step in self.steps())

    @property
    def end(self) -> float:
        """UNIX seconds."""
        return max(step.at for step in self.steps())

    @property
    def place(self) -> Step:
        """The step that says where it ended: at its receiver, if it ever came there."""
        step = self.handled or self.received or self.sent
        assert step is not None
        return step

    def steps(self) -> Iterator[Step]:
        """Those that are known."""
        return (step for step in (self.sent, self.received, self.handled) if step is not None)

    @property
    def is_whole(self) -> bool:
        """Whether nothing more is to be known."""
        return bool(self.dropped) or (self.handled is not None and self.sent is not None)


@dataclass(frozen=True)
class Note:
    """Something that is no message. ``span``: what it was noted in."""

    record: Record

    @property
    def place(self) -> Step:
        """Where it was noted."""
        return step_of(self.record)


Item: TypeAlias = Message | Note


def step_of(record: Record) -> Step:
    """Where and when a record was made."""
    wait = float(record.get("wait", -1.0))
    return Step(
        float(record["ts"]),
        str(record.get("process", "")),
        str(record.get("zone", "")),
        int(record.get("hlc", 0)),
        wait if wait >= 0 else None,
    )


def is_step(record: Record) -> bool:
    """Whether it is of a message with a span of its own (and no count of lost records)."""
    known = record["event"] in ("sent", "received", "handled", "dropped")
    return known and bool(record.get("span"))


def items(records: Iterable[Record]) -> list[Item]:
    """All messages and notes, in order of time."""
    messages: dict[str, Message] = {}
    notes: list[Note] = []
    for record in records:
        if record["event"] == "note":
            notes.append(Note(record))
        elif is_step(record):
            key = str(record["span"])
            message = messages.get(key)
            if message is None:
                message = messages[key] = Message(str(record.get("trace", "")), key)
            message.take(record)
    return sorted([*messages.values(), *notes], key=begin_of)


def begin_of(item: Item) -> float:
    """UNIX seconds."""
    return item.begin if isinstance(item, Message) else item.place.at


class Assembler:
    """Gives each message once, soon after it is whole, and each note at once."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[float, Message]] = {}
        self._given: dict[str, float] = {}
        self._notes: list[Item] = []

    def take(self, records: Iterable[Record], now: float) -> None:
        """New records. ``now``: seconds of any clock that only goes on."""
        for record in records:
            if record["event"] == "note":
                self._notes.append(Note(record))
            elif is_step(record) and (key := str(record["span"])) not in self._given:
                _, message = self._open.get(key) or (0.0, Message(str(record["trace"]), key))
                message.take(record)
                self._open[key] = (now, message)

    def ready(self, now: float) -> list[Item]:
        """What is whole now."""
        found, self._notes = self._notes, []
        for key, (last, message) in list(self._open.items()):
            patience = LINGER_SECONDS if message.is_whole else OPEN_SECONDS
            if now - last >= patience:
                found.append(self._open.pop(key)[1])
                self._given[key] = now
        self._forget(now)
        return found

    def rest(self) -> list[Item]:
        """All that is left, whole or not: at the end."""
        found = [*self._notes, *(message for _, message in self._open.values())]
        self._notes, self._open = [], {}
        return found

    @property
    def is_waiting(self) -> bool:
        """Whether something is known that was not given."""
        return bool(self._open or self._notes)

    def _forget(self, now: float) -> None:
        for key, given in list(self._given.items()):
            if now - given < REMEMBER_SECONDS:
                return  # they were given in order of time
            del self._given[key]
