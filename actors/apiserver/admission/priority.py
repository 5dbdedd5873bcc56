"""A pod's priorityClassName becomes its priority number.

Source: docs "Pod Priority and Preemption".
"""

from actors.apiserver.admission.plugin import Review
from actors.apiserver.selection import everything_in
from cluster.api import status
from cluster.api.encoding import decode_shared
from cluster.api.kinds import by_resource
from cluster.api.types import Object

_CLASSES = by_resource("scheduling.k8s.io", "v1", "priorityclasses")
PREEMPT_DEFAULT = "PreemptLowerPriority"


async def admit(review: Review) -> None:
    """Raises StatusError 403 for an unknown class, or a number that contradicts the class. A pod
    that is written again keeps what it was given when it was made."""
    if review.call.resource != ("", "pods") or review.operation not in ("CREATE", "UPDATE"):
        return
    assert review.obj is not None
    spec = review.obj["spec"]
    if review.old is not None:
        for name in ("priority", "preemptionPolicy"):
            if spec.get(name) is None and review.old["spec"].get(name) is not None:
                spec[name] = review.old["spec"][name]
        return
    chosen = await _class(review, spec.get("priorityClassName") or "")
    value = int(chosen.get("value") or 0)
    asked = spec.get("priority")
    if asked is not None and asked != value:
        raise status.forbidden(
            review.call.kind,
            review.obj["metadata"].get("name") or "",
            f"the integer value of priority ({asked}) must not be provided in pod spec; priority "
            f"admission controller computed {value} from the given PriorityClass name",
        )
    policy = chosen.get("preemptionPolicy") or PREEMPT_DEFAULT
    said = spec.get("preemptionPolicy")
    if said is not None and said != policy:
        raise status.forbidden(
            review.call.kind,
            review.obj["metadata"].get("name") or "",
            f"the string value of PreemptionPolicy ({said}) must not be provided in pod spec; "
            f"priority admission controller computed {policy} from the given PriorityClass name",
        )
    if chosen:
        spec["priorityClassName"] = chosen["metadata"]["name"]
    spec["priority"] = value
    spec["preemptionPolicy"] = policy


async def _class(review: Review, name: str) -> Object:
    """The class of that name, else the global default, else {}."""
    objects = review.environment.objects
    assert _CLASSES is not None and review.obj is not None
    if name:
        found = await objects.find(_CLASSES, "", name, review.fresh)
        found = found or await objects.find(_CLASSES, "", name, True)
        if found is None:
            raise status.forbidden(
                review.call.kind,
                review.obj["metadata"].get("name") or "",
                f"no PriorityClass with name {name} was found",
            )
        return decode_shared(found.value)
    best: Object = {}
    for item in await objects.all(everything_in(_CLASSES, "")):
        candidate = decode_shared(item.value)
        if candidate.get("globalDefault") and (
            not best or candidate.get("value", 0) < best.get("value", 0)
        ):
            best = candidate
    return best
