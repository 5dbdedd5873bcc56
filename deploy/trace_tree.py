"""From the trace records of all processes to the causal tree of one object. Pure.

A record is a mapping as ``actors.kit.recorder`` writes it: event (sent, received, handled, note,
log), msg, from, to, trace, span, parent, ts (UNIX seconds), ms, outcome, subject, process, zone.
One trace covers a whole chain: a watch event carries the context of the write that made it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

Record = dict[str, Any]
READS = ("get", "list", "watch")
# Kinds by the names people use, to the plural that request subjects carry.
PLURALS = {
    "deploy": "deployments", "rs": "replicasets", "po": "pods", "svc": "services",
    "no": "nodes", "ns": "namespaces", "cm": "configmaps", "endpoints": "endpoints",
    "endpointslice": "endpointslices",
}  # fmt: skip


class Span:
    """One message (or request): when it was sent, received and handled, what it caused."""

    def __init__(self, identity: str) -> None:
        self.identity = identity
        self.parent = ""
        self.label = ""
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
            self.notes.append(record)
            if not self.label:
                self.begin = min(self.begin, stamp)
            return
        self.parent = self.parent or str(record.get("parent", ""))
        self.label = self.label or _label(record)
        self.sender = self.sender or str(record.get("from", ""))
        self.receiver = self.receiver or str(record.get("to", ""))
        verb = str(record.get("subject", "")).partition(" ")[0]
        if record.get("msg") == "ApiRequest" and verb and verb not in READS:
            self.write = True
        if record["event"] == "sent" or not self.sent:
            # A note may have been read first, and may be much later.
            self.begin = stamp
        self.sent = self.sent or record["event"] == "sent"
        if record["event"] == "received":
            self.received = stamp
        if "ms" in record:
            self.milliseconds = float(record["ms"])
        self.outcome = str(record.get("outcome", "")) or self.outcome

    def telling(self) -> bool:
        """Whether this span or anything below it wrote, or noted, something."""
        return self.write or bool(self.notes) or any(child.telling() for child in self.children)


def _label(record: Record) -> str:
    subject = str(record.get("subject", ""))
    return f"{record['msg']} {subject}".rstrip() if subject else str(record["msg"])


def target(words: str) -> tuple[str, str, str]:
    """``deployment/web`` or ``pod/other-namespace/web-1`` → (plural, namespace, name).

    Raises ValueError.
    """
    kind, _, rest = words.partition("/")
    namespace, slash, name = rest.partition("/")
    if not slash:
        namespace, name = "default", namespace
    if not kind or not name:
        raise ValueError(f"{words!r}: write KIND/NAME or KIND/NAMESPACE/NAME, as deployment/web")
    kind = kind.lower()
    plural = PLURALS.get(kind, kind if kind.endswith("s") else kind + "s")
    return plural, namespace, name


def traces_of(records: Iterable[Record], words: str) -> list[str]:
    """Ids of the traces that wrote the object or noted something of it, oldest first."""
    plural, namespace, name = target(words)
    path = f"{namespace}/{name}"
    found: dict[str, float] = {}
    for record in records:
        subject = str(record.get("subject", "")).split(" ")
        trace = str(record.get("trace", ""))
        if not trace or path not in (part.removesuffix("/status") for part in subject):
            continue
        if record["event"] == "note":
            about = str(record.get("msg", "")).startswith(("http", plural.removesuffix("s")))
        else:
            about = (
                record.get("msg") == "ApiRequest"
                and subject[0] not in READS
                and subject[1].partition(".")[0] == plural
            )
        if about:
            found.setdefault(trace, float(record["ts"]))
    return sorted(found, key=lambda trace: found[trace])


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


def render(roots: list[Span], full: bool = False) -> Iterator[str]:
    """Lines of the tree: milliseconds since the first record, who did what, how long it took.

    Unless ``full``, only the spans that led to a write or a note are shown.
    """
    if not roots:
        return
    start = min(root.begin for root in roots)
    for root in roots:
        if full or root.telling():
            yield from _render(root, start, "", full)


def _render(span: Span, start: float, indent: str, full: bool) -> Iterator[str]:
    if span.label:
        took = f" {span.milliseconds:.1f} ms" if span.milliseconds is not None else ""
        hop = ""
        if span.received is not None and span.received > span.begin:
            hop = f" (hop {(span.received - span.begin) * 1000:.1f} ms)"
        bad = f" [{span.outcome}]" if span.outcome not in ("", "ok") else ""
        yield (
            f"{(span.begin - start) * 1000:9.1f}  {indent}{span.sender} → {span.receiver}: "
            f"{span.label}{took}{hop}{bad}"
        )
        indent += "  "
    for note in span.notes:
        more = _fields(note)
        yield (
            f"{(float(note['ts']) - start) * 1000:9.1f}  {indent}● {note.get('from', '')}: "
            f"{note['msg']} {note.get('subject', '')}{more}"
        )
    for child in span.children:
        if full or child.telling():
            yield from _render(child, start, indent, full)


KNOWN = {
    "ts", "event", "msg", "id", "to", "from", "trace", "span", "parent", "process", "zone",
    "hlc", "subject", "bytes", "ms", "outcome",
}  # fmt: skip


def _fields(note: Record) -> str:
    extra = {key: value for key, value in note.items() if key not in KNOWN}
    return "".join(f" {key}={value}" for key, value in extra.items())
