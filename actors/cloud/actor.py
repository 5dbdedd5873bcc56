"""The cloud controller manager: puts the cloud's facts on Nodes, gives Services their addresses.

Active while its replica leads; writes carry the term as a fence. A new leader first tells the
provider everything there should be, in one piece, then goes object by object.

Must not know: which provider.
"""

import asyncio
from collections.abc import Sequence

from actors.client.api_client import STRATEGIC_PATCH, ApiClient
from actors.client.event_recorder import EventRecorder
from actors.client.informer import Informer
from actors.client.leadership import LeaderGate
from actors.client.workqueue import WorkQueue
from actors.cloud.balancers import (
    has_finalizer,
    make_balancer,
    status_of,
    wants_balancer,
    with_finalizer,
)
from actors.cloud.nodes import address_patch, initialized
from actors.cloud.provider import Balancer, CloudFault, CloudProvider
from actors.kit.actor import Actor
from actors.kit.causes import COALESCED
from actors.kit.tracing import resume_trace
from cluster.api.resources import ENDPOINT_SLICES, NODES, SERVICES
from cluster.api.types import Object
from cluster.errors import SteersmanError
from cluster.names import LABEL_SERVICE_NAME

WORKERS = 4
# Longer than a deposed leader goes on without knowing.
SETTLE_SECONDS = 5.0
COMPONENT = "cloud-controller-manager"
# (what, namespace, name): what is "node" or "service".
Key = tuple[str, str, str]


