"""What a component subclasses: an actor with its handlers.

Must not know: how messages travel, who supervises.
"""

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, ClassVar

from actors.kit.mailbox import Delivery as Delivery
from actors.kit.mailbox import Principal as Principal
from actors.kit.stream import Sink as Sink
from cluster.errors import PeerFault
from cluster.messages.base import Message

if TYPE_CHECKING:
    from actors.kit.context import Context


class Later:
    """Returned from ``handle``: the result of ``work`` is the reply, and the actor takes the next
    message meanwhile. A coroutine runs as a task of the actor; a future, which costs less, is
    somebody's who will resolve it, and is cancelled if the actor ends first."""

    __slots__ = ("work",)

    def __init__(
        self, work: "Coroutine[Any, Any, Message | None] | asyncio.Future[Message]"
    ) -> None:
        self.work = work


class Actor:
    """One message at a time, and state that nobody else touches."""

    # True promises that ``handle`` never waits: what takes time, it returns as ``Later``. A message
    # from another process that finds such an actor idle is handled as it comes in, which saves a
    # round of the loop.
    prompt: ClassVar[bool] = False

    ctx: "Context"

    async def started(self) -> None:
        """Before the first message. An exception is a crash."""

    async def handle(self, message: Message, delivery: Delivery) -> "Message | Later | None":
        """Take one message. For an ask the result is the reply (None: Done).

        A SteersmanError goes to the asker (of a tell: to the trace) and the actor lives on; any
        other exception is a crash: the asker gets ActorDown, the supervisor acts.
        """
        raise PeerFault(f"{type(self).__name__} takes no {type(message).__name__}")

    async def serve(self, message: Message, sink: Sink, delivery: Delivery) -> None:
        """Serve a stream opened with ``message``, in a task of its own beside ``handle``.

        Return to end it, raise SteersmanError to end it with an error. Cancelled when the reader
        goes away.
        """
        raise PeerFault(f"{type(self).__name__} streams no {type(message).__name__}")

    async def stopped(self) -> None:
        """After the last message, also after a crash: release what is held outside."""
