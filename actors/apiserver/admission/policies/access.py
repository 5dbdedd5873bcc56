"""Nobody makes a policy read what they may not read themselves: checks on writes of policies.

Source: docs "Validating Admission Policy", Parameter resources (access). Must not know: requests
that policies judge.
"""

from actors.apiserver.admission.matching import GROUP
from actors.apiserver.admission.plugin import Review
from cluster import names
from cluster.api import status
from cluster.api.status import Cause, quoted
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.security.rbac import Attributes

_POLICIES = ("validatingadmissionpolicies", "mutatingadmissionpolicies")
_BINDINGS = ("validatingadmissionpolicybindings", "mutatingadmissionpolicybindings")


async def admit(review: Review) -> None:
    """Raises StatusError 422 for a paramKind or paramRef whose writer may not read it."""
    call = review.call
    if call.kind.group != GROUP or review.obj is None or call.request.subresource:
        return
    if names.GROUP_MASTERS in call.caller.groups:
        return
    field = {**dict.fromkeys(_POLICIES, "paramKind"), **dict.fromkeys(_BINDINGS, "paramRef")}.get(
        call.kind.plural
    )
    if field is None:
        return
    spec, old = review.obj.get("spec") or {}, (review.old or {}).get("spec") or {}
    given = spec.get(field)
    if not given or (given == old.get(field) and spec.get("policyName") == old.get("policyName")):
        return
    cause = _of_policy(review, given) if field == "paramKind" else _of_binding(review, spec)
    if cause is not None:
        name = (review.obj.get("metadata") or {}).get("name") or ""
        raise status.invalid(call.kind, name, [cause])


def _of_policy(review: Review, kind: Object) -> Cause | None:
    """All objects of the kind."""
    if _may(review, _resource(review, kind), "list", "", ""):
        return None
    version, name = kind.get("apiVersion"), kind.get("kind")
    return causes.forbidden(
        "spec.paramKind",
        f'user {review.call.caller.user} must have "list" permission on all objects of the '
        f"paramKind (kind={name}, apiVersion={version})",
    )


def _of_binding(review: Review, spec: Object) -> Cause | None:
    """The object, or those that a selector chooses."""
    reference = spec["paramRef"]
    part = "mutating" if review.call.kind.plural == _BINDINGS[1] else "validating"
    bound = getattr(review.environment.policies, part).policies.found.values()
    policy = next((found for found in bound if found.name == spec.get("policyName")), None)
    if policy is None or policy.param_kind is None:
        resource = ("*", "*")
    else:
        version, kind = policy.param_kind
        resource = _resource(review, {"apiVersion": version, "kind": kind})
    verb = "get" if reference.get("name") else "list"
    namespace, name = reference.get("namespace") or "", reference.get("name") or ""
    if _may(review, resource, verb, namespace, name):
        return None
    return causes.forbidden(
        "spec.paramRef",
        f"user {review.call.caller.user} does not have {quoted(verb)} permission on the object "
        "referenced by paramRef",
    )


def _resource(review: Review, kind: Object) -> tuple[str, str]:
    """(group, plural); of a kind that is not served, everything."""
    group, _, version = str(kind.get("apiVersion") or "").rpartition("/")
    table = review.environment.kinds.table
    found = table.by_kind(group, version, str(kind.get("kind") or ""))
    return ("*", "*") if found is None else (found.group, found.plural)


def _may(review: Review, resource: tuple[str, str], verb: str, namespace: str, name: str) -> bool:
    caller, (group, plural) = review.call.caller, resource
    wanted = Attributes(verb, group, plural, "", namespace, name)
    return (
        review.environment.policy.authorizer().allowed(caller.user, caller.groups, wanted).allowed
    )
