"""The kubelet: makes the pods bound to its node true, in containers, and tells their true state.

A thin shell: it watches, and gives each pod uid to a worker of its own; node matters are the node
agent's. Must not know: how a pod's life goes.
"""

import asyncio
from collections.abc import Sequence

from actors.client.api_client import ApiClient
from actors.client.event_recorder import EventRecorder
from actors.client.informer import Change, Informer
from actors.kit.actor import Actor, Delivery, Sink
from actors.kit.tracing import resume_trace
from actors.kit.world.containers import Container, ContainerRuntime, RuntimeFault
from actors.kubelet import container_logs, documents, labels, node_status, pause_image
from actors.kubelet.allocations import Allocations
from actors.kubelet.cgroups import Cgroups, MachineCgroups, NoCgroups, cluster_root, node_root
from actors.kubelet.container_spec import EngineFacts
from actors.kubelet.files.host import HostFiles
from actors.kubelet.files.memory import MemoryFiles
from actors.kubelet.ipam import AddressPool
from actors.kubelet.machine import MachineInfo, read_machine, simulated_machine
from actors.kubelet.node_agent import NodeAgent
from actors.kubelet.node_tools import NodeTools
from actors.kubelet.pod_files import PodFiles
from actors.kubelet.pod_network import NetworkFault, PodNetwork
from actors.kubelet.pod_view import PodView, make_view
from actors.kubelet.pod_worker import PodWorker
from actors.kubelet.references import References
from actors.kubelet.streams import StreamsActor
from cluster.api.resources import PODS, SERVICES
from cluster.api.types import Object
from cluster.errors import PeerFault, StatusError
from cluster.messages.base import Message
from cluster.messages.kubelet import LogChunk, ReadLogs, ReadNodeDocument
from cluster.names import KUBELET, STREAMS_CHILD
from cluster.settings import ClusterSettings

RETRY_SECONDS = 1.0
# A log piece is sent in chunks no bigger than this.
CHUNK_BYTES_MAX = 64 * 1024


