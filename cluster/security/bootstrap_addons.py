"""Default roles of add-ons, bound or to be bound by whoever installs them.

Source: docs "Using RBAC Authorization", core component roles, other component roles.
"""

from cluster.api.types import Object
from cluster.security.policy_objects import cluster_role, rule

READ = "get list watch"
WATCH = "list watch"
_EVENTS = rule("core events.k8s.io", "events", "create patch update")

ADDON_ROLES: tuple[Object, ...] = (
    cluster_role(
        "system:heapster",
        rule("core", "events namespaces nodes pods", READ),
        rule("extensions", "deployments", READ),
    ),
    cluster_role("system:kube-aggregator", rule("core", "endpoints services", READ)),
    cluster_role(
        "system:kube-dns",
        rule("core", "endpoints services", WATCH),
        rule("discovery.k8s.io", "endpointslices", WATCH),
    ),
    cluster_role(
        "system:kubelet-api-admin",
        rule("core", "nodes", f"{READ} proxy"),
        rule(
            "core",
            "nodes/configz nodes/healthz nodes/log nodes/metrics nodes/pods nodes/proxy "
            "nodes/stats",
            "*",
        ),
    ),
    cluster_role(
        "system:node-bootstrapper",
        rule("certificates.k8s.io", "certificatesigningrequests", f"create {READ}"),
    ),
    cluster_role(
        "system:node-problem-detector",
        rule("core", "nodes", "get"),
        rule("core", "nodes/status", "patch"),
        _EVENTS,
    ),
    cluster_role(
        "system:persistent-volume-provisioner",
        rule("core", "persistentvolumes", f"create delete {READ}"),
        rule("core", "persistentvolumeclaims", f"{READ} update"),
        rule("storage.k8s.io", "storageclasses", READ),
        rule("core", "events", "watch"),
        _EVENTS,
    ),
    cluster_role(
        "system:volume-scheduler",
        rule("core", "persistentvolumeclaims persistentvolumes", f"{READ} patch update"),
        rule("storage.k8s.io", "storageclasses", READ),
    ),
)
