"""The proxy: keeps this node's forward table equal to what Services and EndpointSlices say.

It runs in the node's network namespace. Changes that arrive in one turn of the loop become one
transaction. The first table replaces what stands only after both informers have synced, and when
the actor ends the rules stay: connections do not depend on it. On a real network it asks the other
nodes whether they are there, for endpoints of those that are not (``doubts.py``).

Must not know: how rules are made (``rules.py``), nft.
"""

import asyncio
from collections.abc import Callable, Sequence

from actors.client.api_client import ApiClient
from actors.client.informer import Informer
from actors.kit.actor import Actor
from actors.kit.causes import COALESCED, Causes, merged, parent
from actors.kit.tracing import resume_trace
from actors.kit.world.packet_filter import ForwardTable, PacketFilter, PacketFilterFault
from actors.kit.world.reach import Reaches, reaches
from actors.proxy.doubts import Doubts
from actors.proxy.health_server import PROXY_PORT, HealthServer
from actors.proxy.rules import NodeView, table_name
from actors.proxy.state import ProxyState
from cluster.api.resources import ENDPOINT_SLICES, SERVICES
from cluster.api.types import Object
from cluster.settings import ClusterSettings

RETRY_FIRST_SECONDS = 0.5
RETRY_MAX_SECONDS = 30.0
# Other nodes that have endpoints are asked so often, and have so long to answer.
LOOK_SECONDS = 1.0
ANSWER_SECONDS = 1.0
# Services and slices with these labels are for others (Kubernetes' well-known labels).
SELECTOR = "!service.kubernetes.io/service-proxy-name,!service.kubernetes.io/headless"


class ProxyActor(Actor):
    """One per node. ``servers``: API server addresses in order of preference. ``address``: of a
    node by its name, '' if unknown; ``reach``: asks whether anybody is there."""

    def __init__(
        self,
        settings: ClusterSettings,
        node: str,
        packet_filter: PacketFilter,
        servers: Sequence[str],
        address: Callable[[str], str] = lambda node: "",
        reach: Reaches = reaches,
    ) -> None:
        self._settings = settings
        self._node = node
        self._filter = packet_filter
        self._servers = servers
        self._address = address
        self._reach = reach
        self._doubts = Doubts()
        view = NodeView(node, settings.zone_of(node))
        self._state = ProxyState(table_name(settings.name), view, settings.network)
        self._wake = asyncio.Event()
        self._causes: Causes = ()
        self._health = HealthServer()

    async def started(self) -> None:
        client = ApiClient(self.ctx, self._servers)
        services = Informer(client, SERVICES, label_selector=SELECTOR)
        slices = Informer(client, ENDPOINT_SLICES, label_selector=SELECTOR)
        services.subscribe(self._on_service)
        slices.subscribe(self._on_slice)
        self.ctx.task(services.run(), "services")
        self.ctx.task(slices.run(), "endpointslices")
        self.ctx.task(self._program(services, slices), "program")
        if self._settings.network.packet_filter == "nftables":
            self.ctx.task(self._look_around(), "look-around")

    async def stopped(self) -> None:
        await self._health.close()

    def _on_service(self, kind: str, old: Object | None, new: Object | None, trace: str) -> None:
        self._state.service_changed(old, new)
        self._changed(trace)

    def _on_slice(self, kind: str, old: Object | None, new: Object | None, trace: str) -> None:
        self._state.slice_changed(old, new)
        self._changed(trace)

    def _changed(self, trace: str) -> None:
        if self._state.dirty:
            self._causes = merged(self._causes, trace)
            self._wake.set()

    async def _program(self, services: Informer, slices: Informer) -> None:
        await services.wait_synced()
        await slices.wait_synced()
        self._wake.set()
        while True:
            await self._wake.wait()
            # One turn of the loop: what a burst of events brought goes into one transaction.
            await asyncio.sleep(0)
            self._wake.clear()
            causes, self._causes = self._causes, ()
            with resume_trace(parent(causes)):
                if causes[1:]:
                    self.ctx.note(COALESCED, self._node, links=causes[1:])
                await self._apply(self._state.table())
                await self._serve_health()

    async def _apply(self, table: ForwardTable) -> None:
        """Until it stands, or until a newer state of the world makes it pointless."""
        pause = RETRY_FIRST_SECONDS
        while True:
            try:
                await self._filter.apply(table)
            except PacketFilterFault as error:
                self.ctx.log.warning("rules.refused", table=table.name, error=str(error))
                self.ctx.note("rules.refused", table.name, error=str(error)[:200])
            else:
                self.ctx.note("rules.applied", table.name, fronts=len(table.forwards))
                return
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
                return
            except TimeoutError:
                pause = min(RETRY_MAX_SECONDS, pause * 2)

    async def _serve_health(self) -> None:
        # Simulated nodes have no sockets of their own.
        if self._settings.network.packet_filter == "nftables":
            address = self._settings.node(self._node).address
            faults = await self._health.serve(address, self._state.health_ports())
            for port, error in faults.items():
                self.ctx.log.warning("health.port", port=port, error=error)

    async def _look_around(self) -> None:
        """For ever: who of the other nodes is silent, and which of their endpoints."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            places = self._state.places()
            known = {node: found for node in places if (found := self._address(node))}
            there = await self._all(dict.fromkeys(known.values(), PROXY_PORT))
            silent = {node for node, address in known.items() if not there[address]}
            before = self._doubts.dead
            self._doubts.heard(await self._all(self._doubts.to_ask(places, silent)))
            dead = self._doubts.dead
            if dead == before:
                continue
            for address in sorted(dead ^ before):
                event = "endpoint.silent" if address in dead else "endpoint.back"
                self.ctx.log.info(event, endpoint=address)
                self.ctx.note(event, address)
            self._state.leave_out(dead)
            self._changed("")

    async def _all(self, places: dict[str, int]) -> dict[str, bool]:
        """Whether each of these ports, by address, accepts a connection."""
        asked = [self._reach(one, port, ANSWER_SECONDS) for one, port in places.items()]
        return dict(zip(places, await asyncio.gather(*asked), strict=True))
