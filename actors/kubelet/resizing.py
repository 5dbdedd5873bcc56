"""In-place resize, decided: what is allocated, what is in force, and the steps between. Pure.

Four states follow one another (KEP-1287; of what a pod states itself KEP-5419): desired (the API
object's spec), allocated (admitted by this node), acknowledged (the engine has taken it), actual
(what the engine says). A restarted kubelet learns the allocated from the API object's status, and
the acknowledged from that, from the container's label or from whichever of them the engine's own
limits agree with.
Must not know: the engine, the API server.
"""

from collections.abc import Mapping

import orjson

from actors.kit.world.containers import Container, Limits
from actors.kubelet import labels
from actors.kubelet import limits as node_limits
from actors.kubelet.pod_plan import (
    STEP_RESIZE,
    LimitPod,
    Plan,
    ResizePod,
    ResizeStep,
    Situation,
    UpdateContainer,
    step_is_due,
)
from actors.kubelet.pod_view import PodMemory, PodView
from cluster.api import pod_resizing
from cluster.api.pod_resizing import CPU, MEMORY, MUTABLE, POD, holders, resizable
from cluster.api.types import Object


def allocated_pod(pod: Object, allocated: Mapping[str, Object]) -> Object:
    """The pod as this node has admitted it; the same object if that is what is desired."""
    found = {
        name: allocated[name]
        for name, holder in holders(pod.get("spec") or {})
        if name in allocated and allocated[name] != (holder.get("resources") or {})
    }
    return {**pod, "spec": pod_resizing.with_resources(pod["spec"], found)} if found else pod


def recalled(pod: Object) -> dict[str, Object]:
    """What was allocated before the kubelet's restart, by container, as the status tells."""
    statuses = _statuses(pod)
    if statuses and (pod.get("spec") or {}).get("resources"):
        # A pod that was told of without resources of its own has been given none yet.
        status = pod["status"]
        statuses[POD] = status if "resources" in status else {"resources": {}}
    found = {}
    for name, holder in holders(pod.get("spec") or {}):
        told = statuses.get(name)
        if told is not None and "resources" in told:
            found[name] = pod_resizing.replaced(holder.get("resources") or {}, _told(told))
    return found


def acknowledged(
    pod: Object, spec: Object, item: Container, allocated: Mapping[str, Object]
) -> Object:
    """What a container that was found running had been given: of all that it may have been, what
    agrees with the engine's limits. ``pod``: as it is desired."""
    told = _statuses(pod).get(spec["name"]) or {}
    its = str(told.get("containerID") or "").rpartition("//")[2] == item.id
    own = allocated.get(POD)
    known = [node_limits.effective(own, _told(told))] if its and "resources" in told else []
    if (made := labels.resources_of(item)) is not None:
        known.append(made)
    given_here = allocated[spec["name"]]
    desired = node_limits.effective_spec(pod, spec).get("resources") or {}
    for given in (*known, node_limits.effective(own, given_here), given_here, desired):
        if item.limits is None or _same_limits(given, item.limits):
            return given
    return known[0] if known else node_limits.effective(own, given_here)


