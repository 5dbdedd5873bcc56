"""The DNS server of one node: the cluster domain out of informers, told on UDP and TCP.

Names outside the cluster domain are refused and never forwarded: no packet leaves. Until both
informers have synced the answer is SERVFAIL, so that no client takes ignorance for absence.

Must not know: how answers are made or packed.
"""

import asyncio
from collections.abc import Sequence

from actors.client.api_client import ApiClient
from actors.client.informer import Informer
from actors.dns.query import parse_query
from actors.dns.records import Domain, answer
from actors.dns.registration import SERVICE, endpoint_slice, says_the_same, slice_name
from actors.dns.reply import TCP_BYTES_MAX, early_answer, reply, udp_size
from actors.dns.server import DnsServer
from actors.dns.zone import ClusterZone
from actors.kit.actor import Actor
from cluster.api.resources import ENDPOINT_SLICES, NODES, SERVICES
from cluster.api.types import Object
from cluster.errors import StatusError, SteersmanError
from cluster.names import NAMESPACE_SYSTEM
from cluster.settings import ClusterSettings

REGISTER_RETRY_FIRST_SECONDS = 0.2
REGISTER_RETRY_MAX_SECONDS = 10.0
NODE_RETRY_SECONDS = 5.0


class DnsActor(Actor):
    """One per node. ``host``, ``port``: where it listens; host '' (simulation): nowhere."""

    def __init__(
        self, settings: ClusterSettings, node: str, servers: Sequence[str], host: str, port: int
    ) -> None:
        network = settings.network
        self._settings = settings
        self._node = node
        self._servers = servers
        self._host = host
        self._port = port
        ranges = (network.service_range, network.pod_range, network.node_range)
        self._domain = Domain(network.cluster_domain, network.dns_address, ranges)
        self.zone = ClusterZone()
        self._turn = 0
        self._disturbed = asyncio.Event()
        self._server = DnsServer(self.respond)

    async def started(self) -> None:
        self._client = ApiClient(self.ctx, self._servers, field_manager="steersman-dns")
        self._services = Informer(self._client, SERVICES)
        self._slices = Informer(self._client, ENDPOINT_SLICES)
        self._services.subscribe(self._on_service)
        self._slices.subscribe(self._on_slice)
        if self._host:
            self._port = await self._server.open(self._host, self._port)
        self.ctx.task(self._services.run(), "services")
        self.ctx.task(self._slices.run(), "endpointslices")
        self.ctx.task(self._stay_registered(), "registration")

    async def stopped(self) -> None:
        await self._server.close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    @property
    def synced(self) -> bool:
        """True once it knows the cluster."""
        return self._services.synced and self._slices.synced

    def respond(self, packet: bytes, stream: bool) -> bytes | None:
        """The answer to one packet; None for silence."""
        query = parse_query(packet)
        if query is None:
            return None
        found = early_answer(query, self.synced)
        if found is None:
            self._turn += 1
            found = answer(self.zone, self._domain, query.names, query.kind, self._turn)
        serial = max(self._services.cache.revision, self._slices.cache.revision) & 0xFFFFFFFF
        size = TCP_BYTES_MAX if stream else udp_size(query)
        return reply(query, found, self._domain.name, serial, size)

    def _on_service(self, kind: str, old: Object | None, new: Object | None, trace: str) -> None:
        if self.zone.service_changed(old, new):
            self._note(new or old or {})

    def _on_slice(self, kind: str, old: Object | None, new: Object | None, trace: str) -> None:
        meta = (new or old or {})["metadata"]
        if self.zone.slice_changed(old, new):
            self._note(new or old or {})
        if meta["name"] == slice_name(self._node) and meta.get("namespace") == NAMESPACE_SYSTEM:
            self._disturbed.set()

    def _note(self, obj: Object) -> None:
        """Answers are others from now on, because of that object."""
        meta = obj["metadata"]
        self.ctx.note("dns.changed", f"{meta.get('namespace', '')}/{meta['name']}")

    async def _stay_registered(self) -> None:
        """Offer this server once it can answer, and again whenever the slice was touched."""
        await self._services.wait_synced()
        await self._slices.wait_synced()
        pause = REGISTER_RETRY_FIRST_SECONDS
        while True:
            self._disturbed.clear()
            try:
                owned = await self._register()
            except SteersmanError as error:
                self.ctx.log.debug("dns.not.registered", error=str(error))
                await asyncio.sleep(pause)
                pause = min(REGISTER_RETRY_MAX_SECONDS, pause * 2)
                continue
            pause = REGISTER_RETRY_FIRST_SECONDS
            try:
                async with asyncio.timeout(None if owned else NODE_RETRY_SECONDS):
                    await self._disturbed.wait()
            except TimeoutError:
                pass

    async def _register(self) -> bool:
        """False if the Node does not exist yet, so that the slice has no owner."""
        node = self._settings.node(self._node)
        present = self._slices.cache.get(NAMESPACE_SYSTEM, slice_name(self._node))
        uid = await self._node_uid()
        wanted = endpoint_slice(node.name, node.zone, node.address, self._port, uid)
        if present is None:
            try:
                await self._client.create(ENDPOINT_SLICES, wanted)
            except StatusError as error:
                if error.reason != "AlreadyExists":
                    raise
                present = await self._client.get(
                    ENDPOINT_SLICES, NAMESPACE_SYSTEM, slice_name(self._node)
                )
            else:
                self.ctx.note("dns.registered", f"{NAMESPACE_SYSTEM}/{SERVICE}", port=self._port)
                return bool(uid)
        if not says_the_same(present, wanted):
            revision = present["metadata"].get("resourceVersion")
            meta = {**wanted["metadata"], "resourceVersion": revision}
            await self._client.update(ENDPOINT_SLICES, {**wanted, "metadata": meta})
        return bool(uid)

    async def _node_uid(self) -> str:
        """The Node's uid; '' while it does not exist (the kubelet may come later)."""
        try:
            found = await self._client.get(NODES, "", self._node)
        except StatusError as error:
            if error.code in (403, 404):
                return ""
            raise
        return str(found["metadata"].get("uid") or "")
