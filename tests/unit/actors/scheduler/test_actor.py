"""The scheduler against a fake API: binds once, fenced, only while its replica leads."""

import asyncio

from actors.scheduler.actor import SchedulerActor
from cluster.api.resources import NODES, PODS
from cluster.api.types import Object
from cluster.errors import AskTimeout, Fenced
from cluster.messages.apiserver import ApiRequest
from tests.unit.actors.client.harness import until
from tests.unit.actors.replica_bench import SERVERS, ReplicaBench, replicated
from tests.unit.actors.scheduler.samples import node, pod


async def start(bench: ReplicaBench, term: int = 3) -> None:
    bench.leadership.become(term, term > 0)
    await bench.system.spawn("scheduler", lambda: SchedulerActor("replica-1", SERVERS))


def where(bench: ReplicaBench, name: str) -> str:
    found = bench.state.find(PODS, "default", name)
    assert found is not None
    return str(found["spec"].get("nodeName") or "")


@replicated
async def test_pods_are_bound_and_spread_and_told_of(bench: ReplicaBench) -> None:
    for name, zone in (("n1", "a"), ("n2", "b"), ("n3", "c")):
        bench.state.put(NODES, node(name, zone))
    bench.state.put(PODS, pod("early", cpu="100m", owner="rs"))
    await start(bench)
    await until(lambda: where(bench, "early"))
    for name in ("b", "c"):
        bench.state.put(PODS, pod(name, cpu="100m", owner="rs"))
    await until(lambda: where(bench, "b") and where(bench, "c"))
    assert {where(bench, name) for name in ("early", "b", "c")} == {"n1", "n2", "n3"}
    made = bench.requests(subresource="binding")
    assert len(made) == 3 and all(item.fence == 3 for item in made)
    text = f"Successfully assigned default/early to {where(bench, 'early')}"
    await until(lambda: ("Scheduled", text) in bench.events())


@replicated
async def test_what_fits_nowhere_says_why_and_waits_for_room(bench: ReplicaBench) -> None:
    bench.state.put(NODES, node("n1", cpu="1"))
    bench.state.put(PODS, pod("big", cpu="2"))
    await start(bench)
    why = "0/1 nodes are available: 1 Insufficient cpu."
    await until(lambda: ("FailedScheduling", why) in bench.events())

    def condition() -> Object:
        found = bench.state.find(PODS, "default", "big") or {}
        conditions = found["status"].get("conditions") or [{}]
        return dict(conditions[0])

    await until(condition)
    assert (condition()["reason"], condition()["message"]) == ("Unschedulable", why)
    before = len(bench.state.requests)
    await asyncio.sleep(60)
    assert len(bench.state.requests) == before, "waiting must not poll"
    bench.state.put(NODES, node("n2", cpu="4"))
    await until(lambda: where(bench, "big") == "n2")


@replicated
async def test_followers_do_nothing_and_a_lost_leader_stops(bench: ReplicaBench) -> None:
    bench.state.put(NODES, node("n1"))
    await start(bench, term=0)
    bench.state.put(PODS, pod("a"))
    await asyncio.sleep(5)
    assert not bench.state.requests
    bench.leadership.become(7, True)
    await until(lambda: where(bench, "a"))
    bench.leadership.become(8, False)
    await asyncio.sleep(1)
    bench.state.put(PODS, pod("b"))
    await asyncio.sleep(5)
    assert not where(bench, "b")
    bench.leadership.become(9, True)
    await until(lambda: where(bench, "b"))
    fences = [item.fence for item in bench.requests(subresource="binding")]
    assert fences == [7, 9]


@replicated
async def test_an_unknown_outcome_is_cleared_up_not_repeated(bench: ReplicaBench) -> None:
    for name in ("n1", "n2"):
        bench.state.put(NODES, node(name, cpu="1"))
    lost = []

    def lose(request: ApiRequest) -> None:
        if request.subresource == "binding" and not lost:
            lost.append(request)
            raise AskTimeout("the answer was lost")

    bench.state.fault_after = lose
    await start(bench)
    bench.state.put(PODS, pod("a", cpu="1"))
    await until(lambda: any(reason == "Scheduled" for reason, _ in bench.events()))
    assert len(bench.requests(subresource="binding")) in (1, 2)
    assert not [reason for reason, _ in bench.events() if reason == "FailedScheduling"]
    bench.state.put(PODS, pod("b", cpu="1"))
    await until(lambda: where(bench, "b"))
    assert where(bench, "a") != where(bench, "b")


@replicated
async def test_a_refused_binding_is_tried_again_later(bench: ReplicaBench) -> None:
    bench.state.put(NODES, node("n1", cpu="1"))
    fenced = []

    def refuse(request: ApiRequest) -> None:
        if request.subresource == "binding" and not fenced:
            fenced.append(request)
            raise Fenced("the term is over")

    bench.state.fault = refuse
    await start(bench)
    bench.state.put(PODS, pod("a", cpu="1"))
    await until(lambda: fenced)
    await asyncio.sleep(2)
    assert not where(bench, "a"), "a fenced leader is over"
    bench.leadership.become(4, True)
    await until(lambda: where(bench, "a"))


@replicated
async def test_a_burst_is_bound_without_over_commitment(bench: ReplicaBench) -> None:
    for number in range(4):
        bench.state.put(NODES, node(f"n{number}", "abcd"[number], cpu="2"))
    await start(bench)
    for number in range(60):
        bench.state.put(PODS, pod(f"p{number}", cpu="250m", owner="rs"))
    await until(lambda: len(bench.requests(subresource="binding")) == 32)
    await asyncio.sleep(30)
    load = [where(bench, f"p{number}") for number in range(60)]
    assert [load.count(f"n{number}") for number in range(4)] == [8, 8, 8, 8]
    for number in range(60):
        if where(bench, f"p{number}") == "n0":
            bench.state.remove(PODS, "default", f"p{number}")
    await until(lambda: len(bench.requests(subresource="binding")) == 40)
