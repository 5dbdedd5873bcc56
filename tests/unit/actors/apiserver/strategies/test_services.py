"""What services hold, carry over, and let go."""

from typing import Any

from actors.apiserver.strategies.services import STRATEGY, reservations
from cluster.api.types import Object


def service(**spec: Any) -> Object:
    return {"metadata": {"name": "s", "namespace": "default"}, "spec": spec}


def test_reservations_are_what_the_service_uses() -> None:
    ports = [{"port": 80, "nodePort": 30080}, {"port": 81, "nodePort": 30080}]
    full = service(type="NodePort", clusterIP="10.0.0.1", clusterIPs=["10.0.0.1"], ports=ports)
    assert reservations(full) == {
        "/allocations/clusterip/10.0.0.1",
        "/allocations/nodeport/30080",
    }
    assert reservations(service(clusterIP="None")) == frozenset()
    assert reservations(service(type="ExternalName", externalName="x")) == frozenset()


def test_an_update_without_addresses_keeps_them() -> None:
    old = service(
        type="NodePort",
        clusterIP="10.0.0.1",
        clusterIPs=["10.0.0.1"],
        ports=[{"port": 80, "protocol": "TCP", "nodePort": 30080}],
    )
    new = service(type="NodePort", ports=[{"port": 80, "protocol": "TCP"}, {"port": 81}])
    STRATEGY.update(new, old)
    assert new["spec"]["clusterIP"] == "10.0.0.1"
    assert new["spec"]["ports"][0]["nodePort"] == 30080
    assert "nodePort" not in new["spec"]["ports"][1]


def test_a_change_of_type_lets_go() -> None:
    old = service(
        type="NodePort",
        clusterIP="10.0.0.1",
        clusterIPs=["10.0.0.1"],
        externalTrafficPolicy="Cluster",
        ports=[{"port": 80, "nodePort": 30080}],
    )
    plain = service(
        type="ClusterIP",
        clusterIP="10.0.0.1",
        externalTrafficPolicy="Cluster",
        ports=[{"port": 80, "nodePort": 30080}],
    )
    STRATEGY.update(plain, old)
    assert plain["spec"]["ports"] == [{"port": 80}]
    assert "externalTrafficPolicy" not in plain["spec"]
    named = service(
        type="ExternalName", externalName="x", clusterIP="10.0.0.1", clusterIPs=["10.0.0.1"]
    )
    STRATEGY.update(named, old)
    assert "clusterIP" not in named["spec"]
    assert reservations(named) == frozenset()


def test_headless() -> None:
    obj = service(clusterIP="None")
    STRATEGY.create(obj, 0.0)
    assert obj["spec"]["clusterIPs"] == ["None"]
