"""Defaults of the workloads beside Deployment and ReplicaSet: apps, batch, ReplicationController.

Source: the API reference's "Defaults to" of apps/v1, batch/v1 and core/v1. Idempotent, in place.
Must not know the table they stand in.
"""

from typing import Any

from cluster.api import defaults_pod
from cluster.api.types import Object

_TRIES_DEFAULT = 6
# With a limit per index the limit of the whole job is out of the way.
_TRIES_UNLIMITED = 2**31 - 1


def part(obj: Object, name: str) -> Object:
    """The named part, made if absent. A wrong value there stays, and gets nothing."""
    value = obj.setdefault(name, {})
    return value if isinstance(value, dict) else {}


def template(spec: Object) -> Object:
    """Fill in ``spec.template`` and return it."""
    found = part(spec, "template")
    part(found, "metadata")
    defaults_pod.pod_spec(part(found, "spec"))
    return found


def stateful_set(obj: Object) -> None:
    """apps/v1 StatefulSet."""
    spec = part(obj, "spec")
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    if not spec.get("podManagementPolicy"):
        spec["podManagementPolicy"] = "OrderedReady"
    strategy = part(spec, "updateStrategy")
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        rolling = part(strategy, "rollingUpdate")
        rolling.setdefault("partition", 0)
        rolling.setdefault("maxUnavailable", 1)
    retention = part(spec, "persistentVolumeClaimRetentionPolicy")
    for name in ("whenDeleted", "whenScaled"):
        if not retention.get(name):
            retention[name] = "Retain"
    spec.setdefault("serviceName", "")
    template(spec)
    for claim in spec.get("volumeClaimTemplates") or ():
        if isinstance(claim, dict):
            claim.setdefault("apiVersion", "v1")
            claim.setdefault("kind", "PersistentVolumeClaim")
            defaults_pod.claim_spec(part(claim, "spec"))
            part(claim, "status").setdefault("phase", "Pending")


def daemon_set(obj: Object) -> None:
    """apps/v1 DaemonSet."""
    spec = part(obj, "spec")
    spec.setdefault("revisionHistoryLimit", 10)
    strategy = part(spec, "updateStrategy")
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        rolling = part(strategy, "rollingUpdate")
        rolling.setdefault("maxUnavailable", 1)
        rolling.setdefault("maxSurge", 0)
    template(spec)


def replication_controller(obj: Object) -> None:
    """core/v1 ReplicationController: what it does not say of labels, its template says."""
    spec = part(obj, "spec")
    spec.setdefault("replicas", 1)
    if spec.get("template") is None:
        return
    labels = (template(spec).get("metadata") or {}).get("labels")
    if labels:
        if not spec.get("selector"):
            spec["selector"] = dict(labels)
        _labels(obj, labels)


def job(obj: Object) -> None:
    """batch/v1 Job."""
    spec = part(obj, "spec")
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    if spec.get("parallelism") is None:
        spec["parallelism"] = 1
    if spec.get("backoffLimit") is None:
        limited = spec.get("backoffLimitPerIndex") is not None
        spec["backoffLimit"] = _TRIES_UNLIMITED if limited else _TRIES_DEFAULT
    if spec.get("completionMode") is None:
        spec["completionMode"] = "NonIndexed"
    for name in ("suspend", "manualSelector"):
        if spec.get(name) is None:
            spec[name] = False
    if spec.get("podReplacementPolicy") is None:
        failed = spec.get("podFailurePolicy") is not None
        spec["podReplacementPolicy"] = "Failed" if failed else "TerminatingOrFailed"
    _failure_policy(spec)
    labels = (template(spec).get("metadata") or {}).get("labels")
    if labels and not (metadata := part(obj, "metadata")).get("labels"):
        # The very same: what is added to the template's later is then the job's, as in Kubernetes.
        metadata["labels"] = labels


def cron_job(obj: Object) -> None:
    """batch/v1 CronJob. Its job template gets a job's defaults when there is a job."""
    spec = part(obj, "spec")
    if not spec.get("concurrencyPolicy"):
        spec["concurrencyPolicy"] = "Allow"
    if spec.get("suspend") is None:
        spec["suspend"] = False
    for name, kept in (("successfulJobsHistoryLimit", 3), ("failedJobsHistoryLimit", 1)):
        if spec.get(name) is None:
            spec[name] = kept
    made = part(spec, "jobTemplate")
    part(made, "metadata")
    inner = part(made, "spec")
    _failure_policy(inner)
    template(inner)


def _failure_policy(spec: Object) -> None:
    for rule in (spec.get("podFailurePolicy") or {}).get("rules") or ():
        for pattern in rule.get("onPodConditions") or ():
            if not pattern.get("status"):
                pattern["status"] = "True"


def _labels(obj: Object, labels: Any) -> None:
    metadata = part(obj, "metadata")
    if not metadata.get("labels"):
        metadata["labels"] = dict(labels)
