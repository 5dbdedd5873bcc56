"""One pod's room on the node: a new pod is admitted or refused, a resize admitted or has to wait.

Job: between the API object (what is desired) and the pod's worker, which only knows what is
allocated; carries a resize's steps out and tells of it. Must not know: when the worker plans, how
to decide on steps (``resizing``).

Source: KEP-1287; KEP-5419; docs "Resize CPU and Memory Resources assigned to Containers".
"""

from contextlib import suppress

from actors.kit.world.containers import RuntimeFault
from actors.kubelet import backoff, container_spec, labels, limits, pod_spec, resizing
from actors.kubelet.allocations import Amounts
from actors.kubelet.downward import ConfigFault
from actors.kubelet.node_tools import NodeTools
from actors.kubelet.pod_plan import STEP_RESIZE, LimitPod, ResizeStep, UpdateContainer
from actors.kubelet.pod_view import PendingResize, PodMemory, PodView
from actors.kubelet.refusals import Refusal, of_system
from cluster.api import pod_resizing
from cluster.api.placement import (
    NO_EXECUTE,
    host_ports,
    is_choosy,
    matches_node,
    tolerates_all,
)
from cluster.api.pod_resizing import (
    DEFERRED,
    IN_PROGRESS,
    MUTABLE,
    PENDING,
    POD,
    holders,
    resizable,
)
from cluster.api.pod_resources import pod_amounts
from cluster.api.resources import NODES
from cluster.api.timestamps import parse_time
from cluster.api.types import Object
from cluster.errors import SteersmanError

# The first wait after a step that failed, in seconds; it doubles.
RETRY_FIRST_SECONDS = 1.0


