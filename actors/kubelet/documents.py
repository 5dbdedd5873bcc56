"""What the kubelet tells of itself, by path: health, pods, settings, metrics. Pure.

Source: docs "Kubelet authentication/authorization" (paths), "Metrics For Kubernetes Components"
(names). Must not know: who asks.
"""

from collections.abc import Sequence

import orjson

from cluster.api.types import Object
from cluster.messages.kubelet import NodeDocument
from cluster.settings import NodeSettings

JSON = "application/json"
METRICS = "text/plain; version=0.0.4; charset=utf-8"


def answer(path: str, node: NodeSettings, problem: str, pods: Sequence[Object]) -> NodeDocument:
    """``problem``: why the node is not ready, '' if it is; ``pods``: API objects of its own."""
    match path.strip("/").split("/"):
        case ["healthz"] | ["healthz", "ping"]:
            return NodeDocument(500, problem.encode()) if problem else NodeDocument(200, b"ok")
        case ["pods"]:
            listed = {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": list(pods)}
            return NodeDocument(200, orjson.dumps(listed), JSON)
        case ["configz"]:
            return NodeDocument(200, orjson.dumps({"kubeletconfig": _config(node)}), JSON)
        case ["metrics"]:
            return NodeDocument(200, _metrics(node, pods), METRICS)
    return NodeDocument(404, b"404 page not found\n")


def _config(node: NodeSettings) -> Object:
    return {
        "kind": "KubeletConfiguration",
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "address": node.address,
        "podCIDR": node.pod_cidr,
        "streamingConnectionIdleTimeout": "4h0m0s",
    }


def _metrics(node: NodeSettings, pods: Sequence[Object]) -> bytes:
    phases: dict[str, int] = {}
    for pod in pods:
        phase = str((pod.get("status") or {}).get("phase") or "Pending")
        phases[phase] = phases.get(phase, 0) + 1
    containers = sum(
        "running" in (item.get("state") or {})
        for pod in pods
        for item in (pod.get("status") or {}).get("containerStatuses") or ()
    )
    return "\n".join(
        (
            "# HELP kubelet_node_name The node's name. The count is always 1.",
            "# TYPE kubelet_node_name gauge",
            f'kubelet_node_name{{node="{node.name}"}} 1',
            "# HELP kubelet_running_pods Number of pods that have a running pod sandbox",
            "# TYPE kubelet_running_pods gauge",
            f"kubelet_running_pods {phases.get('Running', 0)}",
            "# HELP kubelet_running_containers Number of containers currently running",
            "# TYPE kubelet_running_containers gauge",
            f'kubelet_running_containers{{container_state="running"}} {containers}',
            "",
        )
    ).encode()
