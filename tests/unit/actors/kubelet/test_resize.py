"""In-place resize of pods on a node of simulated containers, on virtual time."""

from asyncio import sleep
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.kit.world.containers import Container, Limits
from actors.kubelet import labels
from actors.kubelet.files.memory import MemoryFiles
from actors.kubelet.networks.memory import MemoryNetwork
from actors.kubelet.runtimes.memory import Behaviour, MemoryRuntime
from cluster.api.resources import PODS
from cluster.api.types import Object
from tests.simulation.loop import run_simulation
from tests.unit.actors.kubelet.bench import (
    IMAGE,
    NodeBench,
    container,
    make_settings,
    node_bench,
    pod,
    simulated,
)

RESTART = {"resourceName": "memory", "restartPolicy": "RestartContainer"}


def resources(cpu: str = "200m", memory: str = "64Mi") -> Object:
    amounts = {"cpu": cpu, "memory": memory}
    return {"requests": amounts, "limits": dict(amounts)}


def small(name: str = "web", policy: list[Object] | None = None, **spec: Any) -> Object:
    main = container(resources=resources(), **({"resizePolicy": policy} if policy else {}))
    made = pod(name, [main], **spec)
    made["metadata"]["generation"] = 1
    made["status"]["qosClass"] = "Guaranteed"
    return made


def resize(bench: NodeBench, given: Object, name: str = "web", container: str = "main") -> int:
    """As a write of pods/resize leaves it; the new generation."""
    found = bench.pod(name)
    assert found is not None
    generation = int(found["metadata"].get("generation") or 1) + 1
    changed = [
        {**item, "resources": given} if item["name"] == container else item
        for item in found["spec"]["containers"]
    ]
    meta = {**found["metadata"], "generation": generation}
    bench.state.put(PODS, {**found, "metadata": meta, "spec": {**found["spec"],
                                                              "containers": changed}})  # fmt: skip
    return generation


async def real(bench: NodeBench, name: str = "web", container: str = "main") -> Container:
    wanted = {labels.POD_NAME: name, labels.CONTAINER: container}
    found = [item for item in await bench.runtime.list(wanted) if item.state == "running"]
    assert len(found) == 1
    result: Container = found[0]
    return result


def condition(bench: NodeBench, kind: str, name: str = "web") -> Object:
    found = [item for item in bench.status(name).get("conditions") or () if item["type"] == kind]
    return found[0] if found else {}


def settled(bench: NodeBench, given: Object, name: str = "web") -> bool:
    """What is desired is in force, and the status says no more of a resize."""
    shown = bench.container(name)
    return (
        shown.get("resources") == given
        and shown.get("allocatedResources") == given["requests"]
        and not condition(bench, "PodResizePending", name)
        and not condition(bench, "PodResizeInProgress", name)
    )


@simulated
async def test_in_place(bench: NodeBench) -> None:
    bench.create(small())
    await bench.running()
    assert settled(bench, resources())
    before = await real(bench)
    assert before.limits == Limits(64 << 20, 204, 20_000, 100_000)
    wanted = resources("500m", "128Mi")
    generation = resize(bench, wanted)
    await bench.until(lambda: settled(bench, wanted))
    after = await real(bench)
    assert after.limits == Limits(128 << 20, 512, 50_000, 100_000)
    assert after.id == before.id and bench.container()["restartCount"] == 0
    assert bench.status()["observedGeneration"] == generation
    await bench.until(lambda: "ResizeCompleted" in bench.reasons())
    told = (
        '{"containers":[{"name":"main","resources":{"limits":{"cpu":"500m","memory":"128Mi"},'
        '"requests":{"cpu":"500m","memory":"128Mi"}}}],"generation":2}'
    )
    assert bench.events()[-2:] == [
        ("ResizeStarted", f"Pod resize started: {told}"),
        ("ResizeCompleted", f"Pod resize completed: {told}"),
    ]


