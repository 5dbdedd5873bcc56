"""Lines for people from the causal tree of a trace. Pure.

Each line tells when it began (milliseconds since the first record), how long the message travelled
(hop), how long it was handled (took), and who did what. A request and its store transaction are one
line; what nobody asks for first (events, status echoes, reads) is left out unless ``full``.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cluster.trace_subjects import COALESCED, HTTP, REQUEST, Record
from cluster.trace_tree import Span, walk

HEAD = f"{'at':>6} {'hop':>5} {'took':>5}  (milliseconds)"
QUIET_NOTES = ("status.published", COALESCED)
QUIET_RESOURCES = ("events", "events.events.k8s.io", "leases.coordination.k8s.io", "leases")
RECORD_FIELDS = {
    "ts", "event", "msg", "id", "to", "from", "trace", "span", "parent", "process", "zone",
    "hlc", "subject", "bytes", "ms", "outcome", "key",
}  # fmt: skip


@dataclass
class Item:
    """A line, and those below it. ``begin``: UNIX seconds; ``hop`` and ``took``: milliseconds;
    ``key``: the same for the same line, of a tree that has grown meanwhile."""

    begin: float
    text: str
    hop: float | None = None
    took: float | None = None
    below: list["Item"] = field(default_factory=list)
    actor: str = ""
    key: str = ""


# The lines of each span, by its identity.
Lines = dict[str, list[Item]]


def render(
    roots: list[Span], full: bool = False, namespace: str = "", marked: str = ""
) -> Iterator[str]:
    """Lines of the tree. Names in ``namespace`` are shown without it; the span ``marked`` gets an
    arrow."""
    items = items_of(roots, full)
    if not items:
        return
    start = min(item.begin for item in items)
    for depth, item in flattened(items):
        text = item.text.replace(f" {namespace}/", " ") if namespace else item.text
        at, hop, took = number((item.begin - start) * 1000), number(item.hop), number(item.took)
        mark = "→ " if marked and item.key == marked else "  "
        yield f"{at:>6} {hop:>5} {took:>5}{mark}{'  ' * depth}{text}".rstrip()


def number(milliseconds: float | None) -> str:
    """Two digits tell enough."""
    if milliseconds is None:
        return ""
    return f"{milliseconds:.1f}" if milliseconds < 10 else f"{milliseconds:.0f}"


def flattened(items: list[Item]) -> Iterator[tuple[int, Item]]:
    """Depth first, in order of time. Without recursion, as chains may be long."""
    waiting = [(0, item) for item in latest_first(items)]
    while waiting:
        depth, item = waiting.pop()
        yield depth, item
        waiting.extend((depth + 1, one) for one in latest_first(item.below))


def latest_first(items: list[Item]) -> list[Item]:
    """Of equals the last first."""
    found = sorted(items, key=lambda one: one.begin)
    found.reverse()
    return found


def items_of(roots: Iterable[Span], full: bool) -> list[Item]:
    """The lines of these spans and of all below them."""
    every = list(roots)
    # From below, so that each finds the lines of those that it caused.
    made: Lines = {}
    for _, span in reversed(list(walk(every))):
        made[span.identity] = lines_of(span, full, made)
    return children(every, made)


def lines_of(span: Span, full: bool, made: Lines) -> list[Item]:
    """The lines of a span (usually one that has those ``made`` for what it caused below it)."""
    if not full and (not span.telling or is_quiet(span)):
        return []
    if full or not is_request(span):
        below = [*notes_of(span.notes, full), *children(span.children, made)]
        return [own_line(span, below)] if span.message else below
    stored = [child for child in span.children if child.stored()]
    others = [child for child in span.children if not child.stored()]
    notes = [*span.notes, *(note for child in stored for note in child.notes)]
    caused = [*others, *(one for child in stored for one in child.children)]
    item = request_line(span, stored)
    own = [note for note in notes if note.get("from") == span.sender]
    item.below = notes_of([note for note in notes if note not in own], full)
    # What its sender goes on to do (a kubelet, between two reports) stands beside it, not deeper.
    beside = notes_of(own, full)
    for one in children(caused, made):
        (beside if one.actor == item.actor else item.below).append(one)
    # A report that moved nobody tells nothing.
    kept = item.below or not span.subject.endswith("/status") or failed(span)
    return [item, *beside] if kept else beside


def is_request(span: Span) -> bool:
    """Whether the API server was asked for something."""
    return span.message in (REQUEST, HTTP)


def is_quiet(span: Span) -> bool:
    """Whether only ``full`` shows it."""
    words = span.subject.split(" ")
    return span.message == REQUEST and len(words) > 1 and words[1] in QUIET_RESOURCES


def children(spans: Iterable[Span], made: Lines) -> list[Item]:
    """The lines of several spans."""
    return [item for span in spans for item in made[span.identity]]


def own_line(span: Span, below: list[Item]) -> Item:
    """A message as it was."""
    if span.message == HTTP:
        return request_line(span, [], below)
    return Item(span.begin, bare_line(span), hop(span), span.milliseconds, below, key=span.identity)


def bare_line(span: Span) -> str:
    """A message that is no request."""
    text = f"{span.sender} → {span.receiver}: {span.message} {span.subject}".rstrip()
    return text + failed(span)


def request_line(span: Span, stored: list[Span], below: list[Item] | None = None) -> Item:
    """A request, with what it stored."""
    if span.message == HTTP:
        text = f"{span.sender} → {process_of(span.receiver)}: {span.subject} {span.outcome}"
    else:
        verb, _, what = span.subject.partition(" ")
        resource, _, path = what.partition(" ")
        if verb == "create" and stored and "/" not in path:
            # The name is the API server's choice, or in the body: the store knows it.
            path = stored[0].stored().partition(" ")[2] or path
        actor, _, process = span.sender.rpartition("/")[2].partition("@")
        to = process_of(span.receiver)
        where = f"{actor}@{process}" + (f" → {to}" if to != process else "")
        text = f"{where}: {verb} {resource.partition('.')[0]} {path}" + failed(span)
    return Item(
        span.begin, text, hop(span), span.milliseconds, below or [], span.sender, span.identity
    )


def process_of(address: str) -> str:
    """``apiserver@replica-1`` → ``replica-1``."""
    return address.partition("@")[2]


def hop(span: Span) -> float | None:
    """How long the message travelled, in milliseconds."""
    if span.received is None or span.message == HTTP:
        return None
    return max(0.0, (span.received - span.begin) * 1000)


def failed(span: Span) -> str:
    """The outcome, unless it went well."""
    return f" [{span.outcome}]" if span.outcome not in ("", "ok") else ""


def notes_of(notes: Iterable[Record], full: bool) -> list[Item]:
    """The lines of notes. The same of several processes at about the same time is one line."""
    found: dict[str, list[Record]] = {}
    for note in sorted(notes, key=lambda one: float(one["ts"])):
        if full or note["msg"] not in QUIET_NOTES:
            key = note_text(note) if not full else str(id(note))
            found.setdefault(key, []).append(note)
    return [note_item(group) for group in found.values()]


def note_item(group: list[Record]) -> Item:
    """One line for the same note of one process or several."""
    first, last = float(group[0]["ts"]), float(group[-1]["ts"])
    actors = list(dict.fromkeys(str(note.get("from", "")) for note in group))
    name = actors[0].partition("@")[0].rpartition("/")[2]
    who = f"{name}@{','.join(sorted(process_of(one) for one in actors))}"
    took = (last - first) * 1000 if len(group) > 1 else None
    text = f"● {who}: {note_text(group[0])}"
    key = f"{group[0].get('process', '')}.{group[0].get('hlc', first)}"
    return Item(first, text, None, took, actor=actors[0], key=key)


def short(value: object) -> str:
    """A field's value. Of a table, the sums: ``node-1:395,node-2:390``."""
    if not isinstance(value, dict):
        return str(value)
    sums = {key: sum(one.values()) if isinstance(one, dict) else one for key, one in value.items()}
    return ",".join(f"{key}:{one}" for key, one in sums.items())


def note_text(note: Record) -> str:
    """What a note says, less who says it."""
    extra = {key: value for key, value in note.items() if key not in RECORD_FIELDS}
    more = "".join(f" {key}={short(value)}" for key, value in extra.items())
    return f"{note['msg']} {note.get('subject', '')}{more}"
