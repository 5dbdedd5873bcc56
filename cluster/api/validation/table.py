"""Which rules hold for which kind: the door to this package.

Objects that come here conform to their schema and have their defaults. Must not know how a rule
is told to the client (``status.invalid``).
"""

from collections.abc import Callable

from cluster.api.custom import definition_rules
from cluster.api.kind import Kind
from cluster.api.policies.haste import check_patience
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import (
    access,
    apps,
    autoscaling,
    cluster_objects,
    configuration,
    cron_jobs,
    events,
    ingresses,
    jobs,
    limits,
    network,
    nodes,
    pods,
    policies,
    services,
    stateful_sets,
    webhooks,
    workloads,
)
from cluster.api.validation.metadata import check_metadata, check_metadata_update
from cluster.api.validation.table_groups import GROUPS_CREATE, GROUPS_UPDATE, STATUS
from cluster.api.validation.tolerated import tolerated

Check = Callable[[Object, list[Cause]], None]
CheckUpdate = Callable[[Object, Object, list[Cause]], None]

_ADMISSION = "admissionregistration.k8s.io"
_RBAC = "rbac.authorization.k8s.io"
_ASK = "authorization.k8s.io"
# Whose objects have expressions.
_COMPILING = (_ADMISSION, "apiextensions.k8s.io", "resource.k8s.io")

CREATE: dict[tuple[str, str], Check] = {
    **GROUPS_CREATE,
    ("", "Pod"): pods.check_pod,
    ("", "Binding"): pods.check_binding,
    ("", "PodTemplate"): workloads.check_pod_template,
    ("", "Service"): services.check_service,
    ("", "ConfigMap"): configuration.check_config_map,
    ("", "Secret"): configuration.check_secret,
    ("", "Namespace"): cluster_objects.check_namespace,
    ("", "Node"): nodes.check_node,
    ("", "Endpoints"): network.check_endpoints,
    ("", "Event"): events.check_event,
    ("", "LimitRange"): limits.check_limit_range,
    ("", "ReplicationController"): apps.check_replication_controller,
    ("", "ResourceQuota"): limits.check_resource_quota,
    ("apps", "ControllerRevision"): apps.check_controller_revision,
    ("apps", "DaemonSet"): apps.check_daemon_set,
    (_ADMISSION, "MutatingWebhookConfiguration"): webhooks.check_webhook_configuration,
    (_ADMISSION, "ValidatingWebhookConfiguration"): webhooks.check_webhook_configuration,
    (_ADMISSION, "MutatingAdmissionPolicy"): policies.check_mutating_policy,
    (_ADMISSION, "MutatingAdmissionPolicyBinding"): policies.check_mutating_binding,
    (_ADMISSION, "ValidatingAdmissionPolicy"): policies.check_validating_policy,
    (_ADMISSION, "ValidatingAdmissionPolicyBinding"): policies.check_validating_binding,
    ("apps", "Deployment"): workloads.check_deployment,
    ("apps", "ReplicaSet"): workloads.check_replica_set,
    ("apps", "StatefulSet"): stateful_sets.check_stateful_set,
    ("autoscaling", "HorizontalPodAutoscaler"): autoscaling.check_autoscaler,
    ("autoscaling", "Scale"): workloads.check_scale,
    ("batch", "CronJob"): cron_jobs.check_cron_job,
    ("batch", "Job"): jobs.check_job,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): definition_rules.check_definition,
    ("authentication.k8s.io", "TokenReview"): access.check_token_review,
    ("authentication.k8s.io", "TokenRequest"): access.check_token_request,
    (_ASK, "SubjectAccessReview"): access.check_access_review,
    (_ASK, "LocalSubjectAccessReview"): access.check_local_access_review,
    (_ASK, "SelfSubjectAccessReview"): access.check_self_access_review,
    (_ASK, "SelfSubjectRulesReview"): access.check_rules_review,
    ("coordination.k8s.io", "Lease"): cluster_objects.check_lease,
    ("discovery.k8s.io", "EndpointSlice"): network.check_endpoint_slice,
    ("events.k8s.io", "Event"): events.check_new_event,
    ("networking.k8s.io", "Ingress"): ingresses.check_new_ingress,
    ("networking.k8s.io", "IngressClass"): ingresses.check_ingress_class,
    ("policy", "PodDisruptionBudget"): limits.check_disruption_budget,
    (_RBAC, "Role"): access.check_role,
    (_RBAC, "ClusterRole"): access.check_cluster_role,
    (_RBAC, "RoleBinding"): access.check_role_binding,
    (_RBAC, "ClusterRoleBinding"): access.check_cluster_role_binding,
    ("scheduling.k8s.io", "PriorityClass"): cluster_objects.check_priority_class,
}

