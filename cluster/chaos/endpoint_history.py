"""When which pod was an endpoint that requests to a Service may go to, from what was seen. Pure.

What an endpoint is, slices say, by the watch that a run kept of them: a ready one; where there is
none, one that serves while it terminates (KEP-1669). A watch may be late, and that only makes this
kinder: a pod leaves when the watch says so. It comes back as soon as a look at the cluster shows
it, and as early as no look denies. Must not know: requests.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from cluster.chaos.observations import EndpointSeen, Segment, Survey

# Service and uid of a pod.
Key = tuple[str, str]


@dataclass
class Past:
    """Of one pod behind one Service. ``spans``: when requests might go there; ``states``: what was
    told of it, and when."""

    name: str = ""
    spans: list[tuple[float, float]] = field(default_factory=list)
    states: list[tuple[float, str]] = field(default_factory=list)

    def left(self, begin: float, end: float) -> float | None:
        """Since when requests might not go there any more, for one that was under way then; None
        if they might, or never might before."""
        last = None
        for since, until in self.spans:
            if since <= end and until >= begin:
                return None
            last = until if until < begin else last
        return last


def histories(slices: Sequence[Segment], surveys: Sequence[Survey]) -> dict[Key, Past]:
    """Of each pod behind each Service, all that the watch of slices told."""
    pasts: dict[Key, Past] = {}
    opened: set[Key] = set()
    told: dict[Key, str] = {}
    number = 0
    for at, state in _states(slices):
        while number < len(surveys) and surveys[number].ends <= at:
            _take_survey(pasts, opened, surveys, number)
            number += 1
        usable = _usable(state)
        for key in sorted(opened - usable):
            since, _ = pasts[key].spans[-1]
            pasts[key].spans[-1] = (since, at)
        for key in sorted(usable - opened):
            past = pasts.setdefault(key, Past())
            past.spans.append((_earliest(past, key, at, surveys), math.inf))
        opened = usable
        now = {(one.service, one.pod): one for one in state}
        for key, one in now.items():
            pasts.setdefault(key, Past()).name = one.name
        for key in {**told, **now}:
            words = str(now[key]) if key in now else "in no slice"
            if told.get(key) != words:
                told[key] = words
                pasts[key].states.append((at, words))
    for rest in range(number, len(surveys)):
        _take_survey(pasts, opened, surveys, rest)
    return pasts


def _take_survey(
    pasts: Mapping[Key, Past], opened: Set[Key], surveys: Sequence[Survey], number: int
) -> None:
    """What a look at the cluster shows as ready was so, whether the watch has told or not."""
    survey = surveys[number]
    for key in sorted({(one.service, one.pod) for one in survey.endpoints} - opened):
        past = pasts.get(key)
        # One that was begun before it left may have been answered before, too.
        if past is not None and past.spans and survey.at > past.spans[-1][1]:
            begin = _earliest(past, key, survey.at, surveys)
            past.spans.append((begin, max(survey.at, survey.ends)))


def _states(slices: Sequence[Segment]) -> Iterator[tuple[float, list[EndpointSeen]]]:
    """All endpoints whenever any of them changed."""
    for segment in slices:
        known = dict(segment.listed)
        yield segment.at, _all(known)
        for event in segment.events:
            if event.kind == "DELETED":
                known.pop(event.name, None)
            else:
                known[event.name] = event.value
            yield event.at, _all(known)


def _all(known: Mapping[str, object]) -> list[EndpointSeen]:
    found: list[EndpointSeen] = []
    for value in known.values():
        assert isinstance(value, tuple)
        found += value
    return found


def _usable(state: Iterable[EndpointSeen]) -> set[Key]:
    """What requests may go to."""
    by_service: dict[str, list[EndpointSeen]] = {}
    for one in state:
        by_service.setdefault(one.service, []).append(one)
    found: set[Key] = set()
    for service, all_ in by_service.items():
        ready = [one for one in all_ if one.ready]
        leaving = [one for one in all_ if one.serving and one.terminating]
        found |= {(service, one.pod) for one in ready or leaving}
    return found


def _earliest(past: Past, key: Key, at: float, surveys: Sequence[Survey]) -> float:
    """When a pod may have become an endpoint that the watch shows as one at a moment: after the
    last look that shows another and not it, if there was one since it had left."""
    left = past.spans[-1][1] if past.spans else -math.inf
    number = bisect_left(surveys, at, key=lambda survey: max(survey.at, survey.ends))
    for survey in reversed(surveys[:number]):
        if survey.at <= left:
            break
        ready = {one.pod for one in survey.endpoints if one.service == key[0]}
        if ready and key[1] not in ready:
            return survey.at
    return left
