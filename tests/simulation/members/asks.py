"""What clients and hosts ask of a host in the simulation: plain records."""

from dataclasses import dataclass, field
from typing import Any, Literal

from cluster.messages.store import TxnRecord


@dataclass(frozen=True, slots=True)
class Write:
    """A transaction, perhaps again."""

    record: TxnRecord


@dataclass(frozen=True, slots=True)
class LeaseAsk:
    """``id`` 0 with "grant": the leader picks one."""

    action: Literal["grant", "keepalive", "revoke"]
    id: int = 0
    ttl: int = 0


@dataclass(frozen=True, slots=True)
class CompactAsk:
    """Forget history before ``revision``."""

    revision: int


@dataclass(frozen=True, slots=True)
class ReadIndexAsk:
    """The index to wait for."""


@dataclass(frozen=True, slots=True)
class ChangeAsk:
    """A change of membership."""

    action: str
    member: str = ""
    voters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TransferAsk:
    """Make another member leader."""

    to: str


@dataclass(frozen=True, slots=True)
class ReadAsk:
    """[key, end) at ``revision`` (0: the latest)."""

    key: str
    end: str = ""
    revision: int = 0
    mode: Literal["linearizable", "lease", "serializable"] = "linearizable"


@dataclass(frozen=True, slots=True)
class Failed:
    """The answer is an error, by its class's name. ``certain``: surely nothing was done."""

    error: str
    text: str = ""
    certain: bool = False


@dataclass(frozen=True, slots=True)
class Proposed:
    """A write handed on is the entry (term, index) now."""

    term: int
    index: int
    record: TxnRecord


@dataclass(frozen=True, slots=True)
class Forward:
    """An ask on its way from one host to another, and back (``answer``)."""

    origin: str
    life: int
    number: int
    ask: Any = None
    answer: Any = field(default=None)
    answered: bool = False
