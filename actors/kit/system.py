"""The actors of one process: their registry, supervision's root, and local delivery.

What leaves the process goes through the ``Router``. Must not know: components, sockets.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from actors.kit.actor import Actor
from actors.kit.cell import Cell
from actors.kit.context import PERMANENT
from actors.kit.mailbox import Principal, Request
from actors.kit.monitors import Monitors
from actors.kit.recorder import DOWN, NOBODY_WAITS, OVERLOADED, Recorder
from actors.kit.ref import Ref
from actors.kit.router import Router
from actors.kit.stream import Inlet, Opener, Sink, Stream
from actors.kit.supervisor import RestartPolicy
from actors.kit.tracing import CURRENT, Tracer, make_logger
from actors.kit.transports.transport import Transport
from actors.kit.world.world import World
from cluster import names
from cluster.errors import ActorDown, AskTimeout, Overloaded, SteersmanError
from cluster.messages.base import ConnectionLost, Down, Message

# The sender of messages that no actor sends.
NO_ACTOR = "process"


class LocalReply:
    """Answers an ask within the process: the same object goes to the asker."""

    __slots__ = ("_asker", "_future", "_recorder", "_request")

    def __init__(self, future: "asyncio.Future[Message]", recorder: Recorder) -> None:
        self._future = future
        self._recorder = recorder
        self._request: Request | None = None

    def bind(self, request: Request) -> None:
        """The ask that this answers."""
        self._request = request

    def resolve(self, message: Message) -> None:
        """Answer."""
        # Let go of the request, which holds this reply: nobody needs the collector for the two.
        request, self._request = self._request, None
        if self._future.done() or request is None:
            return
        self._future.set_result(message)
        trace, parent = self._recorder.new_context(request.trace)
        sender, to = request.to, request.sender
        answer = Request(message, request.id, to, sender, request.principal, trace, parent)
        self._recorder.message("sent", answer)
        self._recorder.message("received", answer)

    def fail(self, error: SteersmanError) -> None:
        """Answer with an error."""
        self._request = None
        if not self._future.done():
            self._future.set_exception(error)


class LocalOpener:
    """A stream whose serving actor is in this process."""

    def __init__(self, system: "ActorSystem", request: Request, credit: int) -> None:
        self._system = system
        self._request = request
        self._credit = credit

    def open(self, stream: Stream) -> Inlet:
        """Put the opening message into the serving actor's mailbox."""
        request = self._request
        sink = Sink(self._credit, LocalOutlet(self._system.recorder, request, stream))
        request.sink = sink
        self._system.deliver(request)
        return sink

    def taken(self, item: Message, trace: str, parent: str) -> None:
        """Record it."""
        to, sender = self._request.sender, self._request.to
        principal = self._request.principal
        record = Request(item, self._request.id, to, sender, principal, trace, parent)
        self._system.recorder.message("received", record)

    def unread(self, item: Message, trace: str, parent: str) -> None:
        """Record it."""
        to, sender = self._request.sender, self._request.to
        principal = self._request.principal
        record = Request(item, self._request.id, to, sender, principal, trace, parent)
        self._system.recorder.dropped(record, NOBODY_WAITS)

    def closed(self, stream: Stream) -> None:
        """Nothing to forget."""


class LocalOutlet:
    """Hands a sink's items to a stream of the same process."""

    def __init__(self, recorder: Recorder, request: Request, stream: Stream) -> None:
        self._recorder = recorder
        self._request = request
        self._stream = stream

    def item(self, message: Message) -> None:
        """One item."""
        request = self._request
        trace, parent = self._recorder.new_context(CURRENT.get() or request.trace)
        to, sender, principal = request.sender, request.to, request.principal
        sent = Request(message, request.id, to, sender, principal, trace, parent)
        self._recorder.message("sent", sent)
        self._stream.push(message, trace, parent)

    def end(self, error: SteersmanError | None) -> None:
        """No more."""
        self._stream.finish(error)


