"""LimitRange: default requests and limits of containers, and bounds that pods must keep.

Source: docs "Limit Ranges". Sums over a pod take init containers into account as Kubernetes does.
"""

from collections.abc import Iterable
from typing import Any

from actors.apiserver.admission.plugin import Review
from actors.apiserver.selection import Selection
from cluster.api import status
from cluster.api.encoding import decode
from cluster.api.kinds import by_resource
from cluster.api.quantity import milli_value
from cluster.api.types import Object

_RANGES = by_resource("", "v1", "limitranges")
ANNOTATION = "kubernetes.io/limit-ranger"


async def admit(review: Review) -> None:
    """Fills defaults of a new pod, then raises StatusError 403 if a bound is broken."""
    if review.call.resource != ("", "pods") or review.operation != "CREATE" or _RANGES is None:
        return
    assert review.obj is not None
    found = await review.environment.objects.all(Selection(_RANGES, review.call.namespace))
    rules = [rule for item in found for rule in _rules(decode(item.value))]
    if not rules:
        return
    for rule in rules:
        if rule.get("type") == "Container":
            fill(review.obj, rule)
    problems = [text for rule in rules for text in broken(review.obj, rule)]
    if problems:
        name = review.obj["metadata"].get("name") or ""
        raise status.forbidden(review.call.kind, name, "; ".join(problems))


def _rules(limit_range: Object) -> list[Object]:
    return list((limit_range.get("spec") or {}).get("limits") or ())


def _containers(pod: Object) -> Iterable[Object]:
    yield from pod["spec"].get("initContainers") or ()
    yield from pod["spec"].get("containers") or ()


def fill(pod: Object, rule: Object) -> None:
    """Give every container the rule's default limits and requests where it has none."""
    for container in _containers(pod):
        resources = container.setdefault("resources", {})
        for section, defaults in (("limits", "default"), ("requests", "defaultRequest")):
            values = rule.get(defaults) or {}
            if values:
                resources[section] = {**values, **(resources.get(section) or {})}


def broken(pod: Object, rule: Object) -> list[str]:
    """What the pod breaks of the rule, in words."""
    match rule.get("type"):
        case "Container":
            return [t for c in _containers(pod) for t in _check(c.get("resources") or {}, rule)]
        case "Pod":
            total = {section: _total(pod, section) for section in ("requests", "limits")}
            return _check(total, rule)
    return []


def _check(resources: Object, rule: Object) -> list[str]:
    kind = rule["type"]
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    problems = []
    for name, bound in sorted((rule.get("min") or {}).items()):
        if name not in requests:
            problems.append(f"minimum {name} usage per {kind} is {bound}.  No request is specified")
        elif _amount(requests[name]) < _amount(bound):
            problems.append(
                f"minimum {name} usage per {kind} is {bound}, but request is {requests[name]}"
            )
    for name, bound in sorted((rule.get("max") or {}).items()):
        if name not in limits:
            problems.append(f"maximum {name} usage per {kind} is {bound}.  No limit is specified")
        elif _amount(limits[name]) > _amount(bound):
            problems.append(
                f"maximum {name} usage per {kind} is {bound}, but limit is {limits[name]}"
            )
    for name, ratio in sorted((rule.get("maxLimitRequestRatio") or {}).items()):
        request, limit = _amount(requests.get(name)), _amount(limits.get(name))
        if not request or not limit or limit * 1000 > request * _amount(ratio):
            problems.append(f"{name} max limit to request ratio per {kind} is {ratio}")
    return problems


def _total(pod: Object, section: str) -> dict[str, Any]:
    """Per resource the sum of the containers, or the largest init container if that is more."""
    sums: dict[str, int] = {}
    for container in pod["spec"].get("containers") or ():
        for name, value in ((container.get("resources") or {}).get(section) or {}).items():
            sums[name] = sums.get(name, 0) + _amount(value)
    for container in pod["spec"].get("initContainers") or ():
        for name, value in ((container.get("resources") or {}).get(section) or {}).items():
            sums[name] = max(sums.get(name, 0), _amount(value))
    return {name: f"{value}m" for name, value in sums.items()}


def _amount(value: Any) -> int:
    return milli_value(str(value)) if value not in (None, "") else 0
