"""The API server as an actor: the message door, and the life of the HTTPS door beside it.

Job: receive, hand to the request chain, follow policy and leadership. Must not know: what requests
mean, how HTTP is parsed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import cast

from actors.apiserver import (
    bootstrap,
    event_expiry,
    flow_control,
    policy_upkeep,
    resealing,
    service_repair,
)
from actors.apiserver.accounts import Accounts
from actors.apiserver.admission import hooks
from actors.apiserver.admission.policies.checking import TypeChecking
from actors.apiserver.aggregation import service_cache
from actors.apiserver.aggregation.availability import Availability
from actors.apiserver.aggregation.registration import Registration
from actors.apiserver.aggregation.remote_documents import RemoteDocuments
from actors.apiserver.aggregation.remotes import Remotes
from actors.apiserver.audit import AuditLog
from actors.apiserver.audit_file import AuditFile
from actors.apiserver.audit_metrics import AuditCounts
from actors.apiserver.authentication import Authentication, caller_of_message
from actors.apiserver.authority import Authority
from actors.apiserver.authorization import Authorization
from actors.apiserver.continue_token import ContinueTokens
from actors.apiserver.custom import kind_cache
from actors.apiserver.custom.conversion import Conversion
from actors.apiserver.custom.establishing import Establishing
from actors.apiserver.custom.kind_cache import KindCache
from actors.apiserver.custom.webhook import WebhookConverter
from actors.apiserver.dialling import ServiceDialler
from actors.apiserver.documents import Documents
from actors.apiserver.encryption import Sealer
from actors.apiserver.environment import Environment
from actors.apiserver.flow_control import FlowControl
from actors.apiserver.following import RETRY_FIRST_SECONDS, RETRY_MAX_SECONDS, follow
from actors.apiserver.front_desk import FrontDesk
from actors.apiserver.http_server import HttpServer
from actors.apiserver.impersonation import Impersonation
from actors.apiserver.issuers import Issuers
from actors.apiserver.object_store import ObjectStore
from actors.apiserver.operations import Operations
from actors.apiserver.policy_cache import PREFIX, PolicyCache
from actors.apiserver.presence import Presence
from actors.apiserver.request_chain import RequestChain
from actors.apiserver.request_metrics import RequestMetrics
from actors.apiserver.schema_files import load_definitions
from actors.apiserver.server_metrics import ServerMetrics
from actors.apiserver.shared_socket import SharedSocket
from actors.apiserver.shared_watch import SharedWatches
from actors.apiserver.store_client import StoreClient
from actors.apiserver.subresources.handler import Parts
from actors.apiserver.token_use import TokenUse
from actors.apiserver.ui import endings
from actors.apiserver.ui.actor import UiActor
from actors.apiserver.ui.endings import Endings
from actors.apiserver.ui.entry import UI_ACTOR, Entry
from actors.apiserver.ui.sessions import Sessions
from actors.apiserver.webhook_client import WebhookClient
from actors.apiserver.writer import Writer
from actors.client.live_settings import LiveSettings
from actors.kit.actor import Actor, Delivery, Later, Sink
from actors.kit.supervisor import RestartPolicy
from cluster import names
from cluster.api.schema import OBJECT_META, Definitions
from cluster.errors import PeerFault, SteersmanError
from cluster.messages.apiserver import ApiRequest, PingServer, SettingsChanged
from cluster.messages.base import ConnectionLost, Done, Message
from cluster.messages.store import Leadership, WatchLeadership
from cluster.settings import ClusterSettings

# A replica that does not answer so often, each time for so long, is taken out of the Service.
PING_TRIES = 3
PING_SECONDS = 1.0
# Its backoff alone keeps it below this: the page is no reason to end the API server.
PAGE_RESTARTS = RestartPolicy(intensity=100)


class ApiServerActor(Actor):
    """``serve_http`` False: only the message door opens (simulation)."""

    def __init__(self, live: LiveSettings, authority: Authority, serve_http: bool = True) -> None:
        self._live = live
        self._replica = live.process
        self._authority = authority
        self._serve_http = serve_http
        self._http: HttpServer | None = None
        self._audit_file: AuditFile | None = None
        self._webhooks: WebhookClient | None = None
        self._leading = False
        self._chain: RequestChain
        self._desk: FrontDesk
        self._presence: Presence
        self._environment: Environment
        self._sealer: Sealer
        self._definitions: Definitions
        self._establishing: Establishing
        self._type_checking: TypeChecking
        self._registration: Registration
        self._availability: Availability
        self._remote_documents: RemoteDocuments

    async def started(self) -> None:
        """Build the chain, follow the store, open the HTTPS door."""
        self._definitions = load_definitions()
        environment = self._environment = self._make_environment()
        self._assemble(environment)
        self._follow(environment)
        self.ctx.task(self._follow_leadership(environment), "leadership")
        for name, run in (
            ("definitions", self._establishing.run),
            ("policies", self._type_checking.run),
            ("registration", self._registration.run),
            ("availability", self._availability.run),
            ("remote documents", self._remote_documents.run),
        ):
            self.ctx.task(self._again(name, run), name)
        self.ctx.task(self._expire_events(environment), "event expiry")
        self.ctx.task(self._keep_addresses(environment), "service addresses")
        settings = self._live.now
        replica = settings.replica(self._replica)
        if replica.api_addresses:
            self.ctx.task(self._stay_listed(), "presence")
        self._monitor(settings)
        if self._serve_http:
            others = tuple(one.name for one in settings.replicas if one.name != replica.name)
            shared = SharedSocket(
                settings.network.shared_api, settings.data_dir, replica.name, others
            )
            entry = await self._open_page()
            addresses = replica.api_addresses
            self._http = HttpServer(self._desk, self._authority, addresses, shared, entry)
            await self._http.start()
            # A replica that is only coming in cannot answer yet in the others' place.
            if replica.initial != "join" or environment.policy.synced:
                await self._http.share()

    async def _open_page(self) -> Entry:
        """What gathers for the live page is an actor of its own: it fails alone, however often."""
        name = UI_ACTOR.partition("/")[2]
        await self.ctx.spawn(name, lambda: UiActor(self._live), PAGE_RESTARTS)
        store, ended = self._environment.objects.store, Endings()
        self.ctx.task(follow(store, endings.PREFIX, ended, self._broke, False), "ended sessions")
        return Entry(
            self._desk.authentication,
            Sessions(self._authority.service_account_key, ended.last),
            ended,
            store,
            self.ctx.ref,
            self._replica,
            lambda: tuple(one.name for one in self._live.now.replicas),
            self.ctx.world.clock.now,
        )

    def _monitor(self, settings: ClusterSettings) -> None:
        for replica in settings.replicas:
            if replica.name != self._replica:
                self.ctx.monitor_process(replica.name)

    def _settings_changed(self) -> None:
        """Replicas came or went: the leader takes those that went out of the Service."""
        self._environment.settings = self._live.now
        self._monitor(self._live.now)
        if self._leading:
            self.ctx.task(self._sweep(()), "sweep")

    async def handle(self, message: Message, delivery: Delivery) -> Message | Later | None:
        """The message door for all verbs but watch."""
        match message:
            case ApiRequest():
                return Later(self._answer(message, delivery))
            case PingServer():
                return Done()
            case SettingsChanged():
                self._settings_changed()
                return None
            case ConnectionLost():
                if self._leading:
                    self.ctx.task(self._sweep((message.process,)), "sweep")
                return None
        raise PeerFault(f"the API server takes no {type(message).__name__}")

    async def serve(self, message: Message, sink: Sink, delivery: Delivery) -> None:
        """The message door for watches."""
        if not isinstance(message, ApiRequest):
            raise PeerFault(f"the API server streams no {type(message).__name__}")
        with self._desk.contained(message), self._desk.metrics.lasting(message):
            plan = await self._chain.open_watch(message, caller_of_message(delivery))
            async with aclosing(plan.batches()) as batches:
                async for view in batches:
                    await sink.send(view.batch)

    async def stopped(self) -> None:
        """Close the HTTPS door, and what webhooks are asked through."""
        if self._http is not None:
            await self._http.stop()
        if self._audit_file is not None:
            await self._audit_file.close()
        if self._webhooks is not None:
            await self._webhooks.close()

    async def _answer(self, request: ApiRequest, delivery: Delivery) -> Message:
        caller = caller_of_message(delivery)
        with self._desk.contained(request), self._desk.metrics.under_way(request):
            return await self._desk.counted(
                request,
                self._desk.audited(
                    request, caller, lambda notes: self._chain.answer(request, caller, notes)
                ),
            )

    def _open_audit(self, environment: Environment, counts: AuditCounts) -> AuditLog | None:
        authority = self._authority
        if authority.audit_policy is None:
            return None
        self._audit_file = AuditFile(Path(authority.audit_folder), counts)
        clock, entropy = environment.clock, environment.entropy
        return AuditLog(authority.audit_policy, self._audit_file, clock, entropy, counts)

    def _make_environment(self) -> Environment:
        entropy = self.ctx.world.entropy
        sealer = self._sealer = Sealer(self._authority.encryption, entropy)
        ref = self.ctx.ref(names.address(names.STORE, self._replica))
        store = StoreClient(ref, sealer, self.ctx.world.clock.monotonic)
        tokens = ContinueTokens(self._authority.service_account_key, self.ctx.world.clock.now)
        objects = ObjectStore(store, tokens)
        objects.watches = SharedWatches(store, self.ctx.task)
        self._webhooks = WebhookClient(ServiceDialler(objects, entropy))
        objects.conversion = Conversion(WebhookConverter(self._webhooks, entropy))
        return Environment(
            settings=self._live.now,
            replica=self._replica,
            clock=self.ctx.world.clock,
            entropy=entropy,
            objects=objects,
            policy=PolicyCache(),
            ref=self.ctx.ref,
            kinds=KindCache(self._definitions.schema_for(OBJECT_META)),
            hooks=hooks.Hooks(
                self._definitions,
                self._webhooks.showing(self._authority.mutating),
                self._webhooks.showing(self._authority.validating),
                followed=True,
            ),
        )

    def _assemble(self, environment: Environment) -> None:
        definitions = self._definitions
        writer = Writer(environment, definitions)
        clock = environment.clock
        used = TokenUse(environment, writer, self.ctx.task, self.ctx.log).note
        accounts = Accounts(self._authority, environment.objects, clock.now, used)
        issuers = Issuers(self._authority.authentication, clock.now, clock.monotonic, self.ctx.log)
        authentication = Authentication(
            self._authority, accounts.verify, environment.system_secret, clock.now, issuers.caller
        )
        authorization = Authorization(environment)
        parts = Parts(environment, writer, accounts)
        self._chain = RequestChain(environment, authentication, authorization, parts)
        remotes = Remotes(environment, self._authority)
        self._remote_documents = RemoteDocuments(environment, remotes)
        documents = Documents(environment, definitions, accounts, self._remote_documents)
        table = environment.kinds
        requests = RequestMetrics(lambda *names: table.table.by_resource(*names))
        flows = FlowControl()
        audited = AuditCounts()
        acting = Impersonation(authorization, clock.monotonic)
        self._desk = FrontDesk(
            environment,
            authentication,
            authorization,
            self._chain,
            documents,
            Operations(
                self.ctx.ref(names.address(names.STORE, self._replica)),
                ServerMetrics(environment, requests, flows, acting.metrics, audited),
                documents.health,
            ),
            remotes,
            self.ctx.log,
            self.ctx.note,
            requests,
            acting,
            self._open_audit(environment, audited),
            flows,
        )
        self._presence = Presence(environment, writer, self._lives)
        self._establishing = Establishing(environment, writer, lambda: self._leading)
        self._type_checking = TypeChecking(environment, writer, lambda: self._leading)
        self._registration = Registration(
            environment, writer, self._authority, lambda: self._leading
        )
        self._availability = Availability(environment, writer, remotes, self._broke)

    def _broke(self, why: str) -> None:
        self.ctx.log.info("following the store broke", error=why)

    async def _share(self) -> None:
        if self._http is not None:
            await self._http.share()

    def _follow(self, environment: Environment) -> None:
        """Keep in memory what nearly every request is judged by."""
        store, broke = environment.objects.store, self._broke
        policy = follow(store, PREFIX, environment.policy, broke, synced=self._share)
        self.ctx.task(policy, "policy")
        kinds = follow(store, kind_cache.PREFIX, environment.kinds, broke)
        self.ctx.task(kinds, "kinds")
        services = follow(store, service_cache.PREFIX, environment.services, broke)
        self.ctx.task(services, "API services")
        for prefix, cache in (
            (hooks.MUTATING, environment.hooks.mutating),
            (hooks.VALIDATING, environment.hooks.validating),
        ):
            self.ctx.task(follow(store, prefix, cache, broke), f"follow {prefix}")
        policies = environment.policies
        policies.followed = True
        for prefix, part in (*policies.validating.followers, *policies.mutating.followers):
            self.ctx.task(follow(store, prefix, part, broke), f"follow {prefix}")
        flows = follow(store, flow_control.PREFIX, self._desk.flow_control, broke, False)
        self.ctx.task(flows, "flow control")
        for table in environment.objects.cache.tables:
            following = follow(store, table.prefix, table, broke, linearizable=False)
            self.ctx.task(following, f"follow {table.prefix}")

    async def _follow_leadership(self, environment: Environment) -> None:
        """The leader writes what a new cluster needs, and takes dead replicas out."""
        store = self.ctx.ref(names.address(names.STORE, self._replica))
        while True:
            try:
                async with store.stream(WatchLeadership()) as stream:
                    async for item in stream:
                        leading = cast(Leadership, item).leading
                        if leading and not self._leading:
                            self.ctx.task(self._lead(environment), "lead")
                        self._leading = leading
            except SteersmanError as error:
                self.ctx.log.info("leadership watch broke", error=str(error))
            self._leading = False
            await asyncio.sleep(RETRY_MAX_SECONDS / 2)

    async def _again(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """For ever what looks after something, while it can (some only where the leader is)."""
        while True:
            try:
                await run()
            except SteersmanError as error:
                self.ctx.log.info("looked at again", name=name, error=str(error))
            await asyncio.sleep(RETRY_MAX_SECONDS / 4)

    async def _lead(self, environment: Environment) -> None:
        pause = RETRY_FIRST_SECONDS
        while self._leading:
            try:
                await self._presence.sweep()
                repaired = await policy_upkeep.reconcile(environment)
                if repaired:
                    self.ctx.note("policy.repaired", self._live.now.name, objects=repaired)
                written = await bootstrap.ensure(environment)
                if written:
                    self.ctx.note("cluster.bootstrapped", self._live.now.name, objects=written)
                resealed = await resealing.reseal(environment.objects.store, self._sealer)
                if resealed:
                    self.ctx.note("secrets.resealed", self._live.now.name, objects=resealed)
                return
            except SteersmanError as error:
                self.ctx.log.info("bootstrap is tried again", error=str(error))
            await asyncio.sleep(pause)
            pause = min(pause * 2, RETRY_MAX_SECONDS)

    async def _expire_events(self, environment: Environment) -> None:
        """Whichever replica leads forgets what is old."""
        while True:
            await asyncio.sleep(event_expiry.SWEEP_SECONDS)
            if not self._leading:
                continue
            try:
                await event_expiry.expire(environment.objects.store, environment.clock.now())
            except SteersmanError as error:
                self.ctx.log.info("old events stay for now", error=str(error))

    async def _keep_addresses(self, environment: Environment) -> None:
        """Whichever replica leads lets ranges go, and now and then walks over all Services."""
        wait = 0.0
        while True:
            await asyncio.sleep(service_repair.LOOK_SECONDS)
            if not self._leading:
                wait = 0.0
                continue
            wait -= service_repair.LOOK_SECONDS
            try:
                await service_repair.release_ranges(environment)
                if wait <= 0:
                    repaired = await service_repair.repair(environment)
                    wait = service_repair.REPAIR_SECONDS
                    if repaired:
                        self.ctx.note("services.repaired", self._live.now.name, keys=repaired)
            except SteersmanError as error:
                self.ctx.log.info("service addresses are looked at again", error=str(error))

    async def _stay_listed(self) -> None:
        """In the ``kubernetes`` Service, as soon as the cluster has its namespaces, and again
        after somebody who could not reach this replica took it out."""
        pause = RETRY_FIRST_SECONDS
        while True:
            try:
                await self._presence.stay()
                pause = RETRY_FIRST_SECONDS
            except SteersmanError as error:
                self.ctx.log.debug("not listed yet", error=str(error))
            await asyncio.sleep(pause)
            pause = min(pause * 2, RETRY_MAX_SECONDS)

    async def _sweep(self, suspects: tuple[str, ...]) -> None:
        try:
            await self._presence.sweep(suspects)
        except SteersmanError as error:
            self.ctx.log.info("a lost replica stays listed", error=str(error))

    async def _lives(self, replica: str) -> bool:
        server = self.ctx.ref(names.address(names.APISERVER, replica))
        for attempt in range(PING_TRIES):
            try:
                await server.ask(PingServer(), PING_SECONDS)
                return True
            except SteersmanError:
                if attempt < PING_TRIES - 1:
                    await asyncio.sleep(PING_SECONDS / 2)
        return False
