"""Environments."""

import base64
from typing import Any

import pytest

from actors.kubelet.downward import ConfigFault, PodFacts
from actors.kubelet.env import EnvSources, Reference, env_references, environment
from cluster.api.types import Object

FACTS = PodFacts("node-1", "10.245.0.1", "10.244.1.2", {"cpu": "2", "memory": "4Gi"})


def pod_with(spec: Object, **fields: Any) -> Object:
    meta = {"name": "web", "namespace": "shop", "uid": "u", "labels": {"a.b/c": "x", "z": 'q"'}}
    return {"metadata": meta, "spec": {"containers": [spec], **fields}}


def env_of(spec: Object, objects: dict[Reference, Object | None] | None = None) -> dict[str, str]:
    spec = {"name": "main", **spec}
    return environment(pod_with(spec), spec, EnvSources(FACTS, objects or {}))


def field(name: str, path: str) -> Object:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def resource(name: str, what: str, divisor: str = "0") -> Object:
    reference = {"resource": what, "divisor": divisor}
    return {"name": name, "valueFrom": {"resourceFieldRef": reference}}


def test_fields() -> None:
    env = [
        field("NAME", "metadata.name"),
        field("LABEL", "metadata.labels['a.b/c']"),
        field("LABELS", "metadata.labels"),
        field("NODE", "spec.nodeName"),
        field("IP", "status.podIP"),
        field("HOST", "status.hostIP"),
    ]
    assert env_of({"env": env}) == {
        "NAME": "web",
        "LABEL": "x",
        "LABELS": 'a.b/c="x"\nz="q\\""',
        "NODE": "node-1",
        "IP": "10.244.1.2",
        "HOST": "10.245.0.1",
    }
    with pytest.raises(ConfigFault, match="unsupported fieldPath"):
        env_of({"env": [field("X", "spec.containers")]})


def test_resources() -> None:
    resources = {"requests": {"cpu": "250m"}, "limits": {"memory": "100Mi"}}
    env = [
        resource("CPU", "requests.cpu"),
        resource("MILLI", "requests.cpu", "1m"),
        resource("MEMORY", "limits.memory", "1Mi"),
        resource("CPU_LIMIT", "limits.cpu"),
        resource("MEMORY_REQUEST", "requests.memory"),
    ]
    assert env_of({"env": env, "resources": resources}) == {
        "CPU": "1",
        "MILLI": "250",
        "MEMORY": "100",
        "CPU_LIMIT": "2",
        "MEMORY_REQUEST": "0",
    }
    with pytest.raises(ConfigFault, match="unsupported container resource"):
        env_of({"env": [resource("X", "cpu")]})


def test_config_maps_and_secrets() -> None:
    secret = {"data": {"password": base64.b64encode(b"hidden").decode()}}
    config = {"metadata": {"name": "c"}, "data": {"colour": "blue", "bad=key": "x", "size": "4"}}
    objects: dict[Reference, Object | None] = {("configmap", "c"): config, ("secret", "s"): secret}
    spec = {
        "envFrom": [{"configMapRef": {"name": "c"}, "prefix": "C_"}, {"secretRef": {"name": "s"}}],
        "env": [
            {"name": "ONE", "valueFrom": {"secretKeyRef": {"name": "s", "key": "password"}}},
            {"name": "TWO", "value": "$(ONE)/$(C_colour)/$(LATER)"},
            {"name": "LATER", "value": "x"},
            {"name": "C_size", "value": "5"},
        ],
    }
    assert env_of(spec, objects) == {
        "C_colour": "blue",
        "C_size": "5",
        "password": "hidden",
        "ONE": "hidden",
        "TWO": "hidden/blue/$(LATER)",
        "LATER": "x",
    }
    assert env_references(spec) == {("configmap", "c"), ("secret", "s")}


def test_missing_references() -> None:
    reference = {"name": "none", "key": "k"}
    item = {"name": "A", "valueFrom": {"configMapKeyRef": reference}}
    with pytest.raises(ConfigFault, match='configmap "none" not found'):
        env_of({"env": [item]}, {("configmap", "none"): None})
    optional = {"name": "A", "valueFrom": {"configMapKeyRef": {**reference, "optional": True}}}
    assert env_of({"env": [optional]}, {("configmap", "none"): None}) == {}
    found = {"metadata": {"name": "none", "namespace": "shop"}, "data": {}}
    with pytest.raises(ConfigFault, match="couldn't find key k in ConfigMap shop/none"):
        env_of({"env": [item]}, {("configmap", "none"): found})
    with pytest.raises(ConfigFault, match='secret "s" not found'):
        env_of({"envFrom": [{"secretRef": {"name": "s"}}]}, {})
    assert env_of({"envFrom": [{"secretRef": {"name": "s", "optional": True}}]}, {}) == {}


def service(name: str, namespace: str, address: str, *ports: Object) -> Object:
    meta = {"name": name, "namespace": namespace}
    return {"metadata": meta, "spec": {"clusterIP": address, "ports": list(ports)}}


def test_service_links() -> None:
    spec = {"name": "main", "env": [{"name": "URL", "value": "$(MY_WEB_SERVICE_HOST)"}]}
    http = {"port": 80, "name": "http"}
    services = [
        service("my-web", "shop", "10.96.0.5", http, {"port": 53, "protocol": "UDP"}),
        service("kubernetes", "default", "10.96.0.1", {"port": 443, "name": "https"}),
        service("headless", "shop", "None", {"port": 1}),
        service("other", "elsewhere", "10.96.0.9", {"port": 1}),
    ]
    found = environment(pod_with(spec), spec, EnvSources(FACTS, services=services))
    assert found["MY_WEB_SERVICE_HOST"] == found["URL"] == "10.96.0.5"
    assert found["MY_WEB_SERVICE_PORT_HTTP"] == "80"
    assert found["MY_WEB_PORT"] == "tcp://10.96.0.5:80"
    assert found["MY_WEB_PORT_53_UDP_ADDR"] == "10.96.0.5"
    assert found["KUBERNETES_SERVICE_PORT"] == "443"
    assert not any(name.startswith(("HEADLESS", "OTHER")) for name in found)
    without = pod_with(spec, enableServiceLinks=False)
    names = environment(without, spec, EnvSources(FACTS, services=services))
    assert "KUBERNETES_SERVICE_HOST" in names and "MY_WEB_SERVICE_HOST" not in names
