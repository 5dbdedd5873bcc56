"""Default roles of the cluster's own components, as narrow as what each does.

A node process runs the kubelet, the proxy and DNS, and shows one certificate for all three; what
RBAC cannot say (only its own node, only its own pods) is in ``node_restriction.py``.
Source: docs "Using RBAC Authorization", core component roles. Must not know bindings.
"""

from cluster.api.types import Object
from cluster.names import CLOUD, CONTROLLERS, SCHEDULER, local_user
from cluster.security.policy_objects import cluster_role, rule

READ = "get list watch"
EVENTS = rule("core events.k8s.io", "events", "create patch update")
REVIEWS = (
    rule("authentication.k8s.io", "tokenreviews", "create"),
    rule("authorization.k8s.io", "subjectaccessreviews localsubjectaccessreviews", "create"),
)
COORDINATION = "coordination.k8s.io"


def lease(name: str) -> tuple[Object, ...]:
    """Rules for the one lease by which a component elects its leader."""
    return (
        rule(COORDINATION, "leases", "create"),
        rule(COORDINATION, "leases", f"{READ} patch update", name),
    )


_NODE = cluster_role(
    "system:node",
    rule("core", "nodes", f"create {READ} patch update"),
    rule("core", "nodes/status", "patch update"),
    rule("core", "pods", f"{READ} create delete"),
    rule("core", "pods/status", "get patch update"),
    rule("core", "pods/eviction", "create"),
    rule("core", "configmaps secrets", READ),
    rule("core", "services", READ),
    rule("core", "serviceaccounts", "get"),
    rule("core", "serviceaccounts/token", "create"),
    rule("core", "namespaces", READ),
    rule("core", "persistentvolumeclaims persistentvolumes", "get"),
    rule(COORDINATION, "leases", f"create delete {READ} patch update"),
    rule("node.k8s.io", "runtimeclasses", READ),
    rule("certificates.k8s.io", "certificatesigningrequests", f"create {READ}"),
    EVENTS,
    *REVIEWS,
)
_PROXY = cluster_role(
    "system:node-proxier",
    rule("core", "endpoints services nodes namespaces", READ),
    rule("discovery.k8s.io", "endpointslices", READ),
    EVENTS,
)
_DNS = cluster_role(
    "system:node-dns",
    rule("core", "endpoints services namespaces", READ),
    rule("discovery.k8s.io", "endpointslices", READ),
    # Each node's DNS publishes its own address behind the DNS Service (in kube-system only).
    rule("discovery.k8s.io", "endpointslices", "create delete patch update"),
)
_DRA = "resource.k8s.io"
_SCHEDULER = cluster_role(
    local_user(SCHEDULER),
    EVENTS,
    *lease("kube-scheduler"),
    rule(COORDINATION, "leasecandidates", f"create delete deletecollection {READ} patch update"),
    rule("core", "nodes namespaces pods replicationcontrollers services", READ),
    rule("core", "pods", "delete"),
    rule("core", "bindings pods/binding", "create"),
    rule("core", "pods/status", "patch update"),
    rule("core", "persistentvolumeclaims persistentvolumes", READ),
    rule("apps extensions", "replicasets", READ),
    rule("apps", "statefulsets", READ),
    rule("policy", "poddisruptionbudgets", READ),
    rule("scheduling.k8s.io", "priorityclasses", READ),
    rule(
        "storage.k8s.io",
        "csidrivers csinodes csistoragecapacities storageclasses volumeattachments",
        READ,
    ),
    rule(_DRA, "deviceclasses resourceslices", READ),
    rule(_DRA, "resourceclaims", f"{READ} patch update"),
    rule(_DRA, "resourceclaims/binding resourceclaims/status", "patch update"),
    rule("core", "pods/finalizers", "update"),
    *REVIEWS,
)
_CONTROLLERS = cluster_role(
    local_user(CONTROLLERS),
    EVENTS,
    rule(COORDINATION, "leases", "create"),
    # Garbage collection and namespace deletion reach every kind there is.
    rule("*", "*", "get list watch delete deletecollection patch update"),
    rule("core", "pods configmaps endpoints serviceaccounts secrets", "create"),
    rule("core", "persistentvolumeclaims", "create"),
    rule("core", "persistentvolumes serviceaccounts/token pods/eviction", "create"),
    rule("apps", "replicasets controllerrevisions", "create"),
    # Aggregated roles gather what the controller itself may not do.
    rule("rbac.authorization.k8s.io", "clusterroles", "escalate"),
    rule("batch", "jobs", "create"),
    rule("discovery.k8s.io", "endpointslices", "create"),
    rule("networking.k8s.io", "ipaddresses servicecidrs", "create"),
    *REVIEWS,
)
_CLOUD = cluster_role(
    local_user(CLOUD),
    EVENTS,
    *lease("cloud-controller-manager"),
    rule("core", "nodes", f"{READ} delete patch update"),
    rule("core", "nodes/status", "patch update"),
    rule("core", "services", f"{READ} patch update"),
    rule("core", "services/status", "patch update"),
    rule("core", "endpoints pods", READ),
    rule("discovery.k8s.io", "endpointslices", READ),
)

# A node's certificate has what these three say, within what ``node_restriction.py`` leaves of it.
NODE_ROLES: tuple[Object, ...] = (_NODE, _PROXY, _DNS)
COMPONENT_ROLES: tuple[Object, ...] = (
    _NODE, _PROXY, _DNS, _SCHEDULER, _CONTROLLERS, _CLOUD,
)  # fmt: skip
