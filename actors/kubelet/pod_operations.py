"""Carries out one pod's steps on the engine, the network and the disk, and tells of them.

Each operation either succeeds or raises what its step can raise: ConfigFault, ImageFault,
RuntimeFault, NetworkFault, FilesFault, SteersmanError. Must not know: which step comes when.
"""

import asyncio
from collections.abc import Awaitable, Callable

from actors.kit.world.containers import Config, Container, Image, LogOptions, RuntimeFault
from actors.kubelet import backoff, container_spec, env, hooks, labels, pod_spec
from actors.kubelet.downward import ConfigFault
from actors.kubelet.event_texts import field_path
from actors.kubelet.image_puller import ensure_image
from actors.kubelet.limits import effective_spec, pod_limits
from actors.kubelet.node_tools import NodeTools
from actors.kubelet.pod_network import NetworkFault
from actors.kubelet.pod_view import PodMemory, PodView
from actors.kubelet.resizing import grown
from actors.kubelet.volume_mounter import VolumeMounter
from cluster.api.resources import PODS
from cluster.api.types import Object
from cluster.errors import StatusError

# A container that does not die of SIGKILL in this time is left to the next plan.
KILL_SECONDS = 10.0
# Without an event the container's state is looked at this often while waiting for its end.
LOOK_SECONDS = 5.0
# postStart has no bound of its own in Kubernetes; a stop cancels it.
HOOK_SECONDS_MAX = 3600.0
JOIN_TRIES, JOIN_SECONDS = 100, 0.02


class StartFault(RuntimeFault):
    """The container was created but its command cannot run; it stays, with the reason in it."""


