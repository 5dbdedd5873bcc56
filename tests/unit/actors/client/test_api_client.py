"""ApiClient against fake servers: what is repeated, what is not, and failover."""

import asyncio

import msgspec
import pytest

from actors.client.api_client import ApiClient
from actors.client.live_settings import LiveSettings
from cluster.api.resources import DEPLOYMENTS, PODS
from cluster.api.status import service_unavailable
from cluster.errors import ActorDown, AskTimeout, Fenced, StatusError
from cluster.messages.apiserver import ApiRequest
from cluster.settings import ClusterSettings, ReplicaSettings
from tests.unit.actors.client.fake_apiserver import pod
from tests.unit.actors.client.harness import Bench, simulated


@simulated
async def test_reads_and_writes(bench: Bench) -> None:
    client = ApiClient(await bench.context(), bench.servers, fence=lambda: 7)
    made = await client.create(PODS, pod("a"))
    assert made["metadata"]["uid"]
    assert (await client.get(PODS, "default", "a")) == made
    before = int(made["metadata"]["resourceVersion"])
    made["metadata"]["labels"] = {"x": "y"}
    changed = await client.update(PODS, made)
    assert int(changed["metadata"]["resourceVersion"]) > before
    patched = await client.patch(PODS, "default", "a", {"metadata": {"labels": {"x": None}}})
    assert patched["metadata"]["labels"] == {}
    items, revision = await client.list(PODS, "default")
    assert [item["metadata"]["name"] for item in items] == ["a"]
    assert revision == bench.state.revision
    await client.delete(PODS, "default", "a", uid=made["metadata"]["uid"], grace=0)
    with pytest.raises(StatusError) as caught:
        await client.get(PODS, "default", "a")
    assert caught.value.code == 404
    assert {request.fence for request in bench.state.writes()} == {7}
    assert {r.fence for r in bench.state.requests if r.verb in ("get", "list")} == {0}


@simulated
async def test_stale_update_is_a_conflict_and_not_repeated(bench: Bench) -> None:
    client = ApiClient(await bench.context(), bench.servers)
    made = await client.create(PODS, pod("a"))
    await client.patch(PODS, "default", "a", {"metadata": {"labels": {"x": "1"}}})
    with pytest.raises(StatusError) as caught:
        await client.update(PODS, made)
    assert caught.value.reason == "Conflict"
    assert len(bench.state.writes("update")) == 1


@simulated
async def test_a_list_comes_in_pages_of_one_revision(bench: Bench) -> None:
    for number in range(1203):
        bench.state.put(PODS, pod(f"p-{number:04}"))
    client = ApiClient(await bench.context(), bench.servers)
    items, _ = await client.list(PODS)
    assert len(items) == len({item["metadata"]["name"] for item in items}) == 1203
    assert len([r for r in bench.state.requests if r.verb == "list"]) == 3
    one, _ = await client.list_raw(PODS, limit=1)
    assert len(one) == 1


@simulated
async def test_an_expired_page_starts_the_list_anew(bench: Bench) -> None:
    for number in range(700):
        bench.state.put(PODS, pod(f"p-{number:04}"))

    def fault(request: ApiRequest) -> None:
        if request.query.get("continue"):
            raise StatusError({"code": 410, "reason": "Expired"})

    bench.state.fault = fault
    items, _ = await ApiClient(await bench.context(), bench.servers).list(PODS)
    assert len(items) == 700


@simulated
async def test_reads_fail_over_and_stay_where_it_works(bench: Bench) -> None:
    bench.state.put(PODS, pod("a"))
    client = ApiClient(await bench.context(), ("apiserver@nowhere", *bench.servers))
    assert (await client.get(PODS, "default", "a"))["metadata"]["name"] == "a"
    assert client.server == bench.servers[0]