def actual(item: Container, given: Object) -> Object:
    """What is in force of a running container: in the words it was asked for in, or the engine's
    where it says otherwise."""
    if item.limits is None or _same_limits(given, item.limits):
        return given
    limits = item.limits
    changed: dict[str, Object] = {"requests": {}, "limits": {}}
    if limits.cpu_shares > node_limits.CPU_SHARES_MIN:
        milli = -(-limits.cpu_shares * 1000 // node_limits.CPU_SHARES_PER_CORE)
        changed["requests"][CPU] = f"{milli}m"
    if limits.cpu_quota:
        period = limits.cpu_period or node_limits.CPU_PERIOD_MICROS
        changed["limits"][CPU] = f"{limits.cpu_quota * 1000 // period}m"
    if limits.memory:
        changed["limits"][MEMORY] = str(limits.memory)
    kept = {
        part: {**(given.get(part) or {}), **amounts}
        for part, amounts in changed.items()
        if amounts or given.get(part)
    }
    return {**given, **kept}


def outstanding(pod: Object, view: PodView, memory: PodMemory) -> bool:
    """True while a container, or the pod as a whole, does not have what is allocated to it."""
    if memory.pod_limits not in (None, node_limits.pod_limits(pod)):
        return True
    for spec in _effective(pod):
        latest = view.latest(spec["name"])
        if latest is None:
            continue
        if latest.state == "running":
            waits = bool(changes(spec, latest, memory))
        else:
            starts = latest.state == "created" and not latest.error
            waits = starts or latest.id in memory.restarting
        if waits:
            return True
    return False


def changes(spec: Object, item: Container, memory: PodMemory) -> frozenset[str]:
    """What of a running container's effective resources is not yet as allocated."""
    given = memory.acknowledged.get(item.id)
    return frozenset() if given is None else pod_resizing.changed(spec.get("resources"), given)


def needs_restart(pod: Object, spec: Object, item: Container, memory: PodMemory) -> bool:
    """Its resizePolicy lets no running container have what is allocated, to it or to its pod."""
    names = changes(node_limits.effective_spec(pod, spec), item, memory)
    return bool(names) and pod_resizing.restarts(spec, names)


def resize_plan(at: Situation, plan: Plan) -> None:
    """Bring running containers to what is allocated, in the documented order.

    Memory, then CPU; of each first the pod's limit if it grows, then what gets smaller, then the
    pod's limit if it gets smaller, then what grows: so that containers never have more than their
    pod.
    """
    if STEP_RESIZE in at.busy or at.memory.pod_limits is None:
        return
    todo: list[tuple[Object, Container]] = []
    restarting = False
    for spec in _effective(at.pod):
        item = at.view.current(spec["name"])
        if item is None or item.state != "running":
            restarting = restarting or (item is not None and item.id in at.memory.restarting)
        elif needs_restart(at.pod, spec, item, at.memory):
            restarting = True
        elif changes(spec, item, at.memory) and not at.busy & {item.id, spec["name"]}:
            todo.append((spec, item))
    steps: list[ResizeStep] = []
    wanted = dict(zip(MUTABLE, node_limits.pod_limits(at.pod), strict=True))
    now = dict(zip(MUTABLE, at.memory.pod_limits, strict=True))
    for name in MUTABLE:
        less, more = _in_order(at, todo, name)
        if _less(now[name], wanted[name]):
            steps.append(LimitPod(name, wanted[name], 0))
        steps.extend(less)
        if _less(wanted[name], now[name]) and not restarting:
            steps.append(LimitPod(name, wanted[name], 2, _shared(at, name)))
        steps.extend(more)
    if steps and step_is_due(at, plan, STEP_RESIZE):
        plan.actions.append(ResizePod(tuple(steps)))


def _effective(pod: Object) -> list[Object]:
    return [node_limits.effective_spec(pod, spec) for spec in resizable(pod["spec"])]


def _shared(at: Situation, name: str) -> tuple[str, ...]:
    """The running containers that share what their pod states itself of memory: one by one they are
    held to no less than all of it."""
    own = (at.pod["spec"].get("resources") or {}).get("limits") or {}
    return tuple(item.id for item in at.view.running()) if name == MEMORY and name in own else ()


def grown(now: tuple[int, int], wanted: tuple[int, int]) -> tuple[int, int]:
    """A pod's limits that are enough before and after; 0 is no limit."""
    memory, cpu = (
        other if _less(one, other) else one for one, other in zip(now, wanted, strict=True)
    )
    return memory, cpu


def limits_now(pod: Object, view: PodView, memory: PodMemory) -> tuple[int, int]:
    """For a pod whose containers were found running: enough for what they have, and for what is
    allocated to them."""
    running = {item.labels.get(labels.CONTAINER, ""): item for item in view.running()}
    given = {
        name: memory.acknowledged[item.id]
        for name, item in running.items()
        if item.id in memory.acknowledged
    }
    memory_now, cpu_now = node_limits.pod_limits(pod)
    own = (pod["spec"].get("resources") or {}).get("limits") or {}
    for resources in given.values():
        # One may still have the limit that the pod as a whole had.
        stated = resources.get("limits") or {}
        if MEMORY in own:
            memory_now = max(memory_now, node_limits.in_units(MEMORY, stated.get(MEMORY)))
        if CPU in own:
            cpu_now = max(cpu_now, node_limits.in_units(CPU, stated.get(CPU)))
    wanted = node_limits.pod_limits(allocated_pod(pod, given))
    return grown(wanted, (memory_now, cpu_now))


def told(
    head: str, pod: Object, allocated: Mapping[str, Object] | None, generation: int, error: str = ""
) -> str:
    """The message of an event: ``allocated`` None: what is desired."""
    body: Object = {}
    if own := _shown(POD, pod["spec"], allocated):
        body["resources"] = own
    names = {item["name"] for item in resizable(pod["spec"])}
    for key in ("initContainers", "containers"):
        listed = [
            {"name": spec["name"], "resources": shown}
            for spec in pod["spec"].get(key) or ()
            if spec["name"] in names and (shown := _shown(spec["name"], spec, allocated))
        ]
        if listed:
            body[key] = listed
    body["generation"] = generation
    if error:
        body["error"] = error
    return f"{head}: {orjson.dumps(body).decode()}"


def _shown(name: str, holder: Object, allocated: Mapping[str, Object] | None) -> Object:
    given = (holder.get("resources") or {}) if allocated is None else allocated[name]
    shown = {}
    for part in ("limits", "requests"):
        amounts = {name: given[part][name] for name in (CPU, MEMORY) if name in given.get(part, {})}
        if amounts:
            shown[part] = amounts
    return shown


def _in_order(
    at: Situation, todo: list[tuple[Object, Container]], name: str
) -> tuple[list[ResizeStep], list[ResizeStep]]:
    less: list[ResizeStep] = []
    more: list[ResizeStep] = []
    for spec, item in todo:
        if name not in changes(spec, item, at.memory):
            continue
        given = at.memory.acknowledged[item.id]
        was = [pod_resizing.amount(given, part, name) for part in ("limits", "requests")]
        to = [pod_resizing.amount(spec.get("resources"), part, name)
              for part in ("limits", "requests")]  # fmt: skip
        shrinks = _less(to[0], was[0]) or (to[0] == was[0] and to[1] < was[1])
        step = UpdateContainer(item.id, spec["name"], name, 1 if shrinks else 3)
        (less if shrinks else more).append(step)
    return less, more


def _less(one: int, other: int) -> bool:
    """Of limits, where 0 is none."""
    if not one or not other:
        return bool(one) and not other
    return one < other


def _same_limits(given: Object, limits: Limits) -> bool:
    try:
        found = node_limits.limits_for(given)
    except ValueError:
        return False
    kept = (limits.memory, limits.cpu_shares, limits.cpu_quota)
    return (found.memory, found.cpu_shares, found.cpu_quota) == kept


def _statuses(pod: Object) -> dict[str, Object]:
    status = pod.get("status") or {}
    return {
        item["name"]: item
        for key in ("initContainerStatuses", "containerStatuses")
        for item in status.get(key) or ()
    }


def _told(status: Object) -> Object:
    """Of a container's status: requests as allocated, limits as they are in force."""
    found = dict(status["resources"])
    if status.get("allocatedResources"):
        found["requests"] = {**(found.get("requests") or {}), **status["allocatedResources"]}
    return found
