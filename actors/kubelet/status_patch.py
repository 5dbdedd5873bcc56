"""A pod's status as a strategic merge patch that leaves others' conditions alone. Pure.

Must not know: who sends it. Source: Kubernetes docs, "Update API Objects in Place Using kubectl
patch: strategic merge"; core/v1 PodStatus (conditions merge by type, addresses by ip).
"""

from typing import Any

from actors.kubelet.status import OWN_CONDITIONS, RESIZE_CONDITIONS
from cluster.api.types import Object

# Keys to take away when the new status lacks them.
REMOVABLE = ("reason", "message", "podIP", "podIPs", "initContainerStatuses")
# Lists that would merge by key, but of which we own all entries.
REPLACED = ("podIPs", "hostIPs")
OPTIONAL_IN_CONDITION = ("reason", "message")


def make_patch(uid: str, revision: int, status: Object, last: Object) -> Object:
    """From ``last`` (what the API object has at ``revision``) to ``status``; refused if the uid or
    the revision is another."""
    body: dict[str, Any] = dict(status)
    for key in REPLACED:
        if key in status:
            body[key] = [{"$patch": "replace"}, *status[key]]
    for key in REMOVABLE:
        if key not in status and key in last:
            body[key] = None
    body["conditions"] = [
        {**dict.fromkeys(OPTIONAL_IN_CONDITION), **item}
        for item in status.get("conditions") or ()
        if item["type"] in OWN_CONDITIONS
    ]
    present = {item["type"] for item in body["conditions"]}
    body["conditions"].extend(
        {"$patch": "delete", "type": item["type"]}
        for item in last.get("conditions") or ()
        if item["type"] in RESIZE_CONDITIONS and item["type"] not in present
    )
    meta = {"uid": uid, "resourceVersion": str(revision)}
    return {"metadata": meta, "status": body}


def differs(status: Object, last: Object) -> bool:
    """True if ``status`` says anything else than ``last``."""
    if any(last.get(key) != value for key, value in status.items()):
        return True
    return any(key in last and key not in status for key in REMOVABLE)


def gist(status: Object) -> object:
    """What others may have changed behind our back: phase, our conditions, containers' states."""
    conditions = {
        item["type"]: item["status"]
        for item in status.get("conditions") or ()
        if item["type"] in OWN_CONDITIONS
    }
    containers = [
        (item["name"], item.get("ready"), item.get("restartCount"), sorted(item.get("state") or ()))
        for item in status.get("containerStatuses") or ()
    ]
    return status.get("phase"), conditions, containers, status.get("podIP")
