"""One TCP connection: handshake, frames in, batches and chunks out, keepalive.

Dialler: HELLO → ← HELLO, CONFIRM →. Then envelopes flow both ways. Must not know: which of two
connections to keep (``peer`` decides), messages.
"""

import asyncio
from typing import Any, Literal, Protocol, cast

from actors.kit.mailbox import Principal
from actors.kit.transports.hello import Hello, check_hello, decode_hello, encode_hello
from actors.kit.transports.outbox import Outbox
from actors.kit.transports.pipe import Pipe
from actors.kit.transports.ways import Way
from cluster.errors import PeerFault
from cluster.limits import KIB
from cluster.wire import frame
from cluster.wire.codec import decode_envelope
from cluster.wire.envelope import MESSAGE_KINDS, Envelope
from cluster.wire.frame import Frame, FrameDecoder, encode_frame

# A silent connection is asked for a sign of life, and given up without one: this finds half-open
# connections. A crashed process is found at once, as its kernel resets the connection.
PING_SECONDS = 2.0
SILENCE_SECONDS = 6.0
HANDSHAKE_SECONDS = 5.0
# Bytes in the socket's buffer above which chunks wait: what a short message may wait behind.
WRITE_BUFFER_BYTES = 256 * KIB

State = Literal["handshake", "answered", "open", "closed"]


class Owner(Protocol):
    """What a link tells its transport."""

    def connected(self, link: "Link") -> None:
        """The socket (and TLS) is up; ``closed`` will follow some day."""

    def way(self, process: str) -> Way:
        """The way to a peer."""

    def greeted(self, link: "Link") -> str:
        """An accepted link's peer is known: '' to accept it, else why not."""

    def opened(self, link: "Link") -> None:
        """The handshake is through."""

    def refused(self, link: "Link", reason: str) -> None:
        """The dialled peer does not want this connection."""

    def arrived(self, link: "Link", envelope: Envelope, size: int) -> None:
        """An envelope came. Raises PeerFault."""

    def closed(self, link: "Link", reason: str) -> None:
        """The connection is gone."""


