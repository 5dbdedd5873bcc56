"""Services, nodes and slices for cloud tests."""

from typing import Any

Object = dict[str, Any]


def balanced(name: str = "web", **spec: Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"namespace": "default", "name": name},
        "spec": {
            "type": "LoadBalancer",
            "ports": [{"port": 80, "nodePort": 30080, "protocol": "TCP"}],
            **spec,
        },
    }


def ready_node(name: str, address: str, ready: bool = True, **meta: Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, **meta},
        "spec": {},
        "status": {
            "capacity": {"cpu": "2", "memory": "8058240Ki"},
            "addresses": [{"type": "InternalIP", "address": address}],
            "conditions": [{"type": "Ready", "status": "True" if ready else "Unknown"}],
        },
    }


def fresh_node(name: str) -> Object:
    """As a kubelet registers with an external cloud provider."""
    taint = {
        "key": "node.cloudprovider.kubernetes.io/uninitialized",
        "value": "true",
        "effect": "NoSchedule",
    }
    made = ready_node(name, "")
    made["status"]["addresses"] = []
    made["spec"]["taints"] = [taint, {"key": "other", "effect": "NoSchedule"}]
    return made


def slice_on(*nodes: str, service: str = "web") -> Object:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "namespace": "default",
            "name": f"{service}-x",
            "labels": {"kubernetes.io/service-name": service},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.244.9.9"], "nodeName": name} for name in nodes],
    }
