"""Which addresses and ports stand behind a Service."""

from typing import Any

from actors.controllers.service_endpoints import (
    Port,
    backends_of,
    node_keys,
    pod_keys,
    ports_for,
)
from cluster.api.resources import NODES, PODS, SERVICES
from cluster.api.types import Object
from tests.unit.actors.controllers.views import make_view


def service(**spec: Any) -> Object:
    base: Object = {"selector": {"app": "web"}, "clusterIP": "10.96.0.5"}
    base["ports"] = [{"name": "http", "port": 80, "targetPort": "web", "protocol": "TCP"}]
    return {"metadata": {"name": "web", "namespace": "default"}, "spec": {**base, **spec}}


def pod(name: str, ip: str = "10.244.0.1", ready: bool = True, **extra: Any) -> Object:
    meta: Object = {"name": name, "namespace": "default", "labels": {"app": "web"}}
    meta.update(extra.pop("meta", {}))
    container = {"name": "c", "ports": [{"name": "web", "containerPort": 8080}]}
    spec = {"nodeName": "n1", "containers": [container], **extra.pop("spec", {})}
    status: Object = {"phase": extra.pop("phase", "Running")}
    if ip:
        status["podIP"] = ip
    status["conditions"] = [{"type": "Ready", "status": "True" if ready else "False"}]
    return {"metadata": meta, "spec": spec, "status": status}


def node(zone: str = "a") -> Object:
    return {"metadata": {"name": "n1", "labels": {"topology.kubernetes.io/zone": zone}}}


def conditions(*pods: Object, **spec: Any) -> list[tuple[str, bool, bool, bool]]:
    view = make_view(*((PODS, item) for item in pods), (NODES, node()))
    found = backends_of(service(**spec), view)
    return [
        (item.pod["metadata"]["name"], item.ready, item.serving, item.terminating) for item in found
    ]


def test_conditions() -> None:
    going = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
    found = conditions(
        pod("a"),
        pod("b", ready=False),
        pod("c", meta=going),
        pod("d", ip=""),
        pod("e", phase="Failed"),
        pod("f", meta={"labels": {"app": "other"}}),
    )
    assert found == [
        ("a", True, True, False),
        ("b", False, False, False),
        ("c", False, True, True),
    ]
    assert conditions(pod("b", ready=False), publishNotReadyAddresses=True) == [
        ("b", True, False, False)
    ]


def test_where_a_pod_is() -> None:
    view = make_view((PODS, pod("a")), (NODES, node("zone-b")))
    (backend,) = backends_of(service(), view)
    assert (backend.node, backend.zone, backend.hostname) == ("n1", "zone-b", "")
    named = pod("a", spec={"hostname": "first", "subdomain": "web"})
    (backend,) = backends_of(service(), make_view((PODS, named), resources=(NODES,)))
    assert (backend.hostname, backend.zone) == ("first", "")


def test_ports() -> None:
    assert ports_for(service(), pod("a")) == (Port("http", "TCP", 8080),)
    plain = service(ports=[{"port": 53, "protocol": "UDP"}, {"port": 80, "targetPort": 81}])
    assert ports_for(plain, pod("a")) == (Port("", "UDP", 53), Port("", "TCP", 81))
    missing = service(ports=[{"port": 80, "targetPort": "admin"}])
    assert ports_for(missing, pod("a")) == ()
    sidecar = {"restartPolicy": "Always", "ports": [{"name": "admin", "containerPort": 9}]}
    assert ports_for(missing, pod("a", spec={"initContainers": [sidecar]})) == (Port("", "TCP", 9),)


def test_the_address_family() -> None:
    both = pod("a")
    both["status"]["podIPs"] = [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}]
    view = make_view((PODS, both), resources=(NODES,))
    assert [item.address for item in backends_of(service(), view, "IPv6")] == ["fd00::1"]
    assert [item.address for item in backends_of(service(), view)] == ["10.0.0.1"]


def test_what_wakes_the_service() -> None:
    view = make_view((SERVICES, service()), (PODS, pod("a")), (NODES, node()))
    key = ("default", "web")
    assert list(pod_keys(view, None, pod("a"))) == [key]
    restarted = pod("a")
    restarted["status"]["containerStatuses"] = [{"restartCount": 3}]
    assert list(pod_keys(view, pod("a"), restarted)) == []
    assert list(pod_keys(view, pod("a"), pod("a", ready=False))) == [key]
    relabelled = pod("a", meta={"labels": {"app": "other"}})
    assert list(pod_keys(view, pod("a"), relabelled)) == [key]
    assert list(pod_keys(view, relabelled, None)) == []
    assert list(node_keys(view, node("a"), node("b"))) == [key]
    assert list(node_keys(view, node("a"), node("a"))) == []
