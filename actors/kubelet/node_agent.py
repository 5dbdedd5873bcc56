"""Registers the node, renews its Lease, keeps its status true.

Must not know: pods. Heartbeats are Leases only; the status is written when it changes, and every
few minutes so that its heartbeat times do not grow old.
"""

import asyncio
from collections.abc import Awaitable, Callable

from actors.client.api_client import ApiClient
from actors.client.informer import Change, Informer
from actors.kit.context import Context
from actors.kit.world.containers import ContainerRuntime, Image, RuntimeFault, RuntimeInfo
from actors.kubelet import node_status
from actors.kubelet.machine import MachineInfo
from cluster.api.resources import LEASES, NODES
from cluster.api.types import Object
from cluster.errors import StatusError, SteersmanError
from cluster.names import NAMESPACE_NODE_LEASE
from cluster.settings import ClusterSettings, NodeSettings

RETRY_SECONDS = 1.0
STATUS_SECONDS = 300.0
JUDGEMENT_SECONDS = 10.0
# How often the engine is asked whether it lives, when nothing else tells.
LOOK_SECONDS = 20.0


class NodeAgent:
    """``problem``: why the node is not ready ('' if it is); set by the kubelet. ``own``: the
    Node, with what others wrote of it."""

    def __init__(
        self,
        ctx: Context,
        settings: ClusterSettings,
        node: NodeSettings,
        client: ApiClient,
        runtime: ContainerRuntime,
        machine: MachineInfo,
    ) -> None:
        self._ctx = ctx
        self._settings = settings
        self._node = node
        self._client = client
        self._runtime = runtime
        self._machine = machine
        self._changed = asyncio.Event()
        self._judged = asyncio.Event()
        self._uid = ""
        self._gone = False
        self._revision = 0
        self._published: Object = {}
        self._sent: Object = {}
        self._published_at = 0.0
        self._lease: Object | None = None
        self.own = Informer(client, NODES, field_selector=f"metadata.name={node.name}")
        self.own.subscribe(self._on_own)
        self.problem = "container runtime status check may not have completed yet"
        self.runtime_info = RuntimeInfo("docker", "unknown")

    def set_problem(self, problem: str) -> None:
        """'' makes the node ready; published at once."""
        self._judged.set()
        if problem != self.problem:
            self.problem = problem
            self._changed.set()

    async def run(self) -> None:
        """Register, then keep status and lease up, for ever."""
        await self._until_done(self._register, "register")
        self._ctx.task(self._renew_for_ever(), "node lease")
        self._ctx.task(self.own.run(), "own node")
        await self._first_judgement()
        while True:
            self._changed.clear()
            await self._until_done(self._publish, "publish")
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._changed.wait()
            except TimeoutError:
                await self._check_engine()

    async def _first_judgement(self) -> None:
        """A restarted kubelet must not call its node unready only because it has not looked yet."""
        try:
            async with asyncio.timeout(JUDGEMENT_SECONDS):
                await self._judged.wait()
        except TimeoutError:
            return

    def _on_own(self, kind: Change, old: Object | None, new: Object | None, trace: str) -> None:
        """Others write on our Node too; what they say of its health is corrected at once."""
        self._gone = new is None
        if new is None:
            self._ctx.note("node.gone", self._node.name)
            return
        self._uid = new["metadata"]["uid"]
        if int(new["metadata"].get("resourceVersion") or 0) <= self._revision:
            return
        status = new.get("status") or {}
        if ready_status(status) != ready_status(self._published):
            self._published, self._sent = status, {}
            self._changed.set()

    async def _until_done(self, step: Callable[[], Awaitable[None]], name: str) -> None:
        while True:
            try:
                await step()
                return
            except SteersmanError as error:
                self._ctx.log.warning("node.step", step=name, error=str(error))
                await asyncio.sleep(RETRY_SECONDS)

    async def _check_engine(self) -> None:
        if self.problem and not self.problem.startswith("container runtime is down"):
            return
        try:
            self.runtime_info = await self._runtime.info()
            self.set_problem("")
        except RuntimeFault as fault:
            self.set_problem(f"container runtime is down: {fault}")

    async def _register(self) -> None:
        """Create the Node, or take over the one of our name."""
        wanted = node_status.node_object(self._node, self._machine)
        try:
            found = await self._client.create(NODES, wanted)
            self._ctx.note("node.registered", self._node.name)
        except StatusError as error:
            if error.reason != "AlreadyExists":
                raise
            labels = wanted["metadata"]["labels"]
            patch = {"metadata": {"labels": labels}}
            found = await self._client.patch(NODES, "", self._node.name, patch)
        self._uid = found["metadata"]["uid"]
        self._published = found.get("status") or {}

    async def _publish(self) -> None:
        """Write the status if it changed, or is old."""
        now = self._ctx.world.clock.now()
        images: list[Image] = []
        try:
            images = await self._runtime.images()
        except RuntimeFault as fault:
            self.problem = f"container runtime is down: {fault}"
        status = node_status.node_status(
            self._node,
            self._machine,
            self.runtime_info,
            images,
            self.problem,
            self._published,
            now,
        )
        fresh = now - self._published_at < STATUS_SECONDS
        if fresh and node_status.same_but_heartbeat(self._sent, status):
            return
        patch = {"status": status}
        try:
            found = await self._client.patch(
                NODES, "", self._node.name, patch, subresource="status"
            )
        except StatusError as error:
            if error.code != 404:
                raise
            return  # the Node was deleted; as in Kubernetes, only a restart registers it again
        self._revision = int(found["metadata"].get("resourceVersion") or 0)
        self._published = found.get("status") or status
        self._sent, self._published_at = status, now
        self._ctx.note("node.status", self._node.name, ready=not self.problem)

    async def _renew_for_ever(self) -> None:
        period = self._settings.timing.node_lease_renew
        while True:
            try:
                await self._renew()
            except SteersmanError as error:
                self._lease = None
                self._ctx.log.warning("node.lease", error=str(error))
                await asyncio.sleep(min(RETRY_SECONDS, period))
                continue
            await asyncio.sleep(period)

    async def _renew(self) -> None:
        if self._gone:
            self._lease = None
            return
        name, now = self._node.name, self._ctx.world.clock.now()
        duration = self._settings.timing.node_lease_duration
        wanted = node_status.lease_object(name, self._uid, duration, now)
        if self._lease is None:
            try:
                self._lease = await self._client.get(LEASES, NAMESPACE_NODE_LEASE, name)
            except StatusError as error:
                if error.code != 404:
                    raise
                self._lease = await self._client.create(LEASES, wanted)
                return
        meta = {**self._lease["metadata"], "ownerReferences": wanted["metadata"]["ownerReferences"]}
        self._lease = await self._client.update(LEASES, {**wanted, "metadata": meta})


def ready_status(status: Object) -> str:
    """Status of the Ready condition, '' if there is none."""
    found = {item["type"]: str(item["status"]) for item in status.get("conditions") or ()}
    return found.get("Ready", "")
