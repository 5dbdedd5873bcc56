"""The condition Available follows the Service, its endpoints and what the server answers."""

import asyncio
from typing import Any

from tests.support.extension_server import (
    BASE,
    NAME,
    REGISTRATION,
    ExtensionServer,
    endpoints,
    service,
)


async def test_reasons_follow_the_cluster(server: ExtensionServer) -> None:
    plane = server.cluster.plane
    await server.register()
    passed = await server.until("True", "Passed")
    assert passed["message"] == "all checks passed"
    pod = await plane.get("pods", "wardle", "default")
    slices: Any = ("endpointslices", "wardle-1", "default", "discovery.k8s.io")
    place = 'service/wardle in "default"'

    live = await plane.get(*slices)
    await plane.update(
        "endpointslices",
        {**endpoints(pod, ready=False), "metadata": live["metadata"]},
        "discovery.k8s.io",
    )
    found = await server.until("False", "MissingEndpoints")
    assert found["message"] == (
        f'endpointslices for {place} have no addresses with port name "https"'
    )
    await plane.delete(*slices)
    found = await server.until("False", "EndpointsNotFound")
    assert found["message"] == f"cannot find endpointslices for {place}"
    await plane.delete("services", "wardle", "default")
    found = await server.until("False", "ServiceNotFound")
    assert found["message"] == f"{place} is not present"

    other = service()
    other["spec"]["ports"][0]["port"] = 8080
    await plane.create("services", other, "default")
    found = await server.until("False", "ServicePortError")
    assert found["message"] == f"{place} is not listening on port 443"
    await plane.delete("services", "wardle", "default")
    await plane.create("endpointslices", endpoints(pod), "default", "discovery.k8s.io")
    await plane.create("services", service(), "default")
    again = await server.until("True", "Passed")
    assert again["lastTransitionTime"] >= passed["lastTransitionTime"]


async def test_a_server_that_answers_wrongly_and_recovers(server: ExtensionServer) -> None:
    server.code = 404
    await server.register()
    found = await server.until("False", "FailedDiscoveryCheck")
    made = await server.cluster.plane.get("services", "wardle", "default")
    url = f"https://{made['spec']['clusterIP']}:443{BASE}"
    assert found["message"] == (
        f"failing or missing response from {url}: bad status from {url}: 404"
    )
    server.code = 0
    await server.until("True", "Passed")
    asked = [one for one in server.seen if one.path == BASE]
    assert asked[-1].user == "system:kube-aggregator" and asked[-1].groups == ["system:masters"]


async def test_one_that_loses_its_service_is_local(server: ExtensionServer) -> None:
    plane = server.cluster.plane
    await server.register(service={"namespace": "default", "name": "none"})
    await server.until("False", "ServiceNotFound")
    live = await plane.get("apiservices", NAME, group=REGISTRATION)
    live["spec"].pop("service")
    live["spec"].pop("caBundle")
    await plane.update("apiservices", live, REGISTRATION)
    found = await server.until("True", "Local")
    assert found["message"] == "Local APIServices are always available"


async def test_an_external_name_is_dialled_but_never_this_machine(server: ExtensionServer) -> None:
    plane = server.cluster.plane
    spec = {"type": "ExternalName", "externalName": "127.0.0.1"}
    await plane.create("services", {"metadata": {"name": "outside"}, "spec": spec}, "default")
    await server.register(service={"namespace": "default", "name": "outside"})
    found = await server.until("False", "FailedDiscoveryCheck")
    url = f"https://outside.default.svc:443{BASE}"
    assert found["message"] == f"failing or missing response from {url}: address not allowed"


async def test_a_condition_that_somebody_took_away_is_back_at_once(server: ExtensionServer) -> None:
    plane = server.cluster.plane
    await server.register()
    await server.until("True", "Passed")
    other = {"type": "StatusPatched", "status": "True", "reason": "E2E", "message": "Set by test"}
    patched = await plane.patch(
        "apiservices",
        NAME,
        {"status": {"conditions": [other]}},
        group=REGISTRATION,
        subresource="status",
    )
    assert [item["type"] for item in patched["status"]["conditions"]] == ["StatusPatched"]
    for _ in range(400):
        found = await plane.get("apiservices", NAME, group=REGISTRATION)
        types = [item["type"] for item in found["status"]["conditions"]]
        if types == ["StatusPatched", "Available"]:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"the conditions are {types}")
