"""From the trace records of all processes to the causal trees of one object. Pure.

``text`` makes lines of them.

A record is a mapping as ``actors.kit.recorder`` writes it: event (sent, received, handled, note,
log), msg, from, to, trace, span, parent, ts (UNIX seconds), ms, outcome, subject, process, zone.
One trace covers a whole chain: a watch event carries the context of the write that made it.
"""

from collections.abc import Iterable, Sequence

from actors.kit.causes import COALESCED
from cluster.trace_subjects import HTTP as HTTP
from cluster.trace_subjects import READS, about, stored_object
from cluster.trace_subjects import REQUEST as REQUEST
from cluster.trace_subjects import Record as Record
from cluster.trace_subjects import target as target


class Span:
    """One message (or request): when it was sent, received and handled, what it caused."""

    def __init__(self, identity: str) -> None:
        self.identity = identity
        self.parent = ""
        self.message = ""
        self.subject = ""
        self.sender = ""
        self.receiver = ""
        self.begin = float("inf")
        self.received: float | None = None
        self.milliseconds: float | None = None
        self.outcome = ""
        self.children: list[Span] = []
        self.notes: list[Record] = []
        self.write = False
        self.sent = False

    def take(self, record: Record) -> None:
        """Add what one record tells."""
        stamp = float(record["ts"])
        if record["event"] == "note":
            self._take_note(record, stamp)
            return
        self.parent = self.parent or str(record.get("parent", ""))
        self.message = self.message or str(record["msg"])
        self.subject = self.subject or str(record.get("subject", ""))
        self.sender = self.sender or str(record.get("from", ""))
        self.receiver = self.receiver or str(record.get("to", ""))
        verb = str(record.get("subject", "")).partition(" ")[0]
        if record.get("msg") == REQUEST and verb and verb not in READS:
            self.write = True
        if record["event"] == "sent" or not self.sent:
            # A note may have been read first, and may be much later.
            self.begin = stamp
        self.sent = self.sent or record["event"] == "sent"
        if record["event"] == "received":
            self.received = stamp
        if float(record.get("ms", -1.0)) >= 0:
            self.milliseconds = float(record["ms"])
        self.outcome = str(record.get("outcome", "")) or self.outcome
        if record["event"] == "dropped":
            self.outcome = f"dropped: {record.get('reason', '')}"

    def _take_note(self, record: Record, stamp: float) -> None:
        if record.get("msg") == HTTP and not self.message:
            # Noted at its end, when its code was known: it began so much earlier.
            self.milliseconds = float(record.get("ms", 0))
            self.begin = stamp - self.milliseconds / 1000
            self.message, self.subject = HTTP, str(record.get("subject", ""))
            self.sender, self.receiver = str(record.get("user", "")), str(record.get("from", ""))
            self.outcome = str(record.get("code", ""))
            self.write = not self.subject.startswith(("GET ", "HEAD "))
            return
        self.notes.append(record)
        if not self.message:
            self.begin = min(self.begin, stamp)

    def telling(self) -> bool:
        """Whether this span or anything below it wrote, or noted, something."""
        noted = any(note["msg"] != COALESCED for note in self.notes)
        return self.write or noted or any(child.telling() for child in self.children)

    def stored(self) -> str:
        """What a transaction wrote, as ``pods default/web-1`` ('' if this is none)."""
        verb, key = (*self.subject.split(" "), "")[:2]
        if self.message != "Txn" or verb not in ("put", "delete"):
            return ""
        return stored_object(key)


def traces_of(records: Iterable[Record], words: str) -> list[str]:
    """Ids of the traces that wrote the object or noted something of it, oldest first."""
    plural, namespace, name = target(words)
    paths = (f"{namespace}/{name}", name)
    found: dict[str, float] = {}
    for record in records:
        trace = str(record.get("trace", ""))
        if trace and trace not in found and about(record, plural, paths):
            found[trace] = float(record["ts"])
    return sorted(found, key=lambda trace: found[trace])


def asked_for(records: Iterable[Record], traces: Sequence[str]) -> list[str]:
    """Those of the traces that began with an HTTP request that writes, in the same order."""
    roots = {
        str(record.get("trace", ""))
        for record in records
        if record.get("msg") == HTTP and not str(record.get("subject", "")).startswith("GET ")
    }
    return [trace for trace in traces if trace in roots]


def build(records: Iterable[Record], trace: str) -> list[Span]:
    """The roots of a trace's tree, children in order of time."""
    spans: dict[str, Span] = {}
    for record in records:
        if record.get("trace") == trace and record["event"] != "log":
            identity = str(record["span"])
            spans.setdefault(identity, Span(identity)).take(record)
    roots = []
    for span in spans.values():
        parent = spans.get(span.parent)
        if parent is None or parent is span:
            roots.append(span)
        else:
            parent.children.append(span)
    for span in spans.values():
        span.children.sort(key=lambda child: child.begin)
        span.notes.sort(key=lambda note: float(note["ts"]))
    return sorted(roots, key=lambda root: root.begin)
