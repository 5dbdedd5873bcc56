"""Rules of pods: the first status, quality of service, graceful deletion, binding. Pure.

Source: docs "Pod Lifecycle", Termination of Pods; "Pod Quality of Service Classes".
"""

from collections.abc import Sequence

from actors.apiserver.call import DeleteOptions
from actors.apiserver.strategies.strategy import MARKS, Strategy, prepare_status_update
from cluster.api import status
from cluster.api.kinds import Kind
from cluster.api.pod_creation import fill_in_pod
from cluster.api.pod_qos import qos_class
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object

GRACE_SECONDS_DEFAULT = 30
_OF_RESIZE = ("resources", "resizePolicy")
_SEEN = "observedGeneration"


def _create(obj: Object, now: float) -> None:
    fill_in_pod(obj)
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


def with_ephemeral_containers(obj: Object, old: Object) -> Object:
    """The live pod with the ephemeral containers of ``obj``: nothing else is taken."""
    spec = {**(old.get("spec") or {})}
    spec.pop("ephemeralContainers", None)
    given = (obj.get("spec") or {}).get("ephemeralContainers")
    if given:
        spec["ephemeralContainers"] = given
    return {**old, "metadata": _own_metadata(obj, old), "spec": spec}


def with_resized_containers(obj: Object, old: Object) -> Object:
    """The live pod with the resources of ``obj``, its own and those of its containers, and their
    resize policies: nothing else is taken. What is no container of the live pod stays, for
    validation to refuse."""
    spec = {**(old.get("spec") or {})}
    spec.pop("resources", None)
    if "resources" in (obj.get("spec") or {}):
        spec["resources"] = obj["spec"]["resources"]
    for kind in ("initContainers", "containers"):
        given = (obj.get("spec") or {}).get(kind)
        if given is not None and (given or kind in spec):
            live = {item.get("name"): item for item in spec.get(kind) or ()}
            spec[kind] = [_resized(item, live.get(item.get("name"))) for item in given]
        else:
            spec.pop(kind, None)
    return {**old, "metadata": _own_metadata(obj, old), "spec": spec}


def _own_metadata(obj: Object, old: Object) -> Object:
    """What a write of a part leaves as it is, but who wrote what."""
    metadata = {**old["metadata"]}
    if "managedFields" in obj["metadata"]:
        metadata["managedFields"] = obj["metadata"]["managedFields"]
    return metadata


def _resized(given: Object, live: Object | None) -> Object:
    if live is None:
        return given
    taken = {name: given[name] for name in _OF_RESIZE if name in given}
    return {**{key: value for key, value in live.items() if key not in _OF_RESIZE}, **taken}


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


def with_status(obj: Object, old: Object, now: float) -> Object:
    """The live pod with the status of ``obj``. Writers that do not know a field do not take it
    away: the quality of service, and which generation was looked at. Of the addresses, the one that
    is alone counts, for writers that know but one."""
    updated = prepare_status_update(obj, old, _WITH_METADATA)
    before, status = old.get("status") or {}, dict(updated["status"])
    for name in ("qosClass", _SEEN):
        if not status.get(name) and before.get(name):
            status[name] = before[name]
    if status.get("conditions"):
        status["conditions"] = _looked_at(before.get("conditions") or (), status["conditions"])
    address, addresses = status.get("podIP"), status.get("podIPs") or []
    if address and (not addresses or addresses[0].get("ip") != address):
        status["podIPs"] = [{"ip": address}]
    elif addresses and addresses[0].get("ip"):
        status["podIP"] = addresses[0]["ip"]
    updated["status"] = status
    return updated


def _looked_at(before: Sequence[Object], conditions: Sequence[Object]) -> list[Object]:
    """Of conditions of one type the first is that which was the first, and so on."""
    known: dict[str | None, list[int]] = {}
    for item in before:
        known.setdefault(item.get("type"), []).append(item.get(_SEEN) or 0)
    found = []
    for item in conditions:
        generations = known.get(item.get("type"))
        seen = generations.pop(0) if generations else 0
        found.append({**item, _SEEN: seen} if seen and not item.get(_SEEN) else item)
    return found


_WITH_METADATA = Strategy(status_metadata=(*MARKS, "finalizers"))
STRATEGY = Strategy(
    generation=True,
    returns_deleted=True,
    create=_create,
    grace=grace,
    parts={"status": with_status},
)
