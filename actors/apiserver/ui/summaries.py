"""What a page shows of replicas, nodes and pods: a few words each. Pure.

Must not know: where they were read.
"""

from typing import Any

from cluster.api.encoding import decode
from cluster.api.tables_pods import summarize
from cluster.api.types import Object
from cluster.messages.store import KeyValue, StoreStatus
from cluster.settings import ReplicaSettings


def replica(settings: ReplicaSettings, status: StoreStatus | str | None) -> dict[str, Any]:
    """``status``: what its store told, or why it told nothing, None if it was not asked yet."""
    found: dict[str, Any] = {"zone": settings.zone, "address": (settings.api_addresses or ("",))[0]}
    if not isinstance(status, StoreStatus):
        return found | {"state": "asked" if status is None else "down", "why": status or ""}
    role = "learner" if status.member in status.learners else status.role
    return found | {
        "state": "up",
        "role": role,
        "leader": status.leader,
        "term": status.term,
        "last": status.last_index,
        "commit": status.commit_index,
        "applied": status.applied_index,
        "snapshot": status.snapshot_index,
        "revision": status.revision,
        "compacted": status.compacted,
        "keys": status.keys,
        "joint": status.joint,
        "engine": status.engine,
        "alarms": list(status.alarms),
    }


def has_quorum(statuses: list[StoreStatus], me: StoreStatus | None) -> bool:
    """Whether this replica knows a leader that says of itself that it leads (with an engine that
    is no Raft of ours, a leader is enough)."""
    if me is None or not me.leader:
        return False
    if me.engine != "raft":
        return True
    return any(one.member == me.leader and one.role == "leader" for one in statuses)


def node(item: KeyValue) -> tuple[str, dict[str, Any]]:
    """Its name, and whether it is ready."""
    obj = decode(item.value)
    conditions = (obj.get("status") or {}).get("conditions") or ()
    ready: Object = next((one for one in conditions if one.get("type") == "Ready"), {})
    spec = obj.get("spec") or {}
    return str(obj["metadata"]["name"]), {
        "ready": ready.get("status") == "True",
        "why": "" if ready.get("status") == "True" else str(ready.get("message", "")),
        "cordoned": bool(spec.get("unschedulable")),
        "taints": [str(one.get("key", "")) for one in spec.get("taints") or ()],
    }


def pod(item: KeyValue) -> tuple[str, list[Any]]:
    """``namespace/name`` and [node, status as kubectl prints it, ready containers, containers,
    restarts]."""
    obj = decode(item.value)
    metadata = obj["metadata"]
    summary = summarize(obj)
    where = str((obj.get("spec") or {}).get("nodeName") or "")
    told = [where, summary.status, summary.ready, summary.total, summary.restarts]
    return f"{metadata['namespace']}/{metadata['name']}", told