class CloudActor(Actor):
    """One per replica; idle unless the replica leads. The provider outlives it (it is closed by
    who made it), and what the provider made outlives both. ``servers``: addresses of API servers
    in order of preference."""

    def __init__(self, replica: str, servers: Sequence[str], provider: CloudProvider) -> None:
        self._replica = replica
        self._provider = provider
        self._servers = servers
        self._tasks: list[asyncio.Task[None]] = []
        self._leading: Leading | None = None

    async def started(self) -> None:
        self._recorder = EventRecorder(ApiClient(self.ctx, self._servers), COMPONENT)
        gate = LeaderGate(self.ctx, self._replica, self._lead, self._retire)
        self.ctx.task(gate.run(), "leadership")

    async def _lead(self, term: int) -> None:
        client = ApiClient(self.ctx, self._servers, lambda: term, COMPONENT)
        self._leading = Leading(client, self._recorder, self._provider)
        self._tasks = self._leading.start()

    async def _retire(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks = []
        if self._leading is not None:
            self._leading.close()
            self._leading = None

    async def stopped(self) -> None:
        await self._retire()


class Leading:
    """One leadership: informers, a queue, and its workers."""

    def __init__(self, client: ApiClient, recorder: EventRecorder, provider: CloudProvider) -> None:
        self._ctx = client.ctx
        self._client = client
        self._recorder = recorder
        self._provider = provider
        self._queue: WorkQueue[Key] = WorkQueue()
        self._nodes = Informer(client, NODES)
        self._services = Informer(client, SERVICES)
        self._slices = Informer(client, ENDPOINT_SLICES)
        self._nodes.subscribe(self._on_node)
        self._services.subscribe(self._on_service)
        self._slices.subscribe(self._on_slice)
        self._ready = asyncio.Event()
        # The balancer last given to the provider, by Service.
        self._given: dict[Key, Balancer] = {}

    def start(self) -> list["asyncio.Task[None]"]:
        """The tasks to cancel at the end of the leadership."""
        informers = (self._nodes, self._services, self._slices)
        tasks = [self._ctx.task(item.run(), f"informer {item.resource}") for item in informers]
        workers = [self._ctx.task(self._work(), f"cloud worker {item}") for item in range(WORKERS)]
        return [*tasks, *workers, self._ctx.task(self._begin(), "cloud")]

    def close(self) -> None:
        """Nobody works any more."""
        self._queue.close()

    def _on_node(self, kind: str, old: Object | None, new: Object | None, trace: str) -> None:
        meta = (new or old or {})["metadata"]
        if new is not None:
            self._queue.add(("node", "", meta["name"]), trace)
        # Health decides where every balancer leads; most changes alter nothing (see _ensure).
        self._enqueue_balancers(trace)

    def _on_service(self, kind: str, old: Object | None, new: Object | None, trace: str) -> None:
        meta = (new or old or {})["metadata"]
        self._queue.add(("service", meta.get("namespace") or "", meta["name"]), trace)

    def _on_slice(self, kind: str, old: Object | None, new: Object | None, trace: str) -> None:
        meta = (new or old or {})["metadata"]
        name = (meta.get("labels") or {}).get(LABEL_SERVICE_NAME)
        key = ("service", meta.get("namespace") or "", name or "")
        if key in self._given:
            self._queue.add(key, trace)

    def _enqueue_balancers(self, trace: str) -> None:
        for key in tuple(self._given):
            self._queue.add(key, trace)

    async def _begin(self) -> None:
        for informer in (self._nodes, self._services, self._slices):
            await informer.wait_synced()
        await self._restore()
        self._ready.set()
        # A predecessor that has not noticed yet may have written once more.
        await asyncio.sleep(SETTLE_SECONDS)
        balancers = self._provider.load_balancers
        if balancers is not None:
            try:
                await balancers.refresh()
            except CloudFault as error:
                self._ctx.log.warning("cloud.not.refreshed", error=str(error))

    async def _restore(self) -> None:
        """Tell the provider all balancers at once, until it took them."""
        balancers = self._provider.load_balancers
        if balancers is None:
            return
        pause = 0.5
        while True:
            wanted = [
                self._balancer(service)
                for service in self._services.cache.list()
                if wants_balancer(service)
            ]
            try:
                await balancers.restore(wanted)
                return
            except CloudFault as error:
                self._ctx.log.warning("cloud.not.restored", error=str(error))
            await asyncio.sleep(pause)
            pause = min(30.0, pause * 2)

    async def _work(self) -> None:
        await self._ready.wait()
        while True:
            work = await self._queue.get()
            with resume_trace(work.trace):
                if work.links:
                    self._ctx.note(COALESCED, "/".join(filter(None, work.key)), links=work.links)
                try:
                    await self._reconcile(work.key)
                except (SteersmanError, CloudFault) as error:
                    self._ctx.log.debug("cloud.retry", key=work.key, error=str(error))
                    self._queue.retry(work.key, work.trace)
                else:
                    self._queue.forget(work.key)
                finally:
                    self._queue.done(work.key)

    async def _reconcile(self, key: Key) -> None:
        what, namespace, name = key
        if what == "node":
            node = self._nodes.cache.get("", name)
            if node is not None:
                await self._initialize(node)
            return
        service = self._services.cache.get(namespace, name)
        if service is not None and wants_balancer(service):
            await self._ensure(key, service)
        elif service is None or has_finalizer(service) or key in self._given:
            await self._clean_up(key, service)

    async def _initialize(self, node: Object) -> None:
        instance = await self._provider.instance(node)
        name = node["metadata"]["name"]
        if instance is None:
            await self._remove_vanished(node)
            return
        patch = address_patch(node, instance)
        if patch is not None:
            await self._client.patch(NODES, "", name, patch, STRATEGIC_PATCH, "status")
        # The patch made a new version: that one comes by the watch, and is then initialized.
        changed = initialized(node, instance) if patch is None else None
        if changed is not None:
            await self._client.update(NODES, changed)
            self._ctx.note("node.initialized", name, provider=instance.provider_id)

    async def _remove_vanished(self, node: Object) -> None:
        """A Node whose machine is gone from the cloud for good (node lifecycle controller)."""
        conditions = (node.get("status") or {}).get("conditions") or ()
        if any(item.get("type") == "Ready" and item.get("status") == "True" for item in conditions):
            return
        meta = node["metadata"]
        text = f"Deleting node {meta['name']} because it does not exist in the cloud provider"
        self._recorder.event(node, "Normal", "DeletingNode", text)
        await self._client.delete(NODES, "", meta["name"], meta.get("uid") or "")

    def _balancer(self, service: Object) -> Balancer:
        meta = service["metadata"]
        namespace = meta.get("namespace") or ""
        slices = [
            item
            for item in self._slices.cache.list(namespace)
            if (item["metadata"].get("labels") or {}).get(LABEL_SERVICE_NAME) == meta["name"]
        ]
        return make_balancer(service, self._nodes.cache.list(), slices)

    async def _ensure(self, key: Key, service: Object) -> None:
        balancers = self._provider.load_balancers
        if balancers is None:
            return
        if not has_finalizer(service):
            self._say(service, "Normal", "EnsuringLoadBalancer", "Ensuring load balancer")
            service = await self._client.update(SERVICES, with_finalizer(service, True))
        wanted = self._balancer(service)
        if wanted == self._given.get(key) and status_is_set(service):
            return
        try:
            addresses = await balancers.ensure(wanted)
        except CloudFault as error:
            text = f"Error syncing load balancer: failed to ensure load balancer: {error}"
            self._say(service, "Warning", "SyncLoadBalancerFailed", text)
            raise
        # With the address it now has, so that the status' echo is no change.
        self._given[key] = wanted._replace(wanted=addresses[0] if addresses else "")
        changed = status_of(service, addresses)
        if changed is not None:
            await self._client.update(SERVICES, changed, "status")
            self._ctx.note("balancer.ensured", "/".join(key[1:]), address=",".join(addresses))
            self._say(service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer")

    async def _clean_up(self, key: Key, service: Object | None) -> None:
        """The Service is deleted, or of another type now."""
        _, namespace, name = key
        balancers = self._provider.load_balancers
        if balancers is not None:
            await balancers.delete((namespace, name))
        self._given.pop(key, None)
        if service is None or not has_finalizer(service):
            return
        if not service["metadata"].get("deletionTimestamp"):
            changed = status_of(service, ())
            if changed is not None:
                service = await self._client.update(SERVICES, changed, "status")
        await self._client.update(SERVICES, with_finalizer(service, False))
        self._say(service, "Normal", "DeletedLoadBalancer", "Deleted load balancer")

    def _say(self, service: Object, type: str, reason: str, message: str) -> None:
        self._recorder.event(service, type, reason, message)


def status_is_set(service: Object) -> bool:
    """True if the status names an address."""
    return bool(((service.get("status") or {}).get("loadBalancer") or {}).get("ingress"))
