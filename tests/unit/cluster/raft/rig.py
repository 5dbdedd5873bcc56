"""One member in a vice: build it in a given state, push messages in, look at what comes out."""

from collections.abc import Sequence

from cluster.raft.member import Member
from cluster.raft.member_state import Config
from cluster.raft.messages import (
    AppendRequest,
    AppendResponse,
    Entry,
    HardState,
    RaftRpc,
    VoteRequest,
    VoteResponse,
)
from cluster.raft.ready import Ready

MEMBERS = ("a", "b", "c")


def log_of(*terms: int) -> list[Entry]:
    """Entries 1, 2, ... of these terms."""
    return [Entry(i, term, b"%d.%d" % (term, i)) for i, term in enumerate(terms, 1)]


class Rig:
    """Member ``a`` of ``members``; ``now`` is moved by hand."""

    def __init__(
        self,
        terms: Sequence[int] = (),
        term: int | None = None,
        vote: str = "",
        members: tuple[str, ...] = MEMBERS,
    ) -> None:
        self.now = 100.0
        known = max(terms, default=0) if term is None else term
        self.member = Member(
            Config("a", members),
            lambda: 0.5,
            self.now,
            HardState(known, vote),
            log_of(*terms),
        )
        self.applied: list[Entry] = []
        self.readies: list[Ready] = []

    def step(self, message: RaftRpc) -> list[RaftRpc]:
        """Push a message in; persist at once; everything sent."""
        self.member.step(message, self.now)
        return self.drain()

    def drain(self) -> list[RaftRpc]:
        """Carry out all Readys; everything sent, in order."""
        sent: list[RaftRpc] = []
        while (ready := self.member.ready()) is not None:
            self.readies.append(ready)
            sent.extend(ready.send_now)
            sent.extend(ready.send_after_persist)
            self.applied.extend(ready.committed)
            self.member.advance(ready)
        return sent

    def pass_time(self, seconds: float) -> list[RaftRpc]:
        """Let time pass, in steps of a heartbeat."""
        sent: list[RaftRpc] = []
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.now = min(end, max(self.now + 1e-6, min(end, self.member.next_deadline())))
            self.member.tick(self.now)
            sent.extend(self.drain())
        return sent

    def elect(self) -> list[RaftRpc]:
        """Make ``a`` the leader with the vote of ``b``; what it sent on taking office."""
        self.now = self.member.next_deadline()
        self.member.tick(self.now)
        self.drain()
        self.step(VoteResponse("b", "a", self.member.term + 1, True, pre=True))
        sent = self.step(VoteResponse("b", "a", self.member.term, True))
        assert self.member.role == "leader"
        return sent

    def append(
        self,
        prev: tuple[int, int],
        entries: Sequence[Entry] = (),
        term: int = 1,
        commit: int = 0,
        sender: str = "b",
    ) -> AppendResponse:
        """An AppendEntries to ``a``; its answer."""
        sent = self.step(AppendRequest(sender, "a", term, *prev, tuple(entries), commit))
        (answer,) = [m for m in sent if isinstance(m, AppendResponse)]
        return answer

    def ask_vote(
        self, term: int, last: tuple[int, int] = (0, 0), sender: str = "b", pre: bool = False
    ) -> VoteResponse | None:
        """A RequestVote to ``a``; its answer, None if it gives none."""
        sent = self.step(VoteRequest(sender, "a", term, *last, pre=pre))
        answers = [m for m in sent if isinstance(m, VoteResponse)]
        return answers[0] if answers else None

    def accept(self, index: int, sender: str = "b", read: int = 0) -> list[RaftRpc]:
        """A follower's acknowledgement to the leader ``a``."""
        return self.step(AppendResponse(sender, "a", self.member.term, True, index, read=read))
