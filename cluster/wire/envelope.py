"""The envelope: what a router must know of a message, with the payload left undecoded.

Must not know: message types.
"""

from typing import Literal

import msgspec

EnvelopeKind = Literal[
    "tell",  # a message, no answer
    "ask",  # a message, one "reply" or "error" with the same id
    "reply",
    "error",  # payload: base.Failed; answers an ask or ends a stream
    "open",  # a message that opens a stream; ``credit`` items may follow
    "item",  # server to reader
    "credit",  # reader to server: ``credit`` more items
    "end",  # server to reader: the stream is complete
    "cancel",  # reader to server: the reader went away
    "monitor",  # tell ``sender`` when ``to`` ends
    "down",  # payload: base.Down; to whom a "monitor" came from
]

# Those that hold a message: an actor's, or the kit's answer for one.
MESSAGE_KINDS = frozenset(("tell", "ask", "open", "reply", "error", "item"))


class Envelope(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``to`` and ``sender`` are actor addresses. ``id`` is unique in the process that began the
    exchange: replies, items and credit carry the id of the ask or open they belong to.

    ``deadline``: seconds left when it was sent, 0 for none. ``trace``: context of the message and
    its parent span, joined by "-". ``hlc``: the sender's hybrid logical clock. ``payload``: a
    message as ``codec`` encodes it, or empty.
    """

    kind: EnvelopeKind
    to: str
    sender: str
    id: int
    trace: str = ""
    hlc: int = 0
    deadline: float = 0.0
    credit: int = 0
    payload: bytes = b""
