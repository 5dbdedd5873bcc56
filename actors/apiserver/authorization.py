"""May this caller do that? RBAC over the live policy, narrowed for nodes.

Job: decide and explain (docs: "Authorization"). Must not know: bodies, what a kind means.
"""

from dataclasses import dataclass

from actors.apiserver.call import Caller
from actors.apiserver.environment import Environment
from actors.apiserver.node_uses import used_by
from actors.apiserver.selection import Selection
from cluster import names
from cluster.api import status
from cluster.api.encoding import decode
from cluster.api.kinds import Kind, by_resource
from cluster.api.types import Object
from cluster.messages.apiserver import ApiRequest
from cluster.security.node_restriction import may_ask, node_of
from cluster.security.rbac import Attributes, Decision, denial

_PODS = by_resource("", "v1", "pods")
# Kinds of which a node reads only what its pods use.
USED = ("configmaps", "persistentvolumeclaims", "secrets", "serviceaccounts")


@dataclass
class Authorization:
    """Checks against the policy of ``environment``."""

    environment: Environment

    async def check(
        self, kind: Kind, request: ApiRequest, caller: Caller, verb: str | None = None
    ) -> None:
        """Raises StatusError 403, in Kubernetes' words. ``verb``: another than the request's."""
        attributes = attributes_of(kind, request)
        if verb is not None:
            attributes = attributes._replace(verb=verb)
        decision = await self.decide(caller, attributes)
        if not decision.allowed:
            raise status.forbidden(kind, request.name, decision.reason)

    async def check_path(self, method: str, path: str, caller: Caller) -> None:
        """For what is no resource: /version, discovery, /metrics. Raises StatusError 403."""
        verb = "get" if method in ("GET", "HEAD") else method.lower()
        decision = await self.decide(caller, Attributes(verb, path=path))
        if not decision.allowed:
            raise status.forbidden(None, "", decision.reason)

    async def decide(self, caller: Caller, attributes: Attributes) -> Decision:
        """What RBAC says; for a node also whether the object concerns it. Raises StatusError 503 if
        what might allow it has not been read yet (the replica has only just been started)."""
        policy = self.environment.policy
        decision = policy.authorizer().allowed(caller.user, caller.groups, attributes)
        if not decision.allowed and not policy.synced:
            raise status.service_unavailable("the policy has not been read yet")
        node = node_of(caller.user, caller.groups)
        if not decision.allowed or not node or names.GROUP_MASTERS in caller.groups:
            return decision
        objection = may_ask(node, attributes, used_by(await self._pods(node, attributes)))
        if not objection:
            return decision
        return Decision(False, f"{denial(caller.user, attributes)}: {objection}")

    async def _pods(self, node: str, wanted: Attributes) -> list[Object]:
        """The pods on the node that decide whether it may read what it asks for."""
        if wanted.group or wanted.resource not in USED or not wanted.name or _PODS is None:
            return []
        chosen = Selection(_PODS, wanted.namespace, fields=f"spec.nodeName={node}")
        return [decode(pod.value) for pod in await self.environment.objects.all(chosen)]


def attributes_of(kind: Kind, request: ApiRequest) -> Attributes:
    """The request as rules see it. A watch or list of one name carries that name."""
    name = request.name
    if not name and request.verb in ("list", "watch"):
        for term in request.query.get("fieldSelector", "").split(","):
            field, equals, value = term.replace("==", "=").partition("=")
            if field == "metadata.name" and equals and not field.endswith("!"):
                name = value
    return Attributes(
        verb=request.verb,
        group=kind.group,
        resource=kind.plural,
        subresource=request.subresource,
        namespace=request.namespace,
        name=name,
    )
