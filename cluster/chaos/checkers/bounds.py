"""What a scenario promises in numbers: gaps without an answer, failed requests. Pure."""

import itertools
from collections.abc import Sequence

from cluster.chaos.observations import Violation, Visit


def longest_gap(moments: Sequence[float], since: float, until: float) -> tuple[float, float]:
    """Longest time between two neighbours of (``since``, moments, ``until``), and its begin."""
    edges = [since, *sorted(one for one in moments if since < one < until), until]
    spans = [(b - a, a) for a, b in itertools.pairwise(edges)]
    return max(spans, default=(0.0, since))


def gap(
    what: str, moments: Sequence[float], since: float, until: float, bound: float
) -> list[Violation]:
    """``what`` (write gap, read gap) of more than ``bound`` seconds (0: no bound)."""
    length, begin = longest_gap(moments, since, until)
    if not bound or length <= bound:
        return []
    text = f"nobody was answered for {length:.2f} s, the bound is {bound:g} s"
    return [Violation(what, begin + bound, text, evidence=(f"from {begin:.3f} on",))]


def failed_share(visits: Sequence[Visit]) -> float:
    """Of all visits."""
    return sum(bool(visit.problem) for visit in visits) / len(visits) if visits else 0.0


def failed_requests(visits: Sequence[Visit], bound: float) -> list[Violation]:
    """More than a share ``bound`` of the requests to a Service failed (0: no bound)."""
    by_service: dict[str, list[Visit]] = {}
    for visit in visits:
        by_service.setdefault(visit.service, []).append(visit)
    found = []
    for service, some in by_service.items():
        failed = [visit for visit in some if visit.problem]
        if bound and failed_share(some) > bound:
            text = (
                f"{len(failed)} of {len(some)} requests to {service} failed "
                f"({failed_share(some):.1%}; the bound is {bound:.1%})"
            )
            evidence = tuple(str(visit) for visit in failed[:5])
            subject = f"service/{service}"
            found.append(Violation("failed requests", failed[0].begin, text, subject, evidence))
    return found
