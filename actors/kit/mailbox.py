"""What waits for an actor: requests in order, in a bounded queue with one reader.

Must not know: how a request is handled or how its reply travels.
"""

import asyncio
from collections import deque
from typing import Protocol

import msgspec

from actors.kit.stream import Sink
from cluster import names
from cluster.errors import Overloaded, SteersmanError
from cluster.messages.base import Message


class Principal(msgspec.Struct, frozen=True):
    """On whose behalf a message came: the peer process's certificate, or this very process."""

    process: str
    user: str
    groups: tuple[str, ...]
    local: bool

    @property
    def is_trusted(self) -> bool:
        """This very process, or a control-plane replica: not a node, whose components reach what
        is not theirs through the API server only."""
        return self.local or names.GROUP_REPLICAS in self.groups


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """How a message came. ``trace``: its context; ``deadline``: loop time, None if it has none."""

    sender: str
    principal: Principal
    trace: str
    deadline: float | None


class Reply(Protocol):
    """Where the answer to an ask goes. Only the first answer counts."""

    def resolve(self, message: Message) -> None:
        """Answer."""

    def fail(self, error: SteersmanError) -> None:
        """Answer with an error."""


class Request(msgspec.Struct, eq=False):
    """A message under way to an actor, with all that belongs to it.

    ``reply`` is set for an ask, ``sink`` for a stream to be opened, neither for a tell. ``put``:
    loop time when it was put into the mailbox, 0 if it is handled as it comes in.
    """

    message: Message
    id: int
    to: str
    sender: str
    principal: Principal
    trace: str
    parent: str
    deadline: float | None = None
    reply: Reply | None = None
    sink: Sink | None = None
    put: float = 0.0


class Mailbox:
    """A bounded first-in first-out queue with a single waiting reader."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: deque[Request] = deque()
        self._waiter: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._items)

    def put(self, request: Request) -> None:
        """Add at the end. Raises Overloaded if it is full."""
        if len(self._items) >= self._limit:
            raise Overloaded(f"the mailbox of {request.to} holds {self._limit} messages")
        self.put_anyway(request)

    def put_anyway(self, request: Request) -> None:
        """Add at the end even if full: for what is bounded elsewhere, as timers and monitors."""
        self._items.append(request)
        self.wake()

    def wake(self) -> None:
        """Let a waiting reader look again."""
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def take(self) -> Request | None:
        """The first, None if there is none."""
        return self._items.popleft() if self._items else None

    async def wait(self) -> None:
        """Return once there is something to take."""
        if self._items:
            return
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    @property
    def idle(self) -> bool:
        """Whether the reader waits, and nothing waits for it."""
        return self._waiter is not None and not self._waiter.done()

    def drain(self) -> list[Request]:
        """Take all."""
        items = list(self._items)
        self._items.clear()
        return items
