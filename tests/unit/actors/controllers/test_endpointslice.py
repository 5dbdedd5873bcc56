"""EndpointSlices: few writes, full slices, no gap while endpoints move."""

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from actors.controllers.endpointslice import (
    ENDPOINTS_MAX,
    LABEL_HEADLESS,
    LABEL_MANAGED_BY,
    MANAGER,
    plan,
)
from actors.controllers.plan import Create, Delete, Update
from cluster.api.resources import DEPLOYMENTS, ENDPOINT_SLICES, ENDPOINTS, NODES, PODS, SERVICES
from cluster.api.types import Object
from tests.unit.actors.client.harness import until
from tests.unit.actors.controllers.cluster import Cluster, in_cluster, make_deployment
from tests.unit.actors.controllers.test_service_endpoints import pod, service
from tests.unit.actors.controllers.views import NOW, make_view

KEY = ("default", "web")


def run(*objects: Any) -> list[Any]:
    return plan(KEY, make_view(*objects, resources=(SERVICES, PODS, NODES, ENDPOINT_SLICES)), NOW)


def settle(objects: list[Any], slices: dict[str, Object]) -> dict[str, Object]:
    """Carry plans out until there is nothing to do; returns the slices by name."""
    for _ in range(5):
        actions = run(*objects, *((ENDPOINT_SLICES, item) for item in slices.values()))
        if not actions:
            return slices
        for action in actions:
            match action:
                case Create(obj=obj):
                    name = f"web-{len(slices)}-{len(str(obj))}"
                    slices[name] = {**obj, "metadata": {**obj["metadata"], "name": name}}
                case Update(obj=obj):
                    slices[obj["metadata"]["name"]] = obj
                case Delete(name=name):
                    del slices[name]
    raise AssertionError("the plans do not come to rest")


def addresses(slices: dict[str, Object]) -> list[str]:
    return sorted(
        address
        for item in slices.values()
        for endpoint in item["endpoints"]
        for address in endpoint["addresses"]
    )


def many(count: int, first: int = 0) -> list[Any]:
    return [
        (PODS, pod(f"p{n:03}", f"10.244.{n // 250}.{n % 250 + 1}"))
        for n in range(first, first + count)
    ]


def test_one_slice_with_all_that_clients_read() -> None:
    (create,) = run((SERVICES, service()), (PODS, pod("a")))
    made = create.obj
    assert made["metadata"]["generateName"] == "web-"
    labels = made["metadata"]["labels"]
    assert labels == {"kubernetes.io/service-name": "web", LABEL_MANAGED_BY: MANAGER}
    assert made["metadata"]["ownerReferences"][0]["kind"] == "Service"
    assert made["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
    (endpoint,) = made["endpoints"]
    assert endpoint["targetRef"]["uid"] == "uid-a" and endpoint["nodeName"] == "n1"


def test_slices_are_filled_and_emptied_slices_go() -> None:
    slices = settle([(SERVICES, service()), *many(250)], {})
    assert sorted(len(item["endpoints"]) for item in slices.values()) == [50, 100, 100]
    assert len(addresses(slices)) == 250
    fewer = settle([(SERVICES, service()), *many(30)], slices)
    assert len(addresses(fewer)) == 30
    none = settle([(SERVICES, service())], fewer)
    assert [item["endpoints"] for item in none.values()] == [[]]
    again = settle([(SERVICES, service()), *many(3)], none)
    assert len(addresses(again)) == 3 and len(again) == 1


def test_an_endpoint_keeps_its_slice() -> None:
    slices = settle([(SERVICES, service()), *many(150)], {})
    before = {name: [e["addresses"] for e in item["endpoints"]] for name, item in slices.items()}
    after = settle([(SERVICES, service()), *many(149, first=1)], dict(slices))
    moved = [
        address
        for name, item in after.items()
        for address in (endpoint["addresses"] for endpoint in item["endpoints"])
        if address not in before[name]
    ]
    assert moved == []


def test_pods_with_other_port_numbers_have_slices_of_their_own() -> None:
    container = {"name": "c", "ports": [{"name": "web", "containerPort": 9090}]}
    odd = pod("b", "10.244.0.2", spec={"containers": [container]})
    slices = settle([(SERVICES, service()), (PODS, pod("a")), (PODS, odd)], {})
    assert sorted(item["ports"][0]["port"] for item in slices.values()) == [8080, 9090]


def test_headless_services_are_labelled() -> None:
    (create,) = run((SERVICES, service(clusterIP="None")), (PODS, pod("a")))
    assert create.obj["metadata"]["labels"][LABEL_HEADLESS] == ""


def test_what_others_manage_is_left_alone() -> None:
    assert run((SERVICES, service(selector=None)), (PODS, pod("a"))) == []
    assert run((SERVICES, service(type="ExternalName"))) == []
    labels = {"kubernetes.io/service-name": "web", LABEL_MANAGED_BY: "someone"}
    theirs = {"metadata": {"name": "x", "namespace": "default", "labels": labels}}
    assert run((ENDPOINT_SLICES, theirs)) == []


def test_slices_of_a_service_that_is_gone_go() -> None:
    slices = settle([(SERVICES, service()), (PODS, pod("a"))], {})
    actions = run(*((ENDPOINT_SLICES, item) for item in slices.values()))
    assert [type(action) for action in actions] == [Delete]


@given(st.lists(st.sets(st.integers(0, 320), max_size=230), min_size=1, max_size=4))
def test_slices_always_hold_exactly_the_pods(rounds: list[set[int]]) -> None:
    slices: dict[str, Object] = {}
    for present in rounds:
        pods = [item for n in sorted(present) for item in many(1, first=n)]
        slices = settle([(SERVICES, service()), *pods], slices)
        wanted = sorted(item["status"]["podIP"] for _, item in pods)
        assert addresses(slices) == wanted
        assert all(len(item["endpoints"]) <= ENDPOINTS_MAX for item in slices.values())


@in_cluster
async def test_endpoints_follow_a_deployment(cluster: Cluster) -> None:
    made = make_deployment()
    ports = [{"name": "web", "containerPort": 8080}]
    made["spec"]["template"]["spec"]["containers"][0]["ports"] = ports
    cluster.state.put(SERVICES, service())
    cluster.state.put(DEPLOYMENTS, made)

    def listed() -> set[str]:
        return {
            address
            for item in cluster.state.all(ENDPOINT_SLICES)
            for endpoint in item["endpoints"]
            if endpoint["conditions"]["ready"]
            for address in endpoint["addresses"]
        }

    def legacy() -> set[str]:
        found = cluster.state.find(ENDPOINTS, "default", "web")
        subsets = (found or {}).get("subsets") or ()
        return {item["ip"] for subset in subsets for item in subset.get("addresses") or ()}

    def actual() -> set[str]:
        return {item["status"]["podIP"] for item in cluster.ready(app="web")}

    await until(lambda: len(actual()) == 3 and listed() == legacy() == actual())
    cluster.edit(DEPLOYMENTS, "web", lambda obj: obj["spec"].update(replicas=5))
    await until(lambda: len(actual()) == 5 and listed() == legacy() == actual())
    cluster.state.remove(SERVICES, "default", "web")
    await until(lambda: not cluster.state.all(ENDPOINT_SLICES))
    await until(lambda: not cluster.state.all(ENDPOINTS))
    await asyncio.sleep(1)
