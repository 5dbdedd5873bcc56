"""The controller manager: a supervisor of controllers, at work only while this replica leads.

Job: keep the informers warm on every replica; when the replica's store gains the leadership, spawn
one supervised child per controller, each fenced with the term; when it loses it, stop them.
Must not know: what the controllers decide.
"""

import asyncio
from collections.abc import Sequence
from functools import partial

from actors.client.api_client import ApiClient
from actors.client.informer import SharedInformers
from actors.client.leadership import LeaderGate
from actors.controllers.catalog import make_controllers
from actors.controllers.plan import Controller
from actors.controllers.reconcile import Reconciler
from actors.kit.actor import Actor, Delivery, Later
from actors.kit.ref import Ref
from cluster.messages.apiserver import PingServer
from cluster.messages.base import Done, Message
from cluster.settings import ClusterSettings

FIELD_MANAGER = "kube-controller-manager"


class ControllerManager(Actor):
    """``replica``: the control-plane process it runs in. ``servers``: addresses of API servers in
    order of preference. ``root_ca``: the cluster's CA certificate (PEM) that every namespace gets
    as ConfigMap kube-root-ca.crt ('' for none). ``token_key``: what tokens in Secrets are signed
    with (PEM; empty: there are none)."""

    def __init__(
        self,
        settings: ClusterSettings,
        replica: str,
        servers: Sequence[str],
        root_ca: str = "",
        token_key: bytes = b"",
    ) -> None:
        self._servers = servers
        self._replica = replica
        self._controllers = make_controllers(settings, root_ca, token_key)
        self._children: list[Ref] = []

    async def started(self) -> None:
        """Start the informers and follow the leadership."""
        self._informers = SharedInformers(ApiClient(self.ctx, self._servers))
        for controller in self._controllers:
            if controller.warm:
                for resource in controller.resources:
                    self._informers.get(resource)
        gate = LeaderGate(self.ctx, self._replica, self._start, self._stop)
        self.ctx.task(gate.run(), "leader gate")

    async def handle(self, message: Message, delivery: Delivery) -> Message | Later | None:
        """Only whether it lives is ever asked."""
        if isinstance(message, PingServer):
            return Done()
        return await super().handle(message, delivery)

    async def _start(self, term: int) -> None:
        # This replica has applied all that earlier leaders did. Another one may not have: informers
        # that were told by its server would let the controllers do it again.
        self._informers.come_home()
        for controller in self._controllers:
            make = partial(ControllerActor, controller, self._servers, self._informers, term)
            self._children.append(await self.ctx.spawn(controller.name, make))

    async def _stop(self) -> None:
        children, self._children = self._children, []
        await asyncio.gather(*(self.ctx.stop(child) for child in children))


class ControllerActor(Actor):
    """One controller at work under one term."""

    def __init__(
        self,
        controller: Controller,
        servers: Sequence[str],
        informers: SharedInformers,
        term: int,
    ) -> None:
        self._controller = controller
        self._servers = servers
        self._informers = informers
        self._term = term

    async def started(self) -> None:
        """Start the loop; it first waits for the informers."""
        client = ApiClient(self.ctx, self._servers, lambda: self._term, FIELD_MANAGER)
        reconciler = Reconciler(self.ctx, client, self._informers, self._controller)
        self.ctx.task(reconciler.run(), f"controller {self._controller.name}")
