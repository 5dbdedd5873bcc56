"""What kube-apiserver fills in when a manifest leaves it out, kind by kind.

Source: the API reference's "Defaults to" and the versioned defaulting of Kubernetes 1.37. Applied
to an object that conforms to its schema, in place, and idempotent. What is allocated (uids, cluster
addresses, node ports) is the API server's. Must not know who writes or when.
"""

from collections.abc import Callable

from cluster.api import (
    defaults_pod,
    defaults_policy,
    defaults_service,
    defaults_webhooks,
    defaults_workloads,
)
from cluster.api.defaults_groups import GROUP_DEFAULTS
from cluster.api.kind import Kind
from cluster.api.types import Object

Default = Callable[[Object], None]

_ADMISSION = "admissionregistration.k8s.io"
_RBAC = "rbac.authorization.k8s.io"


def apply_defaults(kind: Kind, obj: Object) -> None:
    """Fill in. Safe on any object, right or wrong: what has no place for a default is left."""
    obj.setdefault("apiVersion", kind.api_version)
    obj.setdefault("kind", kind.kind)
    if kind.custom is not None:
        kind.custom.fill_in(obj)
        return
    filler = _BY_KIND.get((kind.group, kind.kind))
    if filler is not None:
        filler(obj)


def apply_subresource_defaults(definition_kind: str, obj: Object) -> None:
    """Fill in the body of a subresource (TokenRequest)."""
    if definition_kind == "TokenRequest":
        part(obj, "spec").setdefault("expirationSeconds", 3600)


def part(obj: Object, name: str) -> Object:
    """The named part, made if absent. A wrong value there stays, and gets nothing."""
    value = obj.setdefault(name, {})
    return value if isinstance(value, dict) else {}


def _namespace(obj: Object) -> None:
    name = (obj.get("metadata") or {}).get("name")
    if name:
        part(part(obj, "metadata"), "labels")["kubernetes.io/metadata.name"] = name
    part(obj, "spec").setdefault("finalizers", ["kubernetes"])
    part(obj, "status").setdefault("phase", "Active")


def _node(obj: Object) -> None:
    spec = part(obj, "spec")
    # The elder field is the first of the list, whatever the list says.
    first, ranges = spec.get("podCIDR"), spec.get("podCIDRs")
    if first and (not isinstance(ranges, list) or ranges[:1] != [first]):
        spec["podCIDRs"] = [first]
    elif isinstance(ranges, list) and ranges:
        spec["podCIDR"] = ranges[0]
    status = part(obj, "status")
    capacity = status.get("capacity")
    if capacity and not status.get("allocatable"):
        status["allocatable"] = dict(capacity)


def _pod(obj: Object) -> None:
    defaults_pod.running_pod_spec(part(obj, "spec"))
    part(obj, "status").setdefault("phase", "Pending")


def _template(spec: Object) -> None:
    template = part(spec, "template")
    part(template, "metadata")
    defaults_pod.pod_spec(part(template, "spec"))


def _deployment(obj: Object) -> None:
    spec = part(obj, "spec")
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)
    strategy = part(spec, "strategy")
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        rolling = part(strategy, "rollingUpdate")
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
    _template(spec)


def _replica_set(obj: Object) -> None:
    spec = part(obj, "spec")
    spec.setdefault("replicas", 1)
    _template(spec)
    part(obj, "status").setdefault("replicas", 0)


def _pod_template(obj: Object) -> None:
    _template(obj)


def _secret(obj: Object) -> None:
    if not obj.get("type"):
        obj["type"] = "Opaque"
    written = obj.pop("stringData", None)
    if written:
        data = part(obj, "data")
        for key, text in written.items():
            data[key] = defaults_service.base64_text(text)


def _persistent_volume(obj: Object) -> None:
    spec = part(obj, "spec")
    if not spec.get("persistentVolumeReclaimPolicy"):
        spec["persistentVolumeReclaimPolicy"] = "Retain"
    spec.setdefault("volumeMode", "Filesystem")
    for name, value in spec.items():
        if isinstance(value, dict):
            defaults_pod.volume_source(name, value)
    part(obj, "status").setdefault("phase", "Pending")


