"""A pod's whole status: phase, conditions, addresses, container statuses. Pure.

Must not know: when or how it is published. Source: core/v1 PodStatus; Kubernetes docs, "Pod
Lifecycle: pod phase, pod conditions"; KEP-3085 (PodReadyToStartContainers).
"""

from dataclasses import dataclass

from actors.kubelet import pod_spec
from actors.kubelet.container_status import Seen, container_statuses
from actors.kubelet.limits import in_units, pod_limits
from actors.kubelet.pod_view import PodMemory, PodView, Waiting
from actors.kubelet.progress import initialized, is_through, outcome
from cluster.api.pod_qos import qos_class
from cluster.api.pod_resizing import CPU, ERROR, IN_PROGRESS, MEMORY, PENDING
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object

# There only while a resize waits or goes on.
RESIZE_CONDITIONS = (PENDING, IN_PROGRESS)
OWN_CONDITIONS = (
    "PodReadyToStartContainers",
    "Initialized",
    "Ready",
    "ContainersReady",
    "PodScheduled",
    *RESIZE_CONDITIONS,
)


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """``address``: the node's InternalIP. ``scheme``: the runtime's name in container ids."""

    name: str
    address: str
    scheme: str


def pod_status(
    pod: Object,
    view: PodView,
    memory: PodMemory,
    planned: dict[str, Waiting],
    node: NodeFacts,
    now: float,
) -> Object:
    """``planned``: waiting reasons of the latest plan, which win over remembered ones."""
    done = initialized(pod, view, memory)
    default = Waiting("ContainerCreating" if done or not init_specs(pod) else "PodInitializing")
    waiting = {**memory.waiting, **planned}
    seen = Seen(view, memory, node.scheme)
    init = container_statuses(init_specs(pod), seen, waiting, init=True)
    main = container_statuses(pod_spec.main_containers(pod), seen, waiting)
    ephemeral = container_statuses(pod_spec.ephemeral_containers(pod), seen, waiting)
    for item in (*init, *main, *ephemeral):
        settle(item, default, ended=bool(memory.outcome or memory.failure))
    phase = pod_phase(pod, view, memory, main, done)
    status: Object = {
        "phase": phase,
        "conditions": conditions(pod, view, memory, main, phase, done, now),
        "hostIP": node.address,
        "hostIPs": [{"ip": node.address}],
        "startTime": rfc3339(memory.start_time),
        "qosClass": (pod.get("status") or {}).get("qosClass") or qos_class(pod),
    }
    address = node.address if pod_spec.is_host_network(pod) else memory.address
    if address:
        status["podIP"] = address
        status["podIPs"] = [{"ip": address}]
    generation = pod["metadata"].get("generation")
    if generation:
        status["observedGeneration"] = generation
    if memory.failure is not None:
        status["reason"], status["message"] = memory.failure.reason, memory.failure.message
    if memory.rejected:
        return status
    if init:
        status["initContainerStatuses"] = init
    status["containerStatuses"] = main
    status.update(own_resources(pod, memory))
    if ephemeral:
        # They are not probed, and do not count for the pod.
        status["ephemeralContainerStatuses"] = [{**item, "ready": False} for item in ephemeral]
    return status


def own_resources(pod: Object, memory: PodMemory) -> Object:
    """Of a pod that states resources itself: what is in force, and what is allocated (KEP-5419).
    ``pod``: with what is allocated. Its requests are the scheduler's: they hold at once."""
    resources = pod["spec"].get("resources") or {}
    if not resources:
        return {}
    found: Object = {"resources": resources}
    stated = resources.get("limits") or {}
    if memory.pod_limits is not None and memory.pod_limits != pod_limits(pod):
        size, milli = memory.pod_limits
        told = {
            name: text
            for name, amount, text in (
                (MEMORY, size, str(size)),
                (CPU, milli, f"{milli}m"),
            )
            if name in stated and amount and amount != in_units(name, stated[name])
        }
        found["resources"] = {**resources, "limits": {**stated, **told}}
    if resources.get("requests"):
        found["allocatedResources"] = resources["requests"]
    return found


def init_specs(pod: Object) -> list[Object]:
    """``spec.initContainers``."""
    return pod_spec.init_containers(pod)


def settle(item: Object, default: Waiting, ended: bool) -> None:
    """The default waiting reason; a container that will not start any more waits for nothing."""
    waiting = item["state"].get("waiting")
    if waiting is None:
        return
    if ended and "terminated" in item["lastState"]:
        item["state"], item["lastState"] = item["lastState"], {}
    elif waiting["reason"] == "ContainerCreating":
        item["state"] = {"waiting": {"reason": default.reason}}


