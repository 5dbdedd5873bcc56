"""The scheduler: gives pending pods their nodes while its replica leads.

On gaining leadership it lists nodes and pods anew (so it knows every binding of its predecessor),
and all its bindings carry the term as a fence (so its predecessor can make no more). Decisions are
serial and pure (``state.py``); bindings run in parallel.

Must not know: how a node is chosen.
"""

import asyncio
from collections.abc import Awaitable, Sequence

from actors.client.api_client import STRATEGIC_PATCH, ApiClient
from actors.client.event_recorder import EventRecorder
from actors.client.informer import Informer
from actors.client.leadership import LeaderGate
from actors.client.retries import backoff, is_temporary
from actors.kit.actor import Actor, Delivery, Later
from actors.kit.causes import COALESCED, parent
from actors.kit.tracing import resume_trace
from actors.scheduler.objects import binding, unschedulable_patch
from actors.scheduler.pod_info import SCHEDULER_NAME, PodInfo
from actors.scheduler.state import SchedulerState, Step
from cluster.api.resources import NAMESPACES, NODES, PODS, Resource
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object
from cluster.errors import Fenced, StatusError, SteersmanError
from cluster.messages.apiserver import PingServer
from cluster.messages.base import Done, Message

BINDINGS_PARALLEL = 64
# Decisions made before other tasks get the loop.
DECISIONS_PER_TURN = 8
# How much of a refusal a note keeps.
NOTED_MAX = 300