@simulated
async def test_gives_up_after_a_while(bench: Bench) -> None:
    client = ApiClient(await bench.context(), ("apiserver@nowhere",))
    began = asyncio.get_running_loop().time()
    with pytest.raises(ActorDown):
        await client.get(PODS, "default", "a")
    assert 10 < asyncio.get_running_loop().time() - began <= 31


@simulated
async def test_a_create_with_unknown_outcome_makes_one_object(bench: Bench) -> None:
    """The answer is lost after the object was made: the same name is found, not a second made."""
    client = ApiClient(await bench.context(), bench.servers)
    lost = iter([True, False, False])

    def fault_after(request: ApiRequest) -> None:
        if request.verb == "create" and next(lost):
            raise AskTimeout("lost")

    bench.state.fault_after = fault_after
    obj = pod("x")
    del obj["metadata"]["name"]
    obj["metadata"]["generateName"] = "web-"
    obj["metadata"]["ownerReferences"] = [
        {"uid": "u", "name": "o", "kind": "K", "apiVersion": "v1"}
    ]
    made = await client.create(PODS, obj)
    assert made["metadata"]["name"].startswith("web-") and len(made["metadata"]["name"]) == 9
    assert len(bench.state.all(PODS)) == 1
    assert len(bench.state.writes("create")) == 2


@simulated
async def test_a_taken_generated_name_is_drawn_again(bench: Bench) -> None:
    client = ApiClient(await bench.context(), bench.servers)
    refuse = iter([True, False])

    def fault(request: ApiRequest) -> None:
        if request.verb == "create" and next(refuse):
            raise StatusError({"code": 409, "reason": "AlreadyExists"})

    bench.state.fault = fault
    obj = pod("x")
    obj["metadata"] = {"generateName": "web-", "namespace": "default"}
    await client.create(PODS, obj)
    assert len(bench.state.all(PODS)) == 1


@simulated
async def test_what_is_not_harmless_twice_is_sent_once(bench: Bench) -> None:
    client = ApiClient(await bench.context(), bench.servers)
    bench.state.put(PODS, pod("a"))

    def fault(request: ApiRequest) -> None:
        raise AskTimeout("no answer")

    bench.state.fault = fault
    with pytest.raises(AskTimeout):
        await client.create(PODS, {"metadata": {}}, "default", name="a", subresource="binding")
    with pytest.raises(AskTimeout):
        await client.delete(PODS, "default", "a")
    with pytest.raises(AskTimeout):
        await client.patch(PODS, "default", "a", [], "application/json-patch+json")
    assert len(bench.state.requests) == 3


@simulated
async def test_not_now_is_waited_out(bench: Bench) -> None:
    client = ApiClient(await bench.context(), bench.servers)
    answers = iter([True, True, False])

    def fault(request: ApiRequest) -> None:
        if next(answers):
            raise service_unavailable("no leader")

    bench.state.fault = fault
    assert await client.list(DEPLOYMENTS) == ([], 1)


@simulated
async def test_an_over_fence_is_told_at_once(bench: Bench) -> None:
    bench.state.fence = 5
    client = ApiClient(await bench.context(), bench.servers, fence=lambda: 4)
    with pytest.raises(Fenced):
        await client.create(PODS, pod("a"))
    assert len(bench.state.requests) == 1


def test_a_client_needs_a_server() -> None:
    with pytest.raises(ValueError, match="at least one"):
        ApiClient(None, ())  # type: ignore[arg-type]


@simulated
async def test_a_server_that_is_no_more_is_left_and_a_new_one_found(bench: Bench) -> None:
    replica = ReplicaSettings("nowhere", "a", "h:1", ("h:2",))
    settings = ClusterSettings("test", "/nowhere", (replica,), ())
    live = LiveSettings(settings, "node-1")
    client = ApiClient(await bench.context(), live.servers)
    assert client.server == "apiserver@nowhere"
    moved = msgspec.structs.replace(replica, name="replica-1")
    live.change(msgspec.structs.replace(settings, replicas=(moved,)))
    items, _ = await client.list(PODS)
    assert items == []
    assert client.server == bench.servers[0]
