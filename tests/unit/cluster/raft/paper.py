"""One server in a vice, for the sentences of the paper: its disk, its inbox, what comes out of it.

Job: build a member in a given state, push messages in, carry out its Readys step by step or all at
once, crash it and start it again from its disk. Must not know: how members decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from cluster.raft.member import Member
from cluster.raft.member_state import Config
from cluster.raft.messages import (
    BLANK,
    FOUNDING,
    AppendRequest,
    AppendResponse,
    Entry,
    HardState,
    Membership,
    RaftRpc,
    SnapshotMeta,
    SnapshotRequest,
    VoteRequest,
    VoteResponse,
)
from cluster.raft.ready import ReadState, Ready

Message = TypeVar("Message")

THREE = ("a", "b", "c")
FIVE = ("a", "b", "c", "d", "e")


def log_of(*terms: int, first: int = 1) -> list[Entry]:
    """Entries ``first``, ... of these terms, each with data that tells term and index."""
    return [Entry(i, term, b"%d.%d" % (term, i)) for i, term in enumerate(terms, first)]


def terms_of(server: "Server") -> list[int]:
    """The terms of a server's log, in order."""
    return [entry.term for entry in server.member.log.entries]


def of_kind(kind: type[Message], sent: Sequence[object], to: str = "") -> list[Message]:
    """The messages of one kind (to one receiver) among those sent."""
    return [m for m in sent if isinstance(m, kind) and (not to or m.to == to)]  # type: ignore[attr-defined]  # every RPC names its receiver


@dataclass(slots=True)
class Disk:
    """What survives a crash. ``content``: the state as of ``meta``, one item per command."""

    hard_state: HardState = BLANK
    entries: list[Entry] = field(default_factory=list)
    meta: SnapshotMeta = FOUNDING
    content: bytes = b""
    spool_meta: SnapshotMeta | None = None
    spool: bytes = b""

    def write(self, ready: Ready) -> None:
        """As a write-ahead log replays: an entry at i replaces all at and after i."""
        if ready.hard_state is not None:
            self.hard_state = ready.hard_state
        for chunk in ready.chunks:
            if chunk.offset == 0:
                self.spool = b""
                self.spool_meta = chunk.meta
            assert len(self.spool) == chunk.offset, "a hole in the spool"
            self.spool += chunk.data
        if ready.snapshot is not None:
            self.install(ready.snapshot)
        for entry in ready.entries:
            self.entries = [held for held in self.entries if held.index < entry.index]
            last = self.entries[-1].index if self.entries else self.meta.index
            assert entry.index == last + 1, "a hole in the durable log"
            self.entries.append(entry)

    def install(self, meta: SnapshotMeta) -> None:
        """The spool becomes the snapshot; entries after it stay if its last entry is held."""
        assert self.spool_meta is not None and self.spool_meta.index == meta.index
        held = any((e.index, e.term) == (meta.index, meta.term) for e in self.entries)
        self.entries = [e for e in self.entries if held and e.index > meta.index]
        self.meta, self.content = meta, self.spool
        self.spool_meta, self.spool = None, b""


