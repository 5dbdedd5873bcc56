"""All checkers over all that was seen, while a run goes on and once more at its end.

Each violation is told once, when it is found. Must not know: how anything was seen.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from cluster.chaos.checkers import (
    bounds,
    budgets,
    endpoints,
    history,
    misdirected,
    pods,
    raft,
    stale_endpoints,
    watches,
)
from cluster.chaos.observations import Acknowledged, Seen, Segment, Suffering, Violation, Visit
from cluster.chaos.scenario import Bounds
from deploy.chaos.apps import App
from deploy.chaos.load import COUNTER, Load
from deploy.chaos.looks import Looks
from deploy.chaos.watching import ApiWatcher

# What is looked at again while a run goes on; the end looks at everything.
WINDOW_SECONDS = 60.0
# An object is written for far shorter than this after its first write, and read no longer.
EVICTIONS_SECONDS = 30.0
# Of a watch that is not late, and looks at the cluster if it is: what they tell is known by then.
WATCH_SECONDS = 10.0


@dataclass
class Evidence:
    """What the checkers look at. ``sufferings``: which processes a fault held when, so far."""

    load: Load
    watchers: Sequence[ApiWatcher]
    pods: ApiWatcher
    sets: ApiWatcher
    slices: ApiWatcher
    apps: Sequence[App]
    looks: Looks
    sufferings: Callable[[], Sequence[Suffering]] = tuple


@dataclass
class Progress:
    """How far a watch was looked at: what it knew there."""

    events: int = 0
    revision: int = 0
    known: dict[str, object] = field(default_factory=dict)


class Judge:
    """``begin``: when faults began (loop seconds); bounds count from there, until
    ``ended``. ``found``: every
    violation so far, oldest first. ``tell``: told each of them, once."""

    def __init__(
        self, evidence: Evidence, limits: Bounds, tell: Callable[[Violation], None]
    ) -> None:
        self._seen = evidence
        self._limits = limits
        self._tell = tell
        self._told: dict[tuple[str, str, str], int] = {}
        self._progress: dict[int, Progress] = {}
        self.begin: float | None = None
        self.ended = False
        self.found: list[Violation] = []

    def take(self, violations: Iterable[Violation]) -> None:
        """Those that are new. What goes on (a gap, a wrong endpoint) is the same one, and what is
        known of it last counts."""
        for one in violations:
            key = (one.invariant, one.subject, one.evidence[0] if one.evidence else one.text)
            if key in self._told:
                self.found[self._told[key]] = one
            else:
                self._told[key] = len(self.found)
                self.found.append(one)
                self._tell(one)

    def look(self, now: float) -> None:
        """At what is new; outcomes may still be to come."""
        seen, since = self._seen, now - WINDOW_SECONDS
        acks = self._recent(since)
        names = {ack.name for ack in acks}
        reads = [read for read in _tail(seen.load.reads, since) if read.name in names]
        self.take(seen.load.surprises)
        self.take(history.disordered_writes(acks))
        # What has no answer yet may be seen already.
        begun = [ack for ack in seen.load.pending.values() if ack.name in names]
        self.take(history.stale_reads([*acks, *begun], reads))
        self.take(history.repeated_updates(_tail(seen.load.increments, since)))
        for watcher in seen.watchers:
            self._look_at_watch(watcher.segments)
        self.take(raft.rival_leaders({}, list(seen.looks.led.values())))
        self.take(self._identities())
        surveys = [one for one in seen.looks.surveys if one.at > since - self._limits.endpoints]
        self.take(endpoints.endpoints_of_unready_pods(surveys, self._limits.endpoints))
        visits = [visit for app in seen.apps for visit in _tail(app.visits, since)]
        self._look_at_visits(visits)
        self._look_at_answers([visit for visit in visits if visit.begin < now - WATCH_SECONDS])
        for app in seen.apps:
            recent = [one for one in app.evictions if one.at > now - EVICTIONS_SECONDS]
            self.take(budgets.broken_budgets(recent, seen.pods.segments))
        if self.begin is not None and not self.ended:
            last = seen.load.acknowledged[-1].end if seen.load.acknowledged else since
            self._look_at_gaps(max(self.begin, min(since, last)), now)

    def _recent(self, since: float) -> list[Acknowledged]:
        """Writes to objects that were begun after a moment: each with all its writes."""
        acks = _tail(self._seen.load.acknowledged, since - WINDOW_SECONDS)
        before = {ack.name for ack in acks if ack.begin <= since}
        return [ack for ack in acks if ack.end > since and ack.name not in before]

    def _look_at_watch(self, segments: Sequence[Segment]) -> None:
        for segment in segments:
            at = self._progress.setdefault(
                id(segment), Progress(0, segment.start, dict(segment.listed))
            )
            new = segment.events[at.events :]
            part = Segment(at.revision, segment.position, at.known, new, segment.at)
            self.take(watches.broken_watch([part]))
            at.events += len(new)
            at.revision = new[-1].revision if new else at.revision
            _apply(at.known, new)

    def _look_at_visits(self, visits: Sequence[Visit]) -> None:
        if not visits:
            return
        limit = self._limits.misdirected
        since = min(visit.begin for visit in visits)
        surveys = [one for one in self._seen.looks.surveys if one.at >= since]
        self.take(misdirected.requests(visits, surveys, self._seen.sufferings(), limit))

    def _look_at_answers(self, visits: Sequence[Visit]) -> None:
        """Of those requests that the watch of slices has caught up with."""
        seen, limit = self._seen, self._limits.misdirected
        self.take(
            stale_endpoints.stale_endpoints(
                visits, seen.slices.segments, seen.looks.surveys, seen.sufferings(), limit
            )
        )

    def _look_at_gaps(self, begin: float, end: float) -> None:
        load, limits = self._seen.load, self._limits
        writes = [ack.end for ack in _tail(load.acknowledged, begin)]
        self.take(bounds.gap("write gap", writes, begin, end, limits.write_gap))
        if limits.read_gap:
            reads = [read.end for read in _tail(load.reads, begin)]
            self.take(bounds.gap("read gap", reads, begin, end, limits.read_gap))

    def _identities(self) -> list[Violation]:
        names = [app.name for app in self._seen.apps if app.resource == "statefulsets"]
        return pods.rival_identities(list(self._seen.looks.lives.values()), names)

    def close(self, stored: dict[str, str], end: float) -> None:
        """At everything, when no outcome is open any more. ``stored``: the writers' objects;
        ``end``: when faults ended."""
        seen, load = self._seen, self._seen.load
        self.take(load.surprises)
        self.take(history.lost_writes(load.acknowledged, stored))
        self.take(history.disordered_writes(load.acknowledged))
        self.take(history.stale_reads(load.acknowledged, load.reads))
        total = int(stored.get(COUNTER) or 0)
        self.take(history.lost_updates(load.increments, load.unknown, total))
        kept = [watcher.segments for watcher in seen.watchers]
        for segments in kept:
            self._look_at_watch(segments)
        self.take(watches.incomplete_watches(load.acknowledged, kept))
        for watcher, kind in ((seen.pods, "pod"), (seen.sets, "replicaset")):
            self.take(watches.broken_watch(watcher.segments, kind))
        self.take(raft.rival_leaders({}, list(seen.looks.led.values())))
        self.take(self._identities())
        self.take(pods.falling_restarts(seen.pods.segments))
        self.take(pods.moved_pods(seen.pods.segments))
        self.take(pods.surplus_pods(seen.pods.segments, seen.sets.segments))
        limit = self._limits.endpoints
        self.take(endpoints.endpoints_of_unready_pods(seen.looks.surveys, limit))
        visits = [visit for app in seen.apps for visit in app.visits]
        self._look_at_visits(visits)
        self._look_at_answers(visits)
        for app in seen.apps:
            self.take(budgets.broken_budgets(app.evictions, seen.pods.segments))
            self.take(bounds.failed_requests(app.visits, self._limits.failed_requests))
        if self.begin is not None:
            self._look_at_gaps(self.begin, end)


class Ended(Protocol):
    """Whatever is kept in the order of its end."""

    @property
    def end(self) -> float:
        """When."""


T = TypeVar("T", bound=Ended)


def _tail(items: Sequence[T], since: float) -> list[T]:
    """Those that ended after a moment."""
    first = len(items)
    while first and items[first - 1].end > since:
        first -= 1
    return list(items[first:])


def _apply(known: dict[str, object], events: Sequence[Seen]) -> None:
    for event in events:
        if event.kind == "DELETED":
            known.pop(event.name, None)
        else:
            known[event.name] = event.value
