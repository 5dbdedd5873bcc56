"""Why an object is as it is: its story, in order of time, each act with what led to it. Pure.

An act is a write; what led to it is the chain of acts above it in its trace, up to a user's request
(a watch event carries the context of its write). Why a component acted, it noted where it decided:
see ``actors.controllers.reasons`` and ``actors.scheduler.explanation``.
"""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from cluster.trace_subjects import COALESCED, PARTS, READS, Record, target
from cluster.trace_tree import Span, build, walk
from deploy.chaos.history import Past
from deploy.tracing import blame
from deploy.tracing.sentences import STEPS, Act, of_note, who
from deploy.tracing.text import is_request

# Notes on an object besides those called by its kind.
KINDS = {"pods": (*PARTS["pods"], "step", "binding"), "services": ("balancer",)}
# A decision is noted this close to the request that carries it out (seconds).
NEAR_SECONDS = 10.0
# Acts above one that are told: the nearest, and the first of all.
CAUSES_MAX = 6
STEP_OF = {"create": "created", "delete": "deleting", "update": "changing", "patch": "changing"}


@dataclass
class Entry:
    """Something that happened. ``at``: UNIX seconds; ``lines``: that explain it."""

    at: float
    text: str
    lines: list[str] = field(default_factory=list)
    trace: str = ""


class Subject:
    """The object whose story is told. Raises ValueError if the words are no KIND/NAME."""

    def __init__(self, words: str) -> None:
        self.plural, namespace, self.name = target(words)
        self.paths = (f"{namespace}/{self.name}", self.name)
        self.kind = self.plural.removesuffix("s")
        self._prefixes = (self.kind, *KINDS.get(self.plural, ()))

    def is_noted(self, record: Record) -> bool:
        """Whether it is a note on the object."""
        return (
            record["event"] == "note"
            and str(record.get("subject", "")) in self.paths
            and str(record["msg"]).partition(".")[0].partition(" ")[0] in self._prefixes
        )

    def decides(self, record: Record) -> bool:
        """Whether it is a decision of the object's own controller, on another object."""
        return (
            is_decision(record)
            and record.get("key") in self.paths
            and record.get("subject") not in self.paths
            and who(str(record.get("from", ""))) == f"{self.kind}-controller"
        )

    def is_written(self, span: Span) -> bool:
        """Whether a transaction wrote it."""
        plural, _, path = span.stored().partition(" ")
        return plural == self.plural and path in self.paths


def is_decision(record: Record) -> bool:
    """Whether it is a controller's note on what it is about to do, or has made."""
    step = str(record.get("msg", "")).rpartition(".")[2]
    return record["event"] == "note" and step in STEPS and "why" in record


def wanted(record: Record, subject: Subject) -> bool:
    """Whether the story needs the record, whatever its trace."""
    return is_decision(record) or (record["event"] == "note" and subject.is_noted(record))


def story(
    traces: Iterable[str], records: Sequence[Record], words: str, faults: Sequence[Past] = ()
) -> list[Entry]:
    """What happened to the object. ``records``: all of those traces, and what is ``wanted``.
    ``faults``: what was broken on purpose."""
    subject = Subject(words)
    teller = Teller(records, faults)
    entries: list[Entry] = []
    by_trace: dict[str, list[Record]] = {}
    for record in records:
        by_trace.setdefault(str(record.get("trace", "")), []).append(record)
    trees = {trace: build(by_trace.get(trace, ()), trace) for trace in traces}
    for roots in trees.values():
        teller.learn(roots)
    for trace, roots in trees.items():
        for root in roots:
            entries += acts_on(subject, root, trace, teller)
    for record in unique(records):
        if subject.is_noted(record) and not teller.has_told(record):
            entries += [noted(record, faults)]
        elif subject.decides(record):
            entries += [decided(record, teller)]
    found = [entry for entry in entries if entry.text]
    return without_repeats(sorted(found, key=lambda entry: entry.at))


def unique(records: Iterable[Record]) -> Iterator[Record]:
    """Each note once."""
    seen: set[tuple[object, ...]] = set()
    for record in records:
        if record["event"] == "note":
            key = (record.get("process"), record.get("hlc"), record["msg"], record["ts"])
            if key not in seen:
                seen.add(key)
                yield record


