"""The causal tree of one trace, as a page shows it: lines in order, each with its depth. Pure.

Job: from the records of all processes to who caused what. Source of the records:
``actors.kit.recorder``. Must not know: where they are kept.
"""

from collections.abc import Iterable, Iterator
from typing import Any

Record = dict[str, Any]
HTTP = "http.request"
READS = ("get", "list", "watch")
# Notes that say how something came about, and nothing of what happened.
QUIET_NOTES = ("status.published", "work.coalesced")
# Lines that one page shows: a chain that is longer is cut, and says so.
LINES_MAX = 2_000
# What every record has: the rest of a note is what it says.
_FIELDS = frozenset(
    ("ts", "event", "msg", "from", "to", "trace", "span", "parent", "process", "zone", "hlc", "id",
     "subject", "links")
)  # fmt: skip


# Chains of one object that a page lists.
CHAINS_MAX = 200


class Span:
    """One message: its records, and what it caused."""

    def __init__(self) -> None:
        self.parent = ""
        self.records: dict[str, Record] = {}
        self.notes: list[Record] = []
        self.children: list[Span] = []
        self.quiet = False

    def take(self, record: Record) -> None:
        """Add a record. Of two of one kind (an ask that was sent again) the first counts."""
        if record["event"] == "note" and record.get("msg") != HTTP:
            self.notes.append(record)
            return
        self.parent = self.parent or str(record.get("parent", ""))
        self.records.setdefault(str(record["event"]), record)

    @property
    def begin(self) -> float:
        """UNIX seconds."""
        http = self.records.get("note")
        if http is not None:
            # Noted at its end, when its code was known.
            return float(http["ts"]) - float(http.get("ms", 0)) / 1000
        known = self.records.get("sent") or next(iter(self.records.values()), None)
        if known is None:
            known = min(self.notes, key=lambda note: float(note["ts"]))
        return float(known["ts"])

    def telling(self) -> bool:
        """Whether it wrote, failed, was lost, or something was noted meanwhile."""
        if (
            any(note.get("msg") not in QUIET_NOTES for note in self.notes)
            or "dropped" in self.records
            or "note" in self.records
            or self.failed()
        ):
            return True
        sent = self.records.get("sent") or self.records.get("received") or {}
        name, verb = sent.get("msg"), str(sent.get("subject", "")).partition(" ")[0]
        return name == "Txn" or (name == "ApiRequest" and verb not in READS)

    def failed(self) -> str:
        """The outcome, unless it went well or is not known."""
        outcome = str(self.records.get("handled", {}).get("outcome", ""))
        return "" if outcome == "ok" else outcome


def chain(records: Iterable[Record], trace: str) -> dict[str, Any]:
    """The tree of ``trace``: ``lines`` (see ``_line``), ``begin`` (UNIX seconds), ``cut`` (lines
    left out), ``linked`` (traces that began with this one among their causes)."""
    spans: dict[str, Span] = {}
    linked: dict[str, None] = {}
    processes: dict[str, None] = {}
    for record in records:
        if record.get("event") in (None, "log", "counted") or "ts" not in record:
            continue
        if record.get("trace") != trace:
            linked[str(record.get("trace", ""))] = None
            continue
        processes[str(record.get("process", ""))] = None
        spans.setdefault(str(record.get("span", "")), Span()).take(record)
    roots = _grown(spans)
    begin = min((root.begin for root in roots), default=0.0)
    _quieten(roots)
    lines: list[dict[str, Any]] = []
    cut = 0
    for depth, span in _walk(roots):
        if len(lines) < LINES_MAX:
            lines.append(_line(span, depth, begin))
        else:
            cut += 1
    return {
        "trace": trace,
        "begin": begin,
        "lines": lines,
        "cut": cut,
        "linked": [one for one in linked if one],
        "processes": sorted(processes),
    }


