"""What carries envelopes between processes: one ordered, reliable connection per pair, or none.

Must not know: messages, actors.
"""

from typing import Protocol

from actors.kit.mailbox import Principal
from cluster.wire.envelope import Envelope


class Receiver(Protocol):
    """What a transport tells its process."""

    def receive(self, principal: Principal, envelope: Envelope, size: int) -> None:
        """An envelope of ``size`` bytes came from the peer. Raises PeerFault: drop the peer."""

    def connection_lost(self, process: str) -> None:
        """The connection to the peer broke, or could not be made: nothing sent on it that was not
        answered will be answered."""

    def struck(self, process: str, envelope: Envelope, event: str, reason: str) -> None:
        """An envelope that was taken for the peer will not arrive (``event``: dropped), or arrives
        once more (sent). ``reason``: why; of a fault, ``fault:<name>``."""

    def closed(self, process: str, connection: str, sent: int, received: int, reason: str) -> None:
        """A connection is gone, whose name both ends know: so many messages were written to it,
        and read from it. The peer may have read fewer than were written."""

    def report(self, process: str, what: str, reason: str) -> None:
        """Something happened to the connection to a peer ('' if it is not known whose): a line
        for the log."""


class Transport(Protocol):
    """The carrier of one process. Envelopes to one peer arrive in order, or the connection is
    lost; envelopes marked ``routine`` may overtake others."""

    async def start(self, process: str, receiver: Receiver) -> None:
        """Listen, as ``process``."""

    async def stop(self) -> None:
        """Close all connections, after what is queued was written."""

    def add_peer(self, process: str, address: str) -> None:
        """Learn (anew) where a process listens ('': it is gone, and dialled no more)."""

    def send(self, process: str, envelope: Envelope, routine: bool) -> int:
        """Queue for the peer, dialling it if need be. Returns the envelope's size in bytes.

        Raises Overloaded if the queue is full, ActorDown if the peer is unknown or was found
        unreachable just now.
        """

    def keep(self, process: str, wanted: bool) -> None:
        """Whether to keep a connection to the peer up although nothing is sent."""

    def why(self, process: str) -> str:
        """``fault:<name>`` if nothing gets to the peer because of it, else ''."""

    def drop(self, process: str) -> None:
        """Break the connection to the peer (it will be told as lost)."""
