"""Nobody grants what they do not have: checks on writes of roles and bindings.

Source: docs "Using RBAC Authorization", Privilege escalation prevention and bootstrapping.
"""

from actors.apiserver.admission.plugin import Review
from cluster import names
from cluster.api import status
from cluster.api.types import Object
from cluster.security.rbac import Attributes

GROUP = "rbac.authorization.k8s.io"


async def admit(review: Review) -> None:
    """Raises StatusError 403 for a role or binding that gives more than its writer has."""
    call = review.call
    if call.kind.group != GROUP or review.obj is None:
        return
    if names.GROUP_MASTERS in call.caller.groups:
        return
    if call.kind.plural in ("roles", "clusterroles"):
        if review.obj.get("rules") == (review.old or {}).get("rules") and review.old is not None:
            return
        if not _may(review, "escalate", call.kind.plural, _name(review)):
            _check_rules(review, review.obj.get("rules") or [])
        return
    role = review.obj.get("roleRef") or {}
    plural = "roles" if role.get("kind") == "Role" else "clusterroles"
    if _may(review, "bind", plural, role.get("name", "")):
        return
    policy = review.environment.policy
    rules = policy.role_rules(role.get("kind", ""), call.namespace, role.get("name", ""))
    if rules is None:
        raise status.not_found(call.kind, role.get("name", ""))
    _check_rules(review, rules)


def _may(review: Review, verb: str, plural: str, name: str) -> bool:
    caller = review.call.caller
    wanted = Attributes(verb, GROUP, plural, "", review.call.namespace, name)
    authorizer = review.environment.policy.authorizer()
    return authorizer.allowed(caller.user, caller.groups, wanted).allowed


def _check_rules(review: Review, rules: list[Object]) -> None:
    caller = review.call.caller
    authorizer = review.environment.policy.authorizer()
    missing = authorizer.uncovered(caller.user, caller.groups, review.call.namespace, rules)
    if missing:
        listed = ", ".join(
            f"{{APIGroups:[{item.group!r}], Resources:[{item.full_resource()!r}], "
            f"Verbs:[{item.verb!r}]}}"
            for item in missing[:8]
        )
        raise status.forbidden(
            review.call.kind,
            _name(review),
            f'user "{caller.user}" (groups={list(caller.groups)}) is attempting to grant RBAC '
            f"permissions not currently held: {listed}",
        )


def _name(review: Review) -> str:
    return str(((review.obj or {}).get("metadata") or {}).get("name") or "")