@simulated
async def test_a_policy_of_restart(bench: NodeBench) -> None:
    bench.create(small(policy=[RESTART]))
    await bench.running()
    resize(bench, resources("300m"))
    await bench.until(lambda: settled(bench, resources("300m")))
    assert bench.container()["restartCount"] == 0, "the policy is of memory alone"
    wanted = resources("300m", "32Mi")
    resize(bench, wanted)
    await bench.until(lambda: settled(bench, wanted) and bench.container()["restartCount"] == 1)
    assert (await real(bench)).limits == Limits(32 << 20, 307, 30_000, 100_000)
    assert ("Killing", "Container main resize requires restart") in bench.events()


@simulated
async def test_a_restart_of_a_container_that_ends_well(bench: NodeBench) -> None:
    """Its exit code is 0, and with OnFailure that would be the pod's end."""
    bench.create(small(policy=[RESTART], restartPolicy="OnFailure"))
    await bench.running()
    resize(bench, resources(memory="32Mi"))
    await bench.until(lambda: bench.container()["restartCount"] == 1)
    await bench.until(lambda: settled(bench, resources(memory="32Mi")))
    assert bench.status()["phase"] == "Running"


@simulated
async def test_more_than_the_node_has(bench: NodeBench) -> None:
    bench.create(small())
    await bench.running()
    generation = resize(bench, resources("1000"))
    await bench.until(lambda: condition(bench, "PodResizePending"))
    told = condition(bench, "PodResizePending")
    text = "Node didn't have enough capacity: cpu, requested: 1000000, capacity: 2000"
    assert (told["status"], told["reason"], told["message"]) == ("True", "Infeasible", text)
    assert told["observedGeneration"] == generation
    assert bench.container()["resources"] == resources()
    assert bench.container()["allocatedResources"] == resources()["requests"]
    resize(bench, resources("1500"))
    await bench.until(lambda: condition(bench, "PodResizePending")["observedGeneration"] == 3)
    resize(bench, resources("1"))
    await bench.until(lambda: settled(bench, resources("1")))
    assert bench.reasons().count("ResizeInfeasible") == 2
    assert bench.events()[3][1].endswith(f'"generation":2,"error":"{text}"}}')


@simulated
async def test_room_that_comes_free_goes_to_who_is_first(bench: NodeBench) -> None:
    bench.create(small("low"))
    bench.create(small("high", priority=5))
    big = small("big")
    big["spec"]["containers"][0]["resources"] = resources("1500m")
    bench.create(big)
    for name in ("low", "high", "big"):
        await bench.running(name)
    resize(bench, resources("1200m"), "low")
    await bench.until(lambda: condition(bench, "PodResizePending", "low"))
    resize(bench, resources("1200m"), "high")
    await bench.until(lambda: condition(bench, "PodResizePending", "high"))
    text = "Node didn't have enough resource: cpu, requested: 1200, used: 1700, capacity: 2000"
    assert condition(bench, "PodResizePending", "high")["message"] == text
    assert condition(bench, "PodResizePending", "high")["reason"] == "Deferred"
    bench.delete("big")
    await bench.until(lambda: settled(bench, resources("1200m"), "high"))
    assert condition(bench, "PodResizePending", "low")["reason"] == "Deferred"
    resize(bench, resources("100m"), "high")
    await bench.until(lambda: settled(bench, resources("1200m"), "low"))


@simulated
async def test_memory_is_not_taken_from_a_container_that_holds_it(bench: NodeBench) -> None:
    bench.create(small())
    await bench.running()
    bench.runtime.memory_used["main"] = 40 << 20
    generation = resize(bench, resources("100m", "32Mi"))
    await bench.until(lambda: condition(bench, "PodResizeInProgress").get("reason") == "Error")
    told = condition(bench, "PodResizeInProgress")
    assert told["observedGeneration"] == generation and told["message"] == (
        'attempting to set container "main" memory limit (33554432) below current usage (41943040)'
    )
    shown = bench.container()
    assert shown["resources"]["limits"]["memory"] == "64Mi"
    assert shown["allocatedResources"] == {"cpu": "100m", "memory": "32Mi"}
    bench.runtime.memory_used["main"] = 1 << 20
    await bench.until(lambda: settled(bench, resources("100m", "32Mi")))
    assert bench.reasons().count("ResizeError") == 1


