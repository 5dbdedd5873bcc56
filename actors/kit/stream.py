"""Streams: items from a serving actor to a reader, never more under way than the reader's credit.

The two ends talk through small protocols, so that they may sit in one process or in two.
Must not know: which of the two it is.
"""

import asyncio
from collections import deque
from types import TracebackType
from typing import Protocol

from cluster.errors import ActorDown, SteersmanError
from cluster.messages.base import Message


class Outlet(Protocol):
    """Where a sink's items go: to the reader, or on their way to it."""

    def item(self, message: Message) -> None:
        """One item; credit was there. Raises Overloaded if the peer's queue is full."""

    def end(self, error: SteersmanError | None) -> None:
        """No more items. ``error`` None: the stream is complete."""


class Inlet(Protocol):
    """What the reader tells the serving side."""

    def grant(self, count: int) -> None:
        """Take this many more items."""

    def cancel(self) -> None:
        """The reader goes away."""


class Sink:
    """The serving end. An ``Inlet`` for the reader."""

    def __init__(self, credit: int, outlet: Outlet) -> None:
        self._credit = credit
        self._outlet = outlet
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._task: asyncio.Task[None] | None = None
        self.closed = False

    async def send(self, item: Message) -> None:
        """Send one item, once the reader has credit for it. Raises ActorDown once the stream is
        closed, Overloaded if the queue to the reader's process is full."""
        while self._credit <= 0 and not self.closed:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                # The credit that woke this one must not be lost to the next in line.
                self._wake()
                raise
        if not self.offer(item):
            raise ActorDown("the stream is closed")

    def offer(self, item: Message) -> bool:
        """Send one item if the reader has credit for it now; else False."""
        if self._credit <= 0 or self.closed:
            return False
        self._outlet.item(item)
        self._credit -= 1
        return True

    def grant(self, count: int) -> None:
        """The reader takes this many more (kit only)."""
        self._credit += count
        self._wake()

    def cancel(self) -> None:
        """The reader went away: end the serving task (kit only)."""
        self.closed = True
        self._wake()
        if self._task is not None:
            self._task.cancel()

    def bind(self, task: asyncio.Task[None]) -> None:
        """The task that serves this stream (kit only)."""
        self._task = task
        if self.closed:
            task.cancel()

    def finish(self, error: SteersmanError | None) -> None:
        """The serving task is over (kit only)."""
        if not self.closed:
            self.closed = True
            self._wake()
            self._outlet.end(error)

    def _wake(self) -> None:
        # Once closed, all are released: they find out.
        ready = len(self._waiters) if self.closed else self._credit
        while self._waiters and ready > 0:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                ready -= 1


class Opener(Protocol):
    """Opens a stream for its reader: at ``Stream.__aenter__``."""

    def open(self, stream: "Stream") -> Inlet:
        """Send the opening message. Raises ActorDown, Overloaded."""

    def taken(self, item: Message, trace: str, parent: str) -> None:
        """The reader took an item: for the trace."""

    def unread(self, item: Message, trace: str, parent: str) -> None:
        """The reader went before it took an item: for the trace."""

    def closed(self, stream: "Stream") -> None:
        """The reader is through with it."""


class Stream:
    """The reading end: ``async with ref.stream(msg) as s: async for item in s: ...``

    Raises the handler's SteersmanError, or ActorDown if the serving actor or its process is lost.
    ``trace``: context of the item taken last.
    """

    def __init__(self, opener: Opener, credit: int) -> None:
        self.credit = credit
        self.trace = ""
        self._opener = opener
        self._inlet: Inlet | None = None
        self._items: deque[tuple[Message, str, str]] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._ended = False
        self._error: SteersmanError | None = None
        self._taken = 0

    async def __aenter__(self) -> "Stream":
        assert self._inlet is None, "a stream is opened once"
        self._inlet = self._opener.open(self)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._opener.closed(self)
        if not self._ended and self._inlet is not None:
            self._inlet.cancel()
        self._ended = True
        for item in self._items:
            self._opener.unread(*item)
        self._items.clear()

    def __aiter__(self) -> "Stream":
        return self

    async def __anext__(self) -> Message:
        while not self._items:
            if self._ended:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        message, self.trace, parent = self._items.popleft()
        self._opener.taken(message, self.trace, parent)
        self._taken += 1
        if self._taken * 2 >= self.credit and self._inlet is not None and not self._ended:
            self._inlet.grant(self._taken)
            self._taken = 0
        return message

    def push(self, item: Message, trace: str, parent: str) -> None:
        """An item arrived (kit only)."""
        if self._ended:
            self._opener.unread(item, trace, parent)
            return
        self._items.append((item, trace, parent))
        self._wake()

    def finish(self, error: SteersmanError | None) -> None:
        """No more items will arrive (kit only)."""
        if not self._ended:
            self._ended = True
            self._error = error
            self._wake()

    def overdrawn(self) -> bool:
        """Whether more items wait than credit was given: the peer breaks the rule (kit only)."""
        return len(self._items) > self.credit

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