class KubeletActor(Actor):
    """``servers``: addresses of API servers in order of preference.

    ``machine`` None: read from the machine (simulated runtime: made up). ``files`` None: on the
    machine's disk below ``settings.data_dir`` (simulated runtime: in memory).
    """

    def __init__(
        self,
        settings: ClusterSettings,
        node: str,
        runtime: ContainerRuntime,
        network: PodNetwork,
        servers: Sequence[str],
        machine: MachineInfo | None = None,
        files: PodFiles | None = None,
    ) -> None:
        self._settings = settings
        self._node = settings.node(node)
        self._runtime = runtime
        self._network = network
        self._servers = servers
        self._simulated = settings.runtime == "memory"
        self._machine = machine
        self._files = files
        self._workers: dict[str, PodWorker] = {}
        self._tools: NodeTools | None = None
        self._agent: NodeAgent | None = None

    async def started(self) -> None:
        if self._machine is None:
            self._machine = (
                simulated_machine() if self._simulated else read_machine(self._settings.data_dir)
            )
        if self._files is None:
            root = f"{self._settings.data_dir}/nodes/{self._node.name}/pods"
            self._files = MemoryFiles() if self._simulated else HostFiles(root)
        client = ApiClient(self.ctx, self._servers, field_manager="kubelet")
        await self._runtime.open(self.ctx.world.clock.now)
        agent = self._agent = NodeAgent(
            self.ctx, self._settings, self._node, client, self._runtime, self._machine
        )
        await self.ctx.spawn(
            STREAMS_CHILD,
            lambda: StreamsActor(self._see_pod, self._runtime, self._network, self._node.address),
        )
        self.ctx.task(agent.run(), "node agent")
        self.ctx.task(self._run(client, agent, self._machine, self._files), "kubelet")

    async def stopped(self) -> None:
        if self._tools is not None:
            await self._tools.cgroups.remove(cluster_root(self._settings.name))
        await self._runtime.close()

    # -- coming up

    async def _run(
        self, client: ApiClient, agent: NodeAgent, machine: MachineInfo, files: PodFiles
    ) -> None:
        """Get the engine and network ready, take over what runs, then follow the API server."""
        await self._until_ready(agent)
        tools = self._make_tools(client, agent, machine, files)
        self._tools = tools
        mine = labels.node_labels(self._settings.name, self._node.name)
        found = await self._list_all(mine)
        for item in found:
            if address := item.labels.get(labels.ADDRESS):
                tools.addresses.reserve(address)
        self.ctx.task(tools.services.run(), "services")
        self.ctx.task(self._follow_engine(agent, mine), "engine events")
        pods = Informer(client, PODS, field_selector=f"spec.nodeName={self._node.name}")
        pods.subscribe(self._on_pod)
        self.ctx.task(pods.run(), "pods")
        agent.set_problem("")
        await pods.wait_synced()
        tools.allocations.open()
        await self._clear_orphans(found, files)

    async def _until_ready(self, agent: NodeAgent) -> None:
        while True:
            try:
                agent.runtime_info = await self._runtime.info()
                reference = pause_image.pause_reference()
                if await self._runtime.image(reference) is None:
                    await self._runtime.load_image(pause_image.pause_archive())
                await self._network.prepare()
                return
            except (RuntimeFault, NetworkFault) as fault:
                agent.set_problem(f"container runtime is down: {fault}")
                await asyncio.sleep(RETRY_SECONDS)

    def _make_tools(
        self, client: ApiClient, agent: NodeAgent, machine: MachineInfo, files: PodFiles
    ) -> NodeTools:
        info = agent.runtime_info
        allocatable = node_status.allocatable(self._node, machine)
        plain = self._simulated or info.cgroup_driver == "systemd"
        cgroups: Cgroups = NoCgroups() if plain else MachineCgroups(info.cgroup_version)
        engine = EngineFacts(
            memory=int(machine.memory * self._node.share),
            cgroup_root=node_root(self._settings.name, self._node.name),
            cgroup_driver=info.cgroup_driver,
            can_lower_oom_score=machine.can_lower_oom_score,
            can_add_all_capabilities=machine.can_add_all_capabilities,
        )
        return NodeTools(
            ctx=self.ctx,
            settings=self._settings,
            node=self._node,
            runtime=self._runtime,
            network=self._network,
            files=files,
            cgroups=cgroups,
            client=client,
            recorder=EventRecorder(client, KUBELET, self._node.name),
            references=References(self.ctx, client, self._on_reference),
            services=Informer(client, SERVICES),
            own=agent.own,
            addresses=AddressPool(self._node.pod_cidr),
            engine=engine,
            runtime_info=info,
            allocatable=allocatable,
            allocations=Allocations(allocatable, self._on_room),
            pause_image=pause_image.pause_reference(),
        )

    async def _list_all(self, mine: labels.Labels) -> list[Container]:
        while True:
            try:
                return await self._runtime.list(mine)
            except RuntimeFault as fault:
                self.ctx.log.warning("kubelet.list", error=str(fault))
                await asyncio.sleep(RETRY_SECONDS)

    async def _clear_orphans(self, found: list[Container], files: PodFiles) -> None:
        """End containers and remove directories of pods that are no more.

        Only after a whole list from the API server: an empty cache must not kill anything.
        """
        for item in found:
            uid = item.labels.get(labels.POD_UID, "")
            if uid and uid not in self._workers:
                self.ctx.note("pod.orphan", item.labels.get(labels.POD_NAME, uid))
                orphan = labels.pod_of_labels(dict(item.labels))
                self._add(PodWorker(self._ready_tools(), orphan, gone=True))
        for uid in await files.pods():
            if uid not in self._workers:
                await files.remove_pod(uid)

    def _ready_tools(self) -> NodeTools:
        assert self._tools is not None, "used only once the engine is ready"
        return self._tools

    # -- what happens

    def _on_pod(self, kind: Change, old: Object | None, new: Object | None, trace: str) -> None:
        if kind == "DELETED" or new is None:
            gone = self._workers.get(old["metadata"]["uid"]) if old else None
            if gone is not None:
                gone.lost(trace)
            return
        if old is not None and old["metadata"]["uid"] != new["metadata"]["uid"]:
            replaced = self._workers.get(old["metadata"]["uid"])
            if replaced is not None:
                replaced.lost(trace)
        worker = self._workers.get(new["metadata"]["uid"])
        if worker is None:
            self._add(PodWorker(self._ready_tools(), new, trace=trace))
        else:
            worker.update(new, trace)

    def _add(self, worker: PodWorker) -> None:
        self._workers[worker.uid] = worker
        with resume_trace(worker.trace):
            task = self.ctx.task(worker.run(), f"pod {worker.uid}")
        task.add_done_callback(lambda _: self._workers.pop(worker.uid, None))

    def _on_room(self, uid: str) -> None:
        worker = self._workers.get(uid)
        if worker is not None:
            worker.poke()

    def _on_reference(self, users: set[str], trace: str) -> None:
        for uid in sorted(users):
            worker = self._workers.get(uid)
            if worker is not None:
                worker.volumes_changed(trace)

    async def _follow_engine(self, agent: NodeAgent, mine: labels.Labels) -> None:
        """One stream for all pods: what happens to a container wakes its pod's worker."""
        async for event in self._runtime.events(mine):
            if event.kind == "connected":
                agent.set_problem("")
                for worker in list(self._workers.values()):
                    worker.poke()
                continue
            found = self._workers.get((event.labels or {}).get(labels.POD_UID, ""))
            if found is not None:
                found.poke()

    # -- what is asked

    async def handle(self, message: Message, delivery: Delivery) -> Message | None:
        if not isinstance(message, ReadNodeDocument):
            await super().handle(message, delivery)
            return None
        if not delivery.principal.is_trusted:
            raise PeerFault(f"{delivery.principal.user} may not read past the API server")
        pods = [worker.pod for worker in self._workers.values()]
        problem = self._agent.problem if self._agent is not None else ""
        return documents.answer(message.path, self._node, problem, pods)

    async def serve(self, message: Message, sink: Sink, delivery: Delivery) -> None:
        if not isinstance(message, ReadLogs):
            await super().serve(message, sink, delivery)
            return
        if not delivery.principal.is_trusted:
            raise PeerFault(f"{delivery.principal.user} may not read logs past the API server")
        worker = self._find(message.namespace, message.pod)
        try:
            found = await self._runtime.list(self._pod_filter(worker.uid))
            chosen = container_logs.choose(worker.pod, make_view(found), message)
            left = message.limit_bytes or None
            options = container_logs.log_options(message)
            async for piece in self._runtime.logs(chosen.id, options):
                data = piece if left is None else piece[:left]
                for start in range(0, len(data), CHUNK_BYTES_MAX):
                    await sink.send(LogChunk(data[start : start + CHUNK_BYTES_MAX]))
                if left is not None and (left := left - len(data)) <= 0:
                    return
        except RuntimeFault as fault:
            raise container_logs.refuse(500, "InternalError", f"logs: {fault}") from fault

    async def _see_pod(self, namespace: str, name: str) -> tuple[Object, PodView]:
        """Raises StatusError 404, RuntimeFault."""
        worker = self._find(namespace, name)
        return worker.pod, make_view(await self._runtime.list(self._pod_filter(worker.uid)))

    def _pod_filter(self, uid: str) -> labels.Labels:
        mine = labels.node_labels(self._settings.name, self._node.name)
        return {**mine, labels.POD_UID: uid}

    def _find(self, namespace: str, name: str) -> PodWorker:
        for worker in self._workers.values():
            meta = worker.pod["metadata"]
            if meta.get("name") == name and meta.get("namespace") == namespace:
                return worker
        raise self._no_pod(name)

    def _no_pod(self, name: str) -> StatusError:
        return container_logs.refuse(404, "NotFound", f'pods "{name}" not found')
