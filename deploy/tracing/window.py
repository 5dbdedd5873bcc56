"""What began in a window of time: one line for each trace. Pure.

A chain is a trace in short: its first request or message, how long that took, how long its
consequences went on, how many they were and how many of them failed.
"""

import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cluster.trace_subjects import HTTP, Record
from cluster.trace_tree import Span, build, walk
from deploy.tracing import text

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
WELL = ("", "ok", "open")
FAILED_CODE = 400
HEAD = (
    f"{'began':<12} {'took':>6} {'chain':>6} {'size':>5} {'failed':>6}  {'outcome':<9}"
    f"{'trace':<33}what"
)


def seconds(words: str) -> float:
    """``5m``, ``90s``, ``1h30m``, ``250ms`` in seconds. Raises ValueError."""
    parts = DURATION.findall(words)
    if not parts or "".join(number + unit for number, unit in parts) != words:
        raise ValueError(f"{words!r} is no duration: write it as 90s, 5m, 1h30m or 250ms")
    return sum(float(number) * UNITS[unit] for number, unit in parts)


@dataclass(frozen=True)
class Chain:
    """``began``: UNIX seconds. ``took``: of the first step; ``lasted``: until the last record of
    any consequence; both milliseconds. ``size``: messages and notes. ``failed``: messages that
    did. ``tells``: whether its tree shows anything: it wrote or noted what is worth a line.
    ``begins``: False if it only goes on: its first step was caused by what is not among the
    records."""

    trace: str
    began: float
    took: float | None
    lasted: float
    size: int
    failed: int
    outcome: str
    what: str
    tells: bool
    begins: bool = True


def chains(records: Iterable[Record], since: float = 0.0) -> list[Chain]:
    """One for each trace whose first record is no older than ``since``, in order of time."""
    of_trace: dict[str, list[Record]] = {}
    for record in records:
        trace = str(record.get("trace", ""))
        if trace and record["event"] != "log":
            of_trace.setdefault(trace, []).append(record)
    found = [chain_of(trace, of_trace[trace]) for trace in of_trace]
    return sorted((one for one in found if one.began >= since), key=lambda one: one.began)


def chain_of(trace: str, records: Sequence[Record]) -> Chain:
    """A trace in short."""
    roots = build(records, trace)
    spans = [span for _, span in walk(roots)]
    # The request, if there is one: a note may have been made of it before it was at its end.
    first = next((root for root in roots if root.message), roots[0])
    began = min(span.begin for span in spans)
    last = max(float(record["ts"]) for record in records)
    notes = sum(len(span.notes) for span in spans)
    return Chain(
        trace=trace,
        began=began,
        took=first.milliseconds,
        lasted=(last - began) * 1000,
        size=sum(1 for span in spans if span.message) + notes,
        failed=sum(map(has_failed, spans)),
        outcome=first.outcome.partition(" ")[0],
        what=words_of(first),
        tells=bool(text.items_of(roots, full=False)),
        begins=bool(first.message) and not first.parent,
    )


def has_failed(span: Span) -> bool:
    """Whether it was refused, or found nobody."""
    if span.message == HTTP:
        return span.outcome.isdigit() and int(span.outcome) >= FAILED_CODE
    return span.outcome not in WELL


def words_of(span: Span) -> str:
    """Who did what."""
    if span.message:
        return text.request_line(span, []).text if text.is_request(span) else text.bare_line(span)
    note = span.notes[0]
    return f"● {note.get('from', '')}: {text.note_text(note)}"


def line(chain: Chain) -> str:
    """For people, in local time. The code of an HTTP request is its outcome."""
    at = datetime.datetime.fromtimestamp(chain.began).strftime("%H:%M:%S.%f")[:-3]
    took, lasted = text.number(chain.took), text.number(chain.lasted)
    what = chain.what.removesuffix(f" {chain.outcome}")
    return (
        f"{at:<12} {took:>6} {lasted:>6} {chain.size:>5} {chain.failed or '':>6}  "
        f"{chain.outcome or '-':<9}{chain.trace:<33}{what}"
    )