class SchedulerActor(Actor):
    """One per replica; idle unless the replica leads. ``servers``: addresses of API servers in
    order of preference."""

    def __init__(self, replica: str, servers: Sequence[str]) -> None:
        self._replica = replica
        self._servers = servers
        self._tasks: list[asyncio.Task[None]] = []

    async def started(self) -> None:
        # Events tell of what was done and need no fence.
        self._recorder = EventRecorder(ApiClient(self.ctx, self._servers), SCHEDULER_NAME)
        gate = LeaderGate(self.ctx, self._replica, self._lead, self._retire)
        self.ctx.task(gate.run(), "leadership")

    async def handle(self, message: Message, delivery: Delivery) -> Message | Later | None:
        """Only whether it lives is ever asked."""
        if isinstance(message, PingServer):
            return Done()
        return await super().handle(message, delivery)

    async def _lead(self, term: int) -> None:
        client = ApiClient(self.ctx, self._servers, lambda: term, "kube-scheduler")
        leading = Leading(self, client, self._recorder)
        self._tasks = leading.start()

    async def _retire(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks = []


class Leading:
    """One leadership: informers, the loop of decisions, and the bindings under way."""

    def __init__(self, actor: SchedulerActor, client: ApiClient, recorder: EventRecorder) -> None:
        self._ctx = actor.ctx
        self._client = client
        self._recorder = recorder
        self._state = SchedulerState()
        self._wake = asyncio.Event()
        self._bindings = asyncio.Semaphore(BINDINGS_PARALLEL)
        self._under_way: set[asyncio.Task[None]] = set()
        self._pods = self._informer(PODS)
        self._nodes = self._informer(NODES)
        self._namespaces = self._informer(NAMESPACES)
        self._pods.subscribe(self._on_pod)
        self._nodes.subscribe(self._on_node)
        self._namespaces.subscribe(self._on_namespace)

    def start(self) -> list["asyncio.Task[None]"]:
        """The tasks to cancel at the end of the leadership."""
        informers = (self._pods, self._nodes, self._namespaces)
        tasks = [self._ctx.task(item.run(), f"informer {item.resource}") for item in informers]
        return [*tasks, self._ctx.task(self._schedule(), "schedule")]

    def _informer(self, resource: Resource) -> Informer:
        return Informer(self._client, resource)

    def _on_pod(self, kind: str, old: Object | None, new: Object | None, trace: str) -> None:
        self._state.pod_changed(new, old, trace, self._now())
        self._wake.set()

    def _on_node(self, kind: str, old: Object | None, new: Object | None, trace: str) -> None:
        self._state.node_changed(new, old, self._now(), trace)
        self._wake.set()

    def _on_namespace(self, kind: str, old: Object | None, new: Object | None, trace: str) -> None:
        self._state.namespace_changed(new, old)

    async def _schedule(self) -> None:
        """Decide on ready pods until the leadership ends."""
        try:
            for informer in (self._nodes, self._namespaces, self._pods):
                await informer.wait_synced()
            decisions = 0
            while True:
                await self._bindings.acquire()
                step = self._state.step(self._now(), self._ctx.world.entropy.random())
                if step is None:
                    self._bindings.release()
                    await self._idle()
                    continue
                self._carry_out(step)
                decisions += 1
                if decisions % DECISIONS_PER_TURN == 0:
                    await asyncio.sleep(0)
        finally:
            for task in tuple(self._under_way):
                task.cancel()

    async def _idle(self) -> None:
        """Until something changes, or a pod's backoff ends."""
        self._wake.clear()
        due = self._state.queue.next_due()
        try:
            async with asyncio.timeout_at(due):
                await self._wake.wait()
        except TimeoutError:
            pass

    def _carry_out(self, step: Step) -> None:
        """Start the binding, or tell why there is none; releases the semaphore when done."""
        with resume_trace(parent(step.causes)):
            if step.causes[1:]:
                self._ctx.note(COALESCED, "/".join(step.pod.key), links=step.causes[1:])
            if step.decision.node:
                name, node = "/".join(step.pod.key), step.decision.node
                self._ctx.note("pod.placed", name, node=node, **step.told)
                work = self._bind(step.pod, step.decision.node)
            else:
                why = step.decision.message[:NOTED_MAX]
                self._ctx.note("pod.unschedulable", "/".join(step.pod.key), why=why)
                work = self._refuse(step.pod, step.decision.message)
            task = self._ctx.task(self._released(work), f"bind {'/'.join(step.pod.key)}")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _released(self, work: Awaitable[None]) -> None:
        try:
            await work
        finally:
            self._bindings.release()

    async def _bind(self, pod: PodInfo, node: str) -> None:
        """Until there is a certain answer; meanwhile the pod keeps its room on that very node."""
        namespace, name = pod.key
        body = binding(pod, node)
        attempt = 0
        while True:
            try:
                await self._client.create(PODS, body, namespace, name, "binding")
                self._bound(pod, node)
                return
            except SteersmanError as error:
                if isinstance(error, Fenced):
                    return  # the leadership is over, and with it all that is known here
                if not is_temporary(error):
                    await self._refused(pod, node, error)
                    return
            await asyncio.sleep(backoff(attempt, self._ctx.world.entropy.random()))
            attempt += 1

    async def _refused(self, pod: PodInfo, node: str, error: SteersmanError) -> None:
        """The API said no. After a try of unknown outcome that may mean: it is done already."""
        conflict = isinstance(error, StatusError) and error.code == 409
        if conflict and await self._is_bound(pod, node):
            self._bound(pod, node)
            return
        # Gone, or bound by someone else: the watch tells which. All else may pass.
        again = not (isinstance(error, StatusError) and error.code in (404, 409))
        self._state.not_bound(pod, again, self._now())
        self._ctx.note("binding.refused", "/".join(pod.key), error=str(error)[:200])
        if again:
            self._event(pod, "Warning", "FailedScheduling", f"binding rejected: {error}")
        self._wake.set()

    def _bound(self, pod: PodInfo, node: str) -> None:
        self._state.bound(pod)
        text = f"Successfully assigned {'/'.join(pod.key)} to {node}"
        self._event(pod, "Normal", "Scheduled", text)

    async def _is_bound(self, pod: PodInfo, node: str) -> bool:
        """True if the pod is where this scheduler wants it."""
        try:
            found = await self._client.get(PODS, *pod.key)
        except SteersmanError:
            return False
        return (
            found["metadata"].get("uid") == pod.uid
            and (found.get("spec") or {}).get("nodeName") == node
        )

    async def _refuse(self, pod: PodInfo, message: str) -> None:
        """Say why on the pod and as an event."""
        obj = self._pods.cache.get(*pod.key)
        if obj is None:
            return
        self._event(pod, "Warning", "FailedScheduling", message)
        patch = unschedulable_patch(obj, message, rfc3339(self._ctx.world.clock.now()))
        if patch is None:
            return
        try:
            await self._client.patch(PODS, *pod.key, patch, STRATEGIC_PATCH, "status")
        except SteersmanError as error:
            self._ctx.log.debug("condition.not.written", pod=pod.key[1], error=str(error))

    def _event(self, pod: PodInfo, type: str, reason: str, message: str) -> None:
        obj = self._pods.cache.get(*pod.key)
        if obj is not None:
            self._recorder.event(obj, type, reason, message)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
