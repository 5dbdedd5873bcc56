"""Nobody grants what they do not have: checks on writes of roles and bindings.

Source: docs "Using RBAC Authorization", Privilege escalation prevention and bootstrapping.
"""

from collections.abc import Iterator

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
# Metadata that gives nobody anything.
_COLLECTED = ("finalizers", "ownerReferences", "managedFields", "resourceVersion")
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
    if names.GROUP_MASTERS in call.caller.groups or _only_collected(review.obj, review.old):
        return
    if call.kind.plural in ("roles", "clusterroles"):
        # By the name in the request, as all rules: what is created has none there.
        if not _may(review, "escalate", call.kind.plural, call.request.name):
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


def _only_collected(new: Object, old: Object | None) -> bool:
    """Nothing changes but what the garbage collector works with."""
    return old is not None and _apart(new) == _apart(old)


def _apart(obj: Object) -> Object:
    metadata = {key: value for key, value in obj["metadata"].items() if key not in _COLLECTED}
    return {**obj, "metadata": metadata}


def _check_role(review: Review, role: Object, old: Object) -> None:
    """What a role gives, and what its selectors may come to give. Whatever changes: a label too may
    carry the rules into a role that the writer holds."""
    _check_rules(review, role.get("rules") or [])
    gathers = role.get("aggregationRule") or old.get("aggregationRule")
    if gathers and _uncovered(review, _ALL):
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
        listed = "\n".join(sorted(_told(missing))[:LISTED_MAX])
        groups = " ".join(quoted(group) for group in caller.groups)
        raise status.forbidden(
            review.call.kind,
            _name(review),
            f"user {quoted(caller.user)} (groups=[{groups}]) is attempting to grant RBAC "
            f"permissions not currently held:\n{listed}",
        )


def _told(missing: list[Attributes]) -> Iterator[str]:
    """A line for each thing, with the verbs that are missing for it."""
    verbs: dict[Attributes, list[str]] = {}
    for item in missing:
        verbs.setdefault(item._replace(verb=""), []).append(item.verb)
    for item, listed in verbs.items():
        parts = [f"Verbs:[{' '.join(map(quoted, listed))}]"]
        if item.name:
            parts.insert(0, f"ResourceNames:[{quoted(item.name)}]")
        if item.path:
            parts.insert(0, f"NonResourceURLs:[{quoted(item.path)}]")
        else:
            parts.insert(0, f"Resources:[{quoted(item.full_resource())}]")
            parts.insert(0, f"APIGroups:[{quoted(item.group)}]")
        yield f"{{{', '.join(parts)}}}"


def _uncovered(review: Review, rules: list[Object]) -> list[Attributes]:
    caller = review.call.caller
    authorizer = review.environment.policy.authorizer()
    return authorizer.uncovered(caller.user, caller.groups, review.call.namespace, rules)


def _name(review: Review) -> str:
    return str(((review.obj or {}).get("metadata") or {}).get("name") or "")