class Link(asyncio.Protocol):
    """One connection, dialled (``expected`` names the peer) or accepted (``expected`` is '').
    ``received``: messages that the owner took; ``name``: of the connection, at both ends."""

    def __init__(self, owner: Owner, own: Hello, expected: str) -> None:
        self.expected = expected
        self.principal: Principal | None = None
        self.state: State = "handshake"
        self.name = own.connection
        self.received = 0
        self._owner = owner
        self._own = own
        self._decoder = FrameDecoder()
        self._transport: asyncio.Transport | None = None
        self._outbox: Outbox | None = None
        self._way: Way | None = None
        self._pipe: Pipe | None = None
        self._paused = False
        self._scheduled = False
        self._heard = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._reason = ""
        self._loop = loop = asyncio.get_running_loop()
        self._settled: asyncio.Future[None] = loop.create_future()
        self._gone: asyncio.Future[None] = loop.create_future()

    @property
    def reason(self) -> str:
        """Why it closes, '' as long as it does not."""
        return self._reason

    @property
    def process(self) -> str:
        """The peer, '' if it is not known yet."""
        return self.expected if self.principal is None else self.principal.process

    @property
    def sent(self) -> int:
        """Messages that were written whole. (For the end: what has not left is looked through.)"""
        if self._outbox is None:
            return 0
        kinds = (decode_envelope(envelope).kind for envelope in self._outbox.remaining())
        return self._outbox.count - sum(kind in MESSAGE_KINDS for kind in kinds)

    def open(self, outbox: Outbox) -> None:
        """The owner keeps this connection: send what is in ``outbox``, now and from now on."""
        self._outbox = outbox
        self.schedule()

    def schedule(self) -> None:
        """Write what the outbox holds, once the present callbacks have run: one write for all."""
        if not self._scheduled and not self._paused:
            self._scheduled = True
            self._loop.call_soon(self._flush)

    async def settled(self) -> str:
        """Wait for the handshake's end: '' if it is through, else why it failed."""
        await asyncio.shield(self._settled)
        return "" if self.state == "open" else self._reason

    async def gone(self) -> None:
        """Wait until the connection is closed."""
        await asyncio.shield(self._gone)

    def finish(self) -> None:
        """Write all that is queued, then close."""
        if self._outbox is not None and self.state == "open":
            outbox = self._outbox
            while data := outbox.take_short() or outbox.take_chunk():
                self._write(data)
        self.close("this process stops")

    def close(self, reason: str) -> None:
        """Close after what was written has left; ``owner.closed`` follows."""
        self._reason = self._reason or reason
        if self._pipe is not None:
            self._pipe.flush()
        if self._transport is not None:
            self._transport.close()

    def abort(self, reason: str) -> None:
        """Close at once; ``owner.closed`` follows."""
        self._reason = self._reason or reason
        if self._transport is not None:
            self._transport.abort()

    # asyncio.Protocol.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket (and TLS) is up: say hello, or wait for it."""
        # No isinstance check: uvloop's transports are not asyncio's.
        self._transport = transport = cast(asyncio.Transport, transport)
        self._owner.connected(self)
        transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        self._heard = self._loop.time()
        self._timer = self._loop.call_later(HANDSHAKE_SECONDS, self._tick)
        if self.expected:
            self._set_out(self.expected)
            self._write(encode_frame(frame.HELLO, encode_hello(self._own)))

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        self._heard = self._loop.time()
        try:
            for item in self._decoder.feed(data):
                if self.state != "closed":
                    self._received(item)
        except PeerFault as fault:
            self._complain(fault)

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        self.state = "closed"
        self._reason = self._reason or (repr(exc) if exc else "closed by the peer")
        if self._timer is not None:
            self._timer.cancel()
        if self._way is not None:
            self._way.unwatch(self._way_changed)
        if self._pipe is not None:
            self._pipe.close()
        for future in (self._settled, self._gone):
            if not future.done():
                future.set_result(None)
        self._owner.closed(self, self._reason)

    def pause_writing(self) -> None:
        """The kernel's buffer is full."""
        self._paused = True

    def resume_writing(self) -> None:
        """It has room again."""
        self._paused = False
        if self._outbox is not None:
            self.schedule()

    # Within.

    def _received(self, item: Frame) -> None:
        if item.kind == frame.ENVELOPE:
            if self.state != "open":
                raise PeerFault("an envelope before the handshake was through")
            self._owner.arrived(self, decode_envelope(item.body), len(item.body))
        elif item.kind == frame.PING:
            self._write(encode_frame(frame.PONG))
        elif item.kind == frame.HELLO and self.state == "handshake":
            self._greeted(item.body)
        elif item.kind == frame.CONFIRM and self.state == "answered":
            self._open()
        elif item.kind == frame.REFUSE and self.expected:
            self._reason = item.body[:200].decode(errors="replace")
            self._owner.refused(self, self._reason)
        elif item.kind != frame.PONG:
            raise PeerFault(f"a frame of kind {item.kind} in state {self.state}")

    def _greeted(self, body: bytes) -> None:
        hello = decode_hello(body)
        principal = check_hello(hello, self._own, self._certificate())
        if self.expected and principal.process != self.expected:
            raise PeerFault(f"{self.expected} was dialled, {principal.process} answers")
        self.principal = principal
        self._set_out(principal.process)
        self.name = self.name or hello.connection
        if self.expected:
            self._write(encode_frame(frame.CONFIRM))
            self._open()
        elif reason := self._owner.greeted(self):
            self._write(encode_frame(frame.REFUSE, reason.encode()))
            self.close(reason)
        else:
            self.state = "answered"
            self._write(encode_frame(frame.HELLO, encode_hello(self._own)))

    def _open(self) -> None:
        self.state = "open"
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(PING_SECONDS, self._tick)
        if not self._settled.done():
            self._settled.set_result(None)
        self._owner.opened(self)

    def _complain(self, fault: PeerFault) -> None:
        """Drop the peer; one that dialled is told why."""
        if self.state == "handshake" and not self.expected:
            self._write(encode_frame(frame.REFUSE, str(fault).encode()[:200]))
            self.close(f"peer fault: {fault}")
        else:
            self.abort(f"peer fault: {fault}")

    def _certificate(self) -> dict[str, Any] | None:
        """The peer's certificate, None without TLS."""
        assert self._transport is not None
        if self._transport.get_extra_info("ssl_object") is None:
            return None
        certificate: dict[str, Any] | None = self._transport.get_extra_info("peercert")
        return certificate or {}

    def _flush(self) -> None:
        self._scheduled = False
        if self._outbox is None or self._paused or self.state != "open":
            return
        if self._way is not None and not self._way.clear and self._is_held(self._way):
            return
        # No more at once than the socket's buffer may hold: writing may have paused then, and other
        # callbacks get their turn.
        if data := self._outbox.take_short(WRITE_BUFFER_BYTES):
            self._write(data)
        if not self._outbox:
            return
        if self._outbox.short:
            self.schedule()
        elif not self._paused and (chunk := self._outbox.take_chunks(WRITE_BUFFER_BYTES)):
            self._write(chunk)
            # What is queued meanwhile goes before the next chunks.
            self.schedule()

    def _set_out(self, process: str) -> None:
        """It is known to whom this leads."""
        if self._way is None:
            self._way = self._owner.way(process)
            self._way.watch(self._way_changed)

    def _way_changed(self) -> None:
        if self._pipe is not None:
            self._pipe.turn()
        self.schedule()

    def _is_held(self, way: Way) -> bool:
        """Whether what is in the outbox has to stay there; who is held comes again."""
        if way.cut:
            if self._outbox:
                way.held()
            return True
        return self._pipe is not None and self._pipe.full

    def _write(self, data: bytes) -> None:
        if self._transport is None or self.state == "closed":
            return
        if self._pipe is None and self._way is not None and not self._way.clear:
            self._pipe = Pipe(self._way, self._transport.write, self.schedule)
        if self._pipe is None:
            self._transport.write(data)
        else:
            self._pipe.put(data)

    def _tick(self) -> None:
        silent = self._loop.time() - self._heard
        if self.state != "open":
            self.abort("the handshake took too long")
            return
        if silent >= SILENCE_SECONDS:
            self.abort(f"silent for {silent:.1f} s")
            return
        if silent >= PING_SECONDS:
            self._write(encode_frame(frame.PING))
        self._timer = self._loop.call_later(PING_SECONDS, self._tick)
