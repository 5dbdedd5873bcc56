"""The older Endpoints object."""

from typing import Any

from actors.controllers.endpoints import LABEL_HEADLESS, LABEL_MANAGED_BY, MANAGER, plan
from actors.controllers.plan import Create, Delete, Update
from cluster.api.resources import ENDPOINTS, NODES, PODS, SERVICES
from cluster.api.types import Object
from tests.unit.actors.controllers.test_service_endpoints import pod, service
from tests.unit.actors.controllers.views import NOW, make_view

KEY = ("default", "web")


def run(*objects: Any) -> list[Any]:
    return plan(KEY, make_view(*objects, resources=(SERVICES, PODS, NODES, ENDPOINTS)), NOW)


def made(*pods: Object, **spec: Any) -> Object:
    (create,) = run((SERVICES, service(**spec)), *((PODS, item) for item in pods))
    assert isinstance(create, Create)
    return create.obj


def test_subsets() -> None:
    going = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
    obj = made(pod("a", "10.244.0.2"), pod("b", "10.244.0.1", ready=False), pod("c", meta=going))
    (subset,) = obj["subsets"]
    assert [item["ip"] for item in subset["addresses"]] == ["10.244.0.2"]
    assert [item["ip"] for item in subset["notReadyAddresses"]] == ["10.244.0.1"]
    assert subset["ports"] == [{"port": 8080, "protocol": "TCP", "name": "http"}]
    assert obj["metadata"]["name"] == "web"
    assert made(pod("a"), clusterIP="None")["metadata"]["labels"][LABEL_HEADLESS] == ""


def test_writes_only_changes() -> None:
    present = made(pod("a"))
    objects = [(SERVICES, service()), (ENDPOINTS, present)]
    assert run(*objects, (PODS, pod("a"))) == []
    (update,) = run(*objects, (PODS, pod("a", "10.244.0.9")))
    assert isinstance(update, Update)
    (emptied,) = run(*objects)
    assert emptied.obj["subsets"] == []


def test_goes_with_its_service_but_only_our_own() -> None:
    assert [type(action) for action in run((ENDPOINTS, made(pod("a"))))] == [Delete]
    theirs = {"metadata": {"name": "web", "namespace": "default"}, "subsets": []}
    assert run((ENDPOINTS, theirs)) == []
    assert made()["metadata"]["labels"] == {LABEL_MANAGED_BY: MANAGER}


def test_a_service_without_selector_is_someone_elses() -> None:
    assert run((SERVICES, service(selector={})), (PODS, pod("a"))) == []
