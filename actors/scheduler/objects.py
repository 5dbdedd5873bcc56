"""What the scheduler writes: the Binding and the PodScheduled condition. Pure.

Must not know: how it is sent.
"""

from actors.scheduler.pod_info import PodInfo
from cluster.api.types import Object


def binding(pod: PodInfo, node: str) -> Object:
    """The body of ``pods/binding``; the uid keeps it from a namesake made meanwhile."""
    return {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"namespace": pod.namespace, "name": pod.key[1], "uid": pod.uid},
        "target": {"apiVersion": "v1", "kind": "Node", "name": node},
    }


def unschedulable_patch(pod: Object, message: str, now: str) -> Object | None:
    """Strategic merge patch of the status; None if the condition says so already."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    present: Object = next((item for item in conditions if item.get("type") == "PodScheduled"), {})
    if present.get("status") == "False" and present.get("message") == message:
        return None
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": message,
        "lastProbeTime": None,
    }
    if present.get("status") != "False":
        condition["lastTransitionTime"] = now
    return {"status": {"conditions": [condition]}}
