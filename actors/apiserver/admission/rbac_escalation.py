"""Nobody grants what they do not have: checks on writes of roles and bindings.

Source: docs "Using RBAC Authorization", Privilege escalation prevention and bootstrapping.
"""

from actors.apiserver.admission.plugin import Review
from cluster import names
from cluster.api import status
from cluster.api.kinds import by_resource
from cluster.api.status import quoted
from cluster.api.types import Object
from cluster.security.rbac import Attributes

GROUP = "rbac.authorization.k8s.io"
# Permissions that a refusal names.
LISTED_MAX = 32
# An aggregated role may gather anything.
_ALL: list[Object] = [
    {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
    {"nonResourceURLs": ["*"], "verbs": ["*"]},
]


async def admit(review: Review) -> None:
    """Raises StatusError 403 for a role or binding that gives more than its writer has."""
    call = review.call
    if call.kind.group != GROUP or review.obj is None:
        return
    if names.GROUP_MASTERS in call.caller.groups:
        return
    if call.kind.plural in ("roles", "clusterroles"):
        if not _may(review, "escalate", call.kind.plural, _name(review)):
            _check_role(review, review.obj, review.old or {})
        return
    role = review.obj.get("roleRef") or {}
    kind, name = role.get("kind", ""), role.get("name", "")
    if _may(review, "bind", "roles" if kind == "Role" else "clusterroles", name):
        return
    authorizer = review.environment.policy.authorizer()
    rules = authorizer.rules_of(kind, call.namespace, name)
    if rules is None:
        plural = "roles" if kind == "Role" else "clusterroles"
        raise status.not_found(by_resource(GROUP, "v1", plural) or call.kind, name)
    _check_rules(review, rules)


def _check_role(review: Review, role: Object, old: Object) -> None:
    """What a role gives, and what its selectors may come to give."""
    if role.get("rules") != old.get("rules"):
        _check_rules(review, role.get("rules") or [])
    if role.get("aggregationRule") != old.get("aggregationRule") and _uncovered(review, _ALL):
        raise status.forbidden(
            review.call.kind,
            _name(review),
            "must have cluster-admin privileges to use or change the aggregationRule",
        )


def _may(review: Review, verb: str, plural: str, name: str) -> bool:
    caller = review.call.caller
    wanted = Attributes(verb, GROUP, plural, "", review.call.namespace, name)
    authorizer = review.environment.policy.authorizer()
    return authorizer.allowed(caller.user, caller.groups, wanted).allowed


def _check_rules(review: Review, rules: list[Object]) -> None:
    caller = review.call.caller
    missing = _uncovered(review, rules)
    if missing:
        listed = "\n".join(
            f"{{APIGroups:[{quoted(item.group)}], Resources:[{quoted(item.full_resource())}], "
            f"Verbs:[{quoted(item.verb)}]}}"
            for item in missing[:LISTED_MAX]
        )
        groups = " ".join(quoted(group) for group in caller.groups)
        raise status.forbidden(
            review.call.kind,
            _name(review),
            f"user {quoted(caller.user)} (groups=[{groups}]) is attempting to grant RBAC "
            f"permissions not currently held:\n{listed}",
        )


def _uncovered(review: Review, rules: list[Object]) -> list[Attributes]:
    caller = review.call.caller
    authorizer = review.environment.policy.authorizer()
    return authorizer.uncovered(caller.user, caller.groups, review.call.namespace, rules)


def _name(review: Review) -> str:
    return str(((review.obj or {}).get("metadata") or {}).get("name") or "")
