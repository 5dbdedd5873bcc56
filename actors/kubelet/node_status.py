"""The Node object and its Lease, from the machine's facts. Pure.

Must not know: the API server. Source: core/v1 NodeStatus; Kubernetes docs, "Node Status", "Leases".
"""

from actors.kit.world.containers import Image, RuntimeInfo
from actors.kubelet.machine import MachineInfo
from cluster.api.quantity import canonical
from cluster.api.timestamps import rfc3339, rfc3339_micro
from cluster.api.types import Object
from cluster.limits import NODE_PODS_MAX
from cluster.names import (
    LABEL_ARCH,
    LABEL_HOSTNAME,
    LABEL_OS,
    LABEL_REGION,
    LABEL_ZONE,
    NAMESPACE_NODE_LEASE,
)
from cluster.settings import NodeSettings

KUBELET_VERSION = "v1.37.0"
IMAGES_MAX = 50
# What the node keeps for itself and its engine.
RESERVED_MEMORY = 100 << 20
REGION = "local"


def node_labels(node: NodeSettings, machine: MachineInfo) -> dict[str, str]:
    """The well-known labels that a kubelet sets itself."""
    return {
        "beta.kubernetes.io/arch": machine.architecture,
        "beta.kubernetes.io/os": "linux",
        LABEL_ARCH: machine.architecture,
        LABEL_HOSTNAME: node.name,
        LABEL_OS: "linux",
        LABEL_REGION: REGION,
        LABEL_ZONE: node.zone,
    }


def node_object(node: NodeSettings, machine: MachineInfo) -> Object:
    """The Node as first registered, without status."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": node.name,
            "labels": node_labels(node, machine),
            "annotations": {"volumes.kubernetes.io/controller-managed-attach-detach": "true"},
        },
        "spec": {"podCIDR": node.pod_cidr, "podCIDRs": [node.pod_cidr]},
    }


def capacity(node: NodeSettings, machine: MachineInfo) -> Object:
    """This node's share of the machine."""
    milli = int(machine.cpus * 1000 * node.share)
    return {
        "cpu": canonical(f"{milli}m"),
        "memory": canonical(f"{int(machine.memory * node.share) // 1024}Ki"),
        "ephemeral-storage": canonical(f"{int(machine.storage * node.share) // 1024}Ki"),
        "hugepages-1Gi": "0",
        "hugepages-2Mi": "0",
        "pods": str(NODE_PODS_MAX),
    }


def allocatable(node: NodeSettings, machine: MachineInfo) -> Object:
    """Capacity less what the node keeps for itself."""
    total = int(machine.memory * node.share)
    kept = min(RESERVED_MEMORY, total // 10)
    storage = int(machine.storage * node.share * 0.9)
    return {
        **capacity(node, machine),
        "memory": canonical(f"{(total - kept) // 1024}Ki"),
        "ephemeral-storage": canonical(str(storage)),
    }


def node_status(
    node: NodeSettings,
    machine: MachineInfo,
    runtime: RuntimeInfo,
    images: list[Image],
    problem: str,
    old: Object,
    now: float,
) -> Object:
    """``problem``: why the node is not ready, '' if it is. ``old``: the status before."""
    port = int(node.peer_address.rpartition(":")[2] or 0)
    return {
        "addresses": [
            {"type": "InternalIP", "address": node.address},
            {"type": "Hostname", "address": node.name},
        ],
        "capacity": capacity(node, machine),
        "allocatable": allocatable(node, machine),
        "conditions": node_conditions(problem, old, now),
        "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
        "images": [image_entry(image) for image in biggest(images)],
        "nodeInfo": {
            "architecture": machine.architecture,
            "bootID": machine.boot_id,
            "containerRuntimeVersion": f"{runtime.name}://{runtime.version}",
            "kernelVersion": machine.kernel,
            "kubeProxyVersion": KUBELET_VERSION,
            "kubeletVersion": KUBELET_VERSION,
            "machineID": machine.machine_id,
            "operatingSystem": "linux",
            "osImage": machine.os_image,
            "systemUUID": machine.machine_id,
        },
    }


def node_conditions(problem: str, old: Object, now: float) -> list[Object]:
    """Pressures first, Ready last, as Kubernetes lists them."""
    before = {item["type"]: item for item in old.get("conditions") or ()}
    wanted = [
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "sufficient PID available"),
    ]
    items = [
        condition(kind, value, reason, f"kubelet has {text}", before, now)
        for kind, value, reason, text in wanted
    ]
    if problem:
        items.append(condition("Ready", "False", "KubeletNotReady", problem, before, now))
    else:
        text = "kubelet is posting ready status"
        items.append(condition("Ready", "True", "KubeletReady", text, before, now))
    ours = {item["type"] for item in items}
    return [*(item for kind, item in before.items() if kind not in ours), *items]


def condition(
    kind: str, value: str, reason: str, message: str, before: dict[str, Object], now: float
) -> Object:
    """The transition time is kept while the value is."""
    last = before.get(kind)
    same = last is not None and last.get("status") == value
    since = last.get("lastTransitionTime") if same and last is not None else None
    return {
        "type": kind,
        "status": value,
        "lastHeartbeatTime": rfc3339(now),
        "lastTransitionTime": since or rfc3339(now),
        "reason": reason,
        "message": message,
    }


def same_but_heartbeat(one: Object, other: Object) -> bool:
    """True if two statuses differ in no more than their heartbeat times."""
    return without_heartbeat(one) == without_heartbeat(other)


def without_heartbeat(status: Object) -> Object:
    """For comparison."""
    conditions = [
        {key: value for key, value in item.items() if key != "lastHeartbeatTime"}
        for item in status.get("conditions") or ()
    ]
    return {**status, "conditions": conditions}


def biggest(images: list[Image]) -> list[Image]:
    """The images worth telling the scheduler of."""
    named = [image for image in images if image.tags or image.digests]
    return sorted(named, key=lambda image: (-image.size, image.id))[:IMAGES_MAX]


def image_entry(image: Image) -> Object:
    """ContainerImage."""
    return {"names": [*image.digests, *image.tags], "sizeBytes": image.size}


def lease_object(node: str, node_uid: str, duration: float, now: float) -> Object:
    """The heartbeat. ``duration``: seconds that it holds."""
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": node,
            "namespace": NAMESPACE_NODE_LEASE,
            "ownerReferences": [
                {"apiVersion": "v1", "kind": "Node", "name": node, "uid": node_uid}
            ],
        },
        "spec": {
            "holderIdentity": node,
            "leaseDurationSeconds": int(duration),
            "renewTime": rfc3339_micro(now),
        },
    }
