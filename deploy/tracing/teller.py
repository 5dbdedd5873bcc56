"""What led to a write, in plain words: the chain of acts above it in its trace, each with the
reason that was noted where it was decided. Pure.

See ``actors.controllers.reasons`` and ``actors.scheduler.explanation`` for what is noted. Must not
know: whose story is told.
"""

from collections.abc import Iterable, Sequence

from cluster.trace_subjects import COALESCED, HTTP, READS, Record
from cluster.trace_tree import Span, walk
from deploy.chaos.history import Past
from deploy.tracing import blame
from deploy.tracing.leading import runs_on_leader
from deploy.tracing.sentences import STEPS, Act
from deploy.tracing.slow import Slow
from deploy.tracing.text import is_request

# A decision is noted this close to the request that carries it out (seconds).
NEAR_SECONDS = 10.0
# Acts above one that are told: the nearest, and the first of all.
CAUSES_MAX = 6
STEP_OF = {"create": "created", "delete": "deleting", "update": "changing", "patch": "changing"}


def is_decision(record: Record) -> bool:
    """Whether it is a controller's note on what it is about to do, or has made."""
    step = str(record.get("msg", "")).rpartition(".")[2]
    return record["event"] == "note" and step in STEPS and "why" in record


class Teller:
    """Knows what led to what. ``faults``: what was broken on purpose; ``slow``: knows of writes
    that took long."""

    def __init__(self, records: Iterable[Record], faults: Sequence[Past], slow: Slow) -> None:
        known = list(records)
        self._faults = faults
        self._slow = slow
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
        if note is not None:
            self._used.add(id(note))
            words = f"{words}: {note['why']}{blame.of_silence(note, self._faults)}"
        return words + self._slow.words(act.span)

    def asked(self, identity: str) -> float | None:
        """When a user, or what runs on the leader, last did what led to a span; None if neither
        did. What others report in between goes on with that."""
        span = self._parents.get(identity)
        while span is not None:
            by = span.message == HTTP or runs_on_leader(span.sender)
            if is_request(span) and by and span.subject.partition(" ")[0] not in READS:
                return span.begin
            span = self._parents.get(span.identity)
        return None

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
