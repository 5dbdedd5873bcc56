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
        ports=[{"name": "a", "port": 80, "protocol": "TCP", "nodePort": 30080}],
    )
    new = service(type="NodePort", ports=[{"name": "a", "port": 82}, {"name": "b", "port": 81}])
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
    assert obj["spec"]["ipFamilies"] == ["IPv4", "IPv6"]
    assert obj["spec"]["ipFamilyPolicy"] == "RequireDualStack"


def test_one_family_but_for_who_gets_no_address() -> None:
    for spec in ({}, {"clusterIP": "10.0.0.1"}, {"clusterIP": "None", "selector": {"a": "b"}}):
        obj = service(**spec)
        STRATEGY.create(obj, 0.0)
        assert obj["spec"]["ipFamilies"] == ["IPv4"], spec
        assert obj["spec"]["ipFamilyPolicy"] == "SingleStack"


def test_what_the_cluster_has_not_stays_unsaid() -> None:
    obj = service(clusterIP="fd00::1")
    STRATEGY.create(obj, 0.0)
    assert "ipFamilies" not in obj["spec"]


def test_a_headless_service_gives_up_its_second_family() -> None:
    old = service(clusterIP="None")
    STRATEGY.create(old, 0.0)
    new = service(**{**old["spec"], "ipFamilyPolicy": "SingleStack"})
    STRATEGY.update(new, old)
    assert new["spec"]["ipFamilies"] == ["IPv4"]
    same = service(clusterIP="None")
    STRATEGY.update(same, old)
    assert same["spec"]["ipFamilies"] == ["IPv4", "IPv6"]


def test_nothing_is_kept_of_what_says_nothing() -> None:
    said = {"clusterIP": "", "healthCheckNodePort": 0, "ports": [{"port": 1, "nodePort": 0}]}
    obj = service(type="ExternalName", externalName="a", **said)
    STRATEGY.create(obj, 0.0)
    assert obj["spec"] == {"type": "ExternalName", "externalName": "a", "ports": [{"port": 1}]}


def test_the_list_follows_the_address() -> None:
    old = service(clusterIP="10.0.0.1", clusterIPs=["10.0.0.1"])
    new = service(clusterIP="10.0.0.2")
    STRATEGY.update(new, old)
    assert new["spec"]["clusterIPs"] == ["10.0.0.2"]


def test_a_node_port_that_another_port_took_is_not_given_again() -> None:
    old = service(type="NodePort", ports=[{"name": "a", "port": 1, "nodePort": 30001}])
    ports = [{"name": "a", "port": 1}, {"name": "b", "port": 2, "nodePort": 30001}]
    new = service(type="NodePort", ports=ports)
    STRATEGY.update(new, old)
    assert "nodePort" not in new["spec"]["ports"][0]


def balancer(**spec: Any) -> Object:
    return service(
        type="LoadBalancer",
        allocateLoadBalancerNodePorts=True,
        externalTrafficPolicy="Local",
        healthCheckNodePort=30200,
        loadBalancerClass="a/b",
        **spec,
    )


def test_a_balancer_that_is_none_any_more_lets_go_what_nobody_changed() -> None:
    new = balancer()
    new["spec"]["type"] = "ClusterIP"
    STRATEGY.update(new, {**balancer(), "status": {"loadBalancer": {"ingress": [{}]}}})
    for name in (
        "allocateLoadBalancerNodePorts",
        "externalTrafficPolicy",
        "healthCheckNodePort",
        "loadBalancerClass",
    ):
        assert name not in new["spec"]
    changed = balancer()
    changed["spec"].update(type="ClusterIP", externalTrafficPolicy="Cluster")
    STRATEGY.update(changed, balancer())
    assert changed["spec"]["externalTrafficPolicy"] == "Cluster"


def test_who_has_addresses_outside_keeps_the_policy_of_their_traffic() -> None:
    new = balancer(externalIPs=["198.51.100.7"])
    new["spec"]["type"] = "ClusterIP"
    STRATEGY.update(new, balancer(externalIPs=["198.51.100.7"]))
    assert new["spec"]["externalTrafficPolicy"] == "Local"
    old = service(externalIPs=["198.51.100.7"], externalTrafficPolicy="Cluster")
    without = service(externalTrafficPolicy="Cluster")
    STRATEGY.update(without, old)
    assert "externalTrafficPolicy" not in without["spec"]


def test_a_new_service_is_told_what_it_may_not_say() -> None:
    obj = service(healthCheckNodePort=30200, allocateLoadBalancerNodePorts=True)
    STRATEGY.create(obj, 0.0)
    assert obj["spec"]["healthCheckNodePort"] == 30200
    assert obj["spec"]["allocateLoadBalancerNodePorts"] is True


def test_the_status_of_who_is_no_balancer_is_emptied() -> None:
    new = {**service(), "status": {"loadBalancer": {"ingress": [{"ip": "10.0.0.9"}]}}}
    STRATEGY.update(new, service())
    assert new["status"] == {"loadBalancer": {}}


def test_an_address_of_a_balancer_has_a_mode() -> None:
    old = balancer()
    given = {**balancer(), "status": {"loadBalancer": {"ingress": [{"ip": "10.0.0.9"}]}}}
    new = STRATEGY.parts["status"](given, old, 0.0)
    assert new["status"]["loadBalancer"]["ingress"] == [{"ip": "10.0.0.9", "ipMode": "VIP"}]
