"""What a member asks of its shell: the shape of "persist, then send".

Job: the records between core and shell. Must not know: how disks and networks are done.

The shell's duties, in this order (Readys in the order they were taken; several may share one
sync): send ``send_now`` at any time; make ``hard_state`` and ``chunks`` durable, then install
``snapshot`` if there is one (the spool is whole: it takes the place of state and log), then make
``entries`` durable; only then send ``send_after_persist`` and call ``Member.advance(ready)``. Apply
``committed`` and serve ``reads`` at any time, but make no snapshot of what is not durable here. An
entry at index i replaces everything at and after i on disk. A chunk at offset 0 begins the spool
anew.
"""

from dataclasses import dataclass
from typing import Literal

import msgspec

from cluster.raft.memberships import Kind
from cluster.raft.messages import Entry, HardState, Membership, RaftRpc, SnapshotMeta
from cluster.raft.progress import SendState

Role = Literal["follower", "pre-candidate", "candidate", "leader"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Who this member is and whom it follows ('' if nobody)."""

    role: Role
    leader: str
    term: int


@dataclass(frozen=True, slots=True)
class SnapshotChunk:
    """Bytes of the snapshot ``meta`` from ``offset`` on, to be spooled."""

    meta: SnapshotMeta
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class ReadState:
    """A read may be served once ``index`` is applied; None: leadership was lost, ask again."""

    context: int
    index: int | None


@dataclass(frozen=True, slots=True)
class PeerStatus:
    """One member as the leader knows it: ``match`` is the highest index known durable there,
    ``contact`` when it last answered (on the clock of ``now``). Elsewhere 0, '' and 0."""

    name: str
    match: int
    state: SendState | Literal[""]
    contact: float
    kind: Kind


class Ready(msgspec.Struct, frozen=True):
    """``standing``, ``membership``: None if not changed since last told. ``epoch``: see
    ``RaftLog.epoch``. (A struct, as there is one for each turn: a frozen dataclass of eleven fields
    takes ten times as long to make.)"""

    hard_state: HardState | None
    entries: tuple[Entry, ...]
    snapshot: SnapshotMeta | None
    send_now: tuple[RaftRpc, ...]
    send_after_persist: tuple[RaftRpc, ...]
    committed: tuple[Entry, ...]
    reads: tuple[ReadState, ...]
    standing: Standing | None
    epoch: int
    chunks: tuple[SnapshotChunk, ...] = ()
    membership: Membership | None = None

    @property
    def must_persist(self) -> bool:
        """True if something has to be durable before ``send_after_persist`` goes out."""
        return bool(self.hard_state or self.entries or self.chunks or self.snapshot)