def _persistent_volume_claim(obj: Object) -> None:
    defaults_pod.claim_spec(part(obj, "spec"))
    part(obj, "status").setdefault("phase", "Pending")


def _endpoints(obj: Object) -> None:
    for subset in obj.get("subsets") or ():
        for port in subset.get("ports") or ():
            port["protocol"] = port.get("protocol") or "TCP"


def _endpoint_slice(obj: Object) -> None:
    for port in obj.get("ports") or ():
        port.setdefault("name", "")
        port.setdefault("protocol", "TCP")


def _ingress(obj: Object) -> None:
    part(obj, "spec")
    part(part(obj, "status"), "loadBalancer")


def _storage_class(obj: Object) -> None:
    obj.setdefault("reclaimPolicy", "Delete")
    obj.setdefault("volumeBindingMode", "Immediate")


def _priority_class(obj: Object) -> None:
    obj.setdefault("preemptionPolicy", "PreemptLowerPriority")


def _binding(obj: Object) -> None:
    reference = part(obj, "roleRef")
    if not reference.get("apiGroup"):
        reference["apiGroup"] = _RBAC
    for subject in obj.get("subjects") or ():
        if not subject.get("apiGroup") and subject.get("kind") in ("User", "Group"):
            subject["apiGroup"] = _RBAC


def _definition(obj: Object) -> None:
    spec = part(obj, "spec")
    names = part(spec, "names")
    if names.get("kind"):
        names["singular"] = names.get("singular") or names["kind"].lower()
        names["listKind"] = names.get("listKind") or f"{names['kind']}List"
    if spec.get("conversion") is None:
        spec["conversion"] = {"strategy": "None"}
    conversion = part(spec, "conversion")
    webhook = conversion.get("webhook")
    service = ((webhook or {}).get("clientConfig") or {}).get("service")
    if isinstance(service, dict):
        service.setdefault("port", 443)


_BY_KIND: dict[tuple[str, str], Default] = {
    **GROUP_DEFAULTS,
    ("", "Namespace"): _namespace,
    ("", "Node"): _node,
    ("", "Pod"): _pod,
    ("", "PodTemplate"): _pod_template,
    ("", "Service"): defaults_service.service,
    ("", "Secret"): _secret,
    ("", "Endpoints"): _endpoints,
    ("", "PersistentVolume"): _persistent_volume,
    ("", "PersistentVolumeClaim"): _persistent_volume_claim,
    (_ADMISSION, "MutatingWebhookConfiguration"): defaults_webhooks.mutating,
    (_ADMISSION, "ValidatingWebhookConfiguration"): defaults_webhooks.validating,
    (_ADMISSION, "MutatingAdmissionPolicy"): defaults_webhooks.policy,
    (_ADMISSION, "MutatingAdmissionPolicyBinding"): defaults_webhooks.binding,
    (_ADMISSION, "ValidatingAdmissionPolicy"): defaults_webhooks.policy,
    (_ADMISSION, "ValidatingAdmissionPolicyBinding"): defaults_webhooks.binding,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    ("", "LimitRange"): defaults_policy.limit_range,
    ("", "ReplicationController"): defaults_workloads.replication_controller,
    ("apps", "DaemonSet"): defaults_workloads.daemon_set,
    ("apps", "Deployment"): _deployment,
    ("apps", "ReplicaSet"): _replica_set,
    ("apps", "StatefulSet"): defaults_workloads.stateful_set,
    ("autoscaling", "HorizontalPodAutoscaler"): defaults_policy.autoscaler,
    ("batch", "CronJob"): defaults_workloads.cron_job,
    ("batch", "Job"): defaults_workloads.job,
    ("discovery.k8s.io", "EndpointSlice"): _endpoint_slice,
    ("networking.k8s.io", "Ingress"): _ingress,
    ("storage.k8s.io", "StorageClass"): _storage_class,
    ("scheduling.k8s.io", "PriorityClass"): _priority_class,
    (_RBAC, "RoleBinding"): _binding,
    (_RBAC, "ClusterRoleBinding"): _binding,
}