class ActorSystem:
    """One per process. ``failed`` gets the exception of a root actor that was beyond restarting."""

    def __init__(
        self,
        process: str,
        zone: str,
        world: World,
        tracer: Tracer,
        transport: Transport | None,
        peers: Mapping[str, str],
        registry: Mapping[str, type[Message]],
    ) -> None:
        self.process = process
        self._suffix = f"@{process}"
        self.zone = zone
        self.world = world
        self.recorder = Recorder(process, zone, world, tracer)
        self.log = make_logger(self.recorder, world.clock.actual, process=process, zone=zone)
        self.loop: asyncio.AbstractEventLoop
        self.failed: asyncio.Future[None]
        self._cells: dict[str, Cell] = {}
        self._roots: list[Cell] = []
        self._last_id = 0
        self._proving: asyncio.Task[None] | None = None
        self._principals: dict[str, Principal] = {}
        self._monitors = Monitors()
        self._router = Router(self, transport, registry)
        for peer, address in peers.items():
            self.add_peer(peer, address)

    async def start(self) -> None:
        """Begin: after this, actors may be spawned and peers may connect."""
        self.loop = asyncio.get_running_loop()
        self.failed = self.loop.create_future()
        await self._router.start()

    async def stop(self) -> None:
        """Stop the actors, the last spawned first, then the transport."""
        if self._proving is not None:
            self._proving.cancel()
            await asyncio.wait([self._proving])
        for cell in reversed(list(self._roots)):
            await cell.stop()
        await self._router.stop()
        self.recorder.write_counts()
        if not self.failed.cancel() and not self.failed.cancelled():
            # Seen: without this, an unobserved failure would warn at exit.
            self.failed.exception()

    async def spawn(
        self, name: str, factory: Callable[[], Actor], policy: RestartPolicy = PERMANENT
    ) -> Ref:
        """Start a root actor; returns once its ``started`` has ended. Raises ValueError if the
        name is taken."""
        cell = self.make_cell(name, factory, policy, None)
        self._roots.append(cell)
        await cell.settled()
        return self.ref(cell.address)

    async def proven(self) -> bool:
        """True once each root actor has started well, some perhaps at a later try; False if one is
        beyond restarting: see ``failed``."""
        for cell in list(self._roots):
            await cell.proven()
        return not self.failed.done()

    def when_proven(self, tell: Callable[[], None]) -> None:
        """Call ``tell`` once ``proven`` is true, unless the system is stopped before. What it
        raises fails the system."""

        async def prove() -> None:
            if await self.proven():
                tell()

        self._proving = self.loop.create_task(prove(), name="proven")
        self._proving.add_done_callback(self._proved)

    def _proved(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)

    def ref(self, address: str, sender: str = "") -> Ref:
        """A reference to any actor anywhere. Raises ValueError if it is no address."""
        names.split_address(address)
        return Ref(self, address, sender or names.address(NO_ACTOR, self.process))

    def add_peer(self, process: str, address: str) -> None:
        """Learn (anew) where a process listens ('': it is gone, and dialled no more)."""
        self._router.add_peer(process, address)

    def actors(self) -> tuple[str, ...]:
        """Addresses of all actors, as they were spawned."""
        return tuple(cell.address for cell in self._cells.values())

    def exchanges(self) -> int:
        """Asks and streams to and from other processes that are under way."""
        return self._router.exchanges()

    # Post: what references use.

    def tell(self, to: str, sender: str, message: Message) -> None:
        """See ``Ref.tell``."""
        request = self.request(message, to, sender)
        if self.is_local(to):
            with suppress(ActorDown):
                self.deliver(request)
        else:
            self._router.tell(request)

    async def ask(self, to: str, sender: str, message: Message, timeout: float) -> Message:
        """See ``Ref.ask``."""
        if timeout <= 0:
            raise AskTimeout(f"no time left to ask {to}")
        future: asyncio.Future[Message] = self.loop.create_future()
        deadline = self.loop.time() + timeout
        request = self.request(message, to, sender, deadline)
        timer = self.loop.call_later(timeout, _expire, future, to, timeout)
        local = self.is_local(to)
        try:
            if local:
                reply = LocalReply(future, self.recorder)
                reply.bind(request)
                request.reply = reply
                self.deliver(request)
            else:
                self._router.ask(request, future, timeout)
            return await future
        finally:
            timer.cancel()
            if future.done() and not future.cancelled():
                # An asker that was cancelled meanwhile does not look at the answer.
                future.exception()
            if not local:
                self._router.asked(request)

    def opener(self, to: str, sender: str, message: Message, credit: int) -> Opener:
        """See ``Ref.stream``."""
        if credit < 1:
            raise ValueError("a stream needs a credit of at least 1")
        request = self.request(message, to, sender)
        if self.is_local(to):
            return LocalOpener(self, request, credit)
        return self._router.opener(request, credit)

    # What cells and the router use.

    def is_local(self, address: str) -> bool:
        """Whether the address is in this process."""
        return address.endswith(self._suffix)

    def next_id(self) -> int:
        """A number not used before in this process."""
        self._last_id += 1
        return self._last_id

    def request(
        self, message: Message, to: str, sender: str, deadline: float | None = None
    ) -> Request:
        """A message from an actor of this process, in the current trace."""
        trace, parent = self.recorder.context_for(message, CURRENT.get())
        principal = self._principals.get(sender) or self._local_principal(sender)
        self._last_id = number = self._last_id + 1
        return Request(message, number, to, sender, principal, trace, parent, deadline)

    def deliver(self, request: Request) -> None:
        """Put a request into the mailbox of an actor here. Raises ActorDown, Overloaded."""
        cell = self._cells.get(request.to)
        if request.principal.local:
            self.recorder.message("sent", request)
        try:
            if cell is None:
                raise ActorDown(f"{request.to} does not run")
            cell.offer(request)
        except ActorDown:
            self.recorder.dropped(request, DOWN)
            raise
        except Overloaded:
            self.recorder.dropped(request, OVERLOADED)
            raise

    def make_cell(
        self,
        name: str,
        factory: Callable[[], Actor],
        policy: RestartPolicy,
        parent: Cell | None,
    ) -> Cell:
        """A new cell, registered. Raises ValueError if the name is no name or is taken."""
        address = names.address(name, self.process)
        if names.split_address(address) != (name, self.process):
            raise ValueError(f"not an actor name: {name!r}")
        if address in self._cells:
            raise ValueError(f"{address} runs already")
        cell = self._cells[address] = Cell(self, name, factory, policy, parent)
        return cell

    def forget(self, cell: Cell) -> None:
        """The cell is gone for good."""
        self._cells.pop(cell.address, None)
        if cell in self._roots:
            self._roots.remove(cell)

    def fail(self, error: BaseException) -> None:
        """A root actor is beyond restarting."""
        self.log.error("the process fails", error=repr(error))
        if not self.failed.done():
            self.failed.set_exception(error)

    def report_crash(self, address: str, error: BaseException) -> None:
        """An actor crashed: into the log, with the stack."""
        self.log.error("crash", actor=address, error=repr(error), exc_info=error)

    # Monitors.

    def monitor(self, target: str, watcher: str) -> None:
        """``watcher`` (here) wants Down of ``target`` (anywhere), once."""
        if not self.is_local(target):
            self._router.monitor(target, watcher)
        elif not self.watch_local(target, watcher):
            self.notify(watcher, Down(target, "unreachable"))

    def watch_local(self, target: str, watcher: str) -> bool:
        """Enter a watcher (anywhere) of an actor here. False if that does not run."""
        cell = self._cells.get(target)
        if cell is None or cell.state not in ("starting", "running"):
            return False
        self._monitors.add(target, watcher)
        return True

    def monitor_process(self, process: str, watcher: str) -> None:
        """``watcher`` wants ConnectionLost of ``process``, each time."""
        if process != self.process:
            self._router.monitor_process(process, watcher)

    def announce_down(self, address: str, reason: str) -> None:
        """An actor here ended: tell those who monitor it."""
        for watcher in self._monitors.take(address):
            if self.is_local(watcher):
                self.notify(watcher, Down(address, reason))
            else:
                self._router.send_down(watcher, Down(address, reason))

    def drop_interests(self, watcher: str) -> None:
        """An actor here ended: it monitors nothing any more."""
        self._monitors.remove_watcher(watcher)
        self._router.drop_interests(watcher)

    def drop_watchers_of(self, process: str) -> None:
        """A peer process is lost: its actors monitor nothing here any more."""
        self._monitors.remove_process(process)

    def notify(self, watcher: str, message: Down | ConnectionLost) -> None:
        """Tell an actor here something of the kit, whatever its mailbox holds."""
        cell = self._cells.get(watcher)
        if cell is not None:
            if isinstance(message, Down):
                sender = message.address
            else:
                sender = names.address(NO_ACTOR, message.process)
            cell.notify(self.request(message, watcher, sender))

    def _local_principal(self, sender: str) -> Principal:
        actor = sender.partition("@")[0]
        principal = Principal(self.process, names.local_user(actor), (), True)
        if len(self._principals) > 10_000:
            self._principals.clear()
        self._principals[sender] = principal
        return principal


def _expire(future: "asyncio.Future[Any]", to: str, timeout: float) -> None:
    if not future.done():
        future.set_exception(AskTimeout(f"{to} did not answer within {timeout:g} s"))
