"""``status.containerStatuses``: one container's true state from what is seen. Pure.

Must not know: the pod's phase, the API server. Source: core/v1 ContainerStatus.
"""

from dataclasses import dataclass
from typing import Any

from actors.kit.world.containers import Container
from actors.kubelet import labels, pod_spec
from actors.kubelet.pod_view import PodMemory, PodView, Waiting
from actors.kubelet.resizing import actual
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object


@dataclass(frozen=True, slots=True)
class Seen:
    """What statuses are made from. ``scheme``: of container ids, as "docker"."""

    view: PodView
    memory: PodMemory
    scheme: str


def container_statuses(
    specs: list[Object], seen: Seen, waiting: dict[str, Waiting], init: bool = False
) -> list[Object]:
    """In the order of the specs. ``init``: they are init containers."""
    return [one_status(spec, seen, waiting, init) for spec in specs]


def one_status(spec: Object, seen: Seen, waiting: dict[str, Waiting], init: bool) -> Object:
    """``waiting``: reasons for containers that do not run."""
    view, memory, scheme = seen.view, seen.memory, seen.scheme
    name = spec["name"]
    attempts = view.containers.get(name, ())
    latest = attempts[0] if attempts else None
    prior = next((item for item in attempts[1:] if pod_spec.is_dead(item)), None)
    status: Object = {
        "name": name,
        "image": spec.get("image", ""),
        "imageID": "",
        "ready": False,
        "started": False,
        "restartCount": memory.attempts.get(name, 0),
        "state": {},
        "lastState": {},
    }
    why = waiting.get(name)
    add_resources(spec, latest, memory, status)
    if latest is None or (latest.state == "created" and not latest.error):
        status["state"] = {"waiting": waiting_state(why)}
        if prior is not None:
            status["lastState"] = {"terminated": terminated_state(prior, memory, scheme)}
        return status
    status["restartCount"] = max(labels.attempt_of(latest), status["restartCount"])
    status["imageID"] = f"{scheme}://{latest.image_id}" if latest.image_id else ""
    status["containerID"] = f"{scheme}://{latest.id}"
    if latest.state == "running":
        status["state"] = {"running": {"startedAt": rfc3339(latest.started_at)}}
        status["started"] = latest.id in memory.started and latest.id in memory.hooked
        status["ready"] = is_ready(spec, latest, memory)
    elif why is not None:
        status["state"] = {"waiting": waiting_state(why)}
        prior = latest
    else:
        status["state"] = {"terminated": terminated_state(latest, memory, scheme)}
        # An init container that has done its work counts as ready.
        status["ready"] = init and pod_spec.succeeded(latest)
    if prior is not None:
        status["lastState"] = {"terminated": terminated_state(prior, memory, scheme)}
    return status


def is_ready(spec: Object, item: Container, memory: PodMemory) -> bool:
    """Started, and its readiness probe (if any) says yes."""
    if item.id not in memory.started or item.id not in memory.hooked:
        return False
    if "readinessProbe" not in spec:
        return True
    return memory.ready.get(item.id, False)


def waiting_state(why: Waiting | None) -> Object:
    """Kubernetes' default reason is ContainerCreating."""
    if why is None:
        return {"reason": "ContainerCreating"}
    return {"reason": why.reason, **({"message": why.message} if why.message else {})}


def terminated_state(item: Container, memory: PodMemory, scheme: str) -> Object:
    """ContainerStateTerminated of a dead container."""
    code = pod_spec.exit_code(item)
    state: dict[str, Any] = {
        "exitCode": code,
        "reason": termination_reason(item),
        "startedAt": rfc3339(item.started_at),
        "finishedAt": rfc3339(pod_spec.died_at(item)),
        "containerID": f"{scheme}://{item.id}",
    }
    message = item.error if item.state == "created" else memory.messages.get(item.id, "")
    if message:
        state["message"] = message
    return state


def exit_facts(item: Container) -> dict[str, Any]:
    """For the trace, of a dead container: ``ended`` in UNIX seconds."""
    return {
        "container": item.labels.get(labels.CONTAINER, ""),
        "attempt": labels.attempt_of(item),
        "code": pod_spec.exit_code(item),
        "reason": termination_reason(item),
        "ended": pod_spec.died_at(item),
    }


def termination_reason(item: Container) -> str:
    """OOMKilled only with a bad exit code: the engine also says so when only a child was killed."""
    if item.state == "created":
        return "StartError"
    if item.exit_code == 0:
        return "Completed"
    if item.oom_killed:
        return "OOMKilled"
    return "Error"


def _own(found: Object, resources: Object) -> Object:
    """Without the limits of the pod as a whole that it was held to."""
    stated = resources.get("limits") or {}
    limits = {name: one for name, one in (found.get("limits") or {}).items() if name in stated}
    if limits == (found.get("limits") or {}):
        return found
    kept = {part: amounts for part, amounts in found.items() if part != "limits"}
    return {**kept, "limits": limits} if limits else kept


def add_resources(
    spec: Object, latest: Container | None, memory: PodMemory, status: Object
) -> None:
    """What is in force of a running container, else what it will start with; and what is allocated
    to it (KEP-1287). ``spec``: with what is allocated."""
    resources = spec.get("resources") or {}
    status["resources"] = resources
    if latest is not None and latest.state == "running":
        found = actual(latest, memory.acknowledged.get(latest.id, resources))
        status["resources"] = _own(found, resources)
    if resources.get("requests"):
        status["allocatedResources"] = resources["requests"]
