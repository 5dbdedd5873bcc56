"""From the trace records of all processes to the causal tree of one trace. Pure.

One trace covers a whole chain: a watch event carries the context of the write that made it. Records
(as ``actors.kit.recorder`` writes them) come in any order. Must not know: how a tree is shown.
"""

from collections.abc import Iterable, Iterator

from cluster.trace_subjects import COALESCED, HTTP, READS, REQUEST, Record, stored_object

# Records that are of no span.
_OUTSIDE = ("log", "counted")


class Span:
    """One message (or request): when it was sent, received and handled, what it caused.

    ``begin``, ``received``: UNIX seconds. ``wait``, ``milliseconds``: in the mailbox, in its
    handler. ``dropped``: why it never came. ``links``: further causes, as contexts. ``telling``:
    whether it or anything below it wrote, or noted, something."""

    def __init__(self, identity: str) -> None:
        self.identity = identity
        self.parent = ""
        self.message = ""
        self.subject = ""
        self.sender = ""
        self.receiver = ""
        self.begin = float("inf")
        self.received: float | None = None
        self.wait: float | None = None
        self.milliseconds: float | None = None
        self.outcome = ""
        self.dropped = ""
        self.links: list[str] = []
        self.children: list[Span] = []
        self.notes: list[Record] = []
        self.write = False
        self.telling = False
        self.sent: float | None = None
        self._seen = float("inf")

    def take(self, record: Record) -> None:
        """Add what one record tells. Of two of one kind (an ask that was sent again) the first
        counts."""
        stamp = float(record["ts"])
        if record["event"] == "note":
            self._take_note(record, stamp)
            return
        self.parent = self.parent or str(record.get("parent", ""))
        self.message = self.message or str(record["msg"])
        self.subject = self.subject or str(record.get("subject", ""))
        self.sender = self.sender or str(record.get("from", ""))
        self.receiver = self.receiver or str(record.get("to", ""))
        self.links += [link for link in record.get("links", ()) if link not in self.links]
        verb = str(record.get("subject", "")).partition(" ")[0]
        if record.get("msg") == REQUEST and verb and verb not in READS:
            self.write = True
        if record["event"] == "sent":
            self.sent = stamp if self.sent is None else min(self.sent, stamp)
        self._seen = min(self._seen, stamp)
        # A note may have been read first, and may be much later.
        self.begin = self._seen if self.sent is None else self.sent
        if record["event"] == "received":
            self.received = stamp if self.received is None else min(self.received, stamp)
            self.wait = float(record["wait"]) if "wait" in record else self.wait
        if float(record.get("ms", -1.0)) >= 0:
            self.milliseconds = float(record["ms"])
        if record["event"] == "dropped":
            self.dropped = str(record.get("reason", "")) or "lost"
            self.outcome = f"dropped: {self.dropped}"
        elif not self.dropped:
            self.outcome = str(record.get("outcome", "")) or self.outcome

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

    def stored(self) -> str:
        """What a transaction wrote, as ``pods default/web-1`` ('' if this is none)."""
        verb, key = (*self.subject.split(" "), "")[:2]
        if self.message != "Txn" or verb not in ("put", "delete"):
            return ""
        return stored_object(key)


def build(records: Iterable[Record], trace: str) -> list[Span]:
    """The roots of a trace's tree, children and notes in order of time. No span is lost: of those
    that name each other as their cause (which only a client's made-up context can do) the first
    is a root."""
    spans: dict[str, Span] = {}
    for record in records:
        if record.get("trace") == trace and record.get("event") not in (None, *_OUTSIDE):
            identity = str(record.get("span", ""))
            spans.setdefault(identity, Span(identity)).take(record)
    ordered = sorted(spans.values(), key=lambda span: (span.begin, span.identity))
    roots = []
    for span in ordered:
        span.notes.sort(key=lambda note: float(note["ts"]))
        parent = spans.get(span.parent)
        if parent is None or parent is span:
            roots.append(span)
        else:
            parent.children.append(span)
    roots += _freed(ordered, roots, spans)
    roots.sort(key=lambda root: (root.begin, root.identity))
    for _, span in reversed(list(walk(roots))):
        noted = any(note["msg"] != COALESCED for note in span.notes)
        span.telling = span.write or noted or any(child.telling for child in span.children)
    return roots


def _freed(ordered: list[Span], roots: list[Span], spans: dict[str, Span]) -> list[Span]:
    """Roots for those that no root leads to."""
    reached = {span.identity for _, span in walk(roots)}
    found = []
    for span in ordered:
        if span.identity not in reached:
            spans[span.parent].children.remove(span)
            found.append(span)
            reached |= {below.identity for _, below in walk([span])}
    return found


def walk(roots: Iterable[Span]) -> Iterator[tuple[int, Span]]:
    """Each span with its depth, depth first, in order of time. Without recursion: a chain may be as
    long as its work went on."""
    waiting = [(0, root) for root in reversed(list(roots))]
    while waiting:
        depth, span = waiting.pop()
        yield depth, span
        waiting.extend((depth + 1, child) for child in reversed(span.children))
