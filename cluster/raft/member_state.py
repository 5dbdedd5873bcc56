"""The state of one member, and the transitions between roles that touch all of it.

Job: the record that the role files work on. Must not know: what the roles decide.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from cluster import limits
from cluster.raft.log import RaftLog
from cluster.raft.memberships import kind_of, tenure_of
from cluster.raft.messages import (
    BLANK,
    HardState,
    Membership,
    RaftRpc,
    SnapshotMeta,
    VoteRequest,
)
from cluster.raft.progress import Progress
from cluster.raft.quorum import Quorum
from cluster.raft.reads import ReadRounds
from cluster.raft.ready import ReadState, Role, SnapshotChunk, Standing

# How much faster another member's clock may run, for lease reads (thesis 6.4.1).
DRIFT = 0.1


@dataclass(frozen=True, slots=True)
class Config:
    """Times in seconds. ``entries_max``, ``bytes_max``: of one append; ``inflight_max``,
    ``inflight_bytes_max``: appends in flight to a peer; ``apply_max``: entries of one Ready.

    ``hold_bytes_max``: of entries that a leader keeps in memory for peers that lag.
    ``proposal_bytes_max``: of one entry; ``uncommitted_max``, ``uncommitted_bytes_max``: entries a
    leader takes before a quorum holds them. ``lease_reads``: a leader that a quorum answered lately
    answers reads without asking it again; all members must be configured alike.
    """

    member: str
    heartbeat: float = 0.1
    election_min: float = 0.6
    election_max: float = 1.2
    entries_max: int = limits.RAFT_APPEND_ENTRIES_MAX
    bytes_max: int = limits.RAFT_APPEND_BYTES_MAX
    inflight_max: int = limits.RAFT_INFLIGHT_APPENDS_MAX
    inflight_bytes_max: int = limits.RAFT_INFLIGHT_BYTES_MAX
    apply_max: int = 256
    hold_bytes_max: int = limits.RAFT_HOLD_BYTES
    proposal_bytes_max: int = limits.RAFT_PROPOSAL_BYTES_MAX
    uncommitted_max: int = limits.RAFT_PENDING_PROPOSALS_MAX
    uncommitted_bytes_max: int = limits.RAFT_PENDING_BYTES_MAX
    members_max: int = limits.REPLICAS_MAX
    lease_reads: bool = False
    # How far apart followers start after the leader's connection broke, by their rank, and how soon
    # they ask again: others may notice the break a little later.
    stagger: float = 0.02

    def __post_init__(self) -> None:
        if not self.member:
            raise ValueError("a member needs a name")
        if not 0 < self.heartbeat < self.election_min < self.election_max:
            raise ValueError("need 0 < heartbeat < election_min < election_max")


@dataclass(slots=True)
class Incoming:
    """A snapshot being received: ``size`` bytes are spooled. ``term``: of the leader it began
    under, 0 if before this start."""

    meta: SnapshotMeta
    size: int = 0
    term: int = 0


@dataclass(slots=True)
class MemberState:
    """``deadline``: when the role's timer runs out. ``heard``: when a live leader last spoke.
    ``promised``: until when no other leader is helped, whatever became of the connection.

    ``told``: the term whose leader told the ``tenure``, 0 if that is 0.

    ``durable``: the hard state known on disk; ``handed_hard``: the one last given out to persist.
    ``applied``: the last index given out to apply. ``quorum``: of the membership in force.
    """

    config: Config
    random: Callable[[], float]
    log: RaftLog
    term: int
    vote: str
    tenure: int
    told: int
    now: float
    deadline: float = 0.0
    role: Role = "follower"
    leader: str = ""
    heard: float = float("-inf")
    promised: float = float("-inf")
    lost_at: float = float("-inf")  # when the connection to the leader broke
    last_leader: str = ""  # whom it followed last
    asked_at: float = float("-inf")  # when this member began to ask for pre-votes
    unheard: VoteRequest | None = None  # the last that came while the leader was fresh, and when
    unheard_at: float = 0.0
    starved: bool = False  # the timer rang late: look at what waits unread before campaigning
    durable: HardState = BLANK
    handed_hard: HardState = BLANK
    applied: int = 0
    quorum: Quorum = field(default_factory=lambda: Quorum(Membership()))
    membership: Membership = field(default_factory=Membership)
    told_membership: Membership | None = None
    votes: dict[str, bool] = field(default_factory=dict)
    # Leader: the peers it sends to; and per quorum group its voters' progress, its own among them.
    progress: dict[str, Progress] = field(default_factory=dict)
    own: Progress = field(default_factory=lambda: Progress(1, 0.0))
    groups: list[list[Progress]] = field(default_factory=list)
    reads: ReadRounds = field(default_factory=ReadRounds)
    term_start: int = 0  # leader: index of the no-op of its term
    uncommitted_bytes: int = 0
    grace_until: float = 0.0
    transfer_to: str = ""
    transfer_deadline: float = 0.0
    incoming: Incoming | None = None
    chunks: list[SnapshotChunk] = field(default_factory=list)
    installed: SnapshotMeta | None = None
    installing: int = 0  # index of a snapshot that the shell was told to install, until it is done
    send_now: list[RaftRpc] = field(default_factory=list)
    send_after: list[RaftRpc] = field(default_factory=list)
    read_states: list[ReadState] = field(default_factory=list)
    told_standing: Standing | None = None

    @property
    def is_voter(self) -> bool:
        """True if this member's vote counts by the membership in force."""
        return self.config.member in self.quorum.names

    @property
    def is_blank(self) -> bool:
        """True if this member has an empty disk and no leader has spoken to it yet."""
        return not self.tenure and not self.membership.voters

    @property
    def may_campaign(self) -> bool:
        """True if this member finds itself a voter in its own log, in its present life. One that is
        just being taken out may be needed until that is committed (thesis 4.2.2)."""
        memberships = self.log.memberships
        if self._has_voice(self.membership):
            return True
        at = memberships.changed_at
        return at > self.log.commit and self._has_voice(memberships.at(at - 1))

    def _has_voice(self, membership: Membership) -> bool:
        name = self.config.member
        counts = kind_of(membership, name) in ("voter", "leaving")
        return counts and tenure_of(membership, name) == self.tenure

    def answer(self, message: RaftRpc) -> None:
        """Send an answer that promises nothing but the present term and vote: at once if these are
        on disk as they stand."""
        durable = self.durable
        quiet = (
            durable.term == self.term
            and durable.vote == self.vote
            and durable.tenure == self.tenure
        )
        (self.send_now if quiet else self.send_after).append(message)

    def arm(self, low: float, high: float) -> None:
        """Set the role's timer to a random time between ``low`` and ``high`` from now."""
        self.deadline = self.now + low + (high - low) * self.random()

    def arm_election(self) -> None:
        """The timer of a follower that has heard its leader."""
        self.arm(self.config.election_min, self.config.election_max)

    def leader_is_fresh(self) -> bool:
        """A leader spoke within the shortest election timeout (thesis 4.2.3), and nothing says that
        it died since; with lease reads what was promised to it is kept even then."""
        if self.role == "leader" or self.now < self.promised:
            return True
        return bool(self.leader) and self.now - self.heard < self.config.election_min

    def enter_term(self, term: int) -> None:
        """A higher term was seen: the vote of the old one is void. That alone is no sign of life of
        a leader: a follower's timer goes on."""
        assert term > self.term, "terms only grow"
        self.term = term
        self.vote = ""
        due = self.deadline if self.role == "follower" else None
        self.become_follower("")
        self.deadline = self.deadline if due is None else due

    def become_follower(self, leader: str) -> None:
        """Follow ``leader`` ('' if unknown) in the present term. The vote stays."""
        if self.role == "leader":
            self.read_states.extend(self.reads.abort())
            self.progress.clear()
            self.groups.clear()
            self.transfer_to = ""
        self.role = "follower"
        self.leader = leader
        self.votes.clear()
        self.arm_election()

    def adopt_membership(self) -> bool:
        """Use the membership that the log says. True if it is another one than before."""
        current = self.log.memberships.current
        if current is self.membership:
            return False
        self.membership = current
        self.quorum = Quorum(current)
        return True