class PodResizer:
    """Of one pod; it shares the worker's memory."""

    def __init__(self, tools: NodeTools, memory: PodMemory, pod: Object) -> None:
        self._tools = tools
        self._memory = memory
        self._uid: str = pod["metadata"]["uid"]
        self._since = 0.0
        self._gone = False
        memory.allocated = resizing.recalled(pod)
        for item in (pod.get("status") or {}).get("conditions") or ():
            generation = int(item.get("observedGeneration") or 0)
            if item.get("type") == IN_PROGRESS:
                memory.resize_generation = generation or 1
            elif item.get("type") == PENDING:
                reason, message = str(item.get("reason")), str(item.get("message"))
                memory.pending = PendingResize(reason, message, generation)
                self._since = parse_time(item.get("lastTransitionTime")) or 0.0
        # A pod that has been started here was admitted by a kubelet before this one.
        status = pod.get("status") or {}
        self._admitted = "startTime" in status or "containerStatuses" in status
        holds = self._admitted and status.get("phase") not in ("Succeeded", "Failed")
        held = amounts({**pod, "spec": pod_resizing.held_spec(pod)}) if holds else {}
        tools.allocations.hold(self._uid, held, host_ports(pod["spec"]) if held else ())

    def waits_for_admission(self, view: PodView, ending: bool) -> bool:
        """A new pod is not looked at before all pods of the node are known."""
        if view.sandbox is not None or view.containers or ending:
            self._admitted = True
        return not self._admitted and not self._tools.allocations.opened

    async def admit(self, pod: Object) -> Refusal | None:
        """A new pod that the node has no room for, or that must not be on it, is refused; one that
        was admitted stays so. Raises SteersmanError if the node's labels cannot be read."""
        if self._admitted:
            return None
        refusal = of_system(pod)
        matches = refusal is not None or await self._matches(pod)
        tolerates = refusal is not None or await self._tolerates(pod)
        self._admitted = True
        ports = host_ports(pod["spec"])
        return refusal or self._tools.allocations.admit(
            self._uid, amounts(pod), ports, matches=matches, tolerates=tolerates
        )

    async def _matches(self, pod: Object) -> bool:
        """The node is read anew: a label that brought the pod may be younger than any cache."""
        if not is_choosy(pod["spec"]):
            return True
        name = self._tools.node.name
        node = await self._tools.client.get(NODES, "", name)
        return matches_node(pod["spec"], node["metadata"].get("labels") or {}, name)

    async def _tolerates(self, pod: Object) -> bool:
        """As the node is known here: what drives a pod off that came too early evicts it."""
        own = self._tools.own
        await own.wait_synced()
        node = own.cache.get("", self._tools.node.name) or {}
        taints = (node.get("spec") or {}).get("taints") or ()
        return tolerates_all(pod["spec"], taints, NO_EXECUTE)

    def settle(self, desired: Object, view: PodView, ending: bool, now: float) -> Object:
        """The pod with what is allocated to it; admits what is desired if there is room."""
        memory = self._memory
        self._adopt(desired, view)
        if self._tools.allocations.opened and not ending:
            self._admit(desired, now)
        pod = resizing.allocated_pod(desired, memory.allocated)
        if memory.resize_generation and not resizing.outstanding(pod, view, memory):
            self._say("Normal", "ResizeCompleted", self._told("Pod resize completed", pod), pod)
            memory.resize_generation, memory.resize_error = 0, ""
        held = self._held(pod, view, ending)
        ports = host_ports(pod["spec"]) if held else ()
        self._tools.allocations.hold(self._uid, held, ports)
        return pod

    def let_go(self) -> None:
        """The pod has ended, or its object is no more: for the scheduler its room is free."""
        self._gone = True
        self._tools.allocations.hold(self._uid, {})

    def leave(self) -> None:
        """The pod has left the node."""
        self._tools.allocations.release(self._uid)

    async def carry_out(self, pod: Object, steps: tuple[ResizeStep, ...]) -> None:
        """The steps in order. One that fails keeps later phases of its resource from being begun,
        and all of it is planned again after a while."""
        memory = self._memory
        failed: dict[str, int] = {}
        errors: list[str] = []
        for step in steps:
            if failed.get(step.resource, step.phase) < step.phase:
                continue
            try:
                await self._apply(pod, step)
            except (SteersmanError, ConfigFault, ValueError) as fault:
                failed.setdefault(step.resource, step.phase)
                errors.append(str(fault) or type(fault).__name__)
        if not errors:
            memory.resize_error = ""
            memory.failed_at.pop(STEP_RESIZE, None)
            memory.backoffs.pop(STEP_RESIZE, None)
            return
        now, text = self._tools.now(), "; ".join(errors)
        delay = backoff.advance(memory.backoffs.get(STEP_RESIZE), now, RETRY_FIRST_SECONDS)
        memory.backoffs[STEP_RESIZE], memory.failed_at[STEP_RESIZE] = delay, now
        if memory.resize_error != text:
            self._say("Warning", "ResizeError", self._told("Pod resize error", pod, text), pod)
        memory.resize_error = text

    # -- admission

    def _adopt(self, desired: Object, view: PodView) -> None:
        """What was allocated, and given to the engine, before this kubelet knew the pod."""
        memory = self._memory
        memory.allocated.setdefault(POD, desired["spec"].get("resources") or {})
        for spec in resizable(desired["spec"]):
            name, item = spec["name"], view.latest(spec["name"])
            if name not in memory.allocated:
                made = labels.resources_of(item) if item is not None else None
                memory.allocated[name] = made if made is not None else spec.get("resources") or {}
            if item is not None and item.state == "running" and item.id not in memory.acknowledged:
                memory.acknowledged[item.id] = resizing.acknowledged(
                    desired, spec, item, memory.allocated
                )
        latest = {attempts[0].id for attempts in view.containers.values()}
        memory.restarting &= latest

    def _admit(self, desired: Object, now: float) -> None:
        memory, allocations = self._memory, self._tools.allocations
        wanted = {name: holder.get("resources") or {} for name, holder in holders(desired["spec"])}
        if not any(pod_resizing.changed(wanted[name], memory.allocated[name]) for name in wanted):
            memory.allocated, memory.pending = wanted, None
            allocations.settled(self._uid)
            return
        generation = int(desired["metadata"].get("generation") or 1)
        asked = amounts(desired)
        refusal = allocations.judge(self._uid, asked)
        if refusal is None:
            memory.allocated, memory.pending = wanted, None
            memory.resize_generation, memory.resize_error = generation, ""
            memory.failed_at.pop(STEP_RESIZE, None)
            memory.backoffs.pop(STEP_RESIZE, None)
            allocations.settled(self._uid)
            self._say("Normal", "ResizeStarted", self._told("Pod resize started", desired), desired)
            return
        before = memory.pending
        memory.pending = PendingResize(refusal.reason, refusal.message, generation)
        if before is None or (before.reason, before.generation) != (refusal.reason, generation):
            head = f"Pod resize {refusal.reason}"
            text = resizing.told(head, desired, None, generation, refusal.message)
            self._say("Warning", f"Resize{refusal.reason}", text, desired)
        if refusal.reason == DEFERRED:
            self._since = self._since if before is not None and self._since else now
            allocations.wait(self._uid, self._rank(desired), asked)
        else:
            allocations.settled(self._uid)

    def _ended(self) -> bool:
        """The API server knows, or is about to be told, that the pod is Succeeded or Failed."""
        return bool(self._memory.outcome) or self._memory.failure is not None

    def _rank(self, pod: Object) -> tuple[int, int, float]:
        quality = (pod.get("status") or {}).get("qosClass")
        priority = int(pod["spec"].get("priority") or 0)
        return -priority, 0 if quality == "Guaranteed" else 1, self._since

    def _held(self, pod: Object, view: PodView, ending: bool) -> Amounts:
        """The greater of what is allocated and what is still in force."""
        if self._gone or self._ended() or (ending and not view.running()):
            return {}
        found = {}
        for spec in resizable(pod["spec"]):
            item = view.latest(spec["name"])
            if item is None or item.state != "running":
                continue
            given = self._memory.acknowledged.get(item.id, {})
            more = {
                name
                for name in MUTABLE
                if pod_resizing.amount(given, "requests", name)
                > pod_resizing.amount(spec.get("resources"), "requests", name)
            }
            if more:
                found[spec["name"]] = pod_resizing.replaced(
                    spec.get("resources") or {}, given, frozenset(more)
                )
        spec = pod_resizing.with_resources(pod["spec"], found) if found else pod["spec"]
        return amounts({**pod, "spec": spec})

    # -- steps

    async def _apply(self, pod: Object, step: ResizeStep) -> None:
        match step:
            case LimitPod():
                await self._limit_pod(pod, step)
            case UpdateContainer():
                await self._update(pod, step)

    async def _limit_pod(self, pod: Object, step: LimitPod) -> None:
        resource, limit = step.resource, step.limit
        await self._spare_pod(step)
        memory, cpu = self._memory.pod_limits or (0, 0)
        found = (limit, cpu) if resource == "memory" else (memory, limit)
        parent = container_spec.cgroup_parent(pod, self._tools.engine)
        await self._tools.cgroups.limit(
            parent,
            limit if resource == "memory" else None,
            limit if resource == "cpu" else None,
        )
        self._memory.pod_limits = found

    async def _update(self, pod: Object, step: UpdateContainer) -> None:
        memory = self._memory
        spec = pod_spec.find_container(pod, step.name)
        given = memory.acknowledged.get(step.container)
        if spec is None or given is None:
            return
        spec = limits.effective_spec(pod, spec)
        wanted = pod_resizing.replaced(
            given, spec.get("resources") or {}, frozenset({step.resource})
        )
        before, after = limits.limits_for(given), limits.limits_for(wanted)
        if before != after:
            if step.resource == "memory" and after.memory:
                await self._spare(step, before.memory, after.memory)
            config = limits.update_config(wanted, step.resource)
            try:
                await self._tools.runtime.update(step.container, config)
            except RuntimeFault as fault:
                if fault.status == 404:
                    return  # it is gone: the next plan sees that
                raise
        memory.acknowledged[step.container] = wanted
        self._tools.ctx.note(
            "container.resized",
            pod_spec.full_name(pod),
            container=step.name,
            resource=step.resource,
            id=step.container[:12],
        )

    async def _spare(self, step: UpdateContainer, before: int, after: int) -> None:
        """A limit below what the container holds would have it killed (at best effort: what it
        holds may grow the moment after). Raises SteersmanError."""
        if before and before <= after:
            return
        usage = await self._tools.runtime.memory_usage(step.container)
        if usage > after:
            raise SteersmanError(
                f'attempting to set container "{step.name}" memory limit ({after}) below current '
                f"usage ({usage})"
            )

    async def _spare_pod(self, step: LimitPod) -> None:
        """The same of all of them together. Raises SteersmanError."""
        usage = 0
        for container in step.containers:
            with suppress(RuntimeFault):  # one that has ended uses nothing
                usage += await self._tools.runtime.memory_usage(container)
        if usage > step.limit:
            raise SteersmanError(
                f"attempting to set pod memory limit ({step.limit}) below current usage ({usage})"
            )

    # -- telling

    def _told(self, head: str, pod: Object, error: str = "") -> str:
        memory = self._memory
        return resizing.told(head, pod, memory.allocated, memory.resize_generation, error)

    def _say(self, kind: str, reason: str, text: str, pod: Object) -> None:
        self._tools.recorder.event(pod, kind, reason, text)
        self._tools.ctx.note(f"pod.{reason}", pod_spec.full_name(pod))


def amounts(pod: Object) -> Amounts:
    """What the pod asks of its node; nothing if that cannot be read."""
    try:
        found = pod_amounts(pod, "requests")
    except ValueError:
        return {}
    return {name: found.get(name, 0) for name in MUTABLE}