def pod_phase(pod: Object, view: PodView, memory: PodMemory, main: list[Object], done: bool) -> str:
    """Pending, Running, Succeeded or Failed."""
    if memory.outcome:
        return memory.outcome
    stopping = pod_spec.is_deleting(pod) or memory.failure is not None
    if stopping and not view.running() and view.containers:
        return final_phase(memory, main)
    if memory.failure is not None:
        return "Failed"
    reached = outcome(pod, view, memory.restarting)
    if reached:
        return reached
    never_ran = [
        item
        for item in main
        if "waiting" in item["state"] and "terminated" not in item["lastState"]
    ]
    return "Pending" if never_ran or not done else "Running"


def final_phase(memory: PodMemory, main: list[Object]) -> str:
    """Of a pod whose containers were all stopped because it was to go."""
    if memory.failure is not None:
        return "Failed"
    ends = [(item["state"].get("terminated") or {}).get("exitCode") for item in main]
    return "Succeeded" if all(code == 0 for code in ends) else "Failed"


def conditions(
    pod: Object,
    view: PodView,
    memory: PodMemory,
    main: list[Object],
    phase: str,
    done: bool,
    now: float,
) -> list[Object]:
    """Ours, in Kubernetes' order, after those that others own (readiness gates)."""
    sandbox = view.sandbox
    up = sandbox is not None and sandbox.state == "running" and memory.network_ready == sandbox.id
    old = {item["type"]: item for item in (pod.get("status") or {}).get("conditions") or ()}
    finished = phase in ("Succeeded", "Failed")
    containers_ready = containers_ready_condition(main, phase)
    wanted = [
        condition("PodReadyToStartContainers", up),
        initialized_condition(pod, view, memory, done or phase == "Succeeded"),
        ready_condition(pod, containers_ready, old, finished),
        containers_ready,
        condition("PodScheduled", True),
        *resize_conditions(memory),
    ]
    for item in wanted:
        before = old.get(item["type"])
        same = before is not None and before.get("status") == item["status"]
        kept = before.get("lastTransitionTime") if same and before is not None else None
        item["lastTransitionTime"] = kept or rfc3339(now)
    foreign = [item for kind, item in old.items() if kind not in OWN_CONDITIONS]
    return [*foreign, *wanted]


def condition(kind: str, value: bool, reason: str = "", message: str = "") -> Object:
    """Without times."""
    item: Object = {"type": kind, "status": "True" if value else "False"}
    if reason:
        item["reason"] = reason
    if message:
        item["message"] = message
    return item


def resize_conditions(memory: PodMemory) -> list[Object]:
    """Whether a resize waits, and whether one is being put in force (KEP-1287)."""
    found = []
    if memory.pending is not None:
        pending = condition(PENDING, True, memory.pending.reason, memory.pending.message)
        found.append({**pending, "observedGeneration": memory.pending.generation})
    if memory.resize_generation:
        reason = ERROR if memory.resize_error else ""
        going = condition(IN_PROGRESS, True, reason, memory.resize_error)
        found.append({**going, "observedGeneration": memory.resize_generation})
    return found


def initialized_condition(pod: Object, view: PodView, memory: PodMemory, done: bool) -> Object:
    """Names the init containers that are not through."""
    if done:
        return condition("Initialized", True)
    names = [
        spec["name"]
        for spec in init_specs(pod)
        if not is_through(spec, view.current(spec["name"]), memory)
    ]
    message = f"containers with incomplete status: [{' '.join(names)}]"
    return condition("Initialized", False, "ContainersNotInitialized", message)


def containers_ready_condition(main: list[Object], phase: str) -> Object:
    """True if every container is ready."""
    if phase == "Succeeded":
        return condition("ContainersReady", False, "PodCompleted")
    if phase == "Failed":
        return condition("ContainersReady", False, "PodFailed")
    unready = [item["name"] for item in main if not item["ready"]]
    if not unready:
        return condition("ContainersReady", True)
    message = f"containers with unready status: [{' '.join(unready)}]"
    return condition("ContainersReady", False, "ContainersNotReady", message)


def ready_condition(
    pod: Object, containers_ready: Object, old: dict[str, Object], finished: bool
) -> Object:
    """ContainersReady and all readiness gates (KEP-580)."""
    if containers_ready["status"] != "True" or finished:
        return {**containers_ready, "type": "Ready"}
    gates = [gate["conditionType"] for gate in pod["spec"].get("readinessGates") or ()]
    missing = [kind for kind in gates if old.get(kind, {}).get("status") != "True"]
    if not missing:
        return condition("Ready", True)
    message = "; ".join(
        f'the status of pod readiness gate "{kind}" is not "True"' for kind in missing
    )
    return condition("Ready", False, "ReadinessGatesNotReady", message)
