"""``apiserver/ui@<replica>``: gathers what the live page shows, while somebody looks.

Job: follow the trace of every process, the stores of all replicas, nodes and pods; give each looker
what is new to it; find chains; keep login codes. Nobody looks: nothing is gathered. Must not know:
HTTP, who may look (``door`` judges that).
"""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, cast

import msgspec
import orjson

from actors.apiserver.following import follow
from actors.apiserver.store_client import StoreClient
from actors.apiserver.ui import chaos_socket
from actors.apiserver.ui.chain import chain, chains_of
from actors.apiserver.ui.changes import State, changes
from actors.apiserver.ui.codes import CODE_SECONDS, LoginCodes
from actors.apiserver.ui.view import View
from actors.client.live_settings import LiveSettings
from actors.kit.actor import Actor, Delivery, Later, Sink
from actors.kit.tracing import resume_trace
from cluster import names
from cluster.api import status
from cluster.api.kinds import by_resource, storage_prefix
from cluster.errors import PeerFault, SteersmanError
from cluster.messages.base import Message
from cluster.messages.store import StatusProbe, StoreStatus
from cluster.messages.tracing import FindSubject, FindTrace, TraceBatch, WatchTrace
from cluster.messages.ui import (
    FindChain,
    FindChainsOf,
    FlowMessages,
    Login,
    LoginCode,
    MakeLogin,
    PageAnswer,
    PageUpdate,
    RedeemLogin,
    WatchPage,
)
from cluster.trace_subjects import Record

# A looker is told so often what is new, and at least so often that the stream lives.
TELL_SECONDS = 0.5
ALIVE_SECONDS = 4.0
# Stores and the launcher are asked so often, and a store that is silent for so long is down.
LOOK_SECONDS = 1.0
STATUS_SECONDS = 1.0
# Trace records a second of one process: rates are right beyond that too, as what was missed counts.
RECORDS_A_SECOND = 250
AGAIN_SECONDS = 1.0
FIND_SECONDS = 4.0
CODE_BYTES = 32


