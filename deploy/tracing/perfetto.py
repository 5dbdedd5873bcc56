"""Messages and notes as a picture of time: the Chrome trace event JSON that Perfetto opens. Pure.

Source: "Trace Event Format", and Perfetto's documentation of it ("Chrome JSON format"): events of
one thread must nest, else they are drawn on another track. A process is a process, an actor is a
thread; what an actor does at the same time gets further threads. An arrow (flow) leads from where a
message was sent to where it was handled. Times are whole microseconds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cluster.trace_subjects import HTTP
from deploy.tracing.otlp import PLACED, message_name
from deploy.tracing.spans import Item, Message, Note

Json = dict[str, Any]
CATEGORY = "message"


@dataclass
class Slice:
    """A bar on an actor's track. ``begin``, ``end``: microseconds, ``end`` the greater.
    ``flow``: '' or the phase of the arrow that begins ("s") or ends ("f") there, with its id."""

    process: str
    actor: str
    begin: int
    end: int
    name: str
    fields: Json
    flow: str = ""
    number: str = ""
    lane: int = 0


@dataclass
class Lane:
    """What is open on a thread: the ends of the bars that the next one may be inside."""

    ends: list[int] = field(default_factory=list)

    def holds(self, begin: int, end: int) -> bool:
        """Whether a bar that begins no earlier than all before nests; then it is taken."""
        while self.ends and self.ends[-1] <= begin:
            self.ends.pop()
        if self.ends and self.ends[-1] < end:
            return False
        self.ends.append(end)
        return True


def document(items: Sequence[Item], cluster: str) -> Json:
    """The whole file."""
    slices = [piece for item in items for piece in slices_of(item)]
    laid_out(slices)
    notes = [item for item in items if isinstance(item, Note) and item.record.get("msg") != HTTP]
    tracks = Tracks()
    events = [event for piece in slices for event in slice_events(piece, tracks)]
    events += [note_event(note, tracks) for note in notes]
    events.sort(key=lambda event: event["ts"])
    return {
        "traceEvents": [*tracks.names(), *events],
        "displayTimeUnit": "ms",
        "otherData": {"cluster": cluster},
    }


def slices_of(item: Item) -> Iterator[Slice]:
    """The bars of a message: a point where it was sent, and one where it was handled."""
    if isinstance(item, Note):
        if item.record.get("msg") == HTTP:
            yield http_slice(item)
        return
    fields = {
        "trace": item.trace, "span": item.span, "parent": item.parent, "from": item.sender,
        "to": item.receiver, "subject": item.subject, "bytes": item.size, "outcome": item.outcome,
        "dropped": item.dropped, "links": item.links,
    }  # fmt: skip
    fields = {key: one for key, one in fields.items() if one}
    name = message_name(item.name, item.subject)
    arrives = item.received is not None or item.handled is not None
    if item.sent is not None:
        begin = microseconds(item.sent.at)
        flow = "s" if arrives else ""
        title = f"drop {name}" if item.dropped else f"send {name}"
        yield Slice(
            item.sent.process, item.sender, begin, begin + 1, title, fields, flow, item.span
        )
    if arrives:
        yield arrival(item, name, fields)


def arrival(message: Message, name: str, fields: Json) -> Slice:
    """The bar where a message was handled (or, if it never is, where it came)."""
    place = message.place
    end = microseconds(place.at)
    begin = end - round((message.milliseconds or 0.0) * 1000)
    if message.received is not None:
        if message.received.wait is not None:
            fields = {**fields, "wait_ms": message.received.wait}
        # What it lay in the mailbox is no work; and handling cannot begin before it came.
        begin = max(begin, microseconds(message.received.at))
    flow = "f" if message.sent is not None else ""
    end = max(end, begin + 1)
    return Slice(place.process, message.receiver, begin, end, name, fields, flow, message.span)


def http_slice(note: Note) -> Slice:
    """A request by HTTP, noted at its end."""
    record, place = note.record, note.place
    end = microseconds(place.at)
    begin = end - round(float(record.get("ms", 0.0)) * 1000)
    shown: tuple[str, ...] = ("trace", "span", "user", "code", "audit")
    fields: Json = {key: record[key] for key in shown if key in record}
    actor = str(record.get("from", ""))
    return Slice(
        place.process, actor, begin, max(end, begin + 1), str(record.get("subject", "")), fields
    )


def laid_out(slices: Sequence[Slice]) -> None:
    """Give each bar the first thread of its actor on which it nests."""
    lanes: dict[tuple[str, str], list[Lane]] = {}
    for piece in sorted(slices, key=lambda one: (one.begin, -one.end)):
        own = lanes.setdefault((piece.process, piece.actor), [])
        for number, lane in enumerate(own):
            if lane.holds(piece.begin, piece.end):
                piece.lane = number
                break
        else:
            own.append(Lane([piece.end]))
            piece.lane = len(own) - 1


class Tracks:
    """Numbers of processes and threads, and the events that name them."""

    def __init__(self) -> None:
        self._processes: dict[str, int] = {}
        self._threads: dict[tuple[str, str, int], int] = {}

    def place(self, process: str, actor: str, lane: int = 0) -> Json:
        """``pid`` and ``tid``."""
        pid = self._processes.setdefault(process, len(self._processes) + 1)
        tid = self._threads.setdefault((process, actor, lane), len(self._threads) + 1)
        return {"pid": pid, "tid": tid}

    def names(self) -> Iterator[Json]:
        """Metadata events (phase M)."""
        for process, pid in self._processes.items():
            base = {"ph": "M", "ts": 0, "pid": pid, "tid": 0}
            yield {**base, "name": "process_name", "args": {"name": process}}
        for (process, actor, lane), tid in self._threads.items():
            title = actor.partition("@")[0] + (f" ({lane + 1})" if lane else "")
            base = {"ph": "M", "ts": 0, "pid": self._processes[process], "tid": tid}
            yield {**base, "name": "thread_name", "args": {"name": title}}


def slice_events(piece: Slice, tracks: Tracks) -> Iterator[Json]:
    """A complete event (phase X), and the end of an arrow that is bound to it."""
    place = {"ts": piece.begin, **tracks.place(piece.process, piece.actor, piece.lane)}
    yield {
        "ph": "X", "cat": CATEGORY, "name": piece.name, "dur": piece.end - piece.begin,
        "args": piece.fields, **place,
    }  # fmt: skip
    if piece.flow:
        # An arrow is known by its name, category and id; "bp": "e" binds to the enclosing bar.
        flow = {"ph": piece.flow, "cat": CATEGORY, "name": "message", "id": f"0x{piece.number}"}
        yield {**flow, **place, **({"bp": "e"} if piece.flow == "f" else {})}


def note_event(note: Note, tracks: Tracks) -> Json:
    """An instant event (phase i) on the actor's thread."""
    record, place = note.record, note.place
    fields = {key: one for key, one in record.items() if key not in PLACED or key == "trace"}
    name = f"{record.get('msg', '')} {record.get('subject', '')}".strip()
    where = tracks.place(place.process, str(record.get("from", "")))
    return {
        "ph": "i", "s": "t", "cat": "note", "name": name, "args": fields,
        "ts": microseconds(place.at), **where,
    }  # fmt: skip


def microseconds(seconds: float) -> int:
    """UNIX seconds as whole microseconds."""
    return round(seconds * 1_000_000)
