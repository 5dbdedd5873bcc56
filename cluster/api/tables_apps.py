"""Tables of workloads: apps, batch, autoscaling, policy. Must not know other groups."""

from cluster.api.autoscaling import to_v2
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

_TARGETS_SHOWN = 2
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
    scaler = to_v2(scaler)
    metrics = dig(scaler, "spec", "metrics", default=())
    current = dig(scaler, "status", "currentMetrics", default=())
    shown = []
    for position, metric in enumerate(metrics):
        kind = str(metric.get("type") or "")
        source = f"{kind[:1].lower()}{kind[1:]}"
        # The status lists what was measured, in the order of the spec.
        measured = current[position] if position < len(current) else {}
        shown.append(_target(dig(metric, source, default={}), dig(measured, source, default={})))
    if len(shown) > _TARGETS_SHOWN:
        more = len(shown) - _TARGETS_SHOWN
        return f"{', '.join(shown[:_TARGETS_SHOWN])} + {more} more..."
    return ", ".join(shown) or NONE


def _target(source: Object, measured: Object) -> str:
    target, now_used = dig(source, "target", default={}), dig(measured, "current", default={})
    name = f"{source['name']}: " if source.get("name") else ""
    for part, ending in (("averageUtilization", "%"), ("averageValue", ""), ("value", "")):
        if target.get(part) is not None:
            used = now_used.get(part)
            text = UNKNOWN if used is None else f"{used}{ending}"
            average = " (avg)" if part == "averageValue" and not name else ""
            return f"{name}{text}/{target[part]}{ending}{average}"
    return f"{name}{UNKNOWN}"


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
