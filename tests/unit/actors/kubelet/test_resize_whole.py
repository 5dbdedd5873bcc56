"""A resize through the HTTPS door down to the engine, and back in the status."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from actors.kit.world.containers import Limits
from tests.support.cluster_in_memory import MemoryCluster, cluster_in_memory

POD = "/api/v1/namespaces/default/pods/web"
MERGE = {"Content-Type": "application/strategic-merge-patch+json"}


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[MemoryCluster]:
    async with cluster_in_memory(tmp_path) as started:
        yield started


async def until(cluster: MemoryCluster, resources: Any) -> Any:
    for _ in range(300):
        pod = await cluster.plane.get("pods", "web", "default")
        kinds = {item["type"] for item in pod["status"]["conditions"]}
        [told] = pod["status"]["containerStatuses"]
        if told["resources"] == resources and not kinds & {
            "PodResizePending",
            "PodResizeInProgress",
        }:
            return told
        await asyncio.sleep(0.05)
    raise AssertionError(pod["status"])


async def test_patched_and_in_force(cluster: MemoryCluster) -> None:
    policy = [{"resourceName": "memory", "restartPolicy": "RestartContainer"}]
    first = {"requests": {"cpu": "100m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}}
    container = {"name": "main", "image": "busybox:1", "resources": first, "resizePolicy": policy}
    await cluster.run_pod("web", containers=[container])
    before = await cluster.container("web")

    async def resize(resources: Any) -> Any:
        body = {"spec": {"containers": [{"name": "main", "resources": resources}]}}
        url = cluster.url(f"{POD}/resize")
        async with http.patch(url, json=body, headers=MERGE) as answer:
            assert answer.status == 200, await answer.text()
            return (await answer.json())["spec"]["containers"][0]["resources"]

    async with cluster.http() as http:
        wanted = await resize({"requests": {"cpu": "300m"}})
        told = await until(cluster, wanted)
        assert told["restartCount"] == 0 and await cluster.container("web") == before
        found = await cluster.runtime.inspect(before)
        assert found is not None and found.limits == Limits(64 << 20, 307, 0, 100_000)
        wanted = await resize({"limits": {"memory": "96Mi"}})
        told = await until(cluster, wanted)
        assert told["restartCount"] == 1 and "running" in told["state"]
        assert not told["containerID"].endswith(before)
