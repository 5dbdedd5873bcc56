"""Disruption budgets: what is voluntary never takes an app below what its budget says. Pure.

Source: Kubernetes, "Disruptions"; KEP-85 (PodDisruptionBudget). The budget's controller sees a pod
that fails by itself a moment late, so such a pod counts as healthy for ``lag`` seconds after.
"""

from collections.abc import Sequence

from cluster.chaos.observations import Eviction, PodSeen, Segment, Violation

LAG_SECONDS = 5.0


def broken_budgets(
    evictions: Sequence[Eviction], pods: Sequence[Segment], lag: float = LAG_SECONDS
) -> list[Violation]:
    """Evictions that were granted though, without the pods evicted so far, fewer were healthy than
    the budget asks for, at every moment of the ``lag`` before. Only where one unbroken watch of
    pods covers that time."""
    return [
        problem
        for eviction in evictions
        for segment in pods
        if segment.at <= eviction.at - lag and _covered(segment, eviction)
        if (problem := _problem(eviction, evictions, segment, lag)) is not None
    ]


def _covered(segment: Segment, eviction: Eviction) -> bool:
    return any(event.at >= eviction.at for event in segment.events)


def _problem(
    eviction: Eviction, evictions: Sequence[Eviction], segment: Segment, lag: float
) -> Violation | None:
    gone = {one.uid for one in evictions if one.app == eviction.app and one.at <= eviction.at}
    state = {name: value for name, value in segment.listed.items() if isinstance(value, PodSeen)}
    most = _healthy(state, eviction.app, gone)
    inside = False
    for event in segment.events:
        if event.at > eviction.at:
            break
        if event.at >= eviction.at - lag and not inside:
            inside, most = True, _healthy(state, eviction.app, gone)
        assert isinstance(event.value, PodSeen)
        if event.kind == "DELETED":
            state.pop(event.name, None)
        else:
            state[event.name] = event.value
        now = _healthy(state, eviction.app, gone)
        most = max(most, now) if inside else now
    if most >= eviction.budget:
        return None
    text = (
        f"{eviction.name} was evicted with {most} other healthy pods of {eviction.app}: "
        f"the budget asks for {eviction.budget}"
    )
    subject = f"pod/{eviction.name}"
    return Violation("disruption budget", eviction.at, text, subject, (str(eviction),))


def _healthy(state: dict[str, PodSeen], app: str, gone: set[str]) -> int:
    return sum(
        pod.app == app and pod.ready and not pod.ending and pod.uid not in gone
        for pod in state.values()
    )
