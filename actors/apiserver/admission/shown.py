"""What webhooks and policies are shown of a request: in which form, and which namespaces' requests.

Source: "Dynamic Admission Control", Matching requests: matchPolicy, namespaceSelector. Must not
know: who is shown it.
"""

from actors.apiserver.admission.plugin import Review
from actors.apiserver.admission.subject import Subject, event_as
from cluster.api.encoding import decode
from cluster.api.kinds import Kind, by_resource
from cluster.api.selectors import LabelSelector
from cluster.api.types import Object

_NAMESPACES = by_resource("", "v1", "namespaces")


async def shown_as(subject: Subject, kind: Kind, obj: Object) -> Object:
    """The object in the form of ``kind``, which shows the same objects as the request's."""
    review = subject.review
    if review.part is not None or review.connect or obj.get("kind") != kind.kind:
        return obj
    if kind.custom is not None:
        if obj.get("apiVersion") == kind.api_version:
            return obj
        conversion = review.environment.objects.conversion
        [converted] = await conversion.to_version(kind.custom, kind.version, [obj])
        return converted
    if kind.kind == "Event":
        return event_as(kind, obj)
    return obj


async def in_chosen_namespace(selector: LabelSelector, review: Review) -> bool:
    """By the labels of the namespace; of a namespace, by its own. What is in none is chosen."""
    call = review.call
    if call.resource == ("", "namespaces"):
        shown = review.old if review.obj is None else review.obj
        return selector.matches(((shown or {}).get("metadata") or {}).get("labels"))
    if not call.namespace:
        return True
    assert _NAMESPACES is not None
    found = await review.environment.objects.find(_NAMESPACES, "", call.namespace, review.fresh)
    metadata = {} if found is None else decode(found.value)["metadata"]
    return selector.matches(metadata.get("labels"))
