"""The roles and bindings every cluster starts with, as plain objects.

Source: docs "Using RBAC Authorization", default roles. The roles of people are in
``bootstrap_people.py``, those of components in ``bootstrap_components.py`` and
``bootstrap_addons.py``, of controllers in ``bootstrap_controllers.py``. The replica that leads
writes what is missing. Must not know how policy is evaluated.
"""

from cluster import names
from cluster.api.types import Object
from cluster.security import bootstrap_namespaces
from cluster.security.accounts import GROUP_ACCOUNTS
from cluster.security.bootstrap_addons import ADDON_ROLES
from cluster.security.bootstrap_components import COMPONENT_ROLES
from cluster.security.bootstrap_controllers import CONTROLLER_ROLES, PREFIX
from cluster.security.bootstrap_people import PEOPLE_ROLES
from cluster.security.bootstrap_signers import BUNDLE_READERS, SIGNER_ROLES
from cluster.security.policy_objects import account, bound_cluster_role, cluster_role_binding
from cluster.security.rules import aggregated_rules


def bootstrap_objects() -> tuple[Object, ...]:
    """All of it, roles before bindings. Shared: copy before changing."""
    return (
        *CLUSTER_ROLES,
        *bootstrap_namespaces.ROLES,
        *CLUSTER_ROLE_BINDINGS,
        *bootstrap_namespaces.ROLE_BINDINGS,
    )


# Aggregated roles are written filled in, as the aggregation controller would leave them.
CLUSTER_ROLES: tuple[Object, ...] = (
    *({**role, "rules": aggregated_rules(role, PEOPLE_ROLES)} for role in PEOPLE_ROLES),
    *COMPONENT_ROLES,
    *ADDON_ROLES,
    *SIGNER_ROLES,
    *CONTROLLER_ROLES,
)

CLUSTER_ROLE_BINDINGS: tuple[Object, ...] = (
    cluster_role_binding("cluster-admin", "Group", names.GROUP_MASTERS),
    cluster_role_binding("system:monitoring", "Group", "system:monitoring"),
    cluster_role_binding("system:discovery", "Group", names.GROUP_AUTHENTICATED),
    cluster_role_binding("system:basic-user", "Group", names.GROUP_AUTHENTICATED),
    cluster_role_binding(
        "system:public-info-viewer",
        "Group",
        names.GROUP_AUTHENTICATED,
        names.GROUP_UNAUTHENTICATED,
    ),
    cluster_role_binding("system:service-account-issuer-discovery", "Group", GROUP_ACCOUNTS),
    cluster_role_binding(BUNDLE_READERS, "Group", GROUP_ACCOUNTS),
    # Bound to nobody, as in Kubernetes: what a node may do is asked in another way.
    cluster_role_binding("system:node", "Group"),
    cluster_role_binding("system:node-proxier", "User", "system:kube-proxy"),
    cluster_role_binding("system:volume-scheduler", "User", names.local_user(names.SCHEDULER)),
    bound_cluster_role("system:kube-dns", account("kube-dns")),
    *(
        cluster_role_binding(user, "User", user)
        for user in map(names.local_user, (names.SCHEDULER, names.CONTROLLERS, names.CLOUD))
    ),
    *(
        bound_cluster_role(name, account(name.removeprefix(PREFIX)))
        for name in (role["metadata"]["name"] for role in CONTROLLER_ROLES)
    ),
)
