"""Numbers over time from observations: rates, percentiles, counts. Pure."""

import math
from collections.abc import Sequence

from cluster.chaos.observations import Survey

# Points of a plot: as many as can be told apart.
POINTS_MAX = 240
# Surveys are a second apart and take a while themselves.
SEEN_SECONDS = 3.0


def step_for(seconds: float) -> float:
    """A round number of seconds, so that a run has at most so many points."""
    for step in (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0):
        if seconds / step <= POINTS_MAX:
            return step
    return math.ceil(seconds / POINTS_MAX)


def buckets(
    items: Sequence[tuple[float, float]], begin: float, end: float, step: float
) -> list[list[float]]:
    """Values of (moment, value) by the step that the moment is in; others are left out."""
    count = max(1, math.ceil((end - begin) / step))
    found: list[list[float]] = [[] for _ in range(count)]
    for moment, value in items:
        place = int((moment - begin) // step)
        if 0 <= place < count and moment >= begin:
            found[place].append(value)
    return found


def rates(moments: Sequence[float], begin: float, end: float, step: float) -> list[float | None]:
    """How many a second."""
    found = buckets([(moment, 1.0) for moment in moments], begin, end, step)
    return [len(values) / step for values in found]


def percentiles(
    items: Sequence[tuple[float, float]], share: float, begin: float, end: float, step: float
) -> list[float | None]:
    """Of the values of each step; None where there are none."""
    return [percentile(values, share) for values in buckets(items, begin, end, step)]


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least a ``share`` of them do not exceed (nearest rank)."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def ready_pods(
    surveys: Sequence[Survey], app: str, begin: float, end: float, step: float
) -> list[float | None]:
    """An app's ready pods, the fewest of each step; what was seen counts for a moment more."""
    items = [
        (one.at, float(sum(pod.app == app and pod.ready and not pod.ending for pod in one.pods)))
        for one in surveys
    ]
    seen = [min(values) if values else None for values in buckets(items, begin, end, step)]
    steps = max(1, math.ceil(SEEN_SECONDS / step))
    kept = [seen[max(0, at + 1 - steps) : at + 1] for at in range(len(seen))]
    return [next((one for one in reversed(part) if one is not None), None) for part in kept]