@simulated
async def test_a_resize_before_the_container_is_there(bench: NodeBench) -> None:
    bench.runtime._pull_seconds = 5
    waits = small()
    waits["spec"]["containers"][0]["image"] = "example.org/slow:1"
    bench.create(waits)
    await bench.until(lambda: "Pulling" in bench.reasons())
    resize(bench, resources("100m", "32Mi"))
    await bench.running()
    await bench.until(lambda: settled(bench, resources("100m", "32Mi")))
    assert (await real(bench)).limits == Limits(32 << 20, 102, 10_000, 100_000)


@simulated
async def test_a_sidecar(bench: NodeBench) -> None:
    made = small()
    helper = container("helper", restartPolicy="Always", resources=resources("100m"))
    made["spec"]["initContainers"] = [helper]
    bench.create(made)
    await bench.running()
    found = bench.pod()
    assert found is not None
    bigger = {**helper, "resources": resources("150m")}
    meta = {**found["metadata"], "generation": 2}
    spec = {**found["spec"], "initContainers": [bigger]}
    bench.state.put(PODS, {**found, "metadata": meta, "spec": spec})
    await bench.until(
        lambda: bench.container(container="helper")["resources"] == bigger["resources"]
    )
    limits = (await real(bench, container="helper")).limits
    assert limits is not None and limits.cpu_quota == 15_000
    assert bench.container(container="helper")["restartCount"] == 0


def resize_init(bench: NodeBench, **given: Object) -> None:
    """As a write of pods/resize of init containers leaves it."""
    found = bench.pod()
    assert found is not None
    meta = {**found["metadata"], "generation": int(found["metadata"]["generation"]) + 1}
    changed = [
        {**item, "resources": given.get(item["name"], item["resources"])}
        for item in found["spec"]["initContainers"]
    ]
    spec = {**found["spec"], "initContainers": changed}
    bench.state.put(PODS, {**found, "metadata": meta, "spec": spec})


@simulated
async def test_init_containers_that_end(bench: NodeBench) -> None:
    """One that runs is resized in place, one that waits begins with the new, one that has ended
    stays ended."""
    for name in ("first", "second"):
        bench.runtime.behave(name, Behaviour(runs_for=5))
    made = small()
    made["spec"]["initContainers"] = [
        container(name, resources=resources("100m")) for name in ("first", "second")
    ]
    bench.create(made)
    await bench.until(lambda: "running" in (bench.container(container="first").get("state") or {}))
    before = await real(bench, container="first")
    resize_init(bench, first=resources("150m"), second=resources("120m"))
    await bench.until(
        lambda: bench.container(container="first").get("resources") == resources("150m")
    )
    after = await real(bench, container="first")
    assert after.id == before.id and after.limits is not None
    assert after.limits.cpu_quota == 15_000
    await bench.until(lambda: "running" in (bench.container(container="second").get("state") or {}))
    limits = (await real(bench, container="second")).limits
    assert limits is not None and limits.cpu_quota == 12_000
    await bench.running()
    resize_init(bench, first=resources("80m"))
    await bench.until(lambda: bench.reasons().count("ResizeCompleted") == 2)
    first = bench.container(container="first")
    assert first["allocatedResources"] == resources("80m")["requests"]
    assert "terminated" in first["state"] and first["restartCount"] == 0
    assert not condition(bench, "PodResizeInProgress")


@simulated
async def test_an_init_container_that_the_node_has_no_room_for(bench: NodeBench) -> None:
    bench.runtime.behave("first", Behaviour(runs_for=5))
    made = small()
    made["spec"]["initContainers"] = [container("first", resources=resources("100m"))]
    bench.create(made)
    await bench.until(lambda: "running" in (bench.container(container="first").get("state") or {}))
    resize_init(bench, first=resources("1000"))
    await bench.until(lambda: condition(bench, "PodResizePending"))
    assert condition(bench, "PodResizePending")["reason"] == "Infeasible"
    assert bench.container(container="first")["resources"] == resources("100m")
    await bench.running()


@pytest.mark.parametrize("while_down", [None, "300m", "1000"])
def test_a_kubelet_that_crashes(while_down: str | None) -> None:
    @simulated
    async def story(bench: NodeBench) -> None:
        bench.create(small())
        await bench.running()
        before = await real(bench)
        resize(bench, resources("400m"))
        await bench.until(lambda: settled(bench, resources("400m")))
        await bench.stop_kubelet()
        if while_down:
            resize(bench, resources(while_down))
        events = len(bench.events())
        await bench.start_kubelet()
        if while_down == "1000":
            await bench.until(lambda: condition(bench, "PodResizePending"))
            assert bench.container()["resources"] == resources("400m")
        else:
            await bench.until(lambda: settled(bench, resources(while_down or "400m")))
        assert (await real(bench)).id == before.id
        if not while_down:
            assert len(bench.events()) == events

    story()