class Server:
    """Member ``name`` of ``voters``; ``now`` is moved by hand, chance is always the middle."""

    def __init__(
        self,
        terms: Sequence[int] = (),
        term: int | None = None,
        vote: str = "",
        voters: Sequence[str] = THREE,
        learners: Sequence[str] = (),
        name: str = "a",
        chance: float = 0.5,
        disk: Disk | None = None,
        now: float = 100.0,
        **config: float,
    ) -> None:
        self.name = name
        self.config = Config(name, **config)  # type: ignore[arg-type]  # counts are whole numbers
        self.now = now
        self.chance = chance
        if disk is None:
            known = max(terms, default=0) if term is None else term
            members = Membership(tuple(voters), (), tuple(learners))
            disk = Disk(HardState(known, vote), log_of(*terms), SnapshotMeta(0, 0, members))
        self.disk = disk
        self.start()

    def start(self) -> None:
        """Start from what the disk holds: also after a crash."""
        disk = self.disk
        spooled = None if disk.spool_meta is None else (disk.spool_meta, len(disk.spool))
        self.member = Member(
            self.config,
            lambda: self.chance,
            self.now,
            disk.hard_state,
            list(disk.entries),
            disk.meta,
            spooled,
        )
        self.applied: list[Entry] = []
        self.reads: list[ReadState] = []
        self.readies: list[Ready] = []
        self.unsynced: list[Ready] = []

    # -- carrying out Readys --------------------------------------------------------------------

    def take(self) -> Ready:
        """The next Ready, with nothing of it made durable yet."""
        ready = self.member.ready()
        assert ready is not None, "nothing to do"
        self.readies.append(ready)
        self.reads.extend(ready.reads)
        self.applied.extend(ready.committed)
        return ready

    def finish(self, ready: Ready) -> None:
        """The disk has it."""
        self.disk.write(ready)
        self.member.advance(ready)

    def drain(self) -> list[RaftRpc]:
        """Carry out every Ready to its end; everything sent, in order."""
        sent: list[RaftRpc] = []
        while (ready := self.member.ready()) is not None:
            self.readies.append(ready)
            self.reads.extend(ready.reads)
            self.applied.extend(ready.committed)
            sent.extend(ready.send_now)
            self.finish(ready)
            sent.extend(ready.send_after_persist)
        return sent

    def step(self, *messages: RaftRpc) -> list[RaftRpc]:
        """Push messages in, carry everything out; everything sent."""
        for message in messages:
            self.member.step(message, self.now)
        return self.drain()

    def tick(self) -> list[RaftRpc]:
        """Jump to the moment the timer is due."""
        self.now = max(self.now, self.member.next_deadline())
        self.member.tick(self.now)
        return self.drain()

    def pass_time(self, seconds: float) -> list[RaftRpc]:
        """Let time pass, from timer to timer; everything sent."""
        sent: list[RaftRpc] = []
        end = self.now + seconds
        while self.member.next_deadline() <= end:
            sent.extend(self.tick())
        self.now = end
        return sent

    def crash(self, seconds: float = 0.0) -> None:
        """Lose what is not on disk, and start again ``seconds`` later."""
        self.now += seconds
        self.start()

    # -- what others say ------------------------------------------------------------------------

    @property
    def tenure(self) -> int:
        """This server's own tenure, as its leader knows it."""
        return dict(self.member.membership.tenures).get(self.name, 0)

    def append(
        self,
        prev: tuple[int, int],
        entries: Sequence[Entry] = (),
        term: int = 1,
        commit: int = 0,
        sender: str = "b",
        read: int = 0,
    ) -> AppendRequest:
        """An AppendEntries to this server."""
        return AppendRequest(
            sender=sender,
            to=self.name,
            term=term,
            prev_index=prev[0],
            prev_term=prev[1],
            entries=tuple(entries),
            commit=commit,
            read=read,
            tenure=self.tenure,
        )

    def appended(
        self,
        prev: tuple[int, int],
        entries: Sequence[Entry] = (),
        term: int = 1,
        commit: int = 0,
        sender: str = "b",
    ) -> AppendResponse:
        """Push an AppendEntries in; the answer to it."""
        sent = self.step(self.append(prev, entries, term, commit, sender))
        (answer,) = of_kind(AppendResponse, sent)
        return answer

    def asked(
        self,
        term: int,
        last: tuple[int, int] = (0, 0),
        sender: str = "b",
        pre: bool = False,
        transfer: bool = False,
    ) -> VoteResponse | None:
        """Push a RequestVote in; the answer to it, None if there is none."""
        request = VoteRequest(
            sender, self.name, term, last[0], last[1], pre, transfer, tenure=self.tenure
        )
        answers = of_kind(VoteResponse, self.step(request))
        return answers[0] if answers else None

    def grant(self, *voters: str, pre: bool = False) -> list[RaftRpc]:
        """Votes for this server in the term it asks for; everything sent."""
        term = self.member.term + 1 if pre else self.member.term
        return self.step(*(VoteResponse(v, self.name, term, True, pre) for v in voters))

    def accept(self, index: int, sender: str = "b", read: int = 0) -> list[RaftRpc]:
        """A follower's acknowledgement to this leader; everything sent."""
        return self.step(self.answer(True, index, sender, read=read))

    def answer(
        self,
        accepted: bool,
        index: int,
        sender: str = "b",
        term: int | None = None,
        hint: tuple[int, int] = (0, 0),
        read: int = 0,
    ) -> AppendResponse:
        """An answer to an AppendEntries of this leader."""
        return AppendResponse(
            sender=sender,
            to=self.name,
            term=self.member.term if term is None else term,
            accepted=accepted,
            index=index,
            hint_index=hint[0],
            hint_term=hint[1],
            read=read,
            tenure=dict(self.member.membership.tenures).get(sender, 0),
        )

    # -- states ---------------------------------------------------------------------------------

    def campaign(self) -> list[RaftRpc]:
        """Become a candidate: the timer runs out and a majority likes the idea."""
        self.tick()
        return self.grant(*self.others(), pre=True)

    def elect(self) -> list[RaftRpc]:
        """Become leader with everybody's vote; what was sent on taking office."""
        self.campaign()
        sent = self.grant(*self.others())
        assert self.member.role == "leader", self.member.role
        return sent

    def others(self) -> list[str]:
        """The other voters."""
        membership = self.member.membership
        names = {*membership.voters, *membership.outgoing}
        return sorted(names - {self.name})

    def chunk(
        self,
        meta: SnapshotMeta,
        offset: int,
        data: bytes,
        done: bool = False,
        term: int = 2,
        sender: str = "b",
    ) -> SnapshotRequest:
        """One chunk of a snapshot to this server."""
        return SnapshotRequest(
            sender=sender,
            to=self.name,
            term=term,
            meta=meta,
            offset=offset,
            data=data,
            done=done,
            tenure=self.tenure,
        )
