"""LimitRange: default requests and limits of containers, and bounds that pods and claims must keep.

Source: docs "Limit Ranges". Must not know: how a pod's total is made up (``pod_resources``).
"""

from collections.abc import Callable, Iterable, Iterator

from actors.apiserver.admission.plugin import Review
from actors.apiserver.selection import everything_in
from cluster.api import status
from cluster.api.encoding import decode_shared
from cluster.api.kinds import by_resource
from cluster.api.pod_resources import pod_amounts
from cluster.api.quantity import Quantity, canonical, parse
from cluster.api.types import Object

_RANGES = by_resource("", "v1", "limitranges")
ANNOTATION = "kubernetes.io/limit-ranger"
_PODS, _CLAIMS = ("", "pods"), ("", "persistentvolumeclaims")
# Amounts in billionths by resource: what is requested, what is the limit.
Amounts = dict[str, int]


async def admit(review: Review) -> None:
    """Fills defaults of a new pod."""
    if not _concerns(review) or review.call.resource != _PODS or review.operation != "CREATE":
        return
    assert review.obj is not None
    told: list[str] = []
    for _, rules in await _ranges(review):
        for rule in rules:
            if rule.get("type") == "Container":
                told.extend(fill(review.obj, rule))
    if told:
        annotations = review.obj["metadata"].setdefault("annotations", {})
        annotations[ANNOTATION] = "LimitRanger plugin set: " + "; ".join(told)


async def judge(review: Review) -> None:
    """Raises StatusError 403 with all that the object breaks of one LimitRange."""
    if not _concerns(review):
        return
    assert review.obj is not None
    check = broken_by_pod if review.call.resource == _PODS else broken_by_claim
    for _, rules in await _ranges(review):
        problems = [text for rule in rules for text in check(review.obj, rule)]
        if problems:
            text = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
            name = review.obj["metadata"].get("name") or ""
            raise status.forbidden(review.call.kind, name, text)


def fill(pod: Object, rule: Object) -> list[str]:
    """Give every container the rule's default requests and limits where it has none; what was
    given, in words."""
    told = []
    for container, what in _containers(pod):
        # One without a name is wrong, which validation says.
        called = f"{what} {container.get('name') or ''}"
        for section, defaults in (("requests", "defaultRequest"), ("limits", "default")):
            values = rule.get(defaults) or {}
            if not values:
                continue
            resources = container.setdefault("resources", {})
            present = resources.get(section) or {}
            given = sorted(name for name in values if name not in present)
            if given:
                resources[section] = {**present, **{name: values[name] for name in given}}
                told.append(f"{', '.join(given)} {section[:-1]} for {called}")
    return told


def broken_by_pod(pod: Object, rule: Object) -> list[str]:
    """What the pod breaks of the rule, in words."""
    match rule.get("type"):
        case "Container":
            return [
                text
                for container, _ in _containers(pod)
                for text in _broken(
                    rule, _amounts(container, "requests"), _amounts(container, "limits")
                )
            ]
        case "Pod":
            return _broken(rule, pod_amounts(pod, "requests"), pod_amounts(pod, "limits"))
    return []


def broken_by_claim(claim: Object, rule: Object) -> list[str]:
    """What a PersistentVolumeClaim breaks of the rule: it only has requests."""
    if rule.get("type") != "PersistentVolumeClaim":
        return []
    requests = _amounts(claim.get("spec") or {}, "requests")
    found: list[str] = []
    for name, bound in sorted((rule.get("min") or {}).items()):
        found.extend(_below(name, bound, rule["type"], requests, {}))
    for name, bound in sorted((rule.get("max") or {}).items()):
        text = f"maximum {name} usage per {rule['type']} is {canonical(bound)}"
        if name not in requests:
            found.append(f"{text}.  No request is specified")
        elif requests[name] > parse(bound).nano:
            found.append(f"{text}, but request is {_text(requests[name], bound)}")
    return found


def _broken(rule: Object, requests: Amounts, limits: Amounts) -> list[str]:
    kind = rule["type"]
    found: list[str] = []
    for field, check in _CHECKS:
        for name, bound in sorted((rule.get(field) or {}).items()):
            found.extend(check(name, str(bound), kind, requests, limits))
    return found


def _below(name: str, bound: str, kind: str, requests: Amounts, limits: Amounts) -> Iterator[str]:
    text, least = f"minimum {name} usage per {kind} is {canonical(bound)}", parse(bound).nano
    if name not in requests:
        yield f"{text}.  No request is specified"
    elif requests[name] < least:
        yield f"{text}, but request is {_text(requests[name], bound)}"
    elif name in limits and limits[name] < least:
        yield f"{text}, but limit is {_text(limits[name], bound)}"


def _above(name: str, bound: str, kind: str, requests: Amounts, limits: Amounts) -> Iterator[str]:
    text, most = f"maximum {name} usage per {kind} is {canonical(bound)}", parse(bound).nano
    if name not in limits:
        yield f"{text}.  No limit is specified"
    elif limits[name] > most:
        yield f"{text}, but limit is {_text(limits[name], bound)}"
    elif name in requests and requests[name] > most:
        yield f"{text}, but request is {_text(requests[name], bound)}"


def _ratio(name: str, bound: str, kind: str, requests: Amounts, limits: Amounts) -> Iterator[str]:
    text = f"{name} max limit to request ratio per {kind} is {canonical(bound)}"
    request, limit = requests.get(name), limits.get(name)
    if not request:
        yield f"{text}, but no request is specified or request is 0"
    elif not limit:
        yield f"{text}, but no limit is specified or limit is 0"
    elif limit * 10**9 > request * parse(bound).nano:
        yield f"{text}, but provided ratio is {limit / request:f}"


_Check = Callable[[str, str, str, Amounts, Amounts], Iterator[str]]
_CHECKS: tuple[tuple[str, _Check], ...] = (
    ("min", _below),
    ("max", _above),
    ("maxLimitRequestRatio", _ratio),
)


def _concerns(review: Review) -> bool:
    call = review.call
    if review.obj is None or review.connect:
        return False
    if call.request.subresource:
        return call.resource == _PODS and call.request.subresource == "resize"
    if call.resource == _PODS:
        return review.operation == "CREATE"
    going = bool(review.obj["metadata"].get("deletionTimestamp"))
    return call.resource == _CLAIMS and not going


async def _ranges(review: Review) -> list[tuple[str, list[Object]]]:
    """(name, rules) of the namespace's LimitRanges."""
    assert _RANGES is not None
    selection = everything_in(_RANGES, review.call.namespace)
    found = await review.environment.objects.all(selection, review.fresh)
    decoded = [decode_shared(item.value) for item in found]
    return [
        (str(one["metadata"]["name"]), list((one.get("spec") or {}).get("limits") or ()))
        for one in decoded
    ]


def _containers(pod: Object) -> Iterable[tuple[Object, str]]:
    spec = pod["spec"]
    for container in spec.get("containers") or ():
        yield container, "container"
    for container in spec.get("initContainers") or ():
        yield container, "init container"


def _amounts(holder: Object, section: str) -> Amounts:
    stated = (holder.get("resources") or {}).get(section) or {}
    return {name: parse(str(value)).nano for name, value in stated.items()}


def _text(nano: int, like: str) -> str:
    return str(Quantity(nano, parse(like).format))
