"""The base of every message, and the registry that the wire codec decodes by.

A message is a frozen typed record. On the wire it is a msgpack map whose ``type`` is the class
name; in a process it is passed by reference and never copied. Fields hold plain values (str, int,
float, bool, bytes, tuples, dicts of these, or other records), so every message encodes.

Evolution: add fields only with a default; never change the meaning of a field; never reuse a name.
"""

from typing import ClassVar

import msgspec


class Message(msgspec.Struct, frozen=True, tag_field="type", tag=lambda name: name, kw_only=False):
    """Base of all messages. Subclasses inherit frozen and tagging by class name."""

    # Routine messages (heartbeats) are traced to a small ring of their own, so that an idle
    # cluster's chatter cannot push the records of real work out of the trace files.
    routine: ClassVar[bool] = False

    def subject(self) -> str:
        """What the message is about, in a few words, for the trace (never a secret's content)."""
        return ""


class Done(Message, frozen=True):
    """The reply of a handler that has nothing to say but that it is done."""


class Failed(Message, frozen=True):
    """An error on its way to the asker; becomes the exception of ``cluster.errors`` it names.

    ``kind`` is the exception's class name; ``status`` the Kubernetes Status as JSON bytes for a
    ``StatusError``, else empty.
    """

    kind: str
    text: str
    status: bytes = b""


class Down(Message, frozen=True):
    """A monitored actor, or its process, is gone. ``reason``: normal, crash or unreachable."""

    address: str
    reason: str


class ConnectionLost(Message, frozen=True):
    """The connection to a peer process broke (reset or closed): sent to actors that monitor it."""

    process: str