class UiActor(Actor):
    """See the module."""

    def __init__(self, live: LiveSettings) -> None:
        self._live = live
        self._view = View(live.process)
        self._codes = LoginCodes(live.process)
        self._lookers = 0
        self._work: list[asyncio.Task[Any]] = []
        self._traced: dict[str, asyncio.Task[Any]] = {}

    async def handle(self, message: Message, delivery: Delivery) -> Message | Later | None:
        """Questions of the door, and codes that came to another replica's."""
        if isinstance(message, RedeemLogin):
            return self._redeem(message, delivery)
        _check_local(delivery)
        match message:
            case FindChain():
                return Later(self._chain(message.trace))
            case FindChainsOf():
                return Later(self._chains_of(message.words))
            case FlowMessages():
                key = (message.sender, message.receiver, message.message)
                return PageAnswer(orjson.dumps(self._view.flows.messages_of(key)))
            case MakeLogin():
                secret = self.ctx.world.entropy.hex(2 * CODE_BYTES)
                login = Login(message.identity, message.ending)
                code = self._codes.make(login, secret, self._now())
                return LoginCode(code, CODE_SECONDS)
        raise PeerFault(f"the page takes no {type(message).__name__}")

    async def serve(self, message: Message, sink: Sink, delivery: Delivery) -> None:
        """One looker: never more than one update under way, so that a slow one skips some."""
        _check_local(delivery)
        if not isinstance(message, WatchPage):
            raise PeerFault(f"the page streams no {type(message).__name__}")
        # What is gathered belongs to no looker's request.
        with resume_trace(""):
            self._enter()
            try:
                await self._tell(sink)
            finally:
                self._leave()

    async def _tell(self, sink: Sink) -> None:
        told: State = {}
        spoke = self._now()
        while True:
            state = self._view.state(self._live.now, self._now())
            new = changes(told, state)
            if new or self._now() - spoke > ALIVE_SECONDS:
                spoke = self._now()
                await sink.send(PageUpdate(orjson.dumps(new)))
            told = state
            await asyncio.sleep(TELL_SECONDS)

    def _enter(self) -> None:
        self._lookers += 1
        if self._lookers > 1:
            return
        self._view = View(self._live.process)
        store = StoreClient(self.ctx.ref(names.address(names.STORE, self._live.process)))
        self._begin(self._look(), "look")
        for plural, known in (("nodes", self._view.nodes), ("pods", self._view.pods)):
            kind = by_resource("", "v1", plural)
            assert kind is not None
            following = follow(store, storage_prefix(kind), known, self._broke, False)
            self._begin(following, f"follow {plural}")

    def _leave(self) -> None:
        self._lookers -= 1
        if self._lookers == 0:
            for task in (*self._work, *self._traced.values()):
                task.cancel()
            self._work, self._traced = [], {}

    def _begin(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        self._work.append(self.ctx.task(work, name))

    def _broke(self, why: str) -> None:
        self.ctx.log.debug("following for the page broke", error=why)

    async def _look(self) -> None:
        """Ask the stores and the launcher; follow the traces of the processes that there are."""
        while True:
            settings = self._live.now
            wanted = [one.name for one in settings.processes()]
            for process in wanted:
                if process not in self._traced:
                    watching = self._watch(self._view, process)
                    self._traced[process] = self.ctx.task(watching, f"trace of {process}")
            for gone in [one for one in self._traced if one not in wanted]:
                self._traced.pop(gone).cancel()
                self._view.processes.pop(gone, None)
            replicas = [one.name for one in settings.replicas]
            self._view.statuses = {
                name: told for name, told in self._view.statuses.items() if name in replicas
            }
            await asyncio.gather(self._faults(), *(self._status(name) for name in replicas))
            await asyncio.sleep(LOOK_SECONDS)

    async def _status(self, replica: str) -> None:
        store = self.ctx.ref(names.address(names.STORE, replica))
        told: StoreStatus | str
        try:
            told = cast(StoreStatus, await store.ask(StatusProbe(), STATUS_SECONDS))
        except SteersmanError as error:
            told = str(error) or type(error).__name__
        self._view.statuses[replica] = told

    async def _faults(self) -> None:
        try:
            found = await chaos_socket.faults(self._live.now.data_dir)
        except SteersmanError as error:
            self._view.faults, self._view.no_faults = {}, str(error)
            return
        self._view.no_faults = ""
        self._view.faults = {str(one.get("name", number)): one for number, one in enumerate(found)}

    async def _watch(self, view: View, process: str) -> None:
        """For ever the trace of one process, as it is made."""
        tracer = self.ctx.ref(names.address(names.TRACER, process))
        decode = msgspec.json.Decoder(dict[str, Any]).decode
        question = WatchTrace(with_routine=True, rate=RECORDS_A_SECOND)
        while True:
            try:
                async with tracer.stream(question) as stream:
                    view.processes[process] = ""
                    async for item in stream:
                        batch = cast(TraceBatch, item)
                        records = [decode(line) for line in batch.records.splitlines()]
                        view.flows.take(records, batch.missed, self._now())
                        view.missed[process] = batch.missed
                        view.processes[process] = ""
            except SteersmanError as error:
                view.processes[process] = str(error) or type(error).__name__
            await asyncio.sleep(AGAIN_SECONDS)

    async def _chain(self, trace: str) -> Message:
        records, silent = await self._found(FindTrace(trace))
        records.sort(key=lambda record: (record.get("hlc", 0), str(record.get("process", ""))))
        answer = chain(_without_own(records), trace)
        return PageAnswer(orjson.dumps({**answer, "silent": silent}))

    async def _chains_of(self, words: str) -> Message:
        records, silent = await self._found(FindSubject(words))
        return PageAnswer(orjson.dumps({"chains": chains_of(records), "silent": silent}))

    async def _found(self, question: FindTrace | FindSubject) -> tuple[list[Record], list[str]]:
        """What all processes know, and who did not tell."""
        silent: list[str] = []
        records: list[Record] = []
        decode = msgspec.json.Decoder(dict[str, Any]).decode

        async def ask(process: str) -> None:
            tracer = self.ctx.ref(names.address(names.TRACER, process))
            try:
                found = cast(TraceBatch, await tracer.ask(question, FIND_SECONDS))
            except SteersmanError:
                silent.append(process)
                return
            records.extend(decode(line) for line in found.records.splitlines())

        await asyncio.gather(*(ask(one.name) for one in self._live.now.processes()))
        return records, sorted(silent)

    def _redeem(self, message: RedeemLogin, delivery: Delivery) -> Message:
        if not delivery.principal.is_trusted:
            raise PeerFault(f"{delivery.principal.user} may not redeem login codes")
        found = self._codes.redeem(message.code, self._now())
        if found is None:
            raise status.unauthorized()
        return found

    def _now(self) -> float:
        return self.ctx.world.clock.monotonic()


def _without_own(records: Iterable[Record]) -> list[Record]:
    """Less what the search itself left."""
    return [one for one in records if not str(one.get("to", "")).startswith(f"{names.TRACER}@")]


def _check_local(delivery: Delivery) -> None:
    """Raises PeerFault."""
    if not delivery.principal.local:
        raise PeerFault(f"{delivery.principal.user} may not look at the page's data")