class Teller:
    """Knows what led to what."""

    def __init__(self, records: Iterable[Record], faults: Sequence[Past] = ()) -> None:
        known = list(records)
        self._faults = faults
        # By who decided what on which object.
        self._decisions: dict[tuple[str, str, str], list[Record]] = {}
        for record in filter(is_decision, known):
            decided = (str(record.get("from", "")), str(record["msg"]), str(record["subject"]))
            self._decisions.setdefault(decided, []).append(record)
        # Work that was asked for more than once before it was begun: its further causes.
        self._coalesced: dict[tuple[str, str], list[str]] = {}
        for record in known:
            if record.get("msg") == COALESCED:
                place = (str(record.get("span", "")), str(record.get("from", "")))
                self._coalesced.setdefault(place, []).extend(record.get("links", ()))
        self._parents: dict[str, Span] = {}
        self._spans: dict[str, Span] = {}
        self._used: set[int] = set()

    def learn(self, roots: Iterable[Span]) -> None:
        """One more trace."""
        for _, span in walk(roots):
            self._spans[span.identity] = span
            for child in span.children:
                self._parents[child.identity] = span

    def requester(self, span: Span) -> Span:
        """The request that a transaction belongs to; itself if there is none."""
        parent = self._parents.get(span.identity)
        return parent if parent is not None and is_request(parent) else span

    def decision(self, act: Act) -> Record | None:
        """The note of why it was done."""
        what = f"{act.plural.removesuffix('s')}.{STEP_OF.get(act.verb, '')}"

        def distance(note: Record) -> float:
            return abs(float(note["ts"]) - act.span.begin)

        notes = self._decisions.get((act.span.sender, what, act.path), ())
        near = [note for note in notes if distance(note) <= NEAR_SECONDS]
        return min(near, key=distance, default=None)

    def has_told(self, note: Record) -> bool:
        """Whether a decision was told as the reason of an act."""
        return id(note) in self._used

    def why(self, act: Act, it: str = "") -> str:
        """The act in words, with its reason if that was noted."""
        note = self.decision(act)
        words = act.words(it)
        if note is None:
            return words
        self._used.add(id(note))
        return f"{words}: {note['why']}{blame.of_silence(note, self._faults)}"

    def causes(self, identity: str) -> list[str]:
        """What led to a span, the nearest first; then what led to it besides."""
        return [*self._chain(identity), *self._besides(identity)]

    def _besides(self, identity: str) -> list[str]:
        """What asked for the same work before it was begun."""
        span, parent = self._spans.get(identity), self._parents.get(identity)
        if span is None or parent is None:
            return []
        found, elsewhere = [], set()
        for context in self._coalesced.get((parent.identity, span.sender), ()):
            trace, _, cause = context.rpartition("-")
            act = self._nearest(cause)
            if act is not None:
                found.append(f"and because {self.why(act)}")
            elif cause not in self._spans:
                elsewhere.add(trace[:8])
        if elsewhere:
            found.append(f"and because of what began in {', '.join(sorted(elsewhere))}")
        return list(dict.fromkeys(found))

    def _nearest(self, identity: str) -> Act | None:
        """The act that a span is, or is below."""
        span = self._spans.get(identity)
        while span is not None:
            if is_request(span) and span.subject.partition(" ")[0] not in READS:
                act = Act(span)
                return act if leads(act) else None
            span = self._parents.get(span.identity)
        return None

    def _chain(self, identity: str) -> list[str]:
        found: list[str] = []
        parent = self._parents.get(identity)
        last: Span | None = None
        while parent is not None:
            if is_request(parent) and parent.subject.partition(" ")[0] not in READS:
                act, last = Act(parent), parent
                words = self.why(act) if leads(act) else ""
                if words and words not in found:
                    found.append(words)
            parent = self._parents.get(parent.identity)
        if found and last is not None and not Act(last).by_http:
            found[-1] += " (by itself)"
        if len(found) > CAUSES_MAX:
            left = len(found) - CAUSES_MAX
            found = [*found[: CAUSES_MAX - 1], f"… and {left} more …", found[-1]]
        return [f"because {words}" for words in found]


def leads(act: Act) -> bool:
    """Whether it is worth telling among causes: of what was reported, what containers did is news;
    what controllers and the scheduler make of it, they tell by what they do next."""
    return act.part not in ("status", "binding") or act.who.startswith("kubelet")


def acts_on(subject: Subject, root: Span, trace: str, teller: Teller) -> Iterator[Entry]:
    """Everybody's writes to the object in one trace. What a status says is told by notes; and a
    component that changes what it need not explain changes nothing that a person asks about."""
    seen: set[str] = set()
    for _, span in walk([root]):
        if not subject.is_written(span):
            continue
        request = teller.requester(span)
        if request.identity in seen or not is_request(request):
            continue
        seen.add(request.identity)
        act = Act(request)
        explained = teller.decision(act) is not None
        telling = act.by_http or act.makes or act.verb == "delete" or explained
        if act.failed or (act.part in ("status", "binding") and not explained) or not telling:
            continue
        if act.verb == "delete" and act.who.startswith("kubelet"):
            yield Entry(request.begin, f"{act.who} let go of it: it is gone", [], trace)
            continue
        causes = [] if act.by_http else teller.causes(request.identity)
        yield Entry(request.begin, teller.why(act, "it"), causes, trace)


def noted(record: Record, faults: Sequence[Past] = ()) -> Entry:
    """A note on the object."""
    if is_decision(record):
        step = str(record["msg"]).rpartition(".")[2]
        text = f"{who(str(record['from']))} decided on it ({step}): {record['why']}"
        text += blame.of_silence(record, faults)
        return Entry(float(record["ts"]), text)
    said = of_note(record)
    text = said[0] + blame.of_exit(record, faults) if said else ""
    return Entry(float(record["ts"]), text, said[1:])


def decided(record: Record, teller: Teller) -> Entry:
    """What the object's controller did for it."""
    kind, _, step = str(record["msg"]).rpartition(".")
    changed = "resized" if kind == "replicaset" else "changed"
    verb = {"created": "created", "changing": changed, "deleting": "deleted"}[step]
    name = str(record.get("subject", "")).removeprefix("default/")
    text = f"{who(str(record['from']))} {verb} {kind} {name}: {record['why']}"
    return Entry(float(record["ts"]), text, [], str(record.get("trace", "")))


def without_repeats(entries: Iterable[Entry]) -> list[Entry]:
    """What is said again and again is said once, and how often."""
    found: list[Entry] = []
    times: list[int] = []
    for entry in entries:
        if found and found[-1].text == entry.text:
            times[-1] += 1
            continue
        found.append(entry)
        times.append(1)
    for entry, count in zip(found, times, strict=True):
        if count > 1:
            entry.text += f" ({count} times)"
    return found


def lines(entries: Iterable[Entry]) -> Iterator[str]:
    """For people, in local time."""
    for entry in entries:
        at = datetime.datetime.fromtimestamp(entry.at).strftime("%H:%M:%S.%f")[:-3]
        mark = f"  [{entry.trace[:8]}]" if entry.trace else ""
        yield f"{at}  {entry.text}{mark}"
        for line in entry.lines:
            yield f"{'':12}    {line}"
