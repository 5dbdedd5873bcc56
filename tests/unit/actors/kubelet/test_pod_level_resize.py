"""In-place resize of what a pod states itself (KEP-5419), on a node of simulated containers."""

from typing import Any

from actors.kit.world.containers import Container, Limits
from actors.kubelet.runtimes.memory import MemoryRuntime
from cluster.api.resources import PODS
from cluster.api.types import Object
from tests.unit.actors.kubelet.bench import NodeBench, container, pod, simulated
from tests.unit.actors.kubelet.test_resize import condition, real

MI = 1 << 20
RESTART = {"resourceName": "memory", "restartPolicy": "RestartContainer"}


def sizes(cpu: str, memory: str, request: str = "") -> Object:
    amounts = {"cpu": cpu, "memory": memory}
    return {"limits": amounts, "requests": {**amounts, "cpu": request or cpu}}


def shared(own: Object | None, **fields: Any) -> Object:
    """``main`` states nothing, ``side`` all."""
    main = container("main", **fields)
    side = container("side", resources=sizes("100m", "32Mi"))
    made = pod("web", [main, side], **({"resources": own} if own else {}))
    made["metadata"]["generation"] = 1
    made["status"]["qosClass"] = "Guaranteed" if own else "Burstable"
    return made


def resize(bench: NodeBench, own: Object) -> int:
    """As a write of pods/resize leaves it; the new generation."""
    found = bench.pod("web")
    assert found is not None
    generation = int(found["metadata"].get("generation") or 1) + 1
    meta = {**found["metadata"], "generation": generation}
    bench.state.put(PODS, {**found, "metadata": meta, "spec": {**found["spec"], "resources": own}})
    return generation


def settled(bench: NodeBench, own: Object) -> bool:
    status = bench.status()
    return (
        status.get("resources") == own
        and status.get("allocatedResources") == own["requests"]
        and not condition(bench, "PodResizePending")
        and not condition(bench, "PodResizeInProgress")
    )


async def both(bench: NodeBench) -> tuple[Container, Container]:
    return await real(bench), await real(bench, container="side")


@simulated
async def test_what_states_no_limit_is_held_to_the_pods(bench: NodeBench) -> None:
    bench.create(shared(sizes("400m", "128Mi")))
    await bench.running()
    assert settled(bench, sizes("400m", "128Mi"))
    main, side = await both(bench)
    assert main.limits == Limits(128 * MI, 409, 40_000, 100_000)
    assert side.limits == Limits(32 * MI, 102, 10_000, 100_000)
    # The status tells of what each states itself.
    assert bench.container(container="main")["resources"] == {}
    assert bench.container(container="side")["resources"] == sizes("100m", "32Mi")


@simulated
async def test_up_and_down_in_place(bench: NodeBench) -> None:
    bench.create(shared(sizes("400m", "128Mi")))
    await bench.running()
    before = await both(bench)
    for own, limits in (
        (sizes("800m", "256Mi"), Limits(256 * MI, 819, 80_000, 100_000)),
        (sizes("200m", "64Mi"), Limits(64 * MI, 204, 20_000, 100_000)),
    ):
        generation = resize(bench, own)
        await bench.until(lambda own=own: settled(bench, own))  # type: ignore[misc]
        main, side = await both(bench)
        assert (main.limits, side.limits) == (limits, before[1].limits)
        assert (main.id, side.id) == (before[0].id, before[1].id)
        assert bench.status()["observedGeneration"] == generation
    assert bench.container(container="main")["restartCount"] == 0
    told = (
        '{"resources":{"limits":{"cpu":"200m","memory":"64Mi"},'
        '"requests":{"cpu":"200m","memory":"64Mi"}},'
        '"containers":[{"name":"side","resources":{"limits":{"cpu":"100m","memory":"32Mi"},'
        '"requests":{"cpu":"100m","memory":"32Mi"}}}],"generation":3}'
    )
    assert ("ResizeCompleted", f"Pod resize completed: {told}") in bench.events()


@simulated
async def test_requests_alone_touch_no_container(bench: NodeBench) -> None:
    bench.create(shared(sizes("400m", "128Mi", request="200m")))
    await bench.running()
    before = await both(bench)
    resize(bench, sizes("400m", "128Mi", request="300m"))
    await bench.until(lambda: settled(bench, sizes("400m", "128Mi", request="300m")))
    assert await both(bench) == before


