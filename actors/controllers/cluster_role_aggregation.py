"""ClusterRole aggregation: a role with an aggregationRule shows the rules that it gathers.

Source: Kubernetes "Using RBAC Authorization", Aggregated ClusterRoles. The authorizer gathers by
itself at once; this keeps what people read true. Must not know: bindings, the API.
"""

from collections.abc import Iterable

from actors.controllers.objects import is_terminating
from actors.controllers.plan import Action, Controller, Key, Update, View, Watch
from cluster.api.resources import CLUSTER_ROLES
from cluster.api.types import Object
from cluster.security.rules import aggregated_rules

# Any role may be part of any other: all are looked at in one plan.
ALL: Key = ("", "")


def plan(key: Key, view: View, now: float) -> list[Action]:
    """``key``: ``ALL``."""
    roles = view.list(CLUSTER_ROLES)
    actions: list[Action] = []
    for role in roles:
        if not role.get("aggregationRule") or is_terminating(role):
            continue
        rules = aggregated_rules(role, roles)
        if rules != (role.get("rules") or []):
            actions.append(Update(CLUSTER_ROLES, {**role, "rules": rules}))
    return actions


def all_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """One key whatever changed."""
    return [ALL]


CONTROLLER = Controller(
    "clusterrole-aggregation-controller", (Watch(CLUSTER_ROLES, all_keys),), plan
)
