"""Why an object is as it is: its story, in order of time, each act with what led to it. Pure.

An act is a write; what led to it is the chain of acts above it in its trace, up to a user's request
(a watch event carries the context of its write). Why a component acted, it noted where it decided:
see ``actors.controllers.reasons`` and ``actors.scheduler.explanation``.
"""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from cluster.trace_subjects import PARTS, Record, target
from cluster.trace_tree import Span, build, walk
from deploy.chaos.history import Past
from deploy.tracing import blame, leading, standings
from deploy.tracing.leading import Leading
from deploy.tracing.sentences import Act, of_note, who
from deploy.tracing.slow import Slow
from deploy.tracing.teller import Teller, is_decision
from deploy.tracing.text import is_request

# Notes on an object besides those called by its kind.
KINDS = {"pods": (*PARTS["pods"], "step", "binding"), "services": ("balancer",)}
LEADER = "leader"
REPLICAS = "replicas"
# A new leader's components look at everything.
FRESH_SECONDS = 5.0


@dataclass
class Entry:
    """Something that happened. ``at``: UNIX seconds; ``lines``: that explain it. ``by``: address of
    who did it, '' if that does not matter; ``asked``: when what led to it began."""

    at: float
    text: str
    lines: list[str] = field(default_factory=list)
    trace: str = ""
    by: str = ""
    asked: float | None = None


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


def wanted(record: Record, subject: Subject) -> bool:
    """Whether the story needs the record, whatever its trace."""
    noted = record["event"] == "note" and subject.is_noted(record)
    return noted or is_decision(record) or standings.is_of_use(record)


def story(
    traces: Iterable[str], records: Sequence[Record], words: str, faults: Sequence[Past] = ()
) -> list[Entry]:
    """What happened to the object. ``records``: all of those traces, and what is ``wanted``.
    ``faults``: what was broken on purpose."""
    subject = Subject(words)
    led = Leading(records, faults)
    teller = Teller(records, faults, Slow(led, faults))
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
            entries += [noted(record, faults, teller)]
        elif subject.decides(record):
            entries += [decided(record, teller)]
    found = [entry for entry in entries if entry.text]
    found += leaders_between(found, led)
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
        asked = teller.asked(request.identity)
        yield Entry(request.begin, teller.why(act, "it"), causes, trace, request.sender, asked)


def noted(record: Record, faults: Sequence[Past], teller: Teller) -> Entry:
    """A note on the object."""
    by, asked = str(record.get("from", "")), teller.asked(str(record.get("span", "")))
    if is_decision(record):
        step = str(record["msg"]).rpartition(".")[2]
        text = f"{who(str(record['from']))} decided on it ({step}): {record['why']}"
        text += blame.of_silence(record, faults)
        return Entry(float(record["ts"]), text, by=by, asked=asked)
    said = of_note(record)
    text = said[0] + blame.of_exit(record, faults) if said else ""
    return Entry(float(record["ts"]), text, said[1:], by=by, asked=asked)


def decided(record: Record, teller: Teller) -> Entry:
    """What the object's controller did for it."""
    kind, _, step = str(record["msg"]).rpartition(".")
    changed = "resized" if kind == "replicaset" else "changed"
    verb = {"created": "created", "changing": changed, "deleting": "deleted"}[step]
    name = str(record.get("subject", "")).removeprefix("default/")
    text = f"{who(str(record['from']))} {verb} {kind} {name}: {record['why']}"
    trace, by = str(record.get("trace", "")), str(record.get("from", ""))
    asked = teller.asked(str(record.get("span", "")))
    return Entry(float(record["ts"]), text, [], trace, by, asked)


def leaders_between(entries: Iterable[Entry], led: Leading) -> list[Entry]:
    """Leaders that came after what they did was asked for; if nobody asked, shortly before: then
    they may have seen that it was to be done by being new."""
    found: dict[int, Entry] = {}
    for entry in entries:
        process = entry.by.rpartition("@")[2]
        if not leading.runs_on_leader(entry.by):
            continue
        since = entry.at - FRESH_SECONDS if entry.asked is None else entry.asked
        for reign in led.changes(since, entry.at):
            if reign.leader == process:
                found[reign.term] = Entry(reign.begin, led.words(reign))
    return list(found.values())


def of_leaders(words: str, records: Iterable[Record], faults: Sequence[Past]) -> list[Entry]:
    """Of ``leader``: who led when, and why; of ``replica/NAME``: what became of it as a member.
    Raises ValueError if the words are neither."""
    name = "" if words == LEADER else Subject(words).name
    told = leading.story(Leading(records, faults), name)
    return without_repeats([Entry(at, text) for at, text in sorted(told)])


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
