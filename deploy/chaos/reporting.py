"""From what a run kept to its report: figures, series, faults, violations with their causes.

Must not know: how the report is shown.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from cluster.chaos import series
from cluster.chaos.checkers import bounds, stale_endpoints
from cluster.chaos.observations import Visit
from cluster.chaos.orders import Order
from cluster.chaos.report import Fault, Found, Reign, Report, Series, Verdict
from cluster.chaos.scenario import DeploymentLoad, Scenario
from deploy.chaos.breaking import Breaker, Carried
from deploy.chaos.ground import Ground
from deploy.chaos.judging import Evidence, Judge

# Of violations, so many get a chain (each is a search through all records).
CHAINS_MAX = 10
# What is looked at of an object's traces, before and after a violation was seen.
CHAIN_BEFORE_SECONDS = 30.0
CHAIN_AFTER_SECONDS = 5.0
CHAIN_LINES_MAX = 60
VIOLATIONS_MAX = 200


@dataclass
class Facts:
    """When what began. ``wall`` (UNIX seconds) was at ``origin`` (loop seconds, as all others); 0:
    it never came to that."""

    scenario: Scenario
    seed: str
    wall: float
    origin: float
    namespace: str
    cluster: str = ""
    begin: float = 0.0
    faults_begin: float = 0.0
    faults_end: float = 0.0
    end: float = 0.0

    def wall_at(self, moment: float) -> float:
        """UNIX seconds of a moment of the loop."""
        return self.wall + moment - self.origin


async def report(
    facts: Facts, seen: Evidence, judge: Judge, breaker: Breaker, ground: Ground,
    nothing: Sequence[str],
) -> Report:  # fmt: skip
    """All of it."""
    begin = facts.begin or facts.origin
    verdict, reasons = judged(judge, breaker.carried, nothing)
    return Report(
        scenario=facts.scenario, seed=facts.seed, cluster=facts.cluster,
        started=facts.wall_at(begin),
        steady=max(0.0, (facts.faults_begin or facts.end) - begin),
        faults_end=max(0.0, (facts.faults_end or facts.end) - begin),
        end=facts.end - begin,
        verdict=verdict, reasons=tuple(reasons), replicas=tuple(ground.replicas),
        figures=figures(facts, seen, breaker.carried),
        faults=tuple(fault(one, begin, facts.end, breaker.carried) for one in breaker.carried),
        violations=tuple(await _violations(facts, judge, ground)),
        reigns=tuple(reigns(seen, begin, facts.end)),
        series=tuple(all_series(facts, seen)),
        story=tuple(story(seen, begin)),
        unchecked=tuple(unchecked(seen, facts)),
    )  # fmt: skip


def judged(
    judge: Judge, carried: Sequence[Carried], nothing: Sequence[str]
) -> tuple[Verdict, list[str]]:
    """What an invariant's breach says cannot be unsaid; else doubts of the run come first, but for
    those of faults that another fault masked."""
    doubts = [
        f"{order_text(one.timed.order)}: {doubt}"
        for one in carried
        if not one.masked_by(carried)
        for doubt in one.doubts()
    ]
    if carried and all(one.doubts() for one in carried):
        doubts.append("no fault is proven")
    if judge.found:
        counts = Counter(one.invariant for one in judge.found)
        counted = [f"{count} × {kind}" for kind, count in counts.items()]
        return "broken", [*counted, *nothing, *doubts]
    if nothing or doubts:
        return "says nothing", [*nothing, *doubts]
    return "held", []


async def _violations(facts: Facts, judge: Judge, ground: Ground) -> list[Found]:
    found = []
    for number, one in enumerate(judge.found[:VIOLATIONS_MAX]):
        chain: list[str] = []
        if one.subject and number < CHAINS_MAX:
            kind, _, name = one.subject.partition("/")
            at = facts.wall_at(one.at)
            since, until = at - CHAIN_BEFORE_SECONDS, at + CHAIN_AFTER_SECONDS
            chain = await ground.chain(f"{kind}/{facts.namespace}/{name}", since, until)
        found.append(Found(one, tuple(chain[:CHAIN_LINES_MAX])))
    return found


def fault(one: Carried, begin: float, end: float, carried: Sequence[Carried]) -> Fault:
    """As the report has it."""
    active, healed = one.active, one.healed
    return Fault(
        name=active.name if active else one.timed.order.verb,
        order=order_text(one.timed.order), names=one.victims,
        begin=one.begin - begin,
        struck=(one.struck or one.begin) - begin,
        mending=(one.mending or one.end or end) - begin,
        end=(one.end or end) - begin,
        proof=active.proof if active else "",
        healed=healed.proof if healed else "",
        doubts=tuple(one.doubts()),
        masked=one.masked_by(carried) if one.doubts() else "",
    )  # fmt: skip


def order_text(order: Order) -> str:
    """As one would type it."""
    words = [order.verb, order.target]
    if order.other:
        words.append(f"from {order.other}" if order.verb == "partition" else order.other)
    if order.way != "both":
        words.append(order.way)
    if order.amount:
        words.append(f"{order.amount:g}")
    if order.rate != 1.0:
        words.append(f"at {order.rate:g} times the pace")
    if order.seconds:
        words.append(f"for {order.seconds:.1f} s")
    return " ".join(words)


def figures(facts: Facts, seen: Evidence, carried: Sequence[Carried]) -> dict[str, float]:
    """Numbers by name; the names say the unit."""
    load, begin, end = seen.load, facts.faults_begin, facts.faults_end
    writes = [(ack.end, ack.end - ack.begin) for ack in load.acknowledged]
    reads = [(read.end, read.end - read.begin) for read in load.reads]
    found: dict[str, float] = {
        "faults": len(carried),
        "writes acknowledged": len(load.acknowledged) + len(load.increments),
        "write tries failed": load.failures,
        "counter increments": len(load.increments),
        "reads served": len(load.reads),
        "reads refused or lost": load.refused_reads,
        "watch events": sum(
            len(part.events) for watcher in seen.watchers for part in watcher.segments
        ),
        "watches lost their place": sum(len(one.segments) - 1 for one in seen.watchers),
        "leaders": len(seen.looks.led),
        "evictions granted": sum(len(app.evictions) for app in seen.apps),
        "evictions refused": sum(app.refused for app in seen.apps),
    }
    if begin and end:
        moments = [moment for moment, _ in writes]
        found["longest write gap, seconds"] = bounds.longest_gap(moments, begin, end)[0]
        if reads:
            moments = [moment for moment, _ in reads]
            found["longest read gap, seconds"] = bounds.longest_gap(moments, begin, end)[0]
        found["until settled, seconds"] = facts.end - end
    for what, items in (("write", writes), ("read", reads)):
        values = [value for _, value in items]
        for share in (0.5, 0.99):
            value = series.percentile(values, share)
            if value is not None:
                found[f"{what} p{share * 100:.0f}, milliseconds"] = value * 1000
    visits = [visit for app in seen.apps for visit in app.visits]
    if visits:
        found["requests to Services"] = len(visits)
        found["requests failed, percent"] = 100 * bounds.failed_share(visits)
        found |= followed(seen, visits)
    return {name: round(value, 3) for name, value in found.items()}


def followed(seen: Evidence, visits: Sequence[Visit]) -> dict[str, float]:
    """Where requests to Services went, in numbers, if those who answered said who they are. What
    nodes could not hear of does not count."""
    named = sum(1 for visit in visits if visit.pod)
    if not named:
        return {}
    late = stale_endpoints.late_answers(
        visits, seen.slices.segments, seen.looks.surveys, seen.sufferings()
    )
    heard = [one.heard for one in late if one.heard > 0]
    return {
        "requests followed to a pod": named,
        "answered by a pod that had left": len(heard),
        "longest after it had left, seconds": max(heard, default=0.0),
    }


def all_series(facts: Facts, seen: Evidence) -> list[Series]:
    """What is plotted."""
    begin, end = facts.begin or facts.origin, facts.end
    step, load = series.step_for(end - begin), seen.load
    found = [
        Series("writes", "per second", step, tuple(series.rates(
            [ack.end for ack in load.acknowledged], begin, end, step))),
        Series("reads", "per second", step, tuple(series.rates(
            [read.end for read in load.reads], begin, end, step))),
    ]  # fmt: skip
    timed = (
        ("write", [(ack.end, (ack.end - ack.begin) * 1000) for ack in load.acknowledged]),
        ("read", [(read.end, (read.end - read.begin) * 1000) for read in load.reads]),
    )
    for what, items in timed:
        for share in (0.5, 0.99):
            values = series.percentiles(items, share, begin, end, step)
            name = f"{what} p{share * 100:.0f}"
            found.append(Series(name, "milliseconds", step, tuple(values)))
    for app in seen.apps:
        ready = series.ready_pods(seen.looks.surveys, app.name, begin, end, step)
        found.append(Series(f"ready {app.name}", "pods", step, tuple(ready)))
        if app.visits:
            good = [visit.end for visit in app.visits if not visit.problem]
            bad = [visit.end for visit in app.visits if visit.problem]
            asked = series.rates([*good, *bad], begin, end, step)
            for word, moments in (("answered", good), ("failed", bad)):
                rates = series.rates(moments, begin, end, step)
                # Where nobody asked nothing failed, and nothing was answered.
                values = [rate if all_ else None for rate, all_ in zip(rates, asked, strict=True)]
                name = f"requests {app.name} {word}"
                found.append(Series(name, "per second", step, tuple(values)))
    return found


def reigns(seen: Evidence, begin: float, end: float) -> list[Reign]:
    """Who led when, as was seen."""
    marks = seen.looks.leading
    ends = [mark[0] for mark in marks[1:]] + [end]
    return [
        Reign(replica, term, max(0.0, at - begin), until - begin)
        for (at, replica, term), until in zip(marks, ends, strict=False)
    ]


def story(seen: Evidence, begin: float) -> list[tuple[float, str]]:
    """What users did, by time."""
    return sorted((round(at - begin, 2), text) for app in seen.apps for at, text in app.story)


def unchecked(seen: Evidence, facts: Facts) -> list[str]:
    """What could not be seen on this ground."""
    found = []
    if not seen.looks.containers_seen:
        found.append("containers: no engine could be asked")
    asked = any(
        isinstance(load, DeploymentLoad) and load.requests
        for load in facts.scenario.workload.deployments
    )
    visits = [visit for app in seen.apps for visit in app.visits]
    if asked and not visits:
        found.append("requests to Services: simulated containers answer none")
    answered = [visit for visit in visits if not visit.problem]
    silent = sum(not visit.pod for visit in answered)
    if silent:
        found.append(
            f"where {silent} of {len(answered)} answered requests to Services went: the pods did "
            "not say who they are (is an older image of the page in the engine?)"
        )
    return found
