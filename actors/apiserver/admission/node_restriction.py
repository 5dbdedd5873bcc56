"""A node writes only what is its own: the rules are ``cluster.security.node_writes``'s.

Source: docs "Admission Controllers", NodeRestriction.
"""

from cryptography.x509 import InvalidVersion
from cryptography.x509.oid import NameOID

from actors.apiserver.admission.plugin import Review
from actors.apiserver.call import Call
from actors.apiserver.environment import Environment
from cluster import names
from cluster.api import status
from cluster.api.encoding import decode
from cluster.api.kinds import by_resource
from cluster.api.types import Object
from cluster.api.validation.signing import load_request
from cluster.security.node_restriction import node_of
from cluster.security.node_writes import asks_for_audience, may_take_token, may_write
from cluster.security.rbac import Attributes

_NODES = by_resource("", "v1", "nodes")
_PODS = by_resource("", "v1", "pods")
_REQUESTS = ("certificates.k8s.io", "certificatesigningrequests")
# Certificates that speak for a node.
_NODE_SIGNERS = ("kubernetes.io/kube-apiserver-client-kubelet", "kubernetes.io/kubelet-serving")
_AUDIENCE_VERB = "request-serviceaccounts-token-audience"


async def admit(review: Review) -> None:
    """Raises StatusError 403 for a write of a node on what belongs to others."""
    call = review.call
    if names.GROUP_NODES not in call.caller.groups:
        return
    node = _node(call)
    uid = ""
    if call.resource == ("", "pods") and review.operation == "CREATE":
        uid = await _uid(review.environment, node)
    objection = may_write(node, _attributes(call), review.obj, review.old, uid)
    if call.resource == _REQUESTS and review.operation == "CREATE":
        objection = objection or _certificate(node, (review.obj or {}).get("spec") or {})
    if objection:
        raise status.forbidden(call.kind, call.request.name, objection)


async def judge_body(environment: Environment, call: Call, body: Object) -> None:
    """The body of a subresource that is no part of an object: of a TokenRequest. Raises
    StatusError 403."""
    token = (*call.resource, call.request.subresource) == ("", "serviceaccounts", "token")
    if names.GROUP_NODES not in call.caller.groups or not token:
        return
    node, spec = _node(call), body.get("spec") or {}
    assert _PODS is not None
    bound = spec.get("boundObjectRef") or {}
    name = bound.get("name") if bound.get("kind") == "Pod" else None
    item = None
    if name:
        # As it is now: a pod of that name may have been on this node a moment ago.
        item = await environment.objects.find(_PODS, call.namespace, str(name), True)
    pod = None if item is None else decode(item.value)
    objection = may_take_token(node, spec, pod)
    if not objection and pod is not None:
        objection = _audiences(environment, call, pod, spec.get("audiences") or [])
    if objection:
        raise status.forbidden(call.kind, call.request.name, objection)


def _node(call: Call) -> str:
    """Raises StatusError 403 for one that only has the group of nodes."""
    node = node_of(call.caller.user, call.caller.groups)
    if not node:
        why = f"could not determine node from user {status.quoted(call.caller.user)}"
        raise status.forbidden(call.kind, call.request.name, why)
    return node


def _attributes(call: Call) -> Attributes:
    request = call.request
    return Attributes(
        request.verb,
        call.kind.group,
        call.kind.plural,
        request.subresource,
        request.namespace,
        request.name,
    )


async def _uid(environment: Environment, node: str) -> str:
    """Of the node's own object, '' if there is none."""
    assert _NODES is not None
    item = await environment.objects.find(_NODES, "", node, True)
    return "" if item is None else str(decode(item.value)["metadata"].get("uid") or "")


def _certificate(node: str, spec: Object) -> str:
    """A node asks for certificates of its own name only."""
    if spec.get("signerName") not in _NODE_SIGNERS:
        return ""
    wanted = f"{names.USER_NODE_PREFIX}{node}"
    try:
        subject = load_request(spec.get("request") or "").subject
    except (ValueError, InvalidVersion):
        return f"unable to parse csr: can only create a node CSR with CN={wanted}"
    found = [item.value for item in subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return "" if found == [wanted] else f"can only create a node CSR with CN={wanted}"


def _audiences(environment: Environment, call: Call, pod: Object, audiences: list[str]) -> str:
    if len(audiences) > 1:
        return "node may only request 0 or 1 audiences"
    audience = audiences[0] if audiences else ""
    if asks_for_audience(pod, audience):
        return ""
    caller, account = call.caller, call.request.name
    wanted = Attributes(_AUDIENCE_VERB, "", audience, "", call.namespace, account)
    authorizer = environment.policy.authorizer()
    if authorizer.allowed(caller.user, caller.groups, wanted).allowed:
        return ""
    return (
        f"audience {status.quoted(audience)} not found in pod spec volume, {caller.user} is not "
        "authorized to request tokens for this audience"
    )