@simulated
async def test_a_kubelet_that_crashes_before_it_has_told(bench: NodeBench) -> None:
    """The engine has the new limits, the API object says the old ones."""
    bench.create(small(policy=[RESTART]))
    await bench.running()
    before = await real(bench)
    await bench.stop_kubelet()
    resize(bench, resources("400m"))
    await bench.runtime.update(before.id, {"CpuShares": 409, "CpuQuota": 40_000})
    calls: list[str] = []
    update = bench.runtime.update

    async def counted(container: str, limits: Object) -> None:
        calls.append(container)
        await update(container, limits)

    bench.runtime.update = counted
    await bench.start_kubelet()
    await bench.until(lambda: settled(bench, resources("400m")))
    assert calls == [] and bench.container()["restartCount"] == 0


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("resize"), st.sampled_from(["100m", "300m", "1500m", "9"]),
                  st.sampled_from(["32Mi", "64Mi", "96Mi", "9000Gi"])),
        st.tuples(st.sampled_from(["crash", "exit", "stubborn", "wait", "other"])),
    ),
    min_size=1,
    max_size=7,
)  # fmt: skip


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(steps=STEPS, restart=st.booleans(), pauses=st.lists(st.sampled_from([0.0, 0.03, 2.0])))
def test_all_ends_as_desired_or_with_a_reason(
    steps: list[tuple[str, ...]], restart: bool, pauses: list[float]
) -> None:
    """Resizes, crashes of the kubelet and ends of containers in any order."""

    async def main() -> None:
        runtime = MemoryRuntime()
        runtime.add_image(IMAGE)
        runtime.behave("main", Behaviour(start_seconds=0.02))
        parts = (make_settings(), runtime, MemoryNetwork(), MemoryFiles())
        async with node_bench(*parts) as bench:
            bench.create(small("web", [RESTART] if restart else None))
            bench.create(small("other"))
            await bench.running()
            await story(bench)
            runtime.unyielding.clear()
            await sleep(1)  # what has just ended has not been told yet
            await bench.until(lambda: converged(bench), 700)
            await agrees(bench)

    async def story(bench: NodeBench) -> None:
        for position, step in enumerate(steps):
            match step:
                case ["resize", cpu, memory]:
                    resize(bench, resources(cpu, memory))
                case ["other"]:
                    resize(bench, resources("1200m"), "other")
                case ["crash"]:
                    await bench.stop_kubelet()
                    await bench.start_kubelet()
                case ["exit" | "stubborn" as what]:
                    for item in await bench.runtime.list({labels.CONTAINER: "main"}):
                        if item.state == "running" and what == "exit":
                            bench.runtime.crash(item.id, 1)
                        elif what == "stubborn":
                            bench.runtime.unyielding.add(item.id)
            await sleep(pauses[position] if position < len(pauses) else 0.0)

    def converged(bench: NodeBench) -> bool:
        for name in ("web", "other"):
            found = bench.pod(name)
            assert found is not None
            wanted = found["spec"]["containers"][0]["resources"]
            told = condition(bench, "PodResizePending", name)
            judged = told.get("observedGeneration") == found["metadata"]["generation"]
            waits = judged and not condition(bench, "PodResizeInProgress", name)
            if not waits and not settled(bench, wanted, name):
                return False
            if "running" not in bench.container(name).get("state", {}):
                return False
        return True

    async def agrees(bench: NodeBench) -> None:
        """What the status says is what the engine does."""
        for name in ("web", "other"):
            limits = (await real(bench, name)).limits
            shown = bench.container(name)["resources"]["limits"]
            assert limits is not None
            assert limits.memory == int(shown["memory"].removesuffix("Mi")) << 20
            assert limits.cpu_quota == int(shown["cpu"].removesuffix("m")) * 100

    run_simulation(main)
