"""Tables of core kinds other than pods and networking. Must not know other groups."""

from typing import Any

from cluster.api.tables_columns import (
    AGE,
    CREATED_AT,
    NAME,
    NONE,
    UNKNOWN,
    WIDE,
    Column,
    dig,
    field,
    integer,
    joined,
    labels_text,
    pod_template_columns,
    since,
    size,
)
from cluster.api.types import Object

_ROLE = "node-role.kubernetes.io/"


def _node_status(node: Object, now: float) -> str:
    states = {c.get("type"): c.get("status") for c in dig(node, "status", "conditions", default=())}
    parts = [{"True": "Ready", None: "Unknown"}.get(states.get("Ready"), "NotReady")]
    if dig(node, "spec", "unschedulable"):
        parts.append("SchedulingDisabled")
    return ",".join(parts)


def _node_roles(node: Object, now: float) -> str:
    labels = dig(node, "metadata", "labels", default={})
    roles = {key.removeprefix(_ROLE) for key in labels if key.startswith(_ROLE)}
    if labels.get("kubernetes.io/role"):
        roles.add(labels["kubernetes.io/role"])
    return joined(sorted(role for role in roles if role))


def _node_address(kind: str) -> Any:
    def cell(node: Object, now: float) -> str:
        for item in dig(node, "status", "addresses", default=()):
            if item.get("type") == kind:
                return str(item.get("address"))
        return NONE

    return cell


def _info(name: str) -> Any:
    return field("status", "nodeInfo", name, default=UNKNOWN)


def _last_seen(event: Object, now: float) -> str:
    time = (
        dig(event, "series", "lastObservedTime")
        or dig(event, "lastTimestamp")
        or dig(event, "deprecatedLastTimestamp")
    )
    return since(time, now) if time else _first_seen(event, now)


def _first_seen(event: Object, now: float) -> str:
    first = dig(event, "firstTimestamp") or dig(event, "deprecatedFirstTimestamp")
    return since(first or dig(event, "eventTime"), now)


def _event_object(event: Object, now: float) -> str:
    target = dig(event, "involvedObject") or dig(event, "regarding", default={})
    kind, name = str(target.get("kind", "")).lower(), target.get("name", "")
    return f"{kind}/{name}" if name else kind


def _event_source(event: Object, now: float) -> str:
    source = dig(event, "source") or dig(event, "deprecatedSource", default={})
    component = source.get("component") or dig(event, "reportingComponent")
    component = component or dig(event, "reportingController", default="")
    host = source.get("host") or dig(event, "reportingInstance", default="")
    return ", ".join(str(part) for part in (component, host) if part)


def _event_message(event: Object, now: float) -> str:
    return str(dig(event, "message") or dig(event, "note", default="")).strip()


def _event_count(event: Object, now: float) -> int:
    count = dig(event, "series", "count") or dig(event, "count") or dig(event, "deprecatedCount")
    return int(count or 1)


def _subobject(event: Object, now: float) -> str:
    target = dig(event, "involvedObject") or dig(event, "regarding", default={})
    return str(target.get("fieldPath", ""))


EVENT_COLUMNS = (
    Column("Last Seen", _last_seen),
    Column("Type", field("type")),
    Column("Reason", field("reason")),
    Column("Object", _event_object),
    Column("Subobject", _subobject, WIDE),
    Column("Source", _event_source, WIDE),
    Column("Message", _event_message),
    Column("First Seen", _first_seen, WIDE),
    Column("Count", _event_count, WIDE, type="integer"),
    Column("Name", field("metadata", "name"), WIDE, format="name"),
)


def _health(component: Object, now: float) -> str:
    return "Healthy" if dig(component, "conditions", 0, "status") == "True" else "Unhealthy"


def _quota(limits: bool) -> Any:
    def cell(quota: Object, now: float) -> str:
        hard = dig(quota, "status", "hard") or dig(quota, "spec", "hard", default={})
        used = dig(quota, "status", "used", default={})
        names = sorted(name for name in hard if name.startswith("limits.") is limits)
        return ", ".join(f"{name}: {used.get(name, '0')}/{hard[name]}" for name in names)

    return cell


def _data_size(obj: Object, now: float) -> int:
    return len(dig(obj, "data", default=())) + len(dig(obj, "binaryData", default=()))


NODE_COLUMNS = (
    NAME,
    Column("Status", _node_status),
    Column("Roles", _node_roles),
    AGE,
    Column("Version", field("status", "nodeInfo", "kubeletVersion")),
    Column("Internal-IP", _node_address("InternalIP"), WIDE),
    Column("External-IP", _node_address("ExternalIP"), WIDE),
    Column("OS-Image", _info("osImage"), WIDE),
    Column("Kernel-Version", _info("kernelVersion"), WIDE),
    Column("Container-Runtime", _info("containerRuntimeVersion"), WIDE),
)

CORE_COLUMNS: dict[tuple[str, str], tuple[Column, ...]] = {
    ("", "Node"): NODE_COLUMNS,
    ("", "Namespace"): (NAME, Column("Status", field("status", "phase")), AGE),
    ("", "ConfigMap"): (NAME, Column("Data", _data_size, type="integer"), AGE),
    ("", "Secret"): (
        NAME,
        Column("Type", field("type")),
        Column("Data", size("data"), type="integer"),
        AGE,
    ),
    ("", "ServiceAccount"): (NAME, Column("Secrets", size("secrets"), type="integer"), AGE),
    ("", "Event"): EVENT_COLUMNS,
    ("events.k8s.io", "Event"): EVENT_COLUMNS,
    ("", "ComponentStatus"): (
        NAME,
        Column("Status", _health),
        Column("Message", field("conditions", 0, "message")),
        Column("Error", field("conditions", 0, "error")),
    ),
    ("", "LimitRange"): (NAME, CREATED_AT),
    ("", "ResourceQuota"): (
        NAME,
        Column("Request", _quota(limits=False)),
        Column("Limit", _quota(limits=True)),
        AGE,
    ),
    ("", "PodTemplate"): (
        NAME,
        *(column._replace(priority=0) for column in pod_template_columns("template", "spec")),
        Column("Pod Labels", lambda o, now: labels_text(dig(o, "template", "metadata", "labels"))),
    ),
    ("", "ReplicationController"): (
        NAME,
        integer("Desired", "spec", "replicas"),
        integer("Current", "status", "replicas"),
        integer("Ready", "status", "readyReplicas"),
        AGE,
        *pod_template_columns("spec", "template", "spec", selector=("spec", "selector")),
    ),
}