# Beyond the rules of a new object, which hold for an updated one too.
UPDATE: dict[tuple[str, str], CheckUpdate] = {
    **GROUPS_UPDATE,
    ("", "Service"): services.check_service_update,
    ("", "ConfigMap"): configuration.check_config_map_update,
    ("", "Secret"): configuration.check_secret_update,
    ("", "Node"): nodes.check_node_update,
    ("apps", "Deployment"): workloads.check_workload_update,
    ("", "ResourceQuota"): limits.check_resource_quota_update,
    ("apps", "ControllerRevision"): apps.check_controller_revision_update,
    ("apps", "DaemonSet"): workloads.check_workload_update,
    ("apps", "ReplicaSet"): workloads.check_workload_update,
    ("apps", "StatefulSet"): stateful_sets.check_stateful_set_update,
    ("autoscaling", "HorizontalPodAutoscaler"): autoscaling.check_autoscaler_update,
    ("batch", "CronJob"): cron_jobs.check_cron_job_update,
    ("batch", "Job"): jobs.check_job_update,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): definition_rules.check_definition_update,
    ("discovery.k8s.io", "EndpointSlice"): network.check_endpoint_slice_update,
    ("events.k8s.io", "Event"): events.check_new_event_update,
    ("networking.k8s.io", "Ingress"): ingresses.check_ingress_update,
    ("networking.k8s.io", "IngressClass"): ingresses.check_ingress_class_update,
    (_RBAC, "RoleBinding"): access.check_binding_update,
    (_RBAC, "ClusterRoleBinding"): access.check_binding_update,
    ("scheduling.k8s.io", "PriorityClass"): cluster_objects.check_priority_class_update,
}

# Whose rules of a new object are not those of an updated one.
_UPDATE_ALONE = frozenset(
    {
        ("", "Node"),
        ("", "PersistentVolume"),
        ("", "PersistentVolumeClaim"),
        ("", "Service"),
        ("apps", "ControllerRevision"),
        ("apps", "StatefulSet"),
        ("autoscaling", "HorizontalPodAutoscaler"),
        ("batch", "CronJob"),
        ("events.k8s.io", "Event"),
        ("networking.k8s.io", "Ingress"),
        ("networking.k8s.io", "NetworkPolicy"),
        ("scheduling.k8s.io", "PriorityClass"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
    }
)
# Whose rules are of their metadata too: an update of nothing else is looked at all the same.
_WITH_METADATA = frozenset(
    {
        ("", "PersistentVolume"),
        ("", "PersistentVolumeClaim"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
    }
)


def validate_create(kind: Kind, obj: Object, patience: int | None = None) -> list[Cause]:
    """What is wrong with a new object; empty if nothing. Questions (reviews) need no name.
    ``patience``: units, see ``custom.form.CustomForm.check``; also of what compiles expressions."""
    found: list[Cause] = []
    if not kind.create_only:
        check_metadata(kind, obj.get("metadata") or {}, found)
    if kind.custom is not None:
        return [*found, *kind.custom.check(obj, patience=patience)]
    check = CREATE.get((kind.group, kind.kind))
    if check is not None:
        if kind.group in _COMPILING and kind.kind != "ResourceSlice":
            check_patience(obj, patience)
        check(obj, found)
    return found


def validate_update(
    kind: Kind,
    old: Object,
    new: Object,
    subresource: str = "",
    warnings: list[str] | None = None,
    patience: int | None = None,
) -> list[Cause]:
    """What is wrong with an update: the new object, and the change. ``subresource``: the part that
    was written, as ``status``, which cannot make the rest wrong. ``warnings``: what is wrong and
    was so before is added to it. ``patience``: see ``custom.form.CustomForm.check``."""
    found: list[Cause] = []
    before, metadata = old.get("metadata") or {}, new.get("metadata") or {}
    check_metadata_update(before, metadata, found)
    check_metadata(kind, metadata, found)
    if kind.custom is not None:
        return [*found, *kind.custom.check(new, old, warnings, patience, subresource)]
    key = (kind.group, kind.kind)
    if key == ("", "Pod"):
        pods.check_pod_update(old, new, subresource, found)
        return tolerated(found, lambda: _wrong(pods.check_pod, old))
    check_status = STATUS.get((*key, subresource)) or STATUS.get(key)
    if check_status is not None and subresource:
        check_status(old, new, found)
    if _same_but_status(old, new) and (subresource or key not in _WITH_METADATA):
        return found
    check, check_update = CREATE.get(key), UPDATE.get(key)
    if kind.group in _COMPILING and kind.kind != "ResourceSlice":
        check_patience(new, patience)
    if check is not None and key not in _UPDATE_ALONE:
        check(new, found)
    if check_update is not None:
        check_update(old, new, found)
    return tolerated(found, lambda: _wrong(check, old))


def validate_body(group: str, kind: str, obj: Object) -> list[Cause]:
    """What is wrong with the body of a subresource (Scale, Binding, TokenRequest)."""
    found: list[Cause] = []
    check = CREATE.get((group, kind))
    if check is not None:
        check(obj, found)
    return found


def _wrong(check: Check | None, obj: Object) -> list[Cause]:
    found: list[Cause] = []
    if check is not None:
        check(obj, found)
    return found


def _same_but_status(old: Object, new: Object) -> bool:
    """True if only metadata and the status of what has a spec differ: the common update."""
    if "spec" not in new:
        return False
    return all(
        old.get(name) == new.get(name)
        for name in {*old, *new}
        if name not in ("metadata", "status", "apiVersion", "kind")
    )
