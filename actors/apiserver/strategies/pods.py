"""Rules of pods: the first status, quality of service, graceful deletion, binding. Pure.

Source: docs "Pod Lifecycle", Termination of Pods; "Pod Quality of Service Classes".
"""

from collections.abc import Iterable
from typing import Any, Literal

from actors.apiserver.call import DeleteOptions
from actors.apiserver.strategies.strategy import Strategy
from cluster.api import status
from cluster.api.kinds import Kind
from cluster.api.quantity import milli_value
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object

GRACE_SECONDS_DEFAULT = 30
QosClass = Literal["Guaranteed", "Burstable", "BestEffort"]


def _create(obj: Object, now: float) -> None:
    obj["status"] = {"phase": "Pending", "qosClass": qos_class(obj)}
    if (obj.get("spec") or {}).get("schedulingGates"):
        obj["status"]["conditions"] = [
            {
                "type": "PodScheduled",
                "status": "False",
                "lastProbeTime": None,
                "lastTransitionTime": rfc3339(now),
                "reason": "SchedulingGated",
                "message": "Scheduling is blocked due to non-empty scheduling gates",
            }
        ]


def qos_class(pod: Object) -> QosClass:
    """From the requests and limits of CPU and memory of all containers."""
    spec = pod.get("spec") or {}
    any_set, guaranteed = False, True
    for container in _containers(spec):
        resources = container.get("resources") or {}
        limits = resources.get("limits") or {}
        requests = resources.get("requests") or {}
        for name in ("cpu", "memory"):
            limit, request = _amount(limits.get(name)), _amount(requests.get(name))
            any_set = any_set or limit > 0 or request > 0
            if limit <= 0 or request not in (0, limit):
                guaranteed = False
    if not any_set:
        return "BestEffort"
    return "Guaranteed" if guaranteed else "Burstable"


def _containers(spec: Object) -> Iterable[dict[str, Any]]:
    yield from spec.get("initContainers") or ()
    yield from spec.get("containers") or ()


def _amount(value: Any) -> int:
    return milli_value(str(value)) if value not in (None, "") else 0


def with_ephemeral_containers(obj: Object, old: Object) -> Object:
    """The live pod with the ephemeral containers of ``obj``: nothing else is taken."""
    spec = {**(old.get("spec") or {})}
    spec.pop("ephemeralContainers", None)
    given = (obj.get("spec") or {}).get("ephemeralContainers")
    if given:
        spec["ephemeralContainers"] = given
    return {**old, "metadata": obj["metadata"], "spec": spec}


def grace(obj: Object, options: DeleteOptions) -> int:
    """Seconds until the kubelet must have stopped the pod; 0 removes it at once."""
    spec = obj.get("spec") or {}
    if not spec.get("nodeName"):
        return 0
    if (obj.get("status") or {}).get("phase") in ("Failed", "Succeeded"):
        return 0
    if options.grace is not None:
        return options.grace
    value = spec.get("terminationGracePeriodSeconds")
    return GRACE_SECONDS_DEFAULT if value is None else max(int(value), 1)


def bind(kind: Kind, pod: Object, node: str, binding: Object, now: float) -> Object:
    """The pod assigned to a node. Raises StatusError 409 if it cannot be (any more).

    The generation stays: it counts what users change of the spec."""
    metadata, spec = pod["metadata"], pod.get("spec") or {}
    name = metadata["name"]
    uid = (binding.get("metadata") or {}).get("uid")
    if uid and uid != metadata["uid"]:
        raise status.conflict(kind, name, "the binding names another uid than the pod has")
    if metadata.get("deletionTimestamp"):
        raise status.conflict(
            kind, name, f"pod {name} is being deleted, cannot be assigned to a host"
        )
    if spec.get("nodeName"):
        raise status.conflict(
            kind, name, f"pod {name} is already assigned to node {status.quoted(spec['nodeName'])}"
        )
    if spec.get("schedulingGates"):
        raise status.conflict(kind, name, f"pod {name} has non-empty .spec.schedulingGates")
    bound = {**pod, "metadata": dict(metadata), "spec": {**spec, "nodeName": node}}
    for name in ("labels", "annotations"):
        given = (binding.get("metadata") or {}).get(name)
        if given:
            bound["metadata"][name] = {**(metadata.get(name) or {}), **given}
    bound["status"] = _scheduled(pod.get("status") or {}, now)
    return bound


def _scheduled(live: Object, now: float) -> Object:
    kept = [c for c in live.get("conditions") or () if c.get("type") != "PodScheduled"]
    condition = {
        "type": "PodScheduled",
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": rfc3339(now),
    }
    bound = {**live, "conditions": [*kept, condition]}
    bound.pop("nominatedNodeName", None)
    return bound


STRATEGY = Strategy(
    generation=True, status_metadata=True, returns_deleted=True, create=_create, grace=grace
)
