"""The causal tree of one trace, as a page shows it: lines in order, each with its depth. Pure.

Must not know: how records become a tree (``cluster.trace_tree``), where they are kept.
"""

from collections.abc import Iterable
from typing import Any

from cluster.trace_subjects import COALESCED, HTTP, Record
from cluster.trace_tree import Span, build, walk

# Notes that say how something came about, and nothing of what happened.
QUIET_NOTES = ("status.published", COALESCED)
# Lines that one page shows: a chain that is longer is cut, and says so.
LINES_MAX = 2_000
# Further causes of one line.
LINKS_MAX = 20
# What every record has: the rest of a note is what it says.
_FIELDS = frozenset(
    ("ts", "event", "msg", "from", "to", "trace", "span", "parent", "process", "zone", "hlc", "id",
     "subject", "links")
)  # fmt: skip
# Chains of one object that a page lists.
CHAINS_MAX = 200


def chain(records: Iterable[Record], trace: str) -> dict[str, Any]:
    """The tree of ``trace``: ``lines`` (see ``_line``), ``begin`` (UNIX seconds), ``cut`` (lines
    left out), ``linked`` (traces that began with this one among their causes)."""
    own: list[Record] = []
    linked: dict[str, None] = {}
    processes: dict[str, None] = {}
    for record in records:
        if record.get("event") in (None, "log", "counted") or "ts" not in record:
            continue
        if record.get("trace") != trace:
            linked[str(record.get("trace", ""))] = None
            continue
        processes[str(record.get("process", ""))] = None
        own.append(record)
    roots = build(own, trace)
    begin = min((root.begin for root in roots), default=0.0)
    quiet = _quiet(roots)
    lines: list[dict[str, Any]] = []
    cut = 0
    for depth, span in walk(roots):
        if len(lines) < LINES_MAX:
            lines.append(_line(span, depth, begin, span.identity in quiet))
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


def _quiet(roots: list[Span]) -> set[str]:
    """The spans that tell nothing, nor does anything that they caused."""
    found: set[str] = set()
    for _, span in reversed(list(walk(roots))):
        if not _tells(span) and all(child.identity in found for child in span.children):
            found.add(span.identity)
    return found


def _tells(span: Span) -> bool:
    """Whether it wrote, failed, was lost, or something was noted meanwhile."""
    noted = any(note.get("msg") not in QUIET_NOTES for note in span.notes)
    return noted or span.write or span.message in ("Txn", HTTP) or bool(_failed(span))


def _failed(span: Span) -> str:
    """The outcome, unless it went well or is not known."""
    return "" if span.outcome == "ok" else span.outcome


def _line(span: Span, depth: int, begin: float, quiet: bool) -> dict[str, Any]:
    """Times are milliseconds: ``at`` since the beginning of the chain, ``hop`` on its way,
    ``wait`` in the mailbox, ``ms`` in its handler."""
    line: dict[str, Any] = {"depth": depth, "at": _ms(span.begin - begin)}
    if quiet:
        line["quiet"] = True
    if span.message:
        line |= {"msg": span.message, "subject": span.subject}
        line |= {"from": span.sender, "to": span.receiver}
    if span.sent is not None and span.received is not None:
        line["hop"] = max(0.0, _ms(span.received - span.sent))
    if span.wait is not None:
        line["wait"] = span.wait
    if span.milliseconds is not None:
        line["ms"] = span.milliseconds
    if span.dropped:
        line["dropped"] = span.dropped
    elif _failed(span):
        line["outcome"] = span.outcome
    if span.links:
        traces = [str(link).partition("-")[0] for link in span.links]
        line["links"] = list(dict.fromkeys(traces))[:LINKS_MAX]
    notes = [_note(note, begin) for note in span.notes]
    if notes:
        line["notes"] = notes
    return line


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
