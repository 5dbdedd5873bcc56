"""``echo@<process>``: answers, so that others learn whether it is there, and how far."""

from actors.kit.actor import Actor, Delivery
from cluster.errors import PeerFault
from cluster.messages.base import Done, Message
from cluster.messages.echo import Ping


class EchoActor(Actor):
    """Of every process; anybody may ask."""

    prompt = True

    async def handle(self, message: Message, delivery: Delivery) -> Message:
        """Say that it came."""
        if not isinstance(message, Ping):
            raise PeerFault(f"an echo takes no {type(message).__name__}")
        return Done()
