"""serviceaccounts/<name>/token: TokenRequest of authentication.k8s.io/v1."""

import orjson

from actors.apiserver import bodies
from actors.apiserver.admission import chain as admission
from actors.apiserver.call import Call
from actors.apiserver.subresources.handler import Answer, Parts
from cluster.api import status
from cluster.api.defaults import apply_subresource_defaults
from cluster.api.encoding import decode
from cluster.api.kinds import by_resource
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object
from cluster.security.tokens import Account, BoundObject

_BINDABLE = {"Pod": "pods", "Secret": "secrets", "Node": "nodes"}


async def handle(parts: Parts, call: Call) -> Answer:
    """POST. Raises 404 for no such account or bound object, 409 for another uid, 422."""
    request = bodies.decode_body(parts.writer.definitions, call)
    apply_subresource_defaults("TokenRequest", request)
    await admission.judge_body(parts.environment, call, request)
    spec = request["spec"]
    bodies.check_rules("authentication.k8s.io", "TokenRequest", "", request)
    objects = parts.environment.objects
    item = await objects.get(call.kind, call.namespace, call.request.name, None)
    metadata = decode(item.value)["metadata"]
    account = Account(
        call.namespace,
        call.request.name,
        metadata["uid"],
        token_id=parts.environment.entropy.uuid(),
    )
    account = await _bound(parts, call, account, spec.get("boundObjectRef"))
    token, expires = parts.accounts.issue(
        account, spec.get("audiences") or (), spec["expirationSeconds"]
    )
    spec.setdefault("audiences", [parts.accounts.issuer])
    request["metadata"] = {"name": call.request.name, "namespace": call.namespace}
    request["status"] = {"token": token, "expirationTimestamp": rfc3339(expires)}
    return Answer(orjson.dumps(request), 201)


async def _bound(parts: Parts, call: Call, account: Account, wanted: Object | None) -> Account:
    if not wanted:
        return account
    field = wanted.get("kind", "")
    kind = by_resource("", "v1", _BINDABLE.get(field, ""))
    if kind is None:
        raise status.bad_request(f"cannot bind token to object of kind {status.quoted(field)}")
    namespace = call.namespace if kind.namespaced else ""
    item = await parts.environment.objects.get(kind, namespace, wanted.get("name", ""), None)
    found = decode(item.value)
    uid = found["metadata"]["uid"]
    if wanted.get("uid") not in (None, "", uid):
        raise status.conflict(kind, wanted["name"], "the UID in the bound object reference differs")
    if field == "Pod":
        owner = (found.get("spec") or {}).get("serviceAccountName")
        if owner != account.name:
            raise status.bad_request("cannot bind token for another serviceaccount's pod")
    bound = BoundObject(wanted["name"], uid)
    match field:
        case "Pod":
            return account._replace(pod=bound, node=await _node_of(parts, found))
        case "Node":
            return account._replace(node=bound)
    return account._replace(secret=bound)


async def _node_of(parts: Parts, pod: Object) -> BoundObject | None:
    """Where the pod runs: said in its tokens, which do not die with the node."""
    name = (pod.get("spec") or {}).get("nodeName")
    kind = by_resource("", "v1", "nodes")
    if not name or kind is None:
        return None
    item = await parts.environment.objects.find(kind, "", name, False)
    uid = "" if item is None else str(decode(item.value)["metadata"].get("uid") or "")
    return BoundObject(name, uid)
