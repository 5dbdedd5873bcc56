"""What a member asks of its shell: the shape of "persist, then send".

Job: one record. Must not know: how disks and networks are done.

The shell's four duties, in this order (Readys in the order they were taken; several may share
one sync): send ``send_now`` at any time; make ``snapshot``, ``hard_state`` and ``entries`` durable;
only then send ``send_after_persist`` and call ``Member.advance(ready)``; apply ``committed`` and
serve ``reads``. An entry at index i replaces everything at and after i on disk.
"""

from dataclasses import dataclass
from typing import Literal

from cluster.raft.messages import Entry, HardState, RaftRpc

Role = Literal["follower", "pre-candidate", "candidate", "leader"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Who this member is and whom it follows ('' if nobody)."""

    role: Role
    leader: str
    term: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state after ``index`` as bytes, received from the leader."""

    index: int
    term: int
    data: bytes


@dataclass(frozen=True, slots=True)
class ReadState:
    """A read may be served once ``index`` is applied; None: leadership was lost, ask again."""

    context: int
    index: int | None


@dataclass(frozen=True, slots=True)
class Ready:
    """``standing`` is None if it did not change. ``epoch``: see ``RaftLog.epoch``."""

    hard_state: HardState | None
    entries: tuple[Entry, ...]
    snapshot: Snapshot | None
    send_now: tuple[RaftRpc, ...]
    send_after_persist: tuple[RaftRpc, ...]
    committed: tuple[Entry, ...]
    reads: tuple[ReadState, ...]
    standing: Standing | None
    epoch: int

    @property
    def must_persist(self) -> bool:
        """True if something has to be durable before ``send_after_persist`` goes out."""
        return bool(self.hard_state or self.entries or self.snapshot)
