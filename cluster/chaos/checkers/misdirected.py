"""Requests to a Service go to ready endpoints only, within a bound for the news to spread. Pure.

That slices name ready pods only is for ``endpoints``; here it is what the packet filters of nodes
do with them. Time counts in looks at the cluster that were answered: while nobody answers, no news
can spread. A node that suffers cannot hear them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cluster.chaos.checkers.endpoints import SILENCE_SECONDS
from cluster.chaos.observations import Suffering, Survey, Violation, Visit

# After so long without a request to an address it is not known what the node would do with one.
UNTRIED_SECONDS = 5.0

# Service and address; by node.
Target = tuple[str, str]
Key = tuple[str, Target]


@dataclass
class Streak:
    """Requests of one node to one address, none of them to a ready endpoint. ``seconds``: of looks
    that were answered since the first; ``last``: when the newest was made."""

    seconds: float
    last: float


def requests(
    visits: Iterable[Visit], surveys: Sequence[Survey], sufferings: Iterable[Suffering],
    bound: float,
) -> list[Violation]:  # fmt: skip
    """Nodes that suffered nothing and went on for more than ``bound`` seconds (0: no bound) with
    requests to an address that no survey showed as a ready endpoint meanwhile. One violation for
    each node and address.

    A Service without any ready endpoint may send to those that are ending (KEP-1669): then none is
    wrong.
    """
    known = sorted((visit for visit in visits if visit.to), key=lambda visit: visit.begin)
    if not known or not bound:
        return []
    held: dict[str, list[Suffering]] = {}
    for one in sufferings:
        held.setdefault(one.process, []).append(one)
    streaks: dict[Key, Streak] = {}
    found: dict[Key, Violation] = {}
    number = 0
    for visit in known:
        # What was seen before the request was made.
        while number < len(surveys) and max(surveys[number].at, surveys[number].ends) < visit.begin:
            before = surveys[number - 1].at if number else surveys[number].at
            _end_some(streaks, surveys[number], min(surveys[number].at - before, SILENCE_SECONDS))
            number += 1
        key = (visit.node, (visit.service, visit.to))
        streak = streaks.get(key)
        since = visit.begin - bound
        suffers = any(one.begin < visit.begin and one.end > since for one in held.get(key[0], ()))
        if streak is None or suffers or visit.begin - streak.last > UNTRIED_SECONDS:
            streaks[key] = Streak(0.0, visit.begin)
            continue
        streak.last = visit.begin
        if streak.seconds > bound and key not in found:
            found[key] = _violation(visit, streak.seconds, surveys[number - 1])
    return list(found.values())


def _end_some(streaks: dict[Key, Streak], survey: Survey, step: float) -> None:
    """One more look, ``step`` seconds after the one before."""
    ready = {(one.service, one.address) for one in survey.endpoints}
    some = {service for service, _ in ready}
    for key in list(streaks):
        target = key[1]
        if target in ready or target[0] not in some:
            del streaks[key]
        else:
            streaks[key].seconds += step


def _violation(visit: Visit, seconds: float, last: Survey) -> Violation:
    text = (
        f"{visit.node} has sent requests to {visit.service} to {visit.to} for {seconds:.1f} s, "
        f"which was no ready endpoint meanwhile"
    )
    ready = (str(one) for one in last.endpoints if one.service == visit.service)
    evidence = (f"{visit.node} to {visit.to}", str(visit), *ready)
    return Violation(
        "misdirected requests", visit.begin, text, f"service/{visit.service}", evidence
    )
