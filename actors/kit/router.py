"""What leaves the process and what comes in: envelopes to and from the transport.

Keeps the asks, streams and monitors that reach beyond this process, and ends them when the
connection they run on is lost. Must not know: sockets, components.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from actors.kit.failures import from_failed
from actors.kit.mailbox import Principal, Request
from actors.kit.monitors import Monitors
from actors.kit.recorder import NOBODY_WAITS, OVERLOADED, UNREACHABLE
from actors.kit.remote import RemoteOpener, RemoteOutlet, RemoteReply, context_of
from actors.kit.stream import Sink, Stream
from actors.kit.tracing import CONTEXT_LENGTH, CURRENT, SPAN_ID_LENGTH, TRACE_ID_LENGTH
from actors.kit.transports.transport import Transport
from cluster.errors import ActorDown, Overloaded, PeerFault, SteersmanError
from cluster.limits import FRAME_BYTES_MAX, KIB
from cluster.messages.base import ConnectionLost, Down, Failed, Message
from cluster.wire.codec import MessageDecoder, encode_message
from cluster.wire.envelope import MESSAGE_KINDS, Envelope, EnvelopeKind

if TYPE_CHECKING:
    from actors.kit.system import ActorSystem

PAYLOAD_BYTES_MAX = FRAME_BYTES_MAX - 16 * KIB


class Router:
    """The remote half of an ActorSystem, and its transport's ``Receiver``."""

    def __init__(
        self,
        system: "ActorSystem",
        transport: Transport | None,
        registry: Mapping[str, type[Message]],
    ) -> None:
        self._system = system
        self._recorder = system.recorder
        self._transport = transport
        self._decoder = MessageDecoder(registry)
        # What was encoded last: one item of a watch goes to all who follow it.
        self._encoded: tuple[Message | None, bytes] = (None, b"")
        self._asks: dict[str, dict[int, asyncio.Future[Message]]] = {}
        self._streams: dict[str, dict[int, Stream]] = {}
        self._sinks: dict[str, dict[int, Sink]] = {}
        self._actors = Monitors()
        self._processes = Monitors()
        self._epochs: dict[str, int] = {}
        # Lost, and not heard of since: a failed redial is no further loss.
        self._lost: dict[str, None] = {}

    async def start(self) -> None:
        """Let the transport listen."""
        if self._transport is not None:
            await self._transport.start(self._system.process, self)

    async def stop(self) -> None:
        """Close the transport; what still waits for a peer fails."""
        if self._transport is not None:
            await self._transport.stop()
        for process in [*self._asks, *self._streams, *self._sinks]:
            self._end_exchanges(process)

    def add_peer(self, process: str, address: str) -> None:
        """Learn (anew) where a process listens ('': it is gone, and dialled no more)."""
        if self._transport is not None and process != self._system.process:
            self._transport.add_peer(process, address)

    def exchanges(self) -> int:
        """Asks and streams under way."""
        tables = (self._asks, self._streams, self._sinks)
        return sum(len(entries) for table in tables for entries in table.values())

    # Out, on behalf of actors here.

    def tell(self, request: Request) -> None:
        """Send; if the peer is unreachable the message is lost, and traced as such."""
        with suppress(ActorDown):
            self._send("tell", request, request.trace, request.parent)

    def ask(self, request: Request, future: "asyncio.Future[Message]", timeout: float) -> None:
        """Send; the future gets the answer. Raises ActorDown, Overloaded."""
        self._asks.setdefault(_process(request.to), {})[request.id] = future
        self._send("ask", request, request.trace, request.parent, deadline=timeout)

    def asked(self, request: Request) -> None:
        """Nobody waits for that answer any more."""
        self._asks.get(_process(request.to), {}).pop(request.id, None)

    def opener(self, request: Request, credit: int) -> RemoteOpener:
        """A stream to another process."""
        return RemoteOpener(self, request)

    def monitor(self, target: str, watcher: str) -> None:
        """``watcher`` (here) wants Down of ``target`` (beyond)."""
        self._actors.add(target, watcher)
        process = _process(target)
        self._keep(process)
        try:
            self._raw("monitor", target, watcher, self._system.next_id())
        except (ActorDown, Overloaded):
            self._actors.remove(target, watcher)
            self._keep(process)
            self._system.notify(watcher, Down(target, "unreachable"))

    def monitor_process(self, process: str, watcher: str) -> None:
        """``watcher`` wants ConnectionLost of ``process``."""
        self._processes.add(process, watcher)
        self._lost.pop(process, None)
        self._keep(process)

    def send_down(self, watcher: str, down: Down) -> None:
        """Tell a watcher beyond that its target ended."""
        self._surely("down", watcher, down.address, self._system.next_id(), encode_message(down))

    def drop_interests(self, watcher: str) -> None:
        """An actor here ended: it monitors nothing beyond."""
        kept = {_process(target) for target in self._actors.targets()}
        kept.update(self._processes.targets())
        self._actors.remove_watcher(watcher)
        self._processes.remove_watcher(watcher)
        for process in sorted(kept):
            self._keep(process)

    # Line: exchanges under way.

    def epoch(self, process: str) -> int:
        """Counts the connections to a process."""
        return self._epochs.get(process, 0)

    def respond(
        self, kind: EnvelopeKind, request: Request, message: Message | None, epoch: int
    ) -> None:
        """From the asked to the asker, if the connection is still the one the ask came on."""
        process = request.principal.process
        if epoch != self.epoch(process):
            return
        if kind in ("end", "error"):
            self._sinks.get(process, {}).pop(request.id, None)
        to, sender = request.sender, request.to
        if message is None:
            self._raw(kind, to, sender, request.id)
            return
        trace, parent = self._recorder.new_context(context_of(request))
        answer = Request(message, request.id, to, sender, request.principal, trace, parent)
        routine = request.message.routine or message.routine
        self._send(kind, answer, trace, parent, routine=routine)

    def conclude(
        self, kind: EnvelopeKind, request: Request, message: Message | None, epoch: int
    ) -> None:
        """As ``respond``, but a full queue breaks the connection, so that the asker learns."""
        try:
            self.respond(kind, request, message, epoch)
        except ActorDown:
            pass
        except Overloaded:
            self._drop(request.principal.process)

    def signal(self, kind: EnvelopeKind, request: Request, credit: int) -> None:
        """From the reader to the server."""
        if request.id in self._streams.get(_process(request.to), {}) or kind == "cancel":
            self._surely(kind, request.to, request.sender, request.id, credit=credit)

    def begin(self, request: Request, stream: Stream) -> None:
        """Open a stream. Raises ActorDown, Overloaded."""
        process = _process(request.to)
        self._send("open", request, request.trace, request.parent, credit=stream.credit)
        self._streams.setdefault(process, {})[request.id] = stream

    def finish(self, request: Request) -> None:
        """The reader is through."""
        self._streams.get(_process(request.to), {}).pop(request.id, None)

    def record_taken(self, request: Request, taken: bool) -> None:
        """For the trace: the reader took it, or went before it did."""
        if taken:
            self._recorder.message("received", request)
        else:
            self._recorder.dropped(request, NOBODY_WAITS)

    # Receiver: what the transport tells.

    def receive(self, principal: Principal, envelope: Envelope, size: int) -> None:
        """An envelope came. Raises PeerFault."""
        process = principal.process
        if not self._system.is_local(envelope.to) or _process(envelope.sender) != process:
            raise PeerFault(f"{process} sends from {envelope.sender} to {envelope.to}")
        self._recorder.observe(envelope.hlc)
        self._lost.pop(process, None)
        match envelope.kind:
            case "tell" | "ask" | "open":
                self._deliver(principal, envelope)
            case "reply" | "error" | "item" | "end":
                self._answered(principal, envelope)
            case "credit":
                if (sink := self._sinks.get(process, {}).get(envelope.id)) is not None:
                    sink.grant(max(0, envelope.credit))
            case "cancel":
                if (sink := self._sinks.get(process, {}).pop(envelope.id, None)) is not None:
                    sink.cancel()
            case "monitor":
                if not self._system.watch_local(envelope.to, envelope.sender):
                    self.send_down(envelope.sender, Down(envelope.to, "unreachable"))
            case "down":
                down = self._decode(envelope)
                if isinstance(down, Down) and self._actors.remove(down.address, envelope.to):
                    self._keep(process)
                    self._system.notify(envelope.to, down)

    def connection_lost(self, process: str) -> None:
        """Everything that ran on the connection ends, now."""
        self._epochs[process] = self.epoch(process) + 1
        self._system.drop_watchers_of(process)
        self._end_exchanges(process)
        for target in self._actors.targets():
            if _process(target) == process:
                for watcher in self._actors.take(target):
                    self._system.notify(watcher, Down(target, "unreachable"))
        if process not in self._lost:
            self._lost[process] = None
            for watcher in self._processes.watchers(process):
                self._system.notify(watcher, ConnectionLost(process))
        self._keep(process)

    def struck(self, process: str, envelope: Envelope, event: str, reason: str) -> None:
        """An envelope that was sent will not arrive (``event`` dropped), or arrives once more
        (sent): for the trace."""
        if envelope.kind not in MESSAGE_KINDS:
            return
        trace, parent = _contexts(envelope.trace)
        message, own = self._decode(envelope), Principal(process, "", (), False)
        number, to, sender = envelope.id, envelope.to, envelope.sender
        request = Request(message, number, to, sender, own, trace, parent)
        if event == "dropped":
            self._recorder.dropped(request, reason)
        else:
            self._recorder.message(event, request, outcome=reason)

    def closed(self, process: str, connection: str, sent: int, received: int, reason: str) -> None:
        """A connection to a peer is gone, on which so many messages were sent and received: what
        the one end sent and the other did not receive is lost."""
        self._recorder.connection(process, connection, sent, received, reason)

    def report(self, process: str, what: str, reason: str) -> None:
        """Something happened to the connection to a peer: into the log."""
        self._system.log.info(what, peer=process, reason=reason)

    # Within.

    def _deliver(self, principal: Principal, envelope: Envelope) -> None:
        """A tell, ask or open came for an actor here."""
        trace, parent = _contexts(envelope.trace)
        deadline = None
        if envelope.deadline:
            deadline = self._system.loop.time() + envelope.deadline
        message = self._decode(envelope)
        if not trace:
            trace, parent = self._recorder.context_for(message, "")
        request = Request(
            message,
            envelope.id,
            envelope.to,
            envelope.sender,
            principal,
            trace,
            parent,
            deadline,
        )
        if envelope.kind == "ask":
            request.reply = RemoteReply(self, request)
        elif envelope.kind == "open":
            request.sink = Sink(envelope.credit, RemoteOutlet(self, request))
            self._sinks.setdefault(principal.process, {})[envelope.id] = request.sink
        try:
            self._system.deliver(request)
        except (ActorDown, Overloaded) as error:
            if request.reply is not None:
                request.reply.fail(error)
            elif request.sink is not None:
                request.sink.finish(error)

    def _answered(self, principal: Principal, envelope: Envelope) -> None:
        """A reply, error, item or end came for an ask or a stream of an actor here."""
        process, number = principal.process, envelope.id
        stream = self._streams.get(process, {}).get(number)
        if stream is not None:
            self._streamed(stream, principal, envelope)
            return
        future = self._asks.get(process, {}).pop(number, None)
        if envelope.kind == "end":
            return
        answer = self._answer(principal, envelope)
        if future is None or future.done() or envelope.kind == "item":
            self._recorder.dropped(answer, NOBODY_WAITS)
            return
        self._recorder.message("received", answer)
        if envelope.kind == "reply":
            future.set_result(answer.message)
        else:
            future.set_exception(_error(answer.message))

    def _streamed(self, stream: Stream, principal: Principal, envelope: Envelope) -> None:
        match envelope.kind:
            case "item":
                stream.push(self._decode(envelope), *_contexts(envelope.trace))
                if stream.overdrawn():
                    raise PeerFault(f"{envelope.sender} sends more than it has credit for")
            case "end":
                stream.finish(None)
            case "error":
                answer = self._answer(principal, envelope)
                self._recorder.message("received", answer)
                stream.finish(_error(answer.message))
            case _:
                raise PeerFault(f"{envelope.sender} answers a stream with a {envelope.kind}")

    def _answer(self, principal: Principal, envelope: Envelope) -> Request:
        message, (trace, parent) = self._decode(envelope), _contexts(envelope.trace)
        number, to, sender = envelope.id, envelope.to, envelope.sender
        return Request(message, number, to, sender, principal, trace, parent)

    def _decode(self, envelope: Envelope) -> Message:
        return self._decoder.decode(envelope.payload)

    def _end_exchanges(self, process: str) -> None:
        error = ActorDown(f"the connection to {process} is lost")
        for future in self._asks.pop(process, {}).values():
            if not future.done():
                future.set_exception(error)
        for stream in self._streams.pop(process, {}).values():
            stream.finish(error)
        for sink in self._sinks.pop(process, {}).values():
            sink.cancel()

    def _send(
        self,
        kind: EnvelopeKind,
        request: Request,
        trace: str,
        parent: str,
        deadline: float = 0.0,
        credit: int = 0,
        routine: bool = False,
    ) -> None:
        """Encode a message, queue it, record it as sent."""
        message = request.message
        if kind == "item":
            if message is not self._encoded[0]:
                self._encoded = (message, encode_message(message))
            payload = self._encoded[1]
        else:
            payload = encode_message(message)
        if len(payload) > PAYLOAD_BYTES_MAX:
            raise SteersmanError(f"a {type(message).__name__} of {len(payload)} bytes is too big")
        if self._transport is None:
            raise _no_transport(request.to)
        to = request.to
        context = f"{trace}-{parent}" if trace else ""
        stamp = self._recorder.stamp()
        envelope = Envelope(
            kind, to, request.sender, request.id, context, stamp, deadline, credit, payload
        )
        routine = routine or message.routine
        try:
            size = self._transport.send(_process(to), envelope, routine)
        except (ActorDown, Overloaded) as error:
            self._recorder.message("sent", request)
            reason = UNREACHABLE if isinstance(error, ActorDown) else OVERLOADED
            self._recorder.dropped(request, self._transport.why(_process(to)) or reason)
            raise
        self._recorder.message("sent", request, size=size)

    def _raw(
        self,
        kind: EnvelopeKind,
        to: str,
        sender: str,
        number: int,
        payload: bytes = b"",
        credit: int = 0,
    ) -> None:
        """Queue an envelope of the kit's own. Raises ActorDown, Overloaded."""
        if self._transport is None:
            raise _no_transport(to)
        stamp, trace = self._recorder.stamp(), CURRENT.get()
        envelope = Envelope(kind, to, sender, number, trace, stamp, 0.0, credit, payload)
        self._transport.send(_process(to), envelope, routine=False)

    def _surely(
        self,
        kind: EnvelopeKind,
        to: str,
        sender: str,
        number: int,
        payload: bytes = b"",
        credit: int = 0,
    ) -> None:
        """Queue an envelope that must arrive: a full queue breaks the connection."""
        try:
            self._raw(kind, to, sender, number, payload, credit)
        except ActorDown:
            pass
        except Overloaded:
            self._drop(_process(to))

    def _drop(self, process: str) -> None:
        if self._transport is not None:
            self._transport.drop(process)

    def _keep(self, process: str) -> None:
        """Tell the transport whether anyone here monitors something of that process."""
        wanted = bool(self._processes.watchers(process)) or any(
            _process(target) == process for target in self._actors.targets()
        )
        if self._transport is not None:
            self._transport.keep(process, wanted)


def _contexts(words: str) -> tuple[str, str]:
    """The context and the parent span of an envelope; '', '' if it has none, or one of a process
    of an older version."""
    trace, parent = words[:CONTEXT_LENGTH], words[CONTEXT_LENGTH + 1 :]
    if len(trace) < CONTEXT_LENGTH or trace[TRACE_ID_LENGTH] != "-":
        return "", ""
    return trace, parent[:SPAN_ID_LENGTH]


def _process(address: str) -> str:
    return address.rpartition("@")[2]


def _no_transport(to: str) -> ActorDown:
    return ActorDown(f"{to} is in another process, and this one has no transport")


def _error(message: Message) -> SteersmanError:
    if isinstance(message, Failed):
        return from_failed(message)
    raise PeerFault(f"an error that is a {type(message).__name__}")
