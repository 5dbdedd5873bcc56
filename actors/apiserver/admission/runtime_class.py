"""A pod's RuntimeClass gives it its overhead, and narrows where it can run.

Source: docs "Runtime Class", Scheduling and Pod Overhead; KEP-688, KEP-585.
"""

from actors.apiserver.admission.plugin import Review
from cluster.api import quantity, status
from cluster.api.encoding import decode
from cluster.api.kinds import by_resource
from cluster.api.types import Object
from cluster.errors import StatusError

_CLASSES = by_resource("node.k8s.io", "v1", "runtimeclasses")


async def admit(review: Review) -> None:
    """Raises StatusError 403 for an unknown class, another overhead, a conflicting selector."""
    if review.call.resource != ("", "pods") or review.operation != "CREATE":
        return
    assert review.obj is not None
    spec = review.obj["spec"]
    name = spec.get("runtimeClassName") or ""
    found = await _class(review, name) if name else {}
    fixed = (found.get("overhead") or {}).get("podFixed") or {}
    asked = spec.get("overhead") or {}
    if not fixed:
        if asked:
            text = "Pod Overhead set without corresponding RuntimeClass defined Overhead"
            raise _refused(review, "pod rejected: " + text)
    elif asked and not _same(asked, fixed):
        raise _refused(
            review,
            "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
        )
    else:
        spec["overhead"] = dict(fixed)
    _schedule(review, spec, found.get("scheduling") or {})


async def _class(review: Review, name: str) -> Object:
    objects = review.environment.objects
    assert _CLASSES is not None
    found = await objects.find(_CLASSES, "", name, review.fresh)
    found = found or await objects.find(_CLASSES, "", name, True)
    if found is None:
        raise _refused(review, f'pod rejected: RuntimeClass "{name}" not found')
    return decode(found.value)


def _same(one: Object, other: Object) -> bool:
    if one.keys() != other.keys():
        return False
    return all(quantity.parse(one[key]).nano == quantity.parse(other[key]).nano for key in one)


def _schedule(review: Review, spec: Object, scheduling: Object) -> None:
    wanted = scheduling.get("nodeSelector") or {}
    given = spec.get("nodeSelector") or {}
    for key, value in wanted.items():
        if given.get(key, value) != value:
            raise _refused(
                review,
                f"conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}; "
                f"pod.spec.nodeSelector[{key}] = {given[key]}",
            )
    if wanted:
        spec["nodeSelector"] = {**given, **wanted}
    tolerations = spec.get("tolerations") or []
    more = [item for item in scheduling.get("tolerations") or () if item not in tolerations]
    if more:
        spec["tolerations"] = [*tolerations, *more]


def _refused(review: Review, message: str) -> StatusError:
    name = ((review.obj or {}).get("metadata") or {}).get("name") or ""
    return status.forbidden(review.call.kind, name, message)
