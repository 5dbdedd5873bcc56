"""Disruption budgets: what is voluntary never takes an app below what its budget says. Pure.

Source: Kubernetes, "Disruptions"; KEP-85 (PodDisruptionBudget). The budget's controller sees a pod
that fails by itself a moment late, so such a pod counts as healthy for ``lag`` seconds after.
"""

from collections.abc import Mapping, Sequence

from cluster.chaos.observations import Eviction, PodSeen, Segment, Violation

LAG_SECONDS = 5.0


def broken_budgets(
    evictions: Sequence[Eviction], pods: Sequence[Segment], lag: float = LAG_SECONDS
) -> list[Violation]:
    """Evictions that were granted though, without the pods evicted so far, fewer were healthy than
    the budget asks for, at every state of the ``lag`` seconds before. States are those of the
    store, by revision: a watch may be told late, but never in another order. Evictions that no
    watch shows from ``lag`` seconds before on say nothing."""
    return [
        problem
        for segment in pods
        for marks in [_marks(evictions, segment)]
        for eviction, mark in marks.items()
        if segment.events[mark].at - lag >= segment.at
        if (problem := _problem(eviction, mark, marks, segment, lag)) is not None
    ]


def _marks(evictions: Sequence[Eviction], segment: Segment) -> dict[Eviction, int]:
    """Where in the watch each evicted pod begins to end."""
    first: dict[str, int] = {}
    for number, event in enumerate(segment.events):
        assert isinstance(event.value, PodSeen)
        if event.kind == "DELETED" or event.value.ending:
            first.setdefault(event.value.uid, number)
    return {one: first[one.uid] for one in evictions if one.uid in first}


def _problem(
    eviction: Eviction, mark: int, marks: Mapping[Eviction, int], segment: Segment, lag: float
) -> Violation | None:
    gone = {one.uid for one, at in marks.items() if one.app == eviction.app and at <= mark}
    state = {name: value for name, value in segment.listed.items() if isinstance(value, PodSeen)}
    since = segment.events[mark].at - lag
    most = now = _healthy(state, eviction.app, gone)
    for event in segment.events[:mark]:
        assert isinstance(event.value, PodSeen)
        if event.kind == "DELETED":
            state.pop(event.name, None)
        else:
            state[event.name] = event.value
        now = _healthy(state, eviction.app, gone)
        # The state at the beginning of that time counts too: it stood until the next.
        most = max(most, now) if event.at > since else now
    if most >= eviction.budget:
        return None
    text = (
        f"{eviction.name} was evicted with {most} other healthy pods of {eviction.app}: "
        f"the budget asks for {eviction.budget}"
    )
    subject = f"pod/{eviction.name}"
    evidence = (str(eviction), str(segment.events[mark]))
    return Violation("disruption budget", eviction.at, text, subject, evidence)


def _healthy(state: Mapping[str, PodSeen], app: str, gone: set[str]) -> int:
    return sum(
        pod.app == app and pod.ready and not pod.ending and pod.uid not in gone
        for pod in state.values()
    )
