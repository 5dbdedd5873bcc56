"""Faults that a process suffers from within: of its links, its disk, its clock, its engine. Pure.

A process learns of them through its door (``actors.kit.door``) and at its start. What acts on a
process from outside (a signal, a packet filter) is none of these. Must not know: who asked for them
(``orders``), or how they are acted out (``actors.kit.faults``).
"""

from typing import Annotated, Literal, TypeAlias

import msgspec

Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Seconds = Annotated[float, msgspec.Meta(ge=0.0, le=86_400.0)]

# Of a lost packet, until it is sent anew: Linux' least (RFC 6298 asks for a second).
RETRANSMISSION_SECONDS = 0.2


class LinkFault(msgspec.Struct, frozen=True, tag="link", forbid_unknown_fields=True):
    """Of what this process sends to ``peers`` (process names). What it receives is the peers'.

    ``cut``: nothing leaves; it waits, as on a line that is dead, and leaves if that heals before
    the connection is given up. ``delay``, ``jitter``: seconds that everything takes longer, in
    order. ``bandwidth``: bytes per second, 0 for no bound. ``loss``, ``duplicate``, ``reorder``:
    of how many messages. A message that is told (no answer) is lost, doubled or late; what belongs
    to an exchange takes as long as TCP would to send it anew (``RETRANSMISSION_SECONDS``, doubled
    at each further loss), for there a connection keeps its order or is lost.
    """

    name: str
    peers: tuple[str, ...]
    until: float = 0.0
    cut: bool = False
    delay: Seconds = 0.0
    jitter: Seconds = 0.0
    bandwidth: Annotated[int, msgspec.Meta(ge=0)] = 0
    loss: Share = 0.0
    duplicate: Share = 0.0
    reorder: Share = 0.0


class StorageFault(msgspec.Struct, frozen=True, tag="storage", forbid_unknown_fields=True):
    """Of this process's disk. slow: each sync takes ``seconds`` more. full: nothing can be
    written (ENOSPC). fsync-error: the next sync fails (EIO). torn-write: of the next write only a
    part, ``share`` of its bytes, reaches the disk, and the process dies."""

    name: str
    kind: Literal["slow", "full", "fsync-error", "torn-write"]
    until: float = 0.0
    seconds: Seconds = 0.0
    share: Share = 0.5


class ClockFault(msgspec.Struct, frozen=True, tag="clock", forbid_unknown_fields=True):
    """Of this process's wall clock: it is ``jump`` seconds off (negative: behind), and runs
    ``rate`` times as fast from then on. Monotonic time is untouched, as by a person who sets the
    time."""

    name: str
    until: float = 0.0
    jump: float = 0.0
    rate: Annotated[float, msgspec.Meta(gt=0.0, le=100.0)] = 1.0


class EngineFault(msgspec.Struct, frozen=True, tag="engine", forbid_unknown_fields=True):
    """Of a simulated container engine: it does not answer; its containers go on."""

    name: str
    until: float = 0.0


# ``name``: unique in the cluster. ``until``: UNIX seconds (of the machine's clock) at which the
# process ends it by itself, 0 for never.
Fault: TypeAlias = LinkFault | StorageFault | ClockFault | EngineFault


class Standing(msgspec.Struct, frozen=True):
    """A fault and its evidence: how often it struck, by what it did (as ``held``, ``dropped``,
    ``delayed``, ``duplicated``, ``reordered``, ``slowed``, ``refused``, ``read``)."""

    fault: Fault
    struck: dict[str, int]


def encode(faults: tuple[Fault, ...]) -> bytes:
    """The file that a process reads at its start."""
    return msgspec.json.encode(faults)


def decode(data: bytes) -> tuple[Fault, ...]:
    """Raises ValueError with the path of what is wrong."""
    try:
        return msgspec.json.decode(data, type=tuple[Fault, ...])
    except msgspec.DecodeError as error:
        raise ValueError(f"faults: {error}") from error
