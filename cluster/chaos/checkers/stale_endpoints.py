"""Requests to a Service are answered by its endpoints, within a bound for the news to spread. Pure.

Who answered says so itself. That slices name the right pods is for ``endpoints``; here it is what
nodes make of them. A node that suffers cannot hear them, and keeps its rules meanwhile.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cluster.chaos.checkers.endpoints import SILENCE_SECONDS
from cluster.chaos.endpoint_history import Key, Past, histories
from cluster.chaos.observations import Segment, Suffering, Survey, Violation, Visit

EVIDENCE_MAX = 6


class News:
    """A clock that goes while somebody answers: while nobody does, no news can spread. Between two
    looks that were answered it goes on for ``SILENCE_SECONDS`` at most, after the last not."""

    def __init__(self, surveys: Sequence[Survey]) -> None:
        self._moments = [survey.at for survey in surveys]
        self._counted = [0.0] * len(surveys)
        for number, (before, at) in enumerate(zip(self._moments, self._moments[1:], strict=False)):
            step = min(at - before, SILENCE_SECONDS)
            self._counted[number + 1] = self._counted[number] + step

    def seconds(self, since: float, until: float) -> float:
        """How far it goes between two moments."""
        return max(0.0, self._at(until) - self._at(since))

    def _at(self, moment: float) -> float:
        number = bisect_right(self._moments, moment) - 1
        if number < 0:
            return 0.0
        if number + 1 == len(self._moments):
            return self._counted[number]
        return self._counted[number] + min(moment - self._moments[number], SILENCE_SECONDS)


@dataclass(frozen=True)
class Late:
    """A request answered by what was no endpoint any more. ``since``: when it had left;
    ``heard``: for how many seconds of ``News`` at a stretch its node could hear of that."""

    visit: Visit
    since: float
    heard: float


def late_answers(
    visits: Iterable[Visit], slices: Sequence[Segment], surveys: Sequence[Survey],
    sufferings: Iterable[Suffering],
) -> list[Late]:  # fmt: skip
    """Those that were answered by a pod that was an endpoint before, in order of time."""
    named = sorted((visit for visit in visits if visit.pod), key=lambda visit: visit.begin)
    if not named:
        return []
    pasts, news, deaf = histories(slices, surveys), News(surveys), _by_process(sufferings)
    found = []
    for visit in named:
        past = pasts.get((visit.service, visit.pod))
        since = past.left(visit.begin, visit.end) if past is not None else None
        if since is not None:
            heard = _heard(news, deaf.get(visit.node, ()), since, visit.begin)
            found.append(Late(visit, since, heard))
    return found


def stale_endpoints(
    visits: Iterable[Visit], slices: Sequence[Segment], surveys: Sequence[Survey],
    sufferings: Iterable[Suffering], bound: float,
) -> list[Violation]:  # fmt: skip
    """Requests from a node that could hear for more than ``bound`` seconds (0: no bound) that the
    pod which answered was no endpoint any more. One violation for each node and pod."""
    if not bound:
        return []
    late = late_answers(visits, slices, surveys, sufferings)
    wrong = [one for one in late if one.heard > bound]
    if not wrong:
        return []
    pasts = histories(slices, surveys)
    found: dict[tuple[str, Key], Violation] = {}
    for one in wrong:
        key = (one.visit.service, one.visit.pod)
        found.setdefault((one.visit.node, key), _violation(one, pasts, key))
    return list(found.values())


def _by_process(sufferings: Iterable[Suffering]) -> dict[str, list[Suffering]]:
    found: dict[str, list[Suffering]] = {}
    for one in sorted(sufferings, key=lambda one: one.begin):
        found.setdefault(one.process, []).append(one)
    return found


def _heard(news: News, deaf: Iterable[Suffering], since: float, until: float) -> float:
    """The longest time at a stretch in which a process suffered nothing."""
    longest = 0.0
    for one in deaf:
        longest = max(longest, news.seconds(since, min(one.begin, until)))
        since = max(since, one.end)
    return max(longest, news.seconds(since, until))


def _violation(one: Late, pasts: Mapping[Key, Past], key: Key) -> Violation:
    visit, past = one.visit, pasts[key]
    text = (
        f"{visit.node} sent a request to {visit.service} to {past.name}, which had been no "
        f"endpoint for {visit.begin - one.since:.2f} s (it could hear of it for {one.heard:.2f} s)"
    )
    states = [f"{at:.3f} s {past.name}: {words}" for at, words in past.states if at <= visit.begin]
    others = [
        f"{pasts[other].name} was an endpoint then"
        for other in pasts
        if other[0] == key[0] and pasts[other].left(visit.begin, visit.end) is None
        if any(since <= visit.begin <= until for since, until in pasts[other].spans)
    ]
    evidence = (
        f"{visit.node} to {past.name}", *states[-EVIDENCE_MAX:], str(visit),
        *others[:EVIDENCE_MAX],
    )  # fmt: skip
    return Violation("stale endpoint", visit.begin, text, f"pod/{past.name}", evidence)
