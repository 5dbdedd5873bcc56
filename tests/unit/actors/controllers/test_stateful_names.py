"""A pod of a StatefulSet has a name in DNS: from the pod over the slices to the answer."""

import pytest

from actors.controllers import endpoints, endpointslice
from actors.controllers.plan import Create
from actors.dns.records import NOERROR, NXDOMAIN, A, Domain, answer
from actors.dns.zone import ClusterZone
from cluster.api.resources import ENDPOINT_SLICES, ENDPOINTS, NODES, PODS, SERVICES
from cluster.api.types import Object
from tests.unit.actors.controllers.stateful import make_stateful, pod
from tests.unit.actors.controllers.views import NOW, make_view

DOMAIN = Domain("cluster.local", "10.96.0.10", ())


def headless(**spec: object) -> Object:
    """The governing Service; it needs no ports."""
    return {
        "metadata": {"name": "web", "namespace": "default", "uid": "uid-service"},
        "spec": {"clusterIP": "None", "selector": {"app": "web"}, **spec},
    }


def resolve(service: Object, pods: list[Object], label: str) -> tuple[int, list[object]]:
    """The code and the addresses of ``<label>.web.default.svc.cluster.local``."""
    objects = [(SERVICES, service), *((PODS, item) for item in pods)]
    view = make_view(*objects, resources=(ENDPOINT_SLICES, ENDPOINTS, NODES))
    zone = ClusterZone()
    zone.service_changed(None, service)
    for action in endpointslice.plan(("default", "web"), view, NOW):
        assert isinstance(action, Create)
        made = {**action.obj["metadata"], "name": "web-abcde"}
        zone.slice_changed(None, {**action.obj, "metadata": made})
    found = answer(zone, DOMAIN, f"{label}.web.default.svc.cluster.local".split("."), A)
    return found.code, [record.data for record in found.records]


def with_address(ordinal: int, state: str = "ready") -> Object:
    made = pod(make_stateful(), ordinal, state)
    made["status"]["podIP"] = f"10.244.0.{ordinal + 1}"
    return made


@pytest.mark.parametrize("ports", [[], [{"port": 80, "name": "http"}]])
def test_each_pod_answers_to_its_own_name(ports: list[Object]) -> None:
    service = headless(ports=ports)
    pods = [with_address(0), with_address(1)]
    assert resolve(service, pods, "web-0") == (NOERROR, ["10.244.0.1"])
    assert resolve(service, pods, "web-1") == (NOERROR, ["10.244.0.2"])
    assert resolve(service, pods, "web-2") == (NXDOMAIN, [])


def test_pods_that_are_not_ready_have_a_name_if_the_service_wants_it() -> None:
    pods = [with_address(0, "running")]
    assert resolve(headless(), pods, "web-0") == (NXDOMAIN, [])
    eager = headless(publishNotReadyAddresses=True)
    assert resolve(eager, pods, "web-0") == (NOERROR, ["10.244.0.1"])


def test_a_service_that_does_not_govern_the_set_gives_no_names() -> None:
    made = with_address(0)
    made["spec"]["subdomain"] = "other"
    assert resolve(headless(), [made], "web-0") == (NXDOMAIN, [])
    assert resolve(headless(), [made], "10-244-0-1") == (NOERROR, ["10.244.0.1"])


def test_endpoints_name_the_pods_too() -> None:
    service = headless(ports=[{"port": 80}])
    view = make_view((SERVICES, service), (PODS, with_address(0)), resources=(ENDPOINTS, NODES))
    (create,) = endpoints.plan(("default", "web"), view, NOW)
    assert isinstance(create, Create)
    assert create.obj["subsets"][0]["addresses"][0]["hostname"] == "web-0"
