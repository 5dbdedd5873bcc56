"""Rules: every endpoint that may serve is reachable, none that may not."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from actors.kit.world.packet_filter import Backend, ForwardTable
from actors.kit.world.packet_filter_memory import MemoryPacketFilter
from actors.proxy.rules import NodeView, assemble, service_rules, table_name
from actors.proxy.services import ServiceInfo, parse_service, parse_slice
from cluster.settings import NetworkSettings

NODE = NodeView("n1", "a")
VIP, LB, HOST = "10.96.0.7", "10.245.1.9", "10.245.0.1"


def service(**spec: Any) -> dict[str, Any]:
    base = {
        "clusterIP": VIP,
        "type": "LoadBalancer",
        "ports": [
            {"name": "http", "port": 80, "nodePort": 30080},
            {"name": "dns", "port": 80, "protocol": "UDP", "nodePort": 30080},
        ],
    }
    return {
        "metadata": {"namespace": "d", "name": "web"},
        "spec": base | spec,
        "status": {"loadBalancer": {"ingress": [{"ip": LB}]}},
    }


def endpoint(address: str, node: str = "n1", **conditions: Any) -> dict[str, Any]:
    return {
        "addresses": [address],
        "nodeName": node,
        "zone": conditions.pop("zone", "a"),
        "hints": conditions.pop("hints", None),
        "conditions": conditions or {"ready": True},
    }


def endpoint_slice(*endpoints: dict[str, Any], http: int = 8080) -> dict[str, Any]:
    return {
        "metadata": {
            "namespace": "d",
            "name": "web-1",
            "labels": {"kubernetes.io/service-name": "web"},
        },
        "addressType": "IPv4",
        "ports": [
            {"name": "http", "port": http, "protocol": "TCP"},
            {"name": "dns", "port": 5353, "protocol": "UDP"},
        ],
        "endpoints": list(endpoints),
    }


def info(**spec: Any) -> ServiceInfo:
    found = parse_service(service(**spec))
    assert found is not None
    return found


async def programmed(table: ForwardTable) -> MemoryPacketFilter:
    memory = MemoryPacketFilter(local=(HOST,))
    await memory.apply(table)
    return memory


def make_table(spec: dict[str, Any], *slices: dict[str, Any]) -> ForwardTable:
    parsed = [found for item in slices if (found := parse_slice(item)) is not None]
    rules = service_rules(info(**spec), parsed, NODE)
    return assemble("t", {("d", "web"): rules}, NetworkSettings())


async def test_all_fronts_lead_to_ready_endpoints_by_named_port_and_protocol() -> None:
    memory = await programmed(
        make_table({}, endpoint_slice(endpoint("10.244.1.2"), endpoint("10.244.2.2", "n2")))
    )
    both = {Backend("10.244.1.2", 8080), Backend("10.244.2.2", 8080)}
    for address, port in ((VIP, 80), (LB, 80), (HOST, 30080)):
        assert set(memory.resolve(address, port, "tcp", "10.245.9.9").backends) == both
    udp = memory.resolve(VIP, 80, "udp")
    assert {backend.port for backend in udp.backends} == {5353}
    assert memory.resolve(VIP, 81).outcome == "reject"
    assert memory.resolve("8.8.8.8", 80).outcome == "pass"


async def test_external_local_keeps_to_this_node_but_not_for_pods() -> None:
    table = make_table(
        {"externalTrafficPolicy": "Local"},
        endpoint_slice(endpoint("10.244.1.2"), endpoint("10.244.2.2", "n2")),
    )
    memory = await programmed(table)
    for address, port in ((LB, 80), (HOST, 30080)):
        found = memory.resolve(address, port, source="10.245.9.9")
        assert found.backends == (Backend("10.244.1.2", 8080),)
        assert not found.masquerade
        assert len(memory.resolve(address, port, source="10.244.3.3").backends) == 2
    assert len(memory.resolve(VIP, 80, source="10.244.3.3").backends) == 2


async def test_local_policies_without_a_local_endpoint_drop() -> None:
    spec = {"externalTrafficPolicy": "Local", "internalTrafficPolicy": "Local"}
    memory = await programmed(make_table(spec, endpoint_slice(endpoint("10.244.2.2", "n2"))))
    assert memory.resolve(VIP, 80, source="10.244.1.9").outcome == "drop"
    assert memory.resolve(HOST, 30080, source="10.245.9.9").outcome == "drop"
    empty = await programmed(make_table(spec))
    assert empty.resolve(VIP, 80).outcome == "reject"
    assert empty.resolve(HOST, 30080, source="10.245.9.9").outcome == "reject"


async def test_terminating_endpoints_serve_only_when_no_other_does() -> None:
    leaving = endpoint("10.244.1.3", ready=False, serving=True, terminating=True)
    dead = endpoint("10.244.1.4", ready=False, serving=False, terminating=True)
    memory = await programmed(make_table({}, endpoint_slice(leaving, dead)))
    assert memory.resolve(VIP, 80).backends == (Backend("10.244.1.3", 8080),)
    memory = await programmed(make_table({}, endpoint_slice(leaving, endpoint("10.244.1.2"))))
    assert memory.resolve(VIP, 80).backends == (Backend("10.244.1.2", 8080),)


async def test_hints_are_followed_only_if_complete_and_not_to_nowhere() -> None:
    here = endpoint("10.244.1.2", zone="a", ready=True, hints={"forZones": [{"name": "a"}]})
    away = endpoint("10.244.2.2", "n2", zone="b", ready=True, hints={"forZones": [{"name": "b"}]})
    bare = endpoint("10.244.3.2", "n3", zone="c", ready=True)
    memory = await programmed(make_table({}, endpoint_slice(here, away)))
    assert memory.resolve(VIP, 80).backends == (Backend("10.244.1.2", 8080),)
    memory = await programmed(make_table({}, endpoint_slice(here, away, bare)))
    assert len(memory.resolve(VIP, 80).backends) == 3
    memory = await programmed(make_table({}, endpoint_slice(away)))
    assert len(memory.resolve(VIP, 80).backends) == 1


def test_headless_and_external_names_need_no_rules() -> None:
    assert parse_service(service(clusterIP="None", clusterIPs=["None"])) is None
    assert parse_service(service(type="ExternalName", clusterIP="")) is None
    assert parse_slice({**endpoint_slice(), "addressType": "IPv6"}) is None


def test_affinity_and_names() -> None:
    rules = service_rules(info(sessionAffinity="ClientIP"), [], NODE)
    assert all(forward.sticky for forward in rules.forwards.values())
    assert table_name("my-cluster.1") == "steersman_proxy_my_cluster_1"


conditions = st.fixed_dictionaries(
    {"ready": st.booleans(), "serving": st.booleans(), "terminating": st.booleans()}
)
endpoints = st.lists(
    st.tuples(st.integers(1, 3), st.integers(2, 6), conditions),
    max_size=8,
    unique_by=lambda item: (item[0], item[1]),
)


@given(endpoints, st.booleans(), st.booleans())
def test_reachable_is_exactly_what_may_serve(
    drawn: list[tuple[int, int, dict[str, bool]]], internal_local: bool, external_local: bool
) -> None:
    items = [endpoint(f"10.244.{node}.{host}", f"n{node}", **state) for node, host, state in drawn]
    table = make_table(
        {
            "internalTrafficPolicy": "Local" if internal_local else "Cluster",
            "externalTrafficPolicy": "Local" if external_local else "Cluster",
        },
        endpoint_slice(*items),
    )
    for front, local in (((VIP, "tcp", 80), internal_local), (("", "tcp", 30080), external_local)):
        scope = [item for item in drawn if not local or item[0] == 1]
        ready = [item for item in scope if item[2]["ready"]]
        fallback = [item for item in scope if item[2]["serving"] and item[2]["terminating"]]
        allowed = {f"10.244.{node}.{host}" for node, host, _ in (ready or fallback)}
        forward = table.forwards[front]  # type: ignore[index]
        assert {backend.address for backend in forward.backends} == allowed


def test_endpoints_that_do_not_answer_are_left_out_unless_none_does() -> None:
    item = parse_slice(endpoint_slice(endpoint("10.244.1.2"), endpoint("10.244.2.2", "n2")))
    assert item is not None

    def chosen(*dead: str) -> list[str]:
        rules = service_rules(info(), [item], NODE, dead)
        return [end.address for end in rules.forwards[(VIP, "tcp", 80)].backends]

    assert chosen() == ["10.244.1.2", "10.244.2.2"]
    assert chosen("10.244.2.2", "10.244.9.9") == ["10.244.1.2"]
    assert chosen("10.244.2.2", "10.244.1.2") == ["10.244.1.2", "10.244.2.2"]
