"""Ephemeral containers: started once, in a pod that runs, and of no weight for it."""

import asyncio
from typing import Any

from actors.kubelet.runtimes.memory import Behaviour
from cluster.api.resources import PODS
from tests.unit.actors.kubelet.bench import IMAGE, NodeBench, pod, simulated


def add(bench: NodeBench, **more: Any) -> None:
    """As a write of pods/ephemeralcontainers does."""
    found = bench.pod()
    assert found is not None
    debugger = {"name": "debugger", "image": IMAGE, "stdin": True, "tty": True, **more}
    spec = {**found["spec"], "ephemeralContainers": [debugger]}
    bench.state.put(PODS, {**found, "spec": spec})


def status_of(bench: NodeBench) -> dict[str, Any]:
    found = bench.status().get("ephemeralContainerStatuses") or [{}]
    return dict(found[0])


@simulated
async def test_it_is_started_once(bench: NodeBench) -> None:
    bench.create(pod())
    await bench.running()
    bench.runtime.behave("debugger", Behaviour(runs_for=5, exit_code=3))
    add(bench)
    await bench.until(lambda: "running" in status_of(bench).get("state", {}))
    assert status_of(bench)["ready"] is False and bench.status()["phase"] == "Running"
    assert bench.condition("Ready") == "True"
    await bench.until(lambda: "terminated" in status_of(bench).get("state", {}))
    assert status_of(bench)["state"]["terminated"]["exitCode"] == 3
    await asyncio.sleep(300)
    assert status_of(bench)["restartCount"] == 0
    assert bench.container()["restartCount"] == 0
    await bench.stop_kubelet()
    await bench.start_kubelet()
    await asyncio.sleep(60)
    assert status_of(bench)["restartCount"] == 0 and "terminated" in status_of(bench)["state"]


@simulated
async def test_it_sees_its_targets_processes(bench: NodeBench) -> None:
    bench.create(pod())
    await bench.running()
    add(bench, targetContainerName="main")
    await bench.until(lambda: "running" in status_of(bench).get("state", {}))
    identity = status_of(bench)["containerID"].partition("//")[2]
    main = bench.container()["containerID"].partition("//")[2]
    config = bench.runtime._containers[identity].config
    assert config["HostConfig"]["PidMode"] == f"container:{main}"
    assert config["OpenStdin"] and config["Tty"]


@simulated
async def test_it_ends_with_its_pod(bench: NodeBench) -> None:
    bench.runtime.behave("main", Behaviour(runs_for=20))
    bench.create(pod(restartPolicy="Never"))
    await bench.running()
    add(bench)
    await bench.until(lambda: "running" in status_of(bench).get("state", {}))
    await bench.until(lambda: bench.status()["phase"] == "Succeeded")
    await bench.until(lambda: "terminated" in status_of(bench)["state"])
