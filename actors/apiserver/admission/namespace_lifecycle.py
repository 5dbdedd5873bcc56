"""No object is created in a namespace that is absent or being deleted; some are never deleted.

Job: also guard the write itself: the namespace must still be the version seen here when the
transaction applies, so that nothing slips into a namespace while it is emptied.
"""

from actors.apiserver.admission.plugin import Review
from cluster import names
from cluster.api import status
from cluster.api.encoding import decode_shared
from cluster.api.kinds import by_resource
from cluster.messages.store import Compare, KeyValue

IMMORTAL = (names.NAMESPACE_DEFAULT, names.NAMESPACE_SYSTEM, names.NAMESPACE_PUBLIC)
_NAMESPACES = by_resource("", "v1", "namespaces")


async def admit(review: Review) -> None:
    """Raises StatusError 404 (absent), 403 (terminating, or an immortal one is deleted)."""
    call = review.call
    if call.resource == ("", "namespaces"):
        if review.operation == "DELETE" and call.request.name in IMMORTAL:
            raise status.forbidden(
                call.kind, call.request.name, "this namespace may not be deleted"
            )
        return
    if not call.kind.namespaced or review.operation != "CREATE" or call.kind.create_only:
        return
    found = await _namespace(review, call.namespace)
    assert _NAMESPACES is not None
    if found is None:
        raise status.not_found(_NAMESPACES, call.namespace)
    namespace = decode_shared(found.value)
    if namespace["metadata"].get("deletionTimestamp"):
        metadata = (review.obj or {}).get("metadata") or {}
        error = status.forbidden(
            call.kind,
            metadata.get("name") or "",
            f"unable to create new content in namespace {call.namespace} because it is being "
            "terminated",
        )
        error.status.setdefault("details", {})["causes"] = [
            {
                "reason": "NamespaceTerminating",
                "message": f"namespace {call.namespace} is being terminated",
                "field": "metadata.namespace",
            }
        ]
        raise error
    call.guards.append(Compare(found.key, "mod", found.mod_revision))


async def _namespace(review: Review, name: str) -> KeyValue | None:
    assert _NAMESPACES is not None
    objects = review.environment.objects
    found = await objects.find(_NAMESPACES, "", name, review.fresh)
    if found is None and not review.fresh:
        # It may just have been made through another replica.
        found = await objects.find(_NAMESPACES, "", name, True)
    return found
