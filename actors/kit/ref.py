"""References to actors: the same whether the actor is in this process, on this machine or beyond.

Must not know: where an actor runs.
"""

from typing import Protocol

from actors.kit.stream import Opener
from actors.kit.stream import Stream as Stream
from cluster.limits import STREAM_CREDIT
from cluster.messages.base import Message


class Post(Protocol):
    """Sends on behalf of an actor."""

    def tell(self, to: str, sender: str, message: Message) -> None: ...

    async def ask(self, to: str, sender: str, message: Message, timeout: float) -> Message: ...

    def opener(self, to: str, sender: str, message: Message, credit: int) -> Opener: ...


class Ref:
    """A reference to the actor at ``address``, held by the actor ``sender``."""

    __slots__ = ("_post", "_sender", "address")

    def __init__(self, post: Post, address: str, sender: str) -> None:
        self.address = address
        self._post = post
        self._sender = sender

    def __repr__(self) -> str:
        return f"Ref({self.address})"

    def tell(self, message: Message) -> None:
        """Send, and forget: it arrives at most once. Never blocks. Raises Overloaded if the local
        mailbox or the queue to the peer process is full."""
        self._post.tell(self.address, self._sender, message)

    async def ask(self, message: Message, timeout: float) -> Message:
        """Send, and wait for the reply for at most ``timeout`` seconds.

        Raises AskTimeout, ActorDown (it does not run, crashed, or its process is lost),
        Overloaded, or the SteersmanError that the handler raised.
        """
        return await self._post.ask(self.address, self._sender, message, timeout)

    def stream(self, message: Message, credit: int = STREAM_CREDIT) -> Stream:
        """A stream opened with ``message``; at most ``credit`` items wait here unread."""
        return Stream(self._post.opener(self.address, self._sender, message, credit), credit)
