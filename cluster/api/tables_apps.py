"""Tables of workloads: apps, batch, autoscaling, policy. Must not know other groups."""

from cluster.api.tables_columns import (
    AGE,
    NAME,
    NONE,
    UNKNOWN,
    UNSET,
    Column,
    dig,
    field,
    human_duration,
    integer,
    labels_text,
    pod_template_columns,
    seconds_of,
    since,
    size,
)
from cluster.api.types import Object

_WIDE = pod_template_columns("spec", "template", "spec", selector=("spec", "selector"))


def _ready(obj: Object, now: float) -> str:
    wanted = dig(obj, "spec", "replicas", default=0)
    return f"{dig(obj, 'status', 'readyReplicas', default=0)}/{wanted}"


def _job_state(job: Object, now: float) -> str:
    conditions = {
        item.get("type")
        for item in dig(job, "status", "conditions", default=())
        if item.get("status") == "True"
    }
    if "Complete" in conditions:
        return "Complete"
    if "Failed" in conditions:
        return "Failed"
    if dig(job, "metadata", "deletionTimestamp"):
        return "Terminating"
    for name in ("Suspended", "FailureTarget", "SuccessCriteriaMet"):
        if name in conditions:
            return name
    return "Running"


def _completions(job: Object, now: float) -> str:
    done = dig(job, "status", "succeeded", default=0)
    wanted = dig(job, "spec", "completions")
    if wanted is not None:
        return f"{done}/{wanted}"
    parallel = dig(job, "spec", "parallelism", default=0)
    return f"{done}/1 of {parallel}" if parallel > 1 else f"{done}/1"


def _duration(job: Object, now: float) -> str:
    start = seconds_of(dig(job, "status", "startTime"))
    if start is None:
        return ""
    end = seconds_of(dig(job, "status", "completionTime"))
    return human_duration((now if end is None else end) - start)


def _last_schedule(job: Object, now: float) -> str:
    last = dig(job, "status", "lastScheduleTime")
    return since(last, now) if last else NONE


def _suspended(job: Object, now: float) -> str:
    return str(dig(job, "spec", "suspend", default=False))


def _controller(revision: Object, now: float) -> str:
    for owner in dig(revision, "metadata", "ownerReferences", default=()):
        if owner.get("controller"):
            group = str(owner.get("apiVersion", "")).rpartition("/")[0]
            kind = str(owner.get("kind", "")).lower()
            return f"{kind}{'.' + group if group else ''}/{owner.get('name', '')}"
    return NONE


def _reference(scaler: Object, now: float) -> str:
    target = dig(scaler, "spec", "scaleTargetRef", default={})
    return f"{target.get('kind', '')}/{target.get('name', '')}"


def _targets(scaler: Object, now: float) -> str:
    present = {
        dig(item, "resource", "name"): item
        for item in dig(scaler, "status", "currentMetrics", default=())
    }
    shown = []
    for metric in dig(scaler, "spec", "metrics", default=()):
        name = dig(metric, "resource", "name")
        if metric.get("type") != "Resource" or name is None:
            continue
        wanted = dig(metric, "resource", "target", "averageUtilization")
        now_used = dig(present.get(name), "resource", "current", "averageUtilization")
        used = UNKNOWN if now_used is None else f"{now_used}%"
        shown.append(f"{name}: {used}/{wanted}%")
    return ", ".join(shown) or NONE


def _not_applicable(*path: str) -> Column:
    title = {"minAvailable": "Min Available", "maxUnavailable": "Max Unavailable"}[path[-1]]
    return Column(title, lambda obj, now: str(dig(obj, *path, default="N/A")))


APPS_COLUMNS: dict[tuple[str, str], tuple[Column, ...]] = {
    ("apps", "Deployment"): (
        NAME,
        Column("Ready", _ready),
        integer("Up-to-date", "status", "updatedReplicas"),
        integer("Available", "status", "availableReplicas"),
        AGE,
        *_WIDE,
    ),
    ("autoscaling", "Scale"): (
        NAME,
        integer("Desired", "spec", "replicas"),
        integer("Available", "status", "replicas"),
        AGE,
    ),
    ("apps", "ReplicaSet"): (
        NAME,
        integer("Desired", "spec", "replicas"),
        integer("Current", "status", "replicas"),
        integer("Ready", "status", "readyReplicas"),
        AGE,
        *_WIDE,
    ),
    ("apps", "StatefulSet"): (NAME, Column("Ready", _ready), AGE, *_WIDE[:2]),
    ("apps", "DaemonSet"): (
        NAME,
        integer("Desired", "status", "desiredNumberScheduled"),
        integer("Current", "status", "currentNumberScheduled"),
        integer("Ready", "status", "numberReady"),
        integer("Up-to-date", "status", "updatedNumberScheduled"),
        integer("Available", "status", "numberAvailable"),
        Column(
            "Node Selector",
            lambda o, now: labels_text(dig(o, "spec", "template", "spec", "nodeSelector")),
        ),
        AGE,
        *_WIDE,
    ),
    ("apps", "ControllerRevision"): (
        NAME,
        Column("Controller", _controller),
        integer("Revision", "revision"),
        AGE,
    ),
    ("batch", "Job"): (
        NAME,
        Column("Status", _job_state),
        Column("Completions", _completions),
        Column("Duration", _duration),
        AGE,
        *_WIDE,
    ),
    ("batch", "CronJob"): (
        NAME,
        Column("Schedule", field("spec", "schedule")),
        Column("Timezone", field("spec", "timeZone", default=NONE)),
        Column("Suspend", _suspended),
        Column("Active", size("status", "active"), type="integer"),
        Column("Last Schedule", _last_schedule),
        AGE,
        *pod_template_columns(
            "spec", "jobTemplate", "spec", "template", "spec",
            selector=("spec", "jobTemplate", "spec", "selector"),
        ),
    ),
    ("autoscaling", "HorizontalPodAutoscaler"): (
        NAME,
        Column("Reference", _reference),
        Column("Targets", _targets),
        Column("MinPods", field("spec", "minReplicas", default=UNSET)),
        integer("MaxPods", "spec", "maxReplicas"),
        integer("Replicas", "status", "currentReplicas"),
        AGE,
    ),
    ("policy", "PodDisruptionBudget"): (
        NAME,
        _not_applicable("spec", "minAvailable"),
        _not_applicable("spec", "maxUnavailable"),
        integer("Allowed Disruptions", "status", "disruptionsAllowed"),
        AGE,
    ),
}  # fmt: skip
