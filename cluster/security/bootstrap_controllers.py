"""Default roles of controllers, one for each, bound to its ServiceAccount in kube-system.

The controllers of this cluster run as one user (``bootstrap_components.py``); these roles are for
what else is installed to run as one of them, as with ``use-service-account-credentials``. Source:
docs "Using RBAC Authorization", roles for built-in controllers. Must not know how policy is
evaluated.
"""

from cluster.api.types import Object
from cluster.security.policy_objects import cluster_role, rule

PREFIX = "system:controller:"
READ = "get list watch"
WATCH = "list watch"
ALTER = "patch update"
_APPS = "apps extensions"
_DRA = "resource.k8s.io"
_SIGNERS = "certificates.k8s.io"
_STORAGE = "storage.k8s.io"
_EVENTS = rule("core events.k8s.io", "events", "create patch update")
_REVISIONS = rule("apps", "controllerrevisions", f"create delete {READ} {ALTER}")
_OWN_PODS = rule("core", "pods", f"create delete {WATCH} patch")

_WORKLOADS: dict[str, tuple[Object, ...]] = {
    "cronjob-controller": (
        rule("batch", "cronjobs", f"{READ} update"),
        rule("batch", "jobs", f"create delete {READ} {ALTER}"),
        rule("batch", "cronjobs/status cronjobs/finalizers", "update"),
        rule("core", "pods", f"delete {WATCH}"),
        _EVENTS,
    ),
    "daemon-set-controller": (
        rule(_APPS, "daemonsets", READ),
        rule(_APPS, "daemonsets/status daemonsets/finalizers", "update"),
        rule("core", "nodes", WATCH),
        rule("core", "pods/binding", "create"),
        _OWN_PODS,
        _REVISIONS,
        _EVENTS,
    ),
    "deployment-controller": (
        rule(_APPS, "deployments", f"{READ} update"),
        rule(_APPS, "deployments/status deployments/finalizers", "update"),
        rule(_APPS, "replicasets", f"create delete {READ} {ALTER}"),
        rule("core", "pods", f"{READ} update"),
        _EVENTS,
    ),
    "disruption-controller": (
        rule(_APPS, "deployments replicasets", READ),
        rule("apps", "statefulsets", READ),
        rule("core", "replicationcontrollers", READ),
        rule("policy", "poddisruptionbudgets", READ),
        rule("policy", "poddisruptionbudgets/status", "update"),
        rule("core", "pods/status", ALTER),
        rule("*", "*/scale", "get"),
        _EVENTS,
    ),
    "horizontal-pod-autoscaler": (
        rule("autoscaling", "horizontalpodautoscalers", READ),
        rule("autoscaling", "horizontalpodautoscalers/status", "update"),
        rule("*", "*/scale", "get update"),
        rule("core metrics.k8s.io", "pods", WATCH),
        rule("custom.metrics.k8s.io external.metrics.k8s.io", "*", READ),
        _EVENTS,
    ),
    "job-controller": (
        rule("batch", "jobs", f"{READ} {ALTER}"),
        rule("batch", "jobs/status jobs/finalizers", "update"),
        _OWN_PODS,
        _EVENTS,
    ),
    "replicaset-controller": (
        rule(_APPS, "replicasets", f"{READ} update"),
        rule(_APPS, "replicasets/status replicasets/finalizers", "update"),
        _OWN_PODS,
        _EVENTS,
    ),
    "replication-controller": (
        rule("core", "replicationcontrollers", f"{READ} update"),
        rule("core", "replicationcontrollers/status replicationcontrollers/finalizers", "update"),
        _OWN_PODS,
        _EVENTS,
    ),
    "statefulset-controller": (
        rule("apps", "statefulsets", READ),
        rule("apps", "statefulsets/status statefulsets/finalizers", "update"),
        rule("core", "pods", f"create delete {READ} {ALTER}"),
        rule("core", "pods/finalizers", "update"),
        rule("core", "persistentvolumeclaims", f"create delete {READ} update"),
        _REVISIONS,
        _EVENTS,
    ),
    "ttl-after-finished-controller": (rule("batch", "jobs", f"delete {READ}"), _EVENTS),
}
_CLUSTER: dict[str, tuple[Object, ...]] = {
    "certificate-controller": (
        rule(_SIGNERS, "certificatesigningrequests", f"delete {READ}"),
        rule(
            _SIGNERS,
            "certificatesigningrequests/approval certificatesigningrequests/status",
            "update",
        ),
        rule(_SIGNERS, "signers", "approve", "kubernetes.io/kube-apiserver-client-kubelet"),
        rule(
            _SIGNERS,
            "signers",
            "sign",
            "kubernetes.io/kube-apiserver-client",
            "kubernetes.io/kube-apiserver-client-kubelet",
            "kubernetes.io/kubelet-serving",
            "kubernetes.io/legacy-unknown",
        ),
        rule("authorization.k8s.io", "subjectaccessreviews", "create"),
        _EVENTS,
    ),
    "clusterrole-aggregation-controller": (
        rule("rbac.authorization.k8s.io", "clusterroles", f"escalate {READ} {ALTER}"),
    ),
    "generic-garbage-collector": (rule("*", "*", f"delete {READ} {ALTER}"), _EVENTS),
    "legacy-service-account-token-cleaner": (
        rule("core", "configmaps", "get", "kube-apiserver-legacy-service-account-token-tracking"),
        rule("core", "secrets", "delete patch"),
    ),
    "namespace-controller": (
        rule("core", "namespaces", f"delete {READ}"),
        rule("core", "namespaces/finalize namespaces/status", "update"),
        rule("*", "*", f"delete deletecollection {READ}"),
    ),
    "node-controller": (
        rule("core", "nodes", f"delete {READ} {ALTER}"),
        rule("core", "nodes/status pods/status", ALTER),
        rule("core", "pods", f"delete {READ}"),
        _EVENTS,
    ),
    "pod-garbage-collector": (
        rule("core", "pods", f"delete {WATCH}"),
        rule("core", "nodes", READ),
        rule("core", "pods/status", "patch"),
    ),
    "resourcequota-controller": (
        rule("*", "*", WATCH),
        rule("core", "resourcequotas/status", "update"),
        _EVENTS,
    ),
    "root-ca-cert-publisher": (rule("core", "configmaps", "create update"), _EVENTS),
    "service-account-controller": (rule("core", "serviceaccounts", "create"), _EVENTS),
    "ttl-controller": (rule("core", "nodes", f"{WATCH} {ALTER}"), _EVENTS),
    "validatingadmissionpolicy-status-controller": (
        rule("admissionregistration.k8s.io", "validatingadmissionpolicies", READ),
        rule("admissionregistration.k8s.io", "validatingadmissionpolicies/status", f"get {ALTER}"),
        _EVENTS,
    ),
}
_DEVICES: dict[str, tuple[Object, ...]] = {
    "device-taint-eviction-controller": (
        rule("core", "pods", f"delete {READ}"),
        rule("core", "pods/status", ALTER),
        rule(_DRA, "deviceclasses resourceclaims resourceslices", READ),
        _EVENTS,
    ),
    "resource-claim-controller": (
        rule("core", "pods", READ),
        rule("core", "pods/finalizers", "update"),
        rule("core", "pods/status", ALTER),
        rule(_DRA, "resourceclaims", f"create delete {READ} {ALTER}"),
        rule(_DRA, "resourceclaims/status resourceclaims/binding", ALTER),
        _EVENTS,
    ),
}
_NETWORK: dict[str, tuple[Object, ...]] = {
    "endpoint-controller": (
        rule("core", "pods services", READ),
        rule("core", "endpoints", f"create delete {READ} update"),
        rule("core", "endpoints/restricted", "create"),
        _EVENTS,
    ),
    "endpointslice-controller": (
        rule("core", "nodes pods services", READ),
        rule("core", "services/finalizers", "update"),
        rule("discovery.k8s.io", "endpointslices", f"create delete {READ} update"),
        _EVENTS,
    ),
    "endpointslicemirroring-controller": (
        rule("core", "endpoints services", READ),
        rule("core", "endpoints/finalizers services/finalizers", "update"),
        rule("discovery.k8s.io", "endpointslices", f"create delete {READ} update"),
        _EVENTS,
    ),
    "route-controller": (
        rule("core", "nodes", WATCH),
        rule("core", "nodes/status", "patch"),
        _EVENTS,
    ),
    "service-cidrs-controller": (
        rule("networking.k8s.io", "servicecidrs", f"{READ} {ALTER}"),
        rule("networking.k8s.io", "servicecidrs/finalizers servicecidrs/status", ALTER),
        rule("networking.k8s.io", "ipaddresses", READ),
        _EVENTS,
    ),
    "service-controller": (
        rule("core", "services", READ),
        rule("core", "services/status", ALTER),
        rule("core", "nodes", WATCH),
        _EVENTS,
    ),
}
_VOLUMES: dict[str, tuple[Object, ...]] = {
    "attachdetach-controller": (
        rule("core", "persistentvolumeclaims persistentvolumes pods", WATCH),
        rule("core", "nodes", READ),
        rule("core", "nodes/status", ALTER),
        rule(_STORAGE, "volumeattachments", f"create delete {READ}"),
        rule(_STORAGE, "csidrivers csinodes", READ),
        _EVENTS,
    ),
    "ephemeral-volume-controller": (
        rule("core", "pods", READ),
        rule("core", "pods/finalizers", "update"),
        rule("core", "persistentvolumeclaims", f"create {READ}"),
        _EVENTS,
    ),
    "expand-controller": (
        rule("core", "persistentvolumes", f"{READ} {ALTER}"),
        rule("core", "persistentvolumeclaims", READ),
        rule("core", "persistentvolumeclaims/status", ALTER),
        _EVENTS,
    ),
    "persistent-volume-binder": (
        rule("core", "persistentvolumes", f"create delete {READ} update"),
        rule("core", "persistentvolumeclaims", f"{READ} update"),
        rule("core", "persistentvolumes/status persistentvolumeclaims/status", "update"),
        rule("core", "pods", f"create delete {READ}"),
        rule(_STORAGE, "storageclasses", READ),
        rule("core", "nodes", WATCH),
        rule("core", "events", "watch"),
        _EVENTS,
    ),
    "pv-protection-controller": (rule("core", "persistentvolumes", f"{READ} update"), _EVENTS),
    "pvc-protection-controller": (
        rule("core", "persistentvolumeclaims", f"{READ} update"),
        rule("core", "persistentvolumeclaims/status", "update"),
        rule("core", "pods", READ),
        _EVENTS,
    ),
    "selinux-warning-controller": (
        rule("core", "persistentvolumeclaims persistentvolumes pods", READ),
        rule(_STORAGE, "csidrivers", READ),
        _EVENTS,
    ),
    "volumeattributesclass-protection-controller": (
        rule("core", "persistentvolumeclaims persistentvolumes", READ),
        rule(_STORAGE, "volumeattributesclasses", f"{READ} update"),
        _EVENTS,
    ),
}

CONTROLLER_ROLES: tuple[Object, ...] = tuple(
    cluster_role(f"{PREFIX}{name}", *rules)
    for part in (_WORKLOADS, _CLUSTER, _DEVICES, _NETWORK, _VOLUMES)
    for name, rules in part.items()
)
