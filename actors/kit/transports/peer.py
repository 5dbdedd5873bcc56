"""What a process knows of one peer process: its address, the one connection, dials and backoff.

If both sides dial at once, the connection dialled by the process whose name sorts first is kept.
Must not know: how a connection is made, or messages.
"""

import asyncio
from collections.abc import Awaitable, Callable

from actors.kit.recorder import CONNECTION_LOST, UNREACHABLE
from actors.kit.transports.link import Link
from actors.kit.transports.outbox import Outbox
from actors.kit.world.entropy import Entropy
from cluster.errors import ActorDown

BACKOFF_FIRST_SECONDS = 0.05
BACKOFF_MAX_SECONDS = 1.0
DIAL_SECONDS_MAX = 3.0
# A refused dial means that the peer's own dial is under way; it is given this long.
THEIR_DIAL_SECONDS = 2.0

DUPLICATE = "the other side's connection is kept"


class Peer:
    """``make`` makes a link to dial with, ``dial`` connects it to an address (raises OSError);
    ``lost`` is called whenever what was queued or sent will not be answered any more, ``dropped``
    before it with each envelope that never left."""

    def __init__(
        self,
        own: str,
        process: str,
        entropy: Entropy,
        make: Callable[[str], Link],
        dial: Callable[[Link, str], Awaitable[None]],
        lost: Callable[[str, str], None],
        dropped: Callable[[str, bytes, str], None],
    ) -> None:
        self.process = process
        self.address = ""
        self.link: Link | None = None
        self.kept = False
        self._own = own
        self._entropy = entropy
        self._make = make
        self._dial = dial
        self._lost = lost
        self._dropped = dropped
        self._outbox = Outbox()
        self._dialling: asyncio.Task[None] | None = None
        self._dialled: Link | None = None
        self._accepting: Link | None = None
        self._failures = 0
        # Set: no dial before it fires. And: the peer is to dial before it fires.
        self._timer: asyncio.TimerHandle | None = None
        self._their_dial: asyncio.TimerHandle | None = None
        self._stopped = False

    def send(self, lane: str, envelope: bytes, routine: bool, counted: bool = True) -> None:
        """Queue, and dial if need be; ``counted`` among the messages on the connection. Raises
        ActorDown, Overloaded."""
        if self.link is None and not self._connecting():
            backing_off = self._timer is not None and self._failures > 0
            if backing_off or not self.address or self._stopped:
                raise ActorDown(f"{self.process} is unreachable")
            self._begin_dial()
        self._outbox.put(lane, envelope, routine)
        self._outbox.count += counted
        if self.link is not None:
            self.link.schedule()

    def keep(self, wanted: bool) -> None:
        """Whether to be connected although nothing is sent."""
        self.kept = wanted
        if wanted and self.link is None and not self._connecting() and self._timer is None:
            self._retry_in(0.0)

    def greeted(self, link: Link) -> str:
        """The peer has dialled this process: '' to accept, else why not."""
        if self._dialling is not None and self._own < self.process:
            return DUPLICATE
        self._cancel_dial()
        self._cancel_timers()
        self._accepting = link
        return ""

    def opened(self, link: Link) -> None:
        """A connection is through its handshake: it replaces whatever there was."""
        if link is self._accepting:
            self._accepting = None
        elif link is not self._dialled or self._stopped:
            link.abort(DUPLICATE)
            return
        if self.link is not None:
            old, self.link = self.link, None
            old.abort("replaced by a new connection")
            self._give_up("replaced by a new connection", CONNECTION_LOST)
        self._cancel_timers()
        self._failures = 0
        self.link = link
        link.open(self._outbox)

    def refused(self, link: Link, reason: str) -> None:
        """The peer refused this process's dial."""
        if reason == DUPLICATE and link is self._dialled and self.link is None:
            self._cancel_dial()
            if self._accepting is None:
                loop = asyncio.get_running_loop()
                self._their_dial = loop.call_later(THEIR_DIAL_SECONDS, self._their_dial_failed)

    def closed(self, link: Link, reason: str) -> None:
        """A connection is gone."""
        if link is self.link:
            self.link = None
            if self.kept:
                self._retry_in(self._entropy.uniform(0.0, BACKOFF_FIRST_SECONDS))
            self._give_up(reason, CONNECTION_LOST)
        elif link is self._accepting:
            self._accepting = None
            if self.link is None and not self._connecting():
                self._dial_failed(reason)

    def stop(self) -> None:
        """Dial no more."""
        self._stopped = True
        self._cancel_dial()
        self._cancel_timers()
        if self.link is None:
            self._drop(UNREACHABLE)

    # Within.

    def _connecting(self) -> bool:
        waits = (self._dialling, self._accepting, self._their_dial)
        return any(wait is not None for wait in waits)

    def _begin_dial(self) -> None:
        self._cancel_timers()
        loop = asyncio.get_running_loop()
        self._dialling = loop.create_task(self._try(), name=f"dial {self.process}")

    async def _try(self) -> None:
        """One dial. Ends when the link is open, or has failed."""
        self._dialled = link = self._make(self.process)
        try:
            async with asyncio.timeout(DIAL_SECONDS_MAX):
                await self._dial(link, self.address)
                failure = await link.settled()
        except (OSError, TimeoutError) as error:
            failure = repr(error)
        self._dialling = self._dialled = None
        if failure:
            link.abort(failure)
            if self.link is None and not self._connecting():
                self._dial_failed(failure)

    def _cancel_dial(self) -> None:
        if self._dialling is not None:
            self._dialling.cancel()
            self._dialling = None
        if self._dialled is not None:
            link, self._dialled = self._dialled, None
            link.abort(DUPLICATE)

    def _their_dial_failed(self) -> None:
        self._their_dial = None
        if self.link is None and not self._connecting():
            self._dial_failed("refused, but did not dial")

    def _dial_failed(self, reason: str) -> None:
        self._failures += 1
        ceiling = min(BACKOFF_MAX_SECONDS, BACKOFF_FIRST_SECONDS * 2.0 ** min(self._failures, 16))
        self._retry_in(self._entropy.uniform(ceiling / 2, ceiling))
        self._give_up(reason, UNREACHABLE)

    def _give_up(self, reason: str, fate: str) -> None:
        """What was queued is lost, and who waits for an answer is told."""
        self._drop(fate)
        self._lost(self.process, reason)

    def _drop(self, fate: str) -> None:
        outbox, self._outbox = self._outbox, Outbox()
        for envelope in outbox.remaining():
            self._dropped(self.process, envelope, fate)

    def _retry_in(self, seconds: float) -> None:
        if not self._stopped and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._retry)

    def _retry(self) -> None:
        self._timer = None
        if self.kept and self.address and self.link is None and not self._connecting():
            self._begin_dial()

    def _cancel_timers(self) -> None:
        for timer in (self._timer, self._their_dial):
            if timer is not None:
                timer.cancel()
        self._timer = self._their_dial = None
