"""The ClusterRoles and bindings every cluster starts with, as plain objects.

Source: docs "Using RBAC Authorization", default roles. The roles of people are in
``bootstrap_people.py``, those of components, as narrow as what each does, in
``bootstrap_components.py``. The API server writes what is missing at start.
Must not know how policy is evaluated.
"""

from cluster import names
from cluster.api.types import Object
from cluster.security.bootstrap_components import COMPONENT_ROLES
from cluster.security.bootstrap_people import PEOPLE_ROLES
from cluster.security.bootstrap_signers import BUNDLE_READERS, SIGNER_ROLES
from cluster.security.policy_objects import cluster_role_binding
from cluster.security.rules import aggregated_rules


def bootstrap_objects() -> tuple[Object, ...]:
    """All of it, roles before bindings. Shared: copy before changing."""
    return (*CLUSTER_ROLES, *CLUSTER_ROLE_BINDINGS)


# Aggregated roles are written filled in, as the aggregation controller would leave them.
CLUSTER_ROLES: tuple[Object, ...] = (
    *({**role, "rules": aggregated_rules(role, PEOPLE_ROLES)} for role in PEOPLE_ROLES),
    *COMPONENT_ROLES,
    *SIGNER_ROLES,
)

CLUSTER_ROLE_BINDINGS: tuple[Object, ...] = (
    cluster_role_binding("cluster-admin", "Group", names.GROUP_MASTERS),
    cluster_role_binding("system:discovery", "Group", names.GROUP_AUTHENTICATED),
    cluster_role_binding("system:basic-user", "Group", names.GROUP_AUTHENTICATED),
    cluster_role_binding(
        "system:public-info-viewer",
        "Group",
        names.GROUP_AUTHENTICATED,
        names.GROUP_UNAUTHENTICATED,
    ),
    cluster_role_binding(
        "system:service-account-issuer-discovery", "Group", "system:serviceaccounts"
    ),
    cluster_role_binding(BUNDLE_READERS, "Group", "system:serviceaccounts"),
    cluster_role_binding("system:node", "Group"),
    cluster_role_binding("system:node-proxier", "User", "system:kube-proxy"),
    *(
        cluster_role_binding(user, "User", user)
        for user in map(names.local_user, (names.SCHEDULER, names.CONTROLLERS, names.CLOUD))
    ),
)
