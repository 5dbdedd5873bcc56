"""What a namespace that is being deleted tells of what holds it, for whoever waits. Pure.

Source: API reference, NamespaceCondition; reasons and messages as Kubernetes gives them.
Must not know: how the content is deleted.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from actors.controllers.objects import condition, condition_of
from cluster.api.resources import Resource
from cluster.api.types import Object

# So few are counted down one by one; of more, a count alone is no news: each is a write.
COUNTED_MAX = 5
_COUNT = re.compile(r"\b\d+ resource instances")

Content = Sequence[tuple[Resource, Sequence[Object]]]


def waiting(namespace: Object, content: Content, now: float) -> Object | None:
    """The namespace with the status of one that waits for ``content`` to go; None if it says so
    already. ``now``: unix seconds."""
    items = [obj for _, objects in content for obj in objects]
    made = [
        condition(type_, status, reason, message, now, condition_of(namespace, type_))
        for type_, status, reason, message in (*_FINE, _remaining(content), _finalizers(items))
    ]
    status = namespace.get("status") or {}
    if _same(status.get("conditions") or (), made, counted=len(items) <= COUNTED_MAX):
        return None
    known = {item["type"] for item in made}
    kept = [item for item in status.get("conditions") or () if item.get("type") not in known]
    return {**namespace, "status": {**status, "conditions": [*kept, *made]}}


_FINE = (
    (
        "NamespaceDeletionDiscoveryFailure",
        "False",
        "ResourcesDiscovered",
        "All resources successfully discovered",
    ),
    (
        "NamespaceDeletionGroupVersionParsingFailure",
        "False",
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
    ),
    (
        "NamespaceDeletionContentFailure",
        "False",
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
)


def _remaining(content: Content) -> tuple[str, str, str, str]:
    texts = sorted(
        f"{resource.plural}.{resource.group} has {len(objects)} resource instances"
        for resource, objects in content
        if objects
    )
    told = f"Some resources are remaining: {', '.join(texts)}"
    return "NamespaceContentRemaining", "True", "SomeResourcesRemain", told


def _finalizers(items: Iterable[Object]) -> tuple[str, str, str, str]:
    type_ = "NamespaceFinalizersRemaining"
    found = Counter(
        name for item in items for name in dict.fromkeys(item["metadata"].get("finalizers") or ())
    )
    if not found:
        told = "All content-preserving finalizers finished"
        return type_, "False", "ContentHasNoFinalizers", told
    texts = ", ".join(f"{name} in {found[name]} resource instances" for name in sorted(found))
    told = f"Some content in the namespace has finalizers remaining: {texts}"
    return type_, "True", "SomeFinalizersRemain", told


def _same(old: Iterable[Object], new: Iterable[Object], *, counted: bool) -> bool:
    def told(item: Object) -> tuple[str, str, str]:
        message = str(item.get("message") or "")
        if not counted:
            message = _COUNT.sub("resource instances", message)
        return str(item.get("status")), str(item.get("reason")), message

    known = {str(item.get("type")): told(item) for item in old}
    return all(known.get(item["type"]) == told(item) for item in new)
