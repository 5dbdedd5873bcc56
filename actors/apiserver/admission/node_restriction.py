"""A node writes only what is its own: the rules are ``cluster.security.node_restriction``'s."""

from actors.apiserver.admission.plugin import Review
from cluster.api import status
from cluster.security.node_restriction import may_write, node_of
from cluster.security.rbac import Attributes


async def admit(review: Review) -> None:
    """Raises StatusError 403 for a write of a node on what belongs to others."""
    call = review.call
    node = node_of(call.caller.user, call.caller.groups)
    if not node:
        return
    request = call.request
    attributes = Attributes(
        request.verb,
        call.kind.group,
        call.kind.plural,
        request.subresource,
        request.namespace,
        request.name,
    )
    objection = may_write(node, attributes, review.obj, review.old)
    if objection:
        raise status.forbidden(call.kind, request.name, objection)