@simulated
async def test_a_policy_of_restart_counts_for_the_pods_limit(bench: NodeBench) -> None:
    """Of the container that has no memory limit itself; the other one runs on."""
    bench.create(shared(sizes("400m", "128Mi"), resizePolicy=[RESTART]))
    await bench.running()
    resize(bench, sizes("500m", "128Mi"))
    await bench.until(lambda: settled(bench, sizes("500m", "128Mi")))
    assert bench.container(container="main")["restartCount"] == 0
    resize(bench, sizes("500m", "96Mi"))
    await bench.until(lambda: bench.container(container="main")["restartCount"] == 1)
    await bench.until(lambda: settled(bench, sizes("500m", "96Mi")))
    main, _ = await both(bench)
    assert main.limits is not None and main.limits.memory == 96 * MI
    assert bench.container(container="side")["restartCount"] == 0


@simulated
async def test_resources_are_added_to_a_pod_that_had_none(bench: NodeBench) -> None:
    bench.create(shared(None))
    await bench.running()
    assert "resources" not in bench.status() and "allocatedResources" not in bench.status()
    own = sizes("400m", "128Mi", request="100m")
    resize(bench, own)
    await bench.until(lambda: settled(bench, own))
    main, _ = await both(bench)
    assert main.limits == Limits(128 * MI, 409, 40_000, 100_000)


@simulated
async def test_a_kubelet_that_starts_again_finds_it_all(bench: NodeBench) -> None:
    """The pod grew while it was away; what the containers have is not asked for again."""
    bench.create(shared(sizes("400m", "128Mi")))
    await bench.running()
    before = await both(bench)
    await bench.stop_kubelet()
    await bench.start_kubelet()
    await bench.until(lambda: settled(bench, sizes("400m", "128Mi")))
    assert await both(bench) == before and "ResizeStarted" not in bench.reasons()
    await bench.stop_kubelet()
    generation = resize(bench, sizes("1000", "256Mi"))
    await bench.start_kubelet()
    await bench.until(lambda: condition(bench, "PodResizePending"))
    assert condition(bench, "PodResizePending")["observedGeneration"] == generation
    assert bench.status()["allocatedResources"] == sizes("400m", "128Mi")["requests"]
    resize(bench, sizes("500m", "256Mi"))
    await bench.until(lambda: settled(bench, sizes("500m", "256Mi")))
    main, side = await both(bench)
    assert (main.id, side.id) == (before[0].id, before[1].id)
    assert main.limits == Limits(256 * MI, 512, 50_000, 100_000)


@simulated
async def test_more_than_the_node_has(bench: NodeBench) -> None:
    first = sizes("400m", "128Mi")
    bench.create(shared(first))
    await bench.running()
    generation = resize(bench, sizes("1000", "128Mi"))
    await bench.until(lambda: condition(bench, "PodResizePending"))
    told = condition(bench, "PodResizePending")
    assert (told["reason"], told["observedGeneration"]) == ("Infeasible", generation)
    assert (bench.status()["resources"], bench.status()["allocatedResources"]) == (
        first, first["requests"],
    )  # fmt: skip
    main, _ = await both(bench)
    assert main.limits is not None and main.limits.cpu_quota == 40_000
    resize(bench, sizes("300m", "128Mi"))
    await bench.until(lambda: settled(bench, sizes("300m", "128Mi")))


@simulated
async def test_memory_that_is_in_use_is_not_taken(bench: NodeBench) -> None:
    """Neither by one container, nor by all of them together."""
    runtime = bench.runtime
    assert isinstance(runtime, MemoryRuntime)
    bench.create(shared(sizes("400m", "128Mi")))
    await bench.running()
    runtime.memory_used = {"main": 60 * MI, "side": 30 * MI}
    resize(bench, sizes("400m", "80Mi"))
    await bench.until(lambda: condition(bench, "PodResizeInProgress").get("reason") == "Error")
    assert "attempting to set pod memory limit (83886080) below current usage (94371840)" in str(
        condition(bench, "PodResizeInProgress")["message"]
    )
    # What is in force is told: the pod as a whole has what it had.
    assert bench.status()["resources"]["limits"] == {"cpu": "400m", "memory": str(128 * MI)}
    assert bench.status()["allocatedResources"]["memory"] == "80Mi"
    runtime.memory_used = {"main": 30 * MI, "side": 30 * MI}
    await bench.until(lambda: settled(bench, sizes("400m", "80Mi")))
