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
from cluster.api.selectors import SelectorError, parse_field_selector
from cluster.messages.apiserver import ApiRequest
from cluster.security.bootstrap_components import NODE_ROLES
from cluster.security.node_restriction import Uses, may_ask, node_of
from cluster.security.policy_objects import cluster_role_binding
from cluster.security.rbac import Attributes, Authorizer, Decision, denial

_PODS = by_resource("", "v1", "pods")
_VOLUMES = by_resource("", "v1", "persistentvolumes")
_NAMESPACES = ("", "namespaces")
# Kinds of which a node reads only its pods and what they use.
USED = ("configmaps", "persistentvolumeclaims", "persistentvolumes", "pods", "secrets",
        "serviceaccounts")  # fmt: skip
# What the audit log says of a decision (docs "Audit Annotations").
DECISION, REASON = "authorization.k8s.io/decision", "authorization.k8s.io/reason"
# What all nodes may do as far as rules can say it. These roles are bound to nobody: a caller that
# only has the group of nodes, and not a node's name, has nothing of them.
NODES = Authorizer(
    cluster_roles=NODE_ROLES,
    cluster_role_bindings=[
        cluster_role_binding(role["metadata"]["name"], "Group", names.GROUP_NODES)
        for role in NODE_ROLES
    ],
)


@dataclass
class Authorization:
    """Checks against the policy of ``environment``."""

    environment: Environment

    async def check(
        self,
        kind: Kind,
        request: ApiRequest,
        caller: Caller,
        verb: str | None = None,
        told: dict[str, str] | None = None,
    ) -> None:
        """Raises StatusError 403, in Kubernetes' words. ``verb``: another than the request's;
        ``told``: gathers what is for the audit log."""
        attributes = attributes_of(kind, request)
        if verb is not None:
            attributes = attributes._replace(verb=verb)
        decision = await self.decide(caller, attributes)
        _tell(told, decision)
        if not decision.allowed:
            raise status.forbidden(kind, request.name, decision.reason)

    async def check_unknown(self, request: ApiRequest, caller: Caller) -> None:
        """For a resource that is not served: who may not ask for it learns nothing of that. Raises
        StatusError 403."""
        decision = await self.decide(caller, asked_of(request))
        if not decision.allowed:
            raise status.forbidden_name(
                request.resource, request.group, request.name, decision.reason
            )

    async def check_path(
        self, method: str, path: str, caller: Caller, told: dict[str, str] | None = None
    ) -> None:
        """For what is no resource: /version, discovery, /metrics. Raises StatusError 403."""
        decision = await self.decide(caller, Attributes(path_verb(method), path=path))
        _tell(told, decision)
        if not decision.allowed:
            raise status.forbidden(None, "", decision.reason)

    async def decide(self, caller: Caller, attributes: Attributes) -> Decision:
        """What RBAC says; for a node also what every node may do with what concerns it. Raises
        StatusError 503 if what might allow it has not been read yet (the replica has only just been
        started)."""
        policy = self.environment.policy
        decision = policy.authorizer().allowed(caller.user, caller.groups, attributes)
        if decision.allowed:
            return decision
        node = node_of(caller.user, caller.groups)
        if node:
            decision = await self._as_node(node, caller, attributes)
        if not decision.allowed and not policy.synced:
            raise status.service_unavailable("the policy has not been read yet")
        return decision

    async def _as_node(self, node: str, caller: Caller, attributes: Attributes) -> Decision:
        decision = NODES.allowed(caller.user, caller.groups, attributes)
        if not decision.allowed:
            return decision
        objection = may_ask(node, attributes, await self._uses(node, attributes))
        if not objection:
            return decision
        return Decision(False, f"{denial(caller.user, attributes)}: {objection}")

    async def _uses(self, node: str, wanted: Attributes) -> Uses:
        """Knows what decides whether the node may read what it asks for."""
        if wanted.group or wanted.resource not in USED or not wanted.name:
            return used_by(())
        assert _PODS is not None and _VOLUMES is not None
        objects = self.environment.objects
        chosen = Selection(_PODS, wanted.namespace, fields=f"spec.nodeName={node}")
        if wanted.resource == "pods":
            found = await objects.find(_PODS, wanted.namespace, wanted.name, False)
            return used_by([decode(found.value)] if found and chosen.matches(found.index) else ())
        volume = None
        if wanted.resource == "persistentvolumes":
            found = await objects.find(_VOLUMES, "", wanted.name, False)
            volume = None if found is None else decode(found.value)
        pods = [decode(pod.value) for pod in await objects.all(chosen)]
        return used_by(pods, volume)


def path_verb(method: str) -> str:
    """What rules call a method of HTTP, of a path that is no resource."""
    return "get" if method in ("GET", "HEAD") else method.lower()


def _tell(told: dict[str, str] | None, decision: Decision) -> None:
    """Who allows it, or that nobody does. The first decision on a request is the one that is
    told."""
    if told is not None and DECISION not in told:
        told[DECISION] = "allow" if decision.allowed else "forbid"
        told[REASON] = decision.reason if decision.allowed else ""


def attributes_of(kind: Kind, request: ApiRequest) -> Attributes:
    """The request as rules see it. A watch or list of one name carries that name."""
    return asked_of(request, kind.group, kind.plural)


def asked_of(
    request: ApiRequest, group: str | None = None, resource: str | None = None
) -> Attributes:
    """The same, whether the resource is served or not. ``group`` and ``resource``: as they are
    served, None as they are asked for."""
    name, fields = request.name, _fields(request)
    if fields and not name:
        name = next((value for field, value in fields if field == "metadata.name"), "")
    # A namespace is an object in itself: who has rights in it may have them on it.
    itself = (request.group, request.resource) == _NAMESPACES and bool(request.name)
    return Attributes(
        verb=request.verb,
        group=request.group if group is None else group,
        resource=request.resource if resource is None else resource,
        subresource=request.subresource,
        namespace=request.name if itself else request.namespace,
        name=name,
        fields=fields,
    )


def _fields(request: ApiRequest) -> tuple[tuple[str, str], ...]:
    """What a list or watch is narrowed to. Read as the selection reads it, else a selector could
    say one thing here and choose another there."""
    text = request.query.get("fieldSelector", "")
    if not text or request.verb not in ("list", "watch"):
        return ()
    try:
        conditions = parse_field_selector(text).conditions
    except SelectorError:
        return ()  # told to those who may ask
    return tuple((field, value) for field, equal, value in conditions if equal)
