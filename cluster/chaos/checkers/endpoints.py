"""Services send to ready pods only, within a bound for the news to spread. Pure.

Time counts in looks at the cluster that were answered: while nobody answers, no news can spread.
"""

from collections.abc import Sequence

from cluster.chaos.observations import Endpoint, Survey, Violation

BOUND_SECONDS = 10.0
# Between two surveys that count as one span; a longer silence counts as this much.
SILENCE_SECONDS = 2.0


def endpoints_of_unready_pods(
    surveys: Sequence[Survey], bound: float = BOUND_SECONDS
) -> list[Violation]:
    """Ready endpoints whose pod was not ready, ending or gone in every survey over more than
    ``bound`` seconds. One violation each."""
    wrong: dict[Endpoint, float] = {}
    since: dict[Endpoint, float] = {}
    found: dict[Endpoint, Violation] = {}
    before: float | None = None
    for survey in surveys:
        step = min(survey.at - before, SILENCE_SECONDS) if before is not None else 0.0
        before = survey.at
        ready = {pod.uid for pod in survey.pods if pod.ready and not pod.ending}
        bad = [one for one in survey.endpoints if one.pod not in ready]
        wrong = {one: wrong[one] + step if one in wrong else 0.0 for one in bad}
        since = {one: since.get(one, survey.at) for one in bad}
        for one in bad:
            if wrong[one] > bound and one not in found:
                text = (
                    f"{one.service} sends to {one.address} ({one.name}), which has not been "
                    f"ready for {survey.at - since[one]:.1f} s"
                )
                subject = f"pod/{one.name}"
                states = tuple(str(pod) for pod in survey.pods if pod.uid == one.pod)
                evidence = (str(one), *(states or ("there is no such pod",)))
                found[one] = Violation("endpoints", survey.at, text, subject, evidence)
    return list(found.values())
