"""What of an object is kept for the checkers: from JSON objects to observations. Pure."""

from collections.abc import Iterable
from typing import Any

from cluster.chaos.observations import Endpoint, EndpointSeen, PodSeen

Object = dict[str, Any]
OWNING_SERVICE = "kubernetes.io/service-name"


def value_of(obj: Object) -> object:
    """Of a register: what was written."""
    return (obj.get("data") or {}).get("value", "")


def pod_seen(pod: Object) -> PodSeen:
    """Of a pod."""
    meta, status, spec = pod["metadata"], pod.get("status") or {}, pod.get("spec") or {}
    owner = (meta.get("ownerReferences") or [{}])[0]
    counts = [item["restartCount"] for item in status.get("containerStatuses") or []]
    terminating = bool(meta.get("deletionTimestamp"))
    containers = spec.get("containers") or [{}]
    return PodSeen(
        name=meta["name"],
        uid=meta["uid"],
        owner=owner.get("name", ""),
        kind=owner.get("kind", ""),
        node=spec.get("nodeName", ""),
        restarts=sum(counts),
        ending=terminating or status.get("phase") in ("Failed", "Succeeded"),
        ready=has_condition(pod, "Ready"),
        address=status.get("podIP", ""),
        app=(meta.get("labels") or {}).get("app", ""),
        terminating=terminating,
        image=containers[0].get("image", ""),
    )


def set_size(obj: Object) -> int:
    """Of a ReplicaSet: how many pods it wants."""
    return int(obj["spec"]["replicas"])


def ready_endpoints(slices: Iterable[Object]) -> list[Endpoint]:
    """Of EndpointSlices: the addresses that are ready (a missing condition counts as ready)."""
    found = []
    for item in slices:
        service = (item["metadata"].get("labels") or {}).get(OWNING_SERVICE, "")
        for endpoint in item.get("endpoints") or []:
            target = endpoint.get("targetRef") or {}
            if (endpoint.get("conditions") or {}).get("ready", True) and target:
                found += [
                    Endpoint(service, address, target.get("uid", ""), target.get("name", ""))
                    for address in endpoint.get("addresses") or []
                ]
    return found


def slice_seen(obj: Object) -> tuple[EndpointSeen, ...]:
    """Of an EndpointSlice: its endpoints that are pods. Missing conditions mean what the API says
    ("EndpointSlices", conditions): ready; serving as ready; not terminating."""
    service = (obj["metadata"].get("labels") or {}).get(OWNING_SERVICE, "")
    found = []
    for endpoint in obj.get("endpoints") or []:
        target, conditions = endpoint.get("targetRef") or {}, endpoint.get("conditions") or {}
        if target:
            ready = conditions.get("ready") is not False
            serving = conditions.get("serving", ready) is not False
            terminating = conditions.get("terminating") is True
            uid, name = target.get("uid", ""), target.get("name", "")
            found.append(EndpointSeen(service, uid, name, ready, serving, terminating))
    return tuple(found)


def has_condition(obj: Object, name: str) -> bool:
    """Whether a pod or node has a condition."""
    conditions = (obj.get("status") or {}).get("conditions") or []
    return any(item["type"] == name and item["status"] == "True" for item in conditions)
