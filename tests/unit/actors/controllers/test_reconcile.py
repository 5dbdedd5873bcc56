"""The one loop: traces go through, failures back off, timers wake."""

import asyncio
import itertools
from typing import Any

from actors.client.api_client import ApiClient
from actors.client.informer import SharedInformers
from actors.controllers.plan import (
    Action,
    Controller,
    Create,
    Key,
    Patch,
    RequeueAfter,
    RequireAbsent,
    View,
    Watch,
    own_key,
)
from actors.controllers.reconcile import Reconciler, is_too_late
from actors.kit.tracing import resume_trace
from cluster.api.resources import CONFIGMAPS, SECRETS
from cluster.api.status import Cause, status_error
from cluster.api.types import Object
from cluster.errors import ActorDown
from tests.unit.actors.client.harness import Bench, simulated, until


def thing(name: str, **fields: Any) -> Object:
    return {"metadata": {"name": name, "namespace": "default"}, **fields}


async def start(bench: Bench, plan: Any, workers: int = 2) -> None:
    context = await bench.context("controller")
    client = ApiClient(context, bench.servers)
    controller = Controller("tester", (Watch(CONFIGMAPS, own_key),), plan, (SECRETS,), workers)
    reconciler = Reconciler(context, client, SharedInformers(client), controller)
    context.task(reconciler.run(), "reconciler")


@simulated
async def test_a_write_carries_the_trace_of_its_cause(bench: Bench) -> None:
    def plan(key: Key, view: View, now: float) -> list[Action]:
        if view.get(SECRETS, *key) is not None:
            return []
        return [Create(SECRETS, thing(key[1]))]

    await start(bench, plan)
    await asyncio.sleep(1)
    with resume_trace("0123456789abcdef0123456789abcdef-0123456789abcdef"):
        bench.state.put(CONFIGMAPS, thing("a"))
    await until(lambda: bench.state.all(SECRETS))
    assert bench.state.history[-1][1].trace.startswith("0123456789abcdef" * 2 + "-")


@simulated
async def test_failures_back_off_per_key(bench: Bench) -> None:
    times: list[float] = []
    seen: list[str] = []

    def plan(key: Key, view: View, now: float) -> list[Action]:
        if key[1] == "good":
            seen.append("good")
            return []
        times.append(asyncio.get_running_loop().time())
        seen.append(view.failure.reason if view.failure else "-")
        return [Patch(SECRETS, "default", "absent", {})]

    bench.state.put(CONFIGMAPS, thing("bad"))
    await start(bench, plan, workers=1)
    await asyncio.sleep(1.0)
    bench.state.put(CONFIGMAPS, thing("good"))
    await until(lambda: "good" in seen, 0.5)
    await asyncio.sleep(200)
    gaps = [round(later - earlier, 6) for earlier, later in itertools.pairwise(times)]
    assert gaps == sorted(gaps) and gaps[0] < 0.01 and 25 < gaps[-1] <= 31
    assert seen[0] == "-" and "NotFound" in seen


@simulated
async def test_a_timer_wakes_the_key(bench: Bench) -> None:
    times: list[float] = []

    def plan(key: Key, view: View, now: float) -> list[Action]:
        times.append(now)
        return [RequeueAfter(60.0)] if len(times) < 3 else []

    bench.state.put(CONFIGMAPS, thing("a"))
    await start(bench, plan)
    await asyncio.sleep(300)
    assert [round(later - times[0]) for later in times] == [0, 60, 120]


@simulated
async def test_an_unmet_requirement_is_asked_again(bench: Bench) -> None:
    def plan(key: Key, view: View, now: float) -> list[Action]:
        if view.get(SECRETS, "default", "done") is not None:
            return []
        guard = RequireAbsent(SECRETS, "default", "guard", "")
        return [guard, Create(SECRETS, thing("done"), may_exist=True)]

    bench.state.put(SECRETS, thing("guard"))
    bench.state.put(CONFIGMAPS, thing("a"))
    await start(bench, plan)
    await asyncio.sleep(1)
    assert bench.state.find(SECRETS, "default", "done") is None
    bench.state.remove(SECRETS, "default", "guard")
    await until(lambda: bench.state.find(SECRETS, "default", "done"))


@simulated
async def test_a_plan_that_fails_on_one_object_serves_the_others(bench: Bench) -> None:
    served: list[str] = []

    def plan(key: Key, view: View, now: float) -> list[Action]:
        obj = view.get(CONFIGMAPS, *key)
        assert obj is not None
        served.append(obj["data"]["name"])
        return []

    bench.state.put(CONFIGMAPS, thing("broken"))
    bench.state.put(CONFIGMAPS, thing("whole", data={"name": "whole"}))
    await start(bench, plan, workers=1)
    await until(lambda: served == ["whole"])
    bench.state.put(CONFIGMAPS, thing("broken", data={"name": "mended"}))
    await until(lambda: served[-1] == "mended")


def test_what_comes_too_late() -> None:
    cause = Cause("metadata.namespace", "NamespaceTerminating", "is being terminated")
    assert is_too_late(status_error(403, "Forbidden", "no", causes=[cause]))
    assert not is_too_late(status_error(403, "Forbidden", "quota"))
    assert not is_too_late(ActorDown("x"))
