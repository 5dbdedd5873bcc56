"""The manager: works only while leading, stops at once, and a fence silences it."""

import asyncio

from cluster.api.resources import DEPLOYMENTS, PODS
from cluster.api.status import status_error
from cluster.messages.apiserver import ApiRequest
from tests.unit.actors.client.harness import until
from tests.unit.actors.controllers.cluster import (
    Cluster,
    in_cluster,
    make_deployment,
)


@in_cluster
async def test_leadership_moves(cluster: Cluster) -> None:
    cluster.state.put(DEPLOYMENTS, make_deployment(3))
    await until(cluster.is_rolled_out)
    assert {request.fence for request in cluster.state.writes()} == {2}
    cluster.leadership.become(3, False)
    await asyncio.sleep(0.05)
    before = len(cluster.state.writes())
    cluster.edit(DEPLOYMENTS, "web", lambda obj: obj["spec"].update(replicas=5))
    await asyncio.sleep(5)
    assert len(cluster.state.writes()) == before
    cluster.leadership.become(7, True)
    began = asyncio.get_running_loop().time()
    await until(lambda: len(cluster.ready(app="web")) == 5)
    assert asyncio.get_running_loop().time() - began < 1.5
    assert {request.fence for request in cluster.state.writes()[before:]} == {7}


@in_cluster
async def test_a_fenced_manager_falls_silent(cluster: Cluster) -> None:
    """The store has moved on, but this replica has not heard of it yet."""
    cluster.state.put(DEPLOYMENTS, make_deployment(3))
    await until(cluster.is_rolled_out)
    cluster.state.fence = 9
    before = len(cluster.state.writes())
    cluster.edit(DEPLOYMENTS, "web", lambda obj: obj["spec"].update(replicas=5))
    await asyncio.sleep(30)
    refused = cluster.state.writes()[before:]
    assert 0 < len(refused) < 20
    assert len(cluster.state.all(PODS)) == 3
    cluster.leadership.become(9, True)
    await until(lambda: len(cluster.ready(app="web")) == 5)


@in_cluster
async def test_a_second_leader_finds_nothing_to_do(cluster: Cluster) -> None:
    cluster.state.put(DEPLOYMENTS, make_deployment(3))
    await until(cluster.is_rolled_out)
    await asyncio.sleep(2)
    before = len(cluster.state.writes())
    for term in range(3, 9):
        cluster.leadership.become(term, True)
        await asyncio.sleep(2)
    assert [request.resource for request in cluster.state.writes()[before:]] == []


@in_cluster
async def test_a_crash_between_any_two_writes_converges(cluster: Cluster) -> None:
    """Each write is followed by a loss of leadership, and some answers never arrive."""
    term = 2
    count = 0

    def fault_after(request: ApiRequest) -> None:
        nonlocal term, count
        if request.verb in ("create", "update", "patch", "delete") and request.fence:
            count += 1
            if count % 3 == 0 and count < 60:
                term += 1
                cluster.leadership.become(term, True)

    cluster.state.fault_after = fault_after
    cluster.state.put(DEPLOYMENTS, make_deployment(4))
    await until(cluster.is_rolled_out, 120)
    await asyncio.sleep(5)
    assert len(cluster.state.all(PODS)) == 4 and len(cluster.sets()) == 1


@in_cluster
async def test_a_broken_object_stops_nobody_else(cluster: Cluster) -> None:
    broken = make_deployment(2)
    broken["metadata"]["name"] = "broken"
    broken["spec"]["template"] = 5
    cluster.state.put(DEPLOYMENTS, broken)
    cluster.state.put(DEPLOYMENTS, make_deployment(3))
    await until(cluster.is_rolled_out)


@in_cluster
async def test_an_idle_manager_is_quiet(cluster: Cluster) -> None:
    cluster.state.put(DEPLOYMENTS, make_deployment(3))
    await until(cluster.is_rolled_out)
    await asyncio.sleep(10)
    before = len(cluster.state.requests)
    await asyncio.sleep(300)
    assert cluster.state.requests[before:] == []


@in_cluster
async def test_an_outage_of_the_api_is_waited_out(cluster: Cluster) -> None:
    cluster.state.put(DEPLOYMENTS, make_deployment(3))
    await until(cluster.is_rolled_out)

    def fault(request: ApiRequest) -> None:
        raise status_error(503, "ServiceUnavailable", "no leader")

    cluster.state.fault = fault
    cluster.state.close_streams()
    cluster.edit(DEPLOYMENTS, "web", lambda obj: obj["spec"].update(replicas=6))
    await asyncio.sleep(45)
    cluster.state.fault = None
    await until(lambda: len(cluster.ready(app="web")) == 6)
