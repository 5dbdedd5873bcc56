"""Questions as objects: access reviews, rules reviews, token reviews.

Job: fill the status of a review (docs: "Authorization", Checking API access). Nothing is stored.
Must not know: HTTP.
"""

from actors.apiserver import bodies
from actors.apiserver.authentication import Authentication
from actors.apiserver.authorization import Authorization
from actors.apiserver.call import Call, Caller
from cluster.api import status
from cluster.api.schema import Definitions
from cluster.api.selectors import SelectorError, parse_field_selector
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.errors import StatusError
from cluster.security.node_restriction import node_of
from cluster.security.rbac import Attributes

_ASKED_ABOUT = ("SubjectAccessReview", "LocalSubjectAccessReview", "SelfSubjectAccessReview")


async def answer(
    authorization: Authorization,
    authentication: Authentication,
    definitions: Definitions,
    call: Call,
) -> Object:
    """The review in the body with its status. Raises StatusError 400, 404, 422."""
    review = bodies.decode_body(definitions, call)
    if call.kind.namespaced:
        bodies.check_place(call, review)
    if call.kind.kind in _ASKED_ABOUT:
        bodies.check_rules(call.kind.group, call.kind.kind, "", review)
    match call.kind.kind:
        case "SelfSubjectAccessReview":
            review["status"] = await _access(authorization, call.caller, review)
        case "SubjectAccessReview" | "LocalSubjectAccessReview":
            review["status"] = await _access(authorization, _subject(review), review)
        case "SelfSubjectRulesReview":
            review["status"] = _rules(authorization, call.caller, review)
        case "SelfSubjectReview":
            review["status"] = {"userInfo": user_info(call.caller)}
        case "TokenReview":
            review["status"] = await _token(authentication, review)
        case _:
            raise status.resource_not_found()
    return review


async def _access(authorization: Authorization, caller: Caller, review: Object) -> Object:
    spec = review.get("spec") or {}
    decision = await authorization.decide(caller, _wanted(review, spec))
    return {
        "allowed": decision.allowed,
        **({"reason": decision.reason} if decision.allowed else {}),
    }


def _wanted(review: Object, spec: Object) -> Attributes:
    resource, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if resource is None:
        assert path is not None
        return Attributes(path.get("verb", ""), path=path.get("path", ""))
    _check_selectors(review["kind"], resource)
    return Attributes(
        verb=resource.get("verb", ""),
        group=resource.get("group", ""),
        resource=resource.get("resource", ""),
        subresource=resource.get("subresource", ""),
        namespace=resource.get("namespace", ""),
        name=resource.get("name", ""),
        fields=_fields(resource.get("fieldSelector") or {}),
    )


def _check_selectors(kind: str, resource: Object) -> None:
    """A selector is said in one way, raw or in parts. Raises StatusError 422."""
    found = []
    for name in ("fieldSelector", "labelSelector"):
        selector = resource.get(name)
        if selector is None:
            continue
        place = f"spec.resourceAttributes.{name}"
        raw, parts = selector.get("rawSelector"), selector.get("requirements")
        if raw and parts:
            detail = "may not specified at the same time as requirements"
            found.append(causes.invalid(f"{place}.rawSelector", raw, detail))
        elif not raw and not parts:
            detail = f"when {place} is specified, requirements or rawSelector is required"
            found.append(causes.required(f"{place}.requirements", detail))
    if found:
        raise status.invalid_object("authorization.k8s.io", kind, "", found)


def _fields(selector: Object) -> tuple[tuple[str, str], ...]:
    """What the list or watch that is asked about is narrowed to. What cannot be read narrows
    nothing, as for a request itself."""
    try:
        raw = parse_field_selector(selector.get("rawSelector") or "").conditions
    except SelectorError:
        raw = ()
    told = [
        (item.get("key", ""), item.get("values") or [])
        for item in selector.get("requirements") or ()
        if item.get("operator") == "In"
    ]
    exact = [(key, values[0]) for key, values in told if len(values) == 1]
    return (*((field, value) for field, equal, value in raw if equal), *exact)


def _subject(review: Object) -> Caller:
    spec = review.get("spec") or {}
    return Caller(spec.get("user") or "", tuple(spec.get("groups") or ()))


def _rules(authorization: Authorization, caller: Caller, review: Object) -> Object:
    namespace = (review.get("spec") or {}).get("namespace") or ""
    if not namespace:
        raise status.bad_request("no namespace on request")
    authorizer = authorization.environment.policy.authorizer()
    resources, paths = authorizer.rules_for(caller.user, caller.groups, namespace)
    found: Object = {"resourceRules": resources, "nonResourceRules": paths, "incomplete": False}
    if node_of(caller.user, caller.groups):
        found["incomplete"] = True
        found["evaluationError"] = "node authorizer does not support user rule resolution"
    return found


async def _token(authentication: Authentication, review: Object) -> Object:
    spec = review.get("spec") or {}
    if not spec.get("token"):
        raise status.bad_request("token is required for TokenReview in authentication")
    try:
        caller, audiences = await authentication.review(
            str(spec.get("token") or ""), spec.get("audiences") or ()
        )
    except StatusError:
        return {"authenticated": False, "error": "invalid bearer token"}
    return {"authenticated": True, "user": user_info(caller), "audiences": list(audiences)}


def user_info(caller: Caller) -> Object:
    """authentication.k8s.io UserInfo."""
    info: Object = {"username": caller.user, "groups": list(caller.groups)}
    if caller.uid:
        info["uid"] = caller.uid
    if caller.extra:
        info["extra"] = {key: list(value) for key, value in caller.extra.items()}
    return info
