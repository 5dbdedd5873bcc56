"""One pod's life on this node: look, plan, begin what the plan says, publish, wait; again.

One owned task per pod uid. Long steps run as tasks of their own, so that the worker always sees a
deletion or a dead sandbox at once. Must not know: how to decide (``pod_machine``) or how to do
(``pod_operations``).
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

from actors.kit.causes import COALESCED, Causes, merged, parent
from actors.kit.tracing import resume_trace
from actors.kit.world.containers import Container, RuntimeFault
from actors.kubelet import backoff, labels, pod_machine, pod_plan, pod_spec
from actors.kubelet.container_status import exit_facts
from actors.kubelet.downward import ConfigFault
from actors.kubelet.event_texts import field_path
from actors.kubelet.image_puller import ImageFault
from actors.kubelet.ipam import AddressesExhausted
from actors.kubelet.node_tools import NodeTools
from actors.kubelet.pod_operations import PodOperations, StartFault
from actors.kubelet.pod_plan import Plan, Situation
from actors.kubelet.pod_resizer import PodResizer
from actors.kubelet.pod_view import PodMemory, PodView, Waiting, make_view, recall
from actors.kubelet.prober import Prober
from actors.kubelet.resizing import allocated_pod, limits_now
from actors.kubelet.status import pod_status
from actors.kubelet.status_publisher import StatusPublisher
from actors.kubelet.volume_mounter import termination_file
from cluster.api.timestamps import parse_time
from cluster.api.types import Object
from cluster.errors import SteersmanError

# Without any sign the pod is looked at this often (a lost event must not stop it for ever).
LOOK_SECONDS = 60.0
RETRY_SECONDS = 1.0
# A step that failed waits this long at first (containers: backoff.FIRST_SECONDS).
STEP_FIRST_SECONDS = 0.5
TERMINATION_MESSAGE_MAX = 4096
FALLBACK_LINES, FALLBACK_BYTES = 80, 2048
STEP_EVENTS = {
    pod_plan.STEP_VOLUMES: "FailedMount",
    pod_plan.STEP_SANDBOX: "FailedCreatePodSandBox",
    pod_plan.STEP_FINISH: "FailedKillPod",
}
STEP_FAULTS = (SteersmanError, ConfigFault, AddressesExhausted, TimeoutError)
# What a pod that validation should have refused does to the functions that read it. One such pod
# must not take its whole node down.
MALFORMED = (ValueError, KeyError, TypeError)


class PodWorker:
    """``gone``: only the pod's containers are known (an orphan), the API object is no more."""

    def __init__(self, tools: NodeTools, pod: Object, gone: bool = False, trace: str = "") -> None:
        # As this node has admitted it; ``desired`` is the API object.
        self.pod = self.desired = pod
        self.uid: str = pod["metadata"]["uid"]
        self.gone = gone
        self.trace = trace
        # What asked for the next step.
        self._causes: Causes = merged((), trace)
        self.memory = PodMemory()
        self.view = PodView()
        recall(pod, self.memory)
        self._tools = tools
        self._operations = PodOperations(tools, self.memory, self._next_change, self.uid)
        self._resizer = PodResizer(tools, self.memory, pod)
        self._prober = Prober(tools, self.memory, self.poke)
        self._publisher = StatusPublisher(tools, pod)
        self._busy: dict[str, asyncio.Task[Any]] = {}
        self._stop_grace: dict[str, float] = {}
        self._change: asyncio.Future[None] | None = None
        self._poked = asyncio.Event()
        self._said: dict[str, Waiting] = {}
        self._finished = False

    # -- what others tell it

    def update(self, pod: Object, trace: str) -> None:
        """The API object changed."""
        self.desired = pod
        self._causes = merged(self._causes, trace)
        self.pod = allocated_pod(pod, self.memory.allocated)
        self._publisher.observe(pod)
        self.poke()

    def lost(self, trace: str) -> None:
        """The API object is no more."""
        self.gone = True
        self._resizer.let_go()
        self._causes = merged(self._causes, trace)
        self.poke()

    def volumes_changed(self, trace: str) -> None:
        """A config map or secret of the pod changed: bring volumes up to date."""
        # The pod's own cause is the parent of what it waited for.
        self._causes = merged(self._causes or merged((), self.trace), trace)
        if self.memory.volumes_ready:
            self._begin("/refresh", self._refresh())
        for name, waiting in list(self.memory.waiting.items()):
            if waiting.reason == "CreateContainerConfigError":
                self.memory.failed_at.pop(name, None)
        self.memory.failed_at.pop(pod_plan.STEP_VOLUMES, None)
        self.poke()

    def poke(self) -> None:
        """Something about the pod happened."""
        self._poked.set()
        if self._change is not None and not self._change.done():
            self._change.set_result(None)

    def _next_change(self) -> "asyncio.Future[None]":
        """Ends at the next poke; shared by all who wait."""
        if self._change is None or self._change.done():
            self._change = asyncio.get_running_loop().create_future()
        return asyncio.shield(self._change)

    # -- the loop

    async def run(self) -> None:
        """Until the pod has left the node."""
        try:
            while not self._finished:
                self._poked.clear()
                pause = await self._step()
                if not self._finished:
                    await self._rest(pause)
        finally:
            self._prober.stop()
            self._resizer.leave()
            for task in self._busy.values():
                task.cancel()

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._poked.wait()
        except TimeoutError:
            return

    async def _step(self) -> float:
        """Look, plan, begin, publish. Returns the seconds until the next look is due."""
        try:
            await self._look()
        except RuntimeFault as fault:
            self._tools.ctx.log.warning("pod.look", pod=self.uid, error=str(fault))
            return RETRY_SECONDS
        if self._resizer.waits_for_admission(self.view, self._ending()):
            return LOOK_SECONDS
        try:
            await self._admit()
        except SteersmanError as error:
            self._tools.ctx.log.warning("pod.admit", pod=self.uid, error=str(error))
            return RETRY_SECONDS
        now = self._tools.now()
        if not self.memory.start_time:
            self.memory.start_time = start_time(self.pod, now)
        self._note_end(now)
        self.pod = self._resizer.settle(self.desired, self.view, self._ending(), now)
        plan = self._plan(now)
        if plan.failure is not None or plan.outcome:
            self.memory.failure = plan.failure
            self.memory.outcome = plan.outcome
            self._resizer.let_go()
            if plan.failure is not None:
                text = plan.failure.message
                name, reason = pod_spec.full_name(self.pod), plan.failure.reason
                self._tools.ctx.note("pod.failed", name, reason=reason)
                self._tools.recorder.event(self.pod, "Normal", plan.failure.reason, text)
            plan = self._plan(now)
        causes, self._causes = self._causes, ()
        self.trace = parent(causes) or self.trace
        with resume_trace(self.trace):
            if causes[1:]:
                self._tools.ctx.note(COALESCED, pod_spec.full_name(self.pod), links=causes[1:])
            self._tell_waiting(plan)
            for action in plan.actions:
                self._begin_action(action)
            self._prober.follow(self.pod, self.view, ending=self._ending())
            self._publish(plan, now)
        refresh = self._operations.mounter.refresh_at()
        if refresh and now >= refresh:
            self._begin("/refresh", self._refresh())
        wakes = [at for at in (plan.wake_at, refresh) if at]
        return min([max(at - now, 0.01) for at in wakes] + [LOOK_SECONDS])

    async def _admit(self) -> None:
        """A pod that was bound to a node without room for it fails; its owner makes another."""
        refusal = await self._resizer.admit(self.desired)
        if refusal is None:
            return
        self.memory.failure = Waiting(refusal.reason, f"Pod was rejected: {refusal.message}")
        self.memory.rejected = True
        self._tools.ctx.note("pod.rejected", pod_spec.full_name(self.pod), reason=refusal.reason)
        self._tools.recorder.event(self.pod, "Warning", refusal.reason, refusal.message)

    def _ending(self) -> bool:
        deleting = self.gone or pod_spec.is_deleting(self.pod)
        return deleting or bool(self.memory.outcome) or self.memory.failure is not None

    def _plan(self, now: float) -> Plan:
        busy = frozenset(self._busy)
        situation = Situation(self.pod, self.view, self.memory, now, self.gone, busy)
        return pod_machine.make_plan(situation)

    def _note_end(self, now: float) -> None:
        """The grace period counts from when the deletion is first seen; it can be cut short."""
        if not (self.gone or pod_spec.is_deleting(self.pod)):
            return
        until = now + pod_spec.grace_seconds(self.pod)
        if not self.memory.kill_until:
            self.memory.kill_until = until
        elif until < self.memory.kill_until - 1.0:
            self.memory.kill_until = until
            for key in self._stop_grace:
                self._busy[key].cancel()  # planned anew with the shorter grace
        names = {spec["name"] for spec in pod_spec.all_containers(self.pod)}
        for key in sorted(names & set(self._busy)):
            self._busy[key].cancel()  # no use in starting it any more

    async def _look(self) -> None:
        wanted = labels.node_labels(self._tools.settings.name, self._tools.node.name)
        found = await self._tools.runtime.list({**wanted, labels.POD_UID: self.uid})
        self.view = make_view(found)
        sandbox = self.view.sandbox
        if sandbox is not None and not self.memory.address:
            self.memory.address = sandbox.labels.get(labels.ADDRESS, "")
        for name, attempts in self.view.containers.items():
            newest = labels.attempt_of(attempts[0])
            self.memory.attempts[name] = max(newest, self.memory.attempts.get(name, 0))
            for item in attempts:
                if pod_spec.is_dead(item) and item.id not in self.memory.messages:
                    self.memory.messages[item.id] = await self._last_words(item)
                    self._tell_exit(item)
                if item.state == "running" and item.labels.get(labels.CONTAINER) not in self._busy:
                    self.memory.hooked.add(item.id)  # adopted: its postStart was another's

    def _tell_exit(self, item: Container) -> None:
        """Code and reason, but not the last words: they may be anything."""
        name = pod_spec.full_name(self.pod)
        with resume_trace(self.trace):
            self._tools.ctx.note("container.exited", name, **exit_facts(item))

    async def _last_words(self, item: Container) -> str:
        """terminationMessagePath, or the end of the log (terminationMessagePolicy)."""
        name = item.labels.get(labels.CONTAINER, "")
        spec = pod_spec.find_container(self.pod, name)
        if spec is None:
            return ""
        path = termination_file(spec, labels.attempt_of(item))
        words = await self._tools.files.read_file(self.uid, path, TERMINATION_MESSAGE_MAX)
        fallback = spec.get("terminationMessagePolicy") == "FallbackToLogsOnError"
        if not words and fallback and item.state == "exited" and item.exit_code != 0:
            words = await self._operations.log_end(item.id, FALLBACK_LINES, FALLBACK_BYTES)
        return words.decode(errors="replace")

    # -- beginning steps

    def _begin_action(self, action: pod_plan.Action) -> None:
        do, pod = self._operations, self.pod
        match action:
            case pod_plan.PrepareVolumes():
                self._begin_step(pod_plan.STEP_VOLUMES, do.prepare_volumes(pod))
            case pod_plan.RunSandbox(attempt):
                self._begin_step(pod_plan.STEP_SANDBOX, do.run_sandbox(pod, attempt))
            case pod_plan.AttachNetwork(sandbox):
                self._begin_step(pod_plan.STEP_SANDBOX, self._attach(pod, sandbox))
            case pod_plan.StartContainer(name, attempt):
                self._begin(name, self._start(name, attempt))
            case pod_plan.StopContainer(item, name, grace, message, restart):
                self._stop_grace[item.id] = grace
                if restart:
                    self.memory.restarting.add(item.id)
                spec = pod_spec.find_container(pod, name)
                self._begin(item.id, do.stop_container(pod, spec, item.id, grace, message))
            case pod_plan.StopSandbox(sandbox):
                self._begin(sandbox.id, do.stop_sandbox(pod, sandbox))
            case pod_plan.RemoveContainer(item):
                self._begin(item.id, do.remove(pod, item))
            case pod_plan.ResizePod(steps):
                self._begin(pod_plan.STEP_RESIZE, self._resizer.carry_out(pod, steps))
            case pod_plan.Finish():
                self._begin_step(pod_plan.STEP_FINISH, self._finish())

    def _begin(self, key: str, *work: Coroutine[Any, Any, None]) -> None:
        """``work``: what to do, and what that is made of: a task that is cancelled before it has
        begun leaves them all to be closed."""
        if key in self._busy:
            for part in work:
                part.close()
            return
        task = self._tools.ctx.task(
            self._guard(key, work[0]), f"{pod_spec.full_name(self.pod)} {key}"
        )
        self._busy[key] = task

        def ended(_: "asyncio.Task[Any]") -> None:
            self._busy.pop(key, None)
            self._stop_grace.pop(key, None)
            for part in work:
                part.close()
            self.poke()

        task.add_done_callback(ended)

    async def _guard(self, key: str, work: Coroutine[Any, Any, None]) -> None:
        """A step that failed is tried again by a later plan."""
        try:
            await work
        except STEP_FAULTS as fault:
            self._tools.ctx.log.warning("pod.step", pod=self.uid, step=key, error=str(fault))
            await asyncio.sleep(RETRY_SECONDS)

    def _begin_step(self, step: str, work: Coroutine[Any, Any, None]) -> None:
        self._begin(step, self._try_step(step, work), work)

    async def _try_step(self, step: str, work: Coroutine[Any, Any, None]) -> None:
        """A failure is told in an event and delays the next try."""
        try:
            await work
        except (*STEP_FAULTS, *MALFORMED) as fault:
            now = self._tools.now()
            delay = backoff.advance(self.memory.backoffs.get(step), now, STEP_FIRST_SECONDS)
            self.memory.backoffs[step] = delay
            self.memory.failed_at[step] = now
            text = str(fault) or type(fault).__name__
            if step == pod_plan.STEP_SANDBOX:
                text = f"Failed to create pod sandbox: {text}"
            self._tools.recorder.event(self.pod, "Warning", STEP_EVENTS[step], text)
            self._tools.ctx.note(f"step.failed {step}", pod_spec.full_name(self.pod), error=text)
            return
        self.memory.failed_at.pop(step, None)
        self.memory.backoffs.pop(step, None)

    async def _attach(self, pod: Object, sandbox: Container) -> None:
        limits = limits_now(pod, self.view, self.memory)
        await self._operations.attach(pod, sandbox, limits)

    async def _start(self, name: str, attempt: int) -> None:
        spec = pod_spec.find_container(self.pod, name)
        assert spec is not None, name
        try:
            await self._operations.start_container(self.pod, spec, self.view, attempt)
        except ImageFault as fault:
            self._start_failed(name, Waiting(fault.reason, fault.message))
        except (ConfigFault, *MALFORMED) as fault:
            text = str(fault) or type(fault).__name__
            self._say(name, "Failed", f"Error: {text}")
            self._start_failed(name, Waiting("CreateContainerConfigError", text))
        except StartFault as fault:
            self.memory.waiting[name] = Waiting("RunContainerError", str(fault))
        except RuntimeFault as fault:
            if fault.unreachable:
                raise
            self._say(name, "Failed", f"Error: {fault}")
            self._start_failed(name, Waiting("CreateContainerError", str(fault)))
        else:
            self._forget_failure(name)

    def _start_failed(self, name: str, why: Waiting) -> None:
        now = self._tools.now()
        key = f"{name}/create"
        self.memory.waiting[name] = why
        self.memory.failed_at[name] = now
        subject = pod_spec.full_name(self.pod)
        self._tools.ctx.note("container.waiting", subject, container=name, reason=why.reason)
        self.memory.backoffs[key] = backoff.advance(self.memory.backoffs.get(key), now)

    def _forget_failure(self, name: str) -> None:
        self.memory.waiting.pop(name, None)
        self.memory.failed_at.pop(name, None)
        self.memory.backoffs.pop(f"{name}/create", None)

    async def _refresh(self) -> None:
        """Generated volumes follow their sources."""
        await self._operations.mounter.prepare(self.pod, self.memory.address)

    async def _finish(self) -> None:
        if not self.gone and self.view.containers:
            await self._publisher.publish(self.pod, self._status(Plan(), self._tools.now()))
        await self._operations.finish(self.pod, self.view, self.gone)
        self._finished = True
        self.poke()

    # -- telling

    def _status(self, plan: Plan, now: float) -> Object:
        facts = self._tools.facts
        return pod_status(self.pod, self.view, self.memory, plan.waiting, facts, now)

    def _publish(self, plan: Plan, now: float) -> None:
        if self.gone or self._adopting():
            return
        if self._ending() and not self.view.containers and self._published():
            return
        status = self._status(plan, now)
        if self._publisher.differs(status):
            self._begin("/status", self._publisher.publish(self.pod, status))

    def _adopting(self) -> bool:
        """Containers run, but a restarted kubelet has not looked at their network yet."""
        sandbox = self.view.sandbox
        unseen = sandbox is not None and self.memory.network_ready != sandbox.id
        failed = pod_plan.STEP_SANDBOX in self.memory.failed_at
        alive = unseen and sandbox is not None and sandbox.state == "running"
        return alive and not failed and bool(self.view.running()) and not self._ending()

    def _published(self) -> bool:
        return bool((self.pod.get("status") or {}).get("containerStatuses"))

    def _tell_waiting(self, plan: Plan) -> None:
        """A backoff is told once per container and delay."""
        for name, why in plan.waiting.items():
            if self._said.get(name) == why:
                continue
            self._said[name] = why
            if why.reason == "CrashLoopBackOff":
                who = pod_spec.display_name(self.pod)
                text = f"Back-off restarting failed container {name} in pod {who}"
            else:
                text = why.message
            self._say(name, "BackOff", text)

    def _say(self, container: str, reason: str, text: str) -> None:
        """Warn about a container."""
        part = field_path(self.pod, pod_spec.find_container(self.pod, container))
        self._tools.recorder.event(self.pod, "Warning", reason, text, part)


def start_time(pod: Object, now: float) -> float:
    """When the kubelet first acknowledged the pod: as its status says, else now."""
    return parse_time((pod.get("status") or {}).get("startTime")) or now
