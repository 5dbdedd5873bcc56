"""Pod status from what is seen."""

from typing import Any

import pytest

from actors.kit.world.containers import Container
from actors.kubelet import labels, status
from actors.kubelet.pod_view import PodMemory, PodView, Waiting, make_view
from actors.kubelet.status import NodeFacts
from cluster.api.types import Object

NODE = NodeFacts("node-1", "10.245.0.1", "docker")


def pod(**spec: Any) -> Object:
    meta = {"name": "web", "namespace": "shop", "uid": "u", "generation": 3}
    containers = [{"name": "main", "image": "x"}, {"name": "other", "image": "y"}]
    return {"metadata": meta, "spec": {"containers": containers, **spec}, "status": {}}


def container(name: str, state: Any = "running", attempt: int = 0, **fields: Any) -> Container:
    marked = {labels.CONTAINER: name, labels.SANDBOX: "s", labels.ATTEMPT: str(attempt)}
    kind = labels.TYPE_SANDBOX if name == "POD" else labels.TYPE_CONTAINER
    marked[labels.TYPE] = kind
    identity = "s" if name == "POD" else f"{name}-{attempt}"
    return Container(identity, name, marked, state, "x", "sha256:1", **fields)


def status_of(obj: Object, memory: PodMemory | None = None, *found: Container) -> Object:
    memory = memory or PodMemory()
    for item in found:
        memory.hooked.add(item.id)
        memory.started.add(item.id)
    memory.network_ready = "s"
    return status.pod_status(obj, make_view([container("POD"), *found]), memory, {}, NODE, 1e9)


def conditions(found: Object) -> dict[str, str]:
    return {item["type"]: item["status"] for item in found["conditions"]}


def test_pending_until_all_have_run() -> None:
    found = status_of(pod(), None, container("main"))
    assert found["phase"] == "Pending" and found["observedGeneration"] == 3
    assert conditions(found)["Ready"] == "False"
    ready = next(item for item in found["conditions"] if item["type"] == "Ready")
    assert ready["message"] == "containers with unready status: [other]"
    waiting = found["containerStatuses"][1]["state"]["waiting"]
    assert waiting == {"reason": "ContainerCreating"}
    assert status_of(pod(), None, container("main"), container("other"))["phase"] == "Running"


@pytest.mark.parametrize(
    ("policy", "codes", "phase"),
    [
        ("Always", (0, 0), "Running"),
        ("OnFailure", (0, 0), "Succeeded"),
        ("OnFailure", (0, 1), "Running"),
        ("Never", (0, 0), "Succeeded"),
        ("Never", (1, 0), "Failed"),
        ("Never", (None, 1), "Running"),
    ],
)
def test_phases_of_ended_containers(policy: str, codes: tuple[int | None, int], phase: str) -> None:
    ended = [
        container(name) if code is None else container(name, "exited", exit_code=code)
        for name, code in zip(("main", "other"), codes, strict=True)
    ]
    assert status_of(pod(restartPolicy=policy), None, *ended)["phase"] == phase


def test_ready_needs_the_probe_and_the_gates() -> None:
    obj = pod(readinessGates=[{"conditionType": "example.org/gate"}])
    obj["spec"]["containers"][0]["readinessProbe"] = {}
    both = (container("main"), container("other"))
    assert conditions(status_of(obj, None, *both))["ContainersReady"] == "False"
    memory = PodMemory(ready={"main-0": True})
    found = conditions(status_of(obj, memory, *both))
    assert (found["ContainersReady"], found["Ready"]) == ("True", "False")
    gate = {"type": "example.org/gate", "status": "True", "lastTransitionTime": "kept"}
    obj["status"]["conditions"] = [gate]
    found_all = status_of(obj, memory, *both)
    assert conditions(found_all)["Ready"] == "True"
    assert found_all["conditions"][0] == gate


def test_transition_times_are_kept_while_nothing_changes() -> None:
    obj = pod()
    old = {"type": "Initialized", "status": "True", "lastTransitionTime": "before"}
    changed = {"type": "Ready", "status": "True", "lastTransitionTime": "before"}
    obj["status"]["conditions"] = [old, changed]
    found = {item["type"]: item for item in status_of(obj)["conditions"]}
    assert found["Initialized"]["lastTransitionTime"] == "before"
    assert found["Ready"]["lastTransitionTime"] == "2001-09-09T01:46:40Z"


def test_terminated_states() -> None:
    killed = container(
        "main", "exited", exit_code=137, oom_killed=True, started_at=1, finished_at=2
    )
    child = container("other", "exited", exit_code=0, oom_killed=True)
    memory = PodMemory(messages={"main-0": "last words"})
    found = status_of(pod(restartPolicy="Never"), memory, killed, child)["containerStatuses"]
    assert found[0]["state"]["terminated"] == {
        "exitCode": 137,
        "reason": "OOMKilled",
        "startedAt": "1970-01-01T00:00:01Z",
        "finishedAt": "1970-01-01T00:00:02Z",
        "containerID": "docker://main-0",
        "message": "last words",
    }
    assert found[1]["state"]["terminated"]["reason"] == "Completed"


def test_last_state_is_of_the_attempt_before() -> None:
    found = status_of(
        pod(), None, container("main", attempt=4), container("main", "exited", 3, exit_code=9)
    )["containerStatuses"][0]
    assert found["restartCount"] == 4 and "running" in found["state"]
    assert found["lastState"]["terminated"]["exitCode"] == 9


def test_a_pod_that_failed_as_a_whole() -> None:
    memory = PodMemory(failure=Waiting("DeadlineExceeded", "too long"))
    found = status_of(pod(), memory, container("main", "exited", exit_code=137))
    assert (found["phase"], found["reason"]) == ("Failed", "DeadlineExceeded")


def test_init_containers() -> None:
    obj = pod(initContainers=[{"name": "first"}, {"name": "second"}])
    found = status_of(obj, None, container("first", "exited", exit_code=0))
    assert conditions(found)["Initialized"] == "False"
    message = found["conditions"][1]["message"]
    assert message == "containers with incomplete status: [second]"
    first, second = found["initContainerStatuses"]
    assert first["ready"] and second["state"]["waiting"]["reason"] == "PodInitializing"


def test_addresses() -> None:
    found = status_of(pod(), PodMemory(address="10.244.1.9"))
    assert found["podIP"] == "10.244.1.9" and found["podIPs"] == [{"ip": "10.244.1.9"}]
    assert "podIP" not in status_of(pod())
    assert status_of(pod(hostNetwork=True))["podIP"] == "10.245.0.1"
    assert PodView().latest("main") is None
