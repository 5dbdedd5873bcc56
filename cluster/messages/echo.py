"""What the echo of a process is sent: to learn how long a message takes. Receivers:
``echo@<process>``."""

from typing import ClassVar

from cluster.messages.base import Message


class Ping(Message, frozen=True):
    """Ask; reply Done. Or tell, for nothing but the way. ``padding``: bytes that fill it."""

    routine: ClassVar[bool] = True

    padding: bytes = b""
