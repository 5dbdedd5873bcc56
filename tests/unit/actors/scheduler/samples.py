"""Nodes and pods for scheduler tests, and an independent judge of placements."""

from collections.abc import Iterable
from typing import Any

from actors.scheduler.node_snapshot import Snapshot
from actors.scheduler.pod_info import PodInfo, parse_pod

Object = dict[str, Any]


def node(name: str, zone: str = "a", cpu: str = "4", memory: str = "8Gi", **more: Any) -> Object:
    labels = {
        "kubernetes.io/hostname": name,
        "topology.kubernetes.io/zone": zone,
        **more.pop("labels", {}),
    }
    room = {"cpu": cpu, "memory": memory, "pods": "110", **more.pop("extra", {})}
    return {
        "metadata": {"name": name, "labels": labels, "uid": f"uid-{name}"},
        "spec": more,
        "status": {"allocatable": room, "capacity": room},
    }


def pod(name: str, cpu: str = "", memory: str = "", **spec: Any) -> Object:
    """``labels``, ``owner``, ``namespace`` go to the metadata, the rest to the spec."""
    requests = {key: value for key, value in (("cpu", cpu), ("memory", memory)) if value}
    meta: Object = {
        "name": name,
        "namespace": spec.pop("namespace", "default"),
        "uid": spec.pop("uid", f"uid-{name}"),
        "labels": spec.pop("labels", {}),
    }
    owner = spec.pop("owner", "")
    if owner:
        meta["ownerReferences"] = [{"uid": owner, "controller": True, "kind": "ReplicaSet"}]
    container: Object = {"name": "main", "image": "web", "resources": {"requests": requests}}
    if "ports" in spec:
        container["ports"] = spec.pop("ports")
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": meta,
        "spec": {"containers": [container], **spec},
        "status": {"phase": "Pending"},
    }


def info(name: str, **spec: Any) -> PodInfo:
    return parse_pod(pod(name, **spec))


def make_snapshot(nodes: Iterable[Object], placed: Iterable[tuple[Object, str]] = ()) -> Snapshot:
    snapshot = Snapshot()
    for item in nodes:
        snapshot.set_node(item)
    for item, name in placed:
        snapshot.place(parse_pod(item), name)
    return snapshot


def spread(key: str, skew: int = 1, hard: bool = True, **labels: str) -> Object:
    return {
        "topologyKey": key,
        "maxSkew": skew,
        "whenUnsatisfiable": "DoNotSchedule" if hard else "ScheduleAnyway",
        "labelSelector": {"matchLabels": labels},
    }


def pod_affinity(kind: str, key: str, **labels: str) -> Object:
    """``kind``: podAffinity or podAntiAffinity."""
    term = {"topologyKey": key, "labelSelector": {"matchLabels": labels}}
    return {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
