"""The state of one member, and the transitions between roles that touch all of it.

Job: the record that the role files work on. Must not know: what the roles decide.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from cluster.raft.log import RaftLog
from cluster.raft.messages import BLANK, HardState, RaftRpc
from cluster.raft.progress import Progress
from cluster.raft.reads import ReadRounds
from cluster.raft.ready import ReadState, Role, Snapshot, Standing


@dataclass(frozen=True, slots=True)
class Config:
    """``members`` includes ``member``. Times in seconds. ``entries_max``, ``bytes_max``: of one
    append; ``inflight_max``: appends in flight to a peer; ``apply_max``: entries of one Ready."""

    member: str
    members: tuple[str, ...]
    heartbeat: float = 0.1
    election_min: float = 0.6
    election_max: float = 1.2
    entries_max: int = 1024
    bytes_max: int = 4 * 1024 * 1024
    inflight_max: int = 64
    apply_max: int = 256
    # How far apart followers start after the leader's connection broke, by their rank.
    stagger: float = 0.05

    def __post_init__(self) -> None:
        if self.member not in self.members or len(set(self.members)) != len(self.members):
            raise ValueError(f"{self.member!r} must be one of distinct members {self.members}")
        if not 0 < self.heartbeat < self.election_min < self.election_max:
            raise ValueError("need 0 < heartbeat < election_min < election_max")

    @property
    def peers(self) -> tuple[str, ...]:
        """All members but this one."""
        return tuple(name for name in self.members if name != self.member)


@dataclass(slots=True)
class Incoming:
    """A snapshot being received in chunks."""

    index: int
    term: int
    parts: list[bytes] = field(default_factory=list)
    size: int = 0


@dataclass(slots=True)
class MemberState:
    """``deadline``: when the role's timer runs out. ``heard``: when a live leader last spoke.

    ``durable``: the hard state known on disk; ``handed_hard``: the one last given out to persist.
    ``applied``: the last index given out to apply.
    """

    config: Config
    random: Callable[[], float]
    log: RaftLog
    term: int
    vote: str
    now: float
    deadline: float = 0.0
    role: Role = "follower"
    leader: str = ""
    heard: float = float("-inf")
    durable: HardState = BLANK
    handed_hard: HardState = BLANK
    applied: int = 0
    votes: dict[str, bool] = field(default_factory=dict)
    progress: dict[str, Progress] = field(default_factory=dict)
    reads: ReadRounds = field(default_factory=ReadRounds)
    term_start: int = 0  # leader: index of the no-op of its term
    grace_until: float = 0.0
    transfer_to: str = ""
    transfer_deadline: float = 0.0
    incoming: Incoming | None = None
    installed: Snapshot | None = None
    send_now: list[RaftRpc] = field(default_factory=list)
    send_after: list[RaftRpc] = field(default_factory=list)
    read_states: list[ReadState] = field(default_factory=list)
    told_standing: Standing | None = None

    @property
    def hard_state(self) -> HardState:
        """Term and vote as they are in memory."""
        return HardState(self.term, self.vote)

    @property
    def quiet_hard_state(self) -> bool:
        """True if term and vote are on disk as they stand, so an answer needs no sync first."""
        return self.durable == self.hard_state

    def answer(self, message: RaftRpc) -> None:
        """Send an answer that promises nothing but the present term and vote."""
        (self.send_now if self.quiet_hard_state else self.send_after).append(message)

    def arm(self, low: float, high: float) -> None:
        """Set the role's timer to a random time between ``low`` and ``high`` from now."""
        self.deadline = self.now + low + (high - low) * self.random()

    def arm_election(self) -> None:
        """The timer of a follower that has heard its leader."""
        self.arm(self.config.election_min, self.config.election_max)

    def leader_is_fresh(self) -> bool:
        """The lease: a leader spoke within the shortest election timeout (thesis 4.2.3)."""
        if self.role == "leader":
            return True
        return bool(self.leader) and self.now - self.heard < self.config.election_min

    def enter_term(self, term: int) -> None:
        """A higher term was seen: the vote of the old one is void."""
        assert term > self.term, "terms only grow"
        self.term = term
        self.vote = ""
        self.become_follower("")

    def become_follower(self, leader: str) -> None:
        """Follow ``leader`` ('' if unknown) in the present term. The vote stays."""
        if self.role == "leader":
            self.read_states.extend(self.reads.abort())
            self.progress.clear()
            self.transfer_to = ""
        if leader != self.leader:
            self.incoming = None
        self.role = "follower"
        self.leader = leader
        self.votes.clear()
        self.arm_election()
