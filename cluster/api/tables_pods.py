"""The Pods table: READY, STATUS and RESTARTS as kubectl users know them.

Source: docs "Pod Lifecycle" and "Debug Pods" for the meaning of each status. Must not know other
kinds.
"""

from typing import NamedTuple

from cluster.api.tables_columns import AGE, NAME, NONE, WIDE, Column, dig, field, seconds_of, since
from cluster.api.types import Object

_INITIALIZING = "PodInitializing"
_TERMINAL = ("Succeeded", "Failed")


class PodSummary(NamedTuple):
    """``last_restart``: RFC 3339 time, '' if there was none."""

    ready: int
    total: int
    status: str
    restarts: int
    last_restart: str


class _Restarts:
    """Counts restarts, and remembers the last."""

    def __init__(self) -> None:
        self.count = 0
        self.last = ""

    def add(self, status: Object) -> None:
        self.count += dig(status, "restartCount", default=0)
        finished = dig(status, "lastState", "terminated", "finishedAt", default="")
        if (seconds_of(finished) or 0.0) > (seconds_of(self.last) or 0.0):
            self.last = finished


def summarize(pod: Object) -> PodSummary:
    """What one line says of a pod."""
    spec_inits = dig(pod, "spec", "initContainers", default=[])
    sidecars = {item["name"] for item in spec_inits if item.get("restartPolicy") == "Always"}
    total = len(dig(pod, "spec", "containers", default=())) + len(sidecars)
    status = _phase(pod)
    everything, of_sidecars = _Restarts(), _Restarts()
    waiting, ready = "", 0
    for index, container in enumerate(dig(pod, "status", "initContainerStatuses", default=())):
        sidecar = container.get("name") in sidecars
        everything.add(container)
        if sidecar:
            of_sidecars.add(container)
        waiting = _init_status(container, sidecar, index, len(spec_inits))
        if waiting:
            break
        if sidecar and container.get("started") and container.get("ready"):
            ready += 1
    restarts = everything
    if waiting:
        status = waiting
    if not waiting or _condition(pod, "Initialized"):
        restarts = of_sidecars
        status, running = _containers_status(pod, status, restarts)
        ready += running
    if dig(pod, "metadata", "deletionTimestamp"):
        status = _deleting(pod, status)
    return PodSummary(ready, total, status, restarts.count, restarts.last)


def _phase(pod: Object) -> str:
    status = dig(pod, "status", "reason") or dig(pod, "status", "phase", default="")
    for condition in dig(pod, "status", "conditions", default=()):
        if condition.get("type") == "PodScheduled" and condition.get("reason") == "SchedulingGated":
            return "SchedulingGated"
    return str(status)


def _init_status(container: Object, sidecar: bool, index: int, total: int) -> str:
    """'' if initialization got past this container."""
    terminated = dig(container, "state", "terminated")
    if terminated is not None and terminated.get("exitCode", 0) == 0:
        return ""
    if sidecar and container.get("started"):
        return ""
    if terminated is not None:
        return f"Init:{_ended(terminated)}"
    reason = dig(container, "state", "waiting", "reason", default="")
    if reason and reason != _INITIALIZING:
        return f"Init:{reason}"
    return f"Init:{index}/{total}"


def _ended(terminated: Object) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated.get('exitCode', 0)}"


def _containers_status(pod: Object, status: str, restarts: _Restarts) -> tuple[str, int]:
    """The status the containers give the pod (the first one has the last word), and how many run
    and are ready."""
    ready = 0
    for container in reversed(dig(pod, "status", "containerStatuses", default=[])):
        restarts.add(container)
        waiting = dig(container, "state", "waiting", "reason", default="")
        terminated = dig(container, "state", "terminated")
        if waiting:
            status = waiting
        elif terminated is not None:
            status = _ended(terminated)
        elif container.get("ready") and dig(container, "state", "running") is not None:
            ready += 1
    if status == "Completed" and ready:
        status = "Running" if _condition(pod, "Ready") else "NotReady"
    return status, ready


def _deleting(pod: Object, status: str) -> str:
    if dig(pod, "status", "reason") == "NodeLost":
        return "Unknown"
    return status if dig(pod, "status", "phase") in _TERMINAL else "Terminating"


def _condition(pod: Object, name: str) -> bool:
    return any(
        item.get("type") == name and item.get("status") == "True"
        for item in dig(pod, "status", "conditions", default=())
    )


def _ready(pod: Object, now: float) -> str:
    summary = summarize(pod)
    return f"{summary.ready}/{summary.total}"


def _status(pod: Object, now: float) -> str:
    return summarize(pod).status


def _restarts(pod: Object, now: float) -> str:
    summary = summarize(pod)
    if summary.restarts and summary.last_restart:
        return f"{summary.restarts} ({since(summary.last_restart, now)} ago)"
    return str(summary.restarts)


def _address(pod: Object, now: float) -> str:
    first = dig(pod, "status", "podIPs", 0, "ip") or dig(pod, "status", "podIP")
    return str(first or NONE)


def _gates(pod: Object, now: float) -> str:
    gates = dig(pod, "spec", "readinessGates", default=())
    if not gates:
        return NONE
    passed = sum(_condition(pod, gate.get("conditionType", "")) for gate in gates)
    return f"{passed}/{len(gates)}"


POD_COLUMNS = (
    NAME,
    Column("Ready", _ready, description="Containers that are ready, of all."),
    Column("Status", _status, description="What the pod is doing, or why not."),
    Column("Restarts", _restarts, description="Restarts of containers, and when the last was."),
    AGE,
    Column("IP", _address, WIDE),
    Column("Node", field("spec", "nodeName", default=NONE), WIDE),
    Column("Nominated Node", field("status", "nominatedNodeName", default=NONE), WIDE),
    Column("Readiness Gates", _gates, WIDE),
)


def row_conditions(pod: Object) -> list[Object]:
    """A finished pod's row says so; clients may leave it out."""
    phase = dig(pod, "status", "phase")
    if phase not in _TERMINAL:
        return []
    return [
        {
            "type": "Completed",
            "status": "True",
            "reason": phase,
            "message": f"The pod has {'completed' if phase == 'Succeeded' else 'failed'}.",
        }
    ]
