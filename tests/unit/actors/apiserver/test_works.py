"""Requests by HTTP take seats by what they will take, and /metrics tells it."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from tests.support.control_plane import ControlPlane, control_plane
from tests.unit.actors.apiserver.test_http_server import session, url

RBAC = "rbac.authorization.k8s.io"
MAPS = "/api/v1/namespaces/default/configmaps"
BOB = {"Impersonate-User": "bob"}
Numbers = dict[str, float]


async def grown(plane: ControlPlane) -> None:
    """Forty objects of 20 kB, and bob, who may read and write them, and is limited."""
    binding = {
        "metadata": {"name": "bob"},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "edit"},
        "subjects": [{"apiGroup": RBAC, "kind": "User", "name": "bob"}],
    }
    await plane.create("clusterrolebindings", binding, group=RBAC)
    for number in range(40):
        made = {"metadata": {"name": f"m{number}"}, "data": {"x": "y" * 20_000}}
        await plane.create("configmaps", made, "default")


async def told(plane: ControlPlane, http: aiohttp.ClientSession) -> Numbers:
    """All of the schema that bob falls under: by name, and kind of request."""
    found: Numbers = {}
    async with http.get(url(plane, "/metrics")) as answer:
        text = await answer.text()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.labels.get("flow_schema") == "global-default":
                name = sample.name.removeprefix("apiserver_flowcontrol_")
                if not name.endswith("_bucket"):
                    found[" ".join([name, *filter(None, [sample.labels.get("type")])])] = (
                        sample.value
                    )
    return found


async def until(
    plane: ControlPlane, http: aiohttp.ClientSession, true: Callable[[Numbers], bool]
) -> Numbers:
    async with asyncio.timeout(20):
        while not true(found := await told(plane, http)):
            await asyncio.sleep(0.05)
    return found


async def limited(plane: ControlPlane, http: aiohttp.ClientSession) -> None:
    """Levels are known, and bob may read."""
    async with asyncio.timeout(20):
        while True:
            async with http.get(url(plane, f"{MAPS}/m1"), headers=BOB) as answer:
                if answer.status == 200 and flow_control_named(answer):
                    return
            await asyncio.sleep(0.05)


def flow_control_named(answer: aiohttp.ClientResponse) -> bool:
    return "X-Kubernetes-PF-FlowSchema-UID" in answer.headers


async def test_lists_take_seats_by_what_they_look_at(tmp_path: Path) -> None:
    async with control_plane(tmp_path, http=True) as plane, session(plane) as http:
        await grown(plane)
        await limited(plane, http)
        before = await told(plane, http)
        for query in ("", "?limit=1", "?fieldSelector=metadata.name=m1", "/m1"):
            async with http.get(url(plane, MAPS + query), headers=BOB) as answer:
                assert answer.status == 200
                await answer.read()
        found = await until(plane, http, lambda now: now["current_executing_seats"] == 0)
        took = found["work_estimated_seats_sum"] - before["work_estimated_seats_sum"]
        # 40 times 20 kB, at most 15 percent of the level's seats.
        assert took == 8 + 1 + 1 + 1, took
        assert found["request_execution_seconds_count regular"] >= 4


async def test_a_watch_keeps_its_seats_until_it_has_told_what_exists(tmp_path: Path) -> None:
    async with control_plane(tmp_path, http=True) as plane, session(plane) as http:
        await grown(plane)
        await limited(plane, http)
        before = await told(plane, http)
        query = "?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
        async with http.get(
            url(plane, f"{MAPS}{query}&allowWatchBookmarks=true"), headers=BOB
        ) as answer:
            async for line in answer.content:
                if json.loads(line)["type"] == "BOOKMARK":
                    break
            found = await until(plane, http, lambda now: now["current_executing_seats"] == 0)
            took = found["work_estimated_seats_sum"] - before["work_estimated_seats_sum"]
            assert took == 8
            assert found["request_execution_seconds_count watch"] == 1


async def test_a_big_list_keeps_its_seats_until_it_is_sent(tmp_path: Path) -> None:
    async with control_plane(tmp_path, http=True) as plane, session(plane) as http:
        await grown(plane)
        for number in range(40, 300):
            made = {"metadata": {"name": f"m{number}"}, "data": {"x": "y" * 60_000}}
            await plane.create("configmaps", made, "default")
        await limited(plane, http)
        headers = {**BOB, "Accept-Encoding": "identity"}
        async with http.get(url(plane, MAPS), headers=headers) as answer:
            assert answer.status == 200
            # Nobody takes it: what the kernel and the client keep is less than all of it.
            await asyncio.sleep(0.2)
            assert (await told(plane, http))["current_executing_seats"] == 8
            assert len((await answer.json())["items"]) == 300
        await until(plane, http, lambda now: now["current_executing_seats"] == 0)
        answer = await http.get(url(plane, MAPS), headers=headers)
        await until(plane, http, lambda now: now["current_executing_seats"] == 8)
        answer.close()
        await until(plane, http, lambda now: now["current_executing_seats"] == 0)


async def test_writes_by_who_watches(tmp_path: Path) -> None:
    async with control_plane(tmp_path, http=True) as plane, session(plane) as http:
        await grown(plane)
        await limited(plane, http)
        since = await newest(plane, http)
        watches = [
            await http.get(url(plane, f"{path}?watch=true&resourceVersion={since}"))
            for path in (MAPS, "/api/v1/configmaps")
            for _ in range(15)
        ]
        before = await told(plane, http)
        async with http.post(
            url(plane, MAPS), json={"metadata": {"name": "new"}}, headers=BOB
        ) as made:
            assert made.status == 201
        found = await told(plane, http)
        watched = found["watch_count_samples_sum"] - before["watch_count_samples_sum"]
        assert watched >= 30
        took = found["work_estimated_seats_sum"] - before["work_estimated_seats_sum"]
        assert took == min(8, -(-watched // 10))
        for one in watches:
            one.close()
        await until(plane, http, lambda now: now["current_executing_seats"] == 0)


async def newest(plane: ControlPlane, http: aiohttp.ClientSession) -> str:
    async with http.get(url(plane, f"{MAPS}?limit=1")) as answer:
        return str((await answer.json())["metadata"]["resourceVersion"])