def chains_of(records: Iterable[Record]) -> list[list[Any]]:
    """Records about one object as its chains, the newest first: [UNIX seconds of the first record,
    actor, type, subject, trace, how many records]."""
    found: dict[str, list[Any]] = {}
    for record in sorted(records, key=lambda one: float(one.get("ts", 0))):
        trace = str(record.get("trace", ""))
        if not trace:
            continue
        known = found.get(trace)
        if known is None:
            who, what = str(record.get("from", "")), str(record.get("msg", ""))
            found[trace] = [record["ts"], who, what, str(record.get("subject", "")), trace, 1]
        else:
            known[5] += 1
    return list(reversed(found.values()))[:CHAINS_MAX]


def _grown(spans: dict[str, Span]) -> list[Span]:
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


def _walk(roots: list[Span]) -> Iterator[tuple[int, Span]]:
    """Depth first, without recursion: chains may be long."""
    waiting = [(0, root) for root in reversed(roots)]
    while waiting:
        depth, span = waiting.pop()
        yield depth, span
        waiting.extend((depth + 1, child) for child in reversed(span.children))


def _quieten(roots: list[Span]) -> None:
    """Mark the spans that tell nothing, nor does anything that they caused."""
    for _, span in reversed(list(_walk(roots))):
        span.quiet = not span.telling() and all(child.quiet for child in span.children)


def _line(span: Span, depth: int, begin: float) -> dict[str, Any]:
    """Times are milliseconds: ``at`` since the beginning of the chain, ``hop`` on its way,
    ``wait`` in the mailbox, ``ms`` in its handler."""
    line: dict[str, Any] = {"depth": depth, "at": _ms(span.begin - begin)}
    if span.quiet:
        line["quiet"] = True
    records = span.records
    http = records.get("note")
    if http is not None:
        line |= {
            "msg": HTTP,
            "subject": str(http.get("subject", "")),
            "from": str(http.get("user", "")),
            "to": str(http.get("from", "")),
            "ms": float(http.get("ms", 0)),
            "outcome": str(http.get("code", "")),
        }
    else:
        _describe(span, line)
    notes = [_note(note, begin) for note in span.notes]
    if notes:
        line["notes"] = notes
    return line


def _describe(span: Span, line: dict[str, Any]) -> None:
    records = span.records
    known = next(iter(records.values()), None)
    if known is None:
        return
    subject = next((str(one["subject"]) for one in records.values() if one.get("subject")), "")
    line |= {"msg": str(known.get("msg", "")), "subject": subject}
    line |= {"from": str(known.get("from", "")), "to": str(known.get("to", ""))}
    sent, received = records.get("sent"), records.get("received")
    if sent is not None and received is not None:
        line["hop"] = max(0.0, _ms(float(received["ts"]) - float(sent["ts"])))
    if received is not None and "wait" in received:
        line["wait"] = received["wait"]
    handled = records.get("handled")
    if handled is not None and "ms" in handled:
        line["ms"] = handled["ms"]
    if span.failed():
        line["outcome"] = span.failed()
    if "dropped" in records:
        line["dropped"] = str(records["dropped"].get("reason", "")) or "lost"
    links = [
        str(link).partition("-")[0] for one in records.values() for link in one.get("links", ())
    ]
    if links:
        line["links"] = list(dict.fromkeys(links))[:20]


def _note(note: Record, begin: float) -> dict[str, Any]:
    subject = note.get("subject", "")
    # What a controller's note is about is its key too.
    told = {key: value for key, value in note.items() if key not in _FIELDS and value != subject}
    more = " ".join(f"{key}={_text(value)}" for key, value in told.items())
    text = f"{note.get('msg', '')} {subject} {more}".strip()
    made = {"at": _ms(float(note["ts"]) - begin), "from": str(note.get("from", "")), "text": text}
    if note.get("msg") in QUIET_NOTES:
        made["quiet"] = True
    return made


def _text(value: Any) -> str:
    """Of what a note holds, as a scheduler's scores by node."""
    if isinstance(value, dict):
        return "(" + ", ".join(f"{key} {_text(one)}" for key, one in value.items()) + ")"
    if isinstance(value, list | tuple):
        return ",".join(_text(one) for one in value)
    return str(value)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