class PodOperations:
    """Of one pod. ``changed``: returns an awaitable that ends at the next sign of activity."""

    def __init__(
        self, tools: NodeTools, memory: PodMemory, changed: Callable[[], Awaitable[None]], uid: str
    ) -> None:
        self._tools = tools
        self._memory = memory
        self._changed = changed
        self._uid = uid
        self.mounter = VolumeMounter(tools, uid)

    def _note(self, what: str, pod: Object, **fields: object) -> None:
        self._tools.ctx.note(what, pod_spec.full_name(pod), **fields)

    def _labels(self, pod: Object) -> labels.Labels:
        return labels.pod_labels(self._tools.settings.name, self._tools.node.name, pod)

    # -- volumes and sandbox

    async def prepare_volumes(self, pod: Object) -> None:
        """Make or refresh all volumes."""
        self.mounter.hold_references(pod)
        await self.mounter.prepare(pod, self._address(pod))
        self._memory.volumes_ready = True
        self._note("volumes.ready", pod)

    def _address(self, pod: Object) -> str:
        return self._tools.node.address if pod_spec.is_host_network(pod) else self._memory.address

    async def run_sandbox(self, pod: Object, attempt: int) -> None:
        """A sandbox with its network up. Nothing is left behind if that fails."""
        tools, host = self._tools, pod_spec.is_host_network(pod)
        if not host and not self._memory.address:
            self._memory.address = tools.addresses.allocate()
        address = "" if host else self._memory.address
        found = labels.sandbox_labels(self._labels(pod), attempt, address)
        netns = tools.node_netns if host else ""
        config = container_spec.sandbox_config(pod, tools.pause_image, found, tools.engine, netns)
        async with tools.start_slots:
            sandbox = await self._run_named(labels.engine_name(found), config)
        self._note("sandbox.started", pod, id=sandbox.id[:12], address=address)
        try:
            await self.attach(pod, sandbox, pod_limits(pod))
        except NetworkFault:
            await tools.runtime.remove(sandbox.id)
            raise

    async def _run_named(self, name: str, config: Config) -> Container:
        try:
            return await self._tools.runtime.run_sandbox(name, config)
        except RuntimeFault as fault:
            if fault.status != 409:
                await self._tools.runtime.remove(name)
                raise
        await self._tools.runtime.remove(name)  # of a kubelet that died between two steps
        return await self._tools.runtime.run_sandbox(name, config)

    async def attach(self, pod: Object, sandbox: Container, limits: tuple[int, int]) -> None:
        """Bring a running sandbox's limits (memory, CPU) and network up (again)."""
        network = self._tools.network
        await self._limit(pod, limits)
        if not pod_spec.is_host_network(pod):
            address = sandbox.labels.get(labels.ADDRESS) or self._memory.address
            await network.attach(sandbox.id, sandbox.pid, address)
            self._memory.address = address
            self._note("network.attached", pod, address=address)
        elif self._tools.node_netns:
            for _ in range(JOIN_TRIES):
                if network.joined(sandbox.pid):
                    break
                await asyncio.sleep(JOIN_SECONDS)
            else:
                raise NetworkFault("the sandbox did not join the node's network namespace")
        self._memory.network_ready = sandbox.id

    async def _limit(self, pod: Object, wanted: tuple[int, int]) -> None:
        """Hold all of the pod to this."""
        if wanted != self._memory.pod_limits:
            parent = container_spec.cgroup_parent(pod, self._tools.engine)
            await self._tools.cgroups.limit(parent, *wanted)
            self._memory.pod_limits = wanted

    async def stop_sandbox(self, pod: Object, sandbox: Container) -> None:
        """Kill it and take its network down."""
        await self._tools.runtime.kill(sandbox.id)
        await self.until_dead(sandbox.id, KILL_SECONDS)
        await self._tools.network.detach(sandbox.id)
        if self._memory.network_ready == sandbox.id:
            self._memory.network_ready = ""
        self._note("sandbox.stopped", pod, id=sandbox.id[:12])

    # -- containers

    async def start_container(self, pod: Object, spec: Object, view: PodView, attempt: int) -> None:
        """Image, configuration, create, start, postStart."""
        tools, name = self._tools, spec["name"]
        spec = effective_spec(pod, spec)
        sandbox = view.sandbox
        assert sandbox is not None, "a container is planned only with a sandbox"
        self.mounter.hold_references(pod)
        image = await ensure_image(tools, pod, spec)
        target = target_of(spec, view)
        config = await self._config(pod, spec, sandbox, attempt, image, target)
        if attempt > 0:
            delay = self._memory.backoffs.get(name)
            self._memory.backoffs[name] = backoff.advance(delay, tools.now())
        if self._memory.pod_limits is not None:
            await self._limit(pod, grown(self._memory.pod_limits, pod_limits(pod)))
        async with tools.start_slots:
            container = await self._create_named(labels.engine_name(config["Labels"]), config)
            self._memory.acknowledged[container] = spec.get("resources") or {}
            self._say(pod, spec, "Normal", "Created", f"Created container: {name}")
            self._note("container.created", pod, container=name, id=container[:12])
            await self._start(pod, spec, container)
        self._say(pod, spec, "Normal", "Started", f"Started container {name}")
        self._note("container.started", pod, container=name, attempt=attempt, id=container[:12])
        await self._post_start(pod, spec, container)

    async def _config(
        self,
        pod: Object,
        spec: Object,
        sandbox: Container,
        attempt: int,
        image: Image,
        target: str,
    ) -> Config:
        tools, address = self._tools, self._address(pod)
        references = env.env_references(spec)
        objects = await tools.references.get(pod["metadata"]["namespace"], references)
        await tools.services.wait_synced()
        sources = env.EnvSources(tools.pod_facts(address), objects, tools.services.cache.list())
        variables = env.environment(pod, spec, sources)
        mounts = await self.mounter.mounts(pod, spec, attempt, address, variables)
        marked = labels.container_labels(self._labels(pod), spec, sandbox.id, attempt)
        inputs = container_spec.ContainerInputs(
            marked, sandbox.id, variables, mounts, image, target
        )
        return container_spec.container_config(pod, spec, inputs, tools.engine)

    async def _create_named(self, name: str, config: Config) -> str:
        try:
            return await self._tools.runtime.create(name, config)
        except RuntimeFault as fault:
            if fault.status != 409:
                raise
        await self._tools.runtime.remove(name)  # of a kubelet that died between two steps
        return await self._tools.runtime.create(name, config)

    async def _start(self, pod: Object, spec: Object, container: str) -> None:
        try:
            await self._tools.runtime.start(container)
        except RuntimeFault as fault:
            self._say(pod, spec, "Warning", "Failed", f"Error: {fault}")
            self._note("container.failed", pod, container=spec["name"], error=str(fault))
            found = await self._tools.runtime.inspect(container)
            if found is not None and pod_spec.is_dead(found):
                raise StartFault(fault.status, str(fault)) from fault
            await self._tools.runtime.remove(container)
            raise

    async def _post_start(self, pod: Object, spec: Object, container: str) -> None:
        handler = (spec.get("lifecycle") or {}).get("postStart")
        if handler:
            target = hooks.Target(spec, container, self._address(pod))
            done = await hooks.run_hook(self._tools, target, handler, HOOK_SECONDS_MAX)
            if not done.success:
                text = f"PostStartHook failed: {done.text}"
                self._say(pod, spec, "Warning", "FailedPostStartHook", text)
                await self.stop_container(pod, spec, container, pod_spec.GRACE_MIN_SECONDS, text)
                return
        self._memory.hooked.add(container)

    async def stop_container(
        self, pod: Object, spec: Object | None, container: str, grace: float, message: str
    ) -> None:
        """preStop and the stop signal within ``grace`` seconds, then SIGKILL."""
        name = spec["name"] if spec else ""
        text = message or f"Stopping container {name}"
        self._say(pod, spec, "Normal", "Killing", text)
        # Before a colon stands what is the case; behind it may be what a hook printed.
        why = message.partition(":")[0]
        more = {"why": why} if why else {}
        self._note(
            "container.stopping", pod, container=name, grace=grace, id=container[:12], **more
        )
        loop = asyncio.get_running_loop()
        until = loop.time() + grace
        if grace > 0:
            await self._pre_stop(pod, spec, container, grace)
            await self._tools.runtime.kill(container, await self._stop_signal(spec, container))
            left = max(until - loop.time(), pod_spec.GRACE_MIN_SECONDS)
            if await self.until_dead(container, left):
                self._note("container.stopped", pod, container=name, id=container[:12])
                return
        await self._tools.runtime.kill(container, "SIGKILL")
        await self.until_dead(container, KILL_SECONDS)
        self._note("container.killed", pod, container=name, id=container[:12])

    async def _pre_stop(
        self, pod: Object, spec: Object | None, container: str, grace: float
    ) -> None:
        handler = ((spec or {}).get("lifecycle") or {}).get("preStop")
        if not handler or spec is None:
            return
        target = hooks.Target(spec, container, self._address(pod))
        try:
            async with asyncio.timeout(grace):
                done = await hooks.run_hook(self._tools, target, handler, grace)
        except TimeoutError:
            done = hooks.Attempt(False, f"no end within the grace period of {grace:g}s")
        if not done.success:
            text = f"PreStopHook failed: {done.text}"
            self._say(pod, spec, "Warning", "FailedPreStopHook", text)

    async def _stop_signal(self, spec: Object | None, container: str) -> str:
        """lifecycle.stopSignal, else its image's, else SIGTERM."""
        own = ((spec or {}).get("lifecycle") or {}).get("stopSignal")
        if own:
            return str(own)
        found = await self._tools.runtime.inspect(container)
        image = await self._tools.runtime.image(found.image_id) if found else None
        return (image.stop_signal if image else "") or "SIGTERM"

    async def until_dead(self, container: str, seconds: float) -> bool:
        """True once it does not run; False after ``seconds``."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while True:
            activity = self._changed()
            found = await self._tools.runtime.inspect(container)
            if found is None or found.state != "running":
                return True
            left = until - loop.time()
            if left <= 0:
                return False
            try:
                async with asyncio.timeout(min(left, LOOK_SECONDS)):
                    await activity
            except TimeoutError:
                continue

    async def log_end(self, container: str, lines: int, size_max: int) -> bytes:
        """The last lines of a container's log, at most ``size_max`` bytes; b'' if unreadable."""
        text = b""
        try:
            async for piece in self._tools.runtime.logs(container, LogOptions(tail=lines)):
                text = (text + piece)[-size_max:]
        except RuntimeFault:
            return text
        return text

    async def remove(self, pod: Object, item: Container) -> None:
        """Remove a dead container or sandbox."""
        if item.labels.get(labels.TYPE) == labels.TYPE_SANDBOX:
            await self._tools.network.detach(item.id)
        await self._tools.runtime.remove(item.id)
        self._note("container.removed", pod, name=item.name)

    # -- the end

    async def finish(self, pod: Object, view: PodView, gone: bool) -> None:
        """Leave nothing on the node, then let the API object go."""
        tools = self._tools
        every = [item for attempts in view.containers.values() for item in attempts]
        sandboxes = [view.sandbox, *view.old_sandboxes]
        for item in (*every, *(item for item in sandboxes if item is not None)):
            await self.remove(pod, item)
        await tools.files.remove_pod(self._uid)
        await tools.cgroups.remove(container_spec.cgroup_parent(pod, tools.engine))
        tools.addresses.release(self._memory.address)
        self._memory.address = ""
        tools.references.hold(self._uid, "", ())
        self._note("pod.cleared", pod)
        if gone:
            return
        meta = pod["metadata"]
        try:
            await tools.client.delete(PODS, meta["namespace"], meta["name"], self._uid, grace=0)
        except StatusError as error:
            if error.code not in (404, 409):
                raise

    def _say(self, pod: Object, spec: Object | None, kind: str, reason: str, text: str) -> None:
        self._tools.recorder.event(pod, kind, reason, text, field_path(pod, spec))


def target_of(spec: Object, view: PodView) -> str:
    """Id of an ephemeral container's target, '' if it names none. Raises ConfigFault."""
    name = spec.get("targetContainerName")
    if not name:
        return ""
    found = view.current(name)
    if found is None or found.state != "running":
        raise ConfigFault(f'unable to find target container "{name}"')
    return found.id
