"""A whole Raft cluster on one thread, driven by a seed, with independent checkers.

Every boundary between taking a Ready, making it durable, and sending is a point where a member may
crash: what was not durable is lost, what was not sent never leaves. The network drops, doubles,
reorders and delays. The checkers know only terms, logs and what was applied.
"""

import random
from dataclasses import dataclass, field

import msgspec

from cluster.errors import NotLeader, StoreError
from cluster.raft.member import Member
from cluster.raft.member_state import Config
from cluster.raft.memberships import names_of
from cluster.raft.messages import (
    BLANK,
    FOUNDING,
    MEMBERSHIP,
    Entry,
    HardState,
    Membership,
    RaftRpc,
    SnapshotMeta,
    SnapshotRequest,
    VoteResponse,
    decode,
    encode,
    membership_of,
)
from cluster.raft.ready import Ready

CHUNK = 64
EMPTY = msgspec.msgpack.encode(())


@dataclass
class Durable:
    """What survives a crash: hard state, entries after the snapshot, the snapshot itself (what was
    applied, encoded), and the spool of one that is being received."""

    hard_state: HardState = BLANK
    entries: list[Entry] = field(default_factory=list)
    meta: SnapshotMeta = FOUNDING
    content: bytes = EMPTY
    spool_meta: SnapshotMeta | None = None
    spool: bytes = b""

    def write(self, ready: Ready) -> None:
        """As a write-ahead log replays: an entry at i replaces all at and after i."""
        if ready.hard_state is not None:
            assert ready.hard_state.term >= self.hard_state.term
            same = ready.hard_state.term == self.hard_state.term
            assert not same or self.hard_state.vote in ("", ready.hard_state.vote), "second vote"
            self.hard_state = ready.hard_state
        for chunk in ready.chunks:
            if chunk.offset == 0:
                self.spool_meta, self.spool = chunk.meta, b""
            assert self.spool_meta == chunk.meta and len(self.spool) == chunk.offset, "spool"
            self.spool += chunk.data
        if ready.snapshot is not None:
            assert self.spool_meta == ready.snapshot, "another snapshot than was spooled"
            self.meta, self.content, self.entries = ready.snapshot, self.spool, []
            self.spool_meta, self.spool = None, b""
        for entry in ready.entries:
            self.entries = [e for e in self.entries if e.index < entry.index]
            last = self.entries[-1].index if self.entries else self.meta.index
            assert entry.index == last + 1, "a hole in the durable log"
            self.entries.append(entry)


@dataclass
class Peer:
    """One member and its shell."""

    name: str
    durable: Durable = field(default_factory=Durable)
    member: Member | None = None
    unsynced: list[Ready] = field(default_factory=list)
    applied: list[bytes] = field(default_factory=list)
    last_commit: int = 0
    life: int = 0
    rate: float = 1.0  # how fast its clock runs


class SimulatedCluster:
    """``size`` founders; the same seed gives the same run. ``churn``: two more may join, and the
    members change all the time."""

    def __init__(self, seed: int, size: int = 3, churn: bool = False) -> None:
        self.random = random.Random(seed)
        self.now = 0.0
        # Swarm testing: each seed has its own mix, so that rare combinations come up.
        rng = self.random
        self.change_rate = rng.choice((0.05, 0.2)) if churn else 0.0
        self.names = tuple(f"m{i}" for i in range(size + 2 * churn))
        self.committed = Membership(self.names[:size])
        self.peers = {name: Peer(name) for name in self.names}
        for name in self.committed.voters:
            self.peers[name].durable.meta = SnapshotMeta(0, 0, self.committed)
        self.network: list[bytes] = []
        self.held: list[bytes] = []
        self.entries_max = rng.choice((1, 3))
        self.fault_rate = rng.choice((0.01, 0.03) if churn else (0.01, 0.03, 0.08, 0.15))
        self.reorder_rate = rng.choice((0.0, 0.3, 0.9))
        self.time_rate = rng.choice((0.01, 0.04, 0.1))
        kinds = ("blink", "crash", "drop", "hold", "hold", "cut", "compact", "lost", "transfer")
        self.lease_reads = rng.random() < 0.4
        for peer in self.peers.values():
            # The fastest is a tenth faster than the slowest: what lease reads allow for.
            peer.rate = rng.choice((1.0, 1.1))
        self.fault_kinds = [kind for kind in kinds if rng.random() < 0.6] or ["crash"]
        self.cut: set[frozenset[str]] = set()
        self.counter = 0
        # What the checkers remember.
        self.leaders: dict[int, str] = {}
        self.chosen: list[bytes] = []
        self.chosen_terms: dict[int, int] = {}
        self.entry_of: dict[tuple[int, int], tuple[bytes, int]] = {}
        self.reads: dict[tuple[str, int], int] = {}
        self.votes: dict[tuple[int, str, int], str] = {}
        self.seen: dict[str, int] = {}
        for name in self.names:
            self.start(name)

    # -- events ---------------------------------------------------------------------------------

    def start(self, name: str) -> None:
        """Start from what is durable."""
        peer = self.peers[name]
        disk = peer.durable
        spooled = None if disk.spool_meta is None else (disk.spool_meta, len(disk.spool))
        config = Config(
            name,
            entries_max=self.entries_max,
            inflight_max=2,
            apply_max=4,
            lease_reads=self.lease_reads,
        )
        peer.member = Member(
            config,
            self.random.random,
            self.clock(peer),
            disk.hard_state,
            disk.entries,
            disk.meta,
            spooled,
        )
        peer.applied = list(msgspec.msgpack.decode(disk.content))
        peer.unsynced = []
        peer.last_commit = 0
        self.saw("start")

    def crash(self, name: str, torn: bool = False) -> None:
        """Lose what is not durable; ``torn``: a prefix of what was being written survives."""
        peer = self.peers[name]
        if torn:
            for ready in peer.unsynced[: self.random.randint(0, len(peer.unsynced))]:
                peer.durable.write(ready)
        peer.member = None
        self.reads = {key: value for key, value in self.reads.items() if key[0] != name}
        self.saw("crash with unsynced" if peer.unsynced else "crash")

    def saw(self, what: str) -> None:
        """Count a rare event, for coverage."""
        self.seen[what] = self.seen.get(what, 0) + 1

    def take(self, name: str) -> bool:
        """Take one Ready: send what may go now, queue the rest for the disk."""
        peer = self.peers[name]
        if peer.member is None:
            return False
        may_have = peer.member.has_news
        if (ready := peer.member.ready()) is None:
            return False
        assert may_have, "a Ready that was not announced"
        self.check_ready(peer, ready)
        self.send(peer, ready.send_now)
        if ready.snapshot is not None:
            # The shell persists a received snapshot before anything else happens.
            for pending in [*peer.unsynced, ready]:
                peer.durable.write(pending)
            peer.applied = list(msgspec.msgpack.decode(peer.durable.content))
            for pending in [*peer.unsynced, ready]:
                self.release(peer, pending)
            peer.unsynced = []
            self.saw("snapshot installed")
        elif peer.unsynced or ready.must_persist:
            peer.unsynced.append(ready)
        else:
            self.send(peer, ready.send_after_persist)
        for entry in ready.committed:
            self.apply(peer, entry)
        return True

    def sync(self, name: str) -> None:
        """Everything written reaches the disk (a group commit); then its answers leave."""
        peer = self.peers[name]
        batch, peer.unsynced = peer.unsynced, []
        for ready in batch:
            peer.durable.write(ready)
        for ready in batch:
            self.release(peer, ready)

    def release(self, peer: Peer, ready: Ready) -> None:
        """After persistence: send and tell the core."""
        assert peer.member is not None
        for message in ready.send_after_persist:
            if isinstance(message, VoteResponse) and message.granted and not message.pre:
                assert peer.durable.hard_state.term >= message.term
        self.send(peer, ready.send_after_persist)
        peer.member.advance(ready)

    def send(self, peer: Peer, messages: tuple[RaftRpc, ...]) -> None:
        """Into the network, filling in snapshot chunks as the shell does."""
        for message in messages:
            self.check_vote(message)
            if isinstance(message, SnapshotRequest):
                if peer.durable.meta != message.meta:
                    continue
                data = peer.durable.content
                chunk = data[message.offset : message.offset + CHUNK]
                done = message.offset + CHUNK >= len(data)
                message = msgspec.structs.replace(message, data=chunk, done=done)
            self.network.append(encode(message))

    def deliver(self, position: int, keep: bool = False) -> None:
        """Hand one message over, unless the link is cut or the receiver is down."""
        payload = self.network[position] if keep else self.network.pop(position)
        message = decode(payload)
        peer = self.peers[message.to]
        receiver = peer.member
        if receiver is None or frozenset((message.sender, message.to)) in self.cut:
            return
        receiver.step(message, self.clock(peer))

    def apply(self, peer: Peer, entry: Entry) -> None:
        """Apply, and check state machine safety."""
        assert entry.index == len(peer.applied) + 1, "a gap in what is applied"
        peer.applied.append(entry.data)
        if entry.index <= len(self.chosen):
            assert self.chosen[entry.index - 1] == entry.data, f"two entries at {entry.index}"
        else:
            self.chosen.append(entry.data)
            self.chosen_terms[entry.index] = entry.term
            if entry.kind == MEMBERSHIP:
                self.committed = membership_of(entry)

    def compact(self, name: str) -> None:
        """Snapshot what is applied and drop the log before it."""
        peer = self.peers[name]
        if peer.member is None or len(peer.applied) <= peer.durable.meta.index or peer.unsynced:
            return
        index = len(peer.applied)
        term = self.chosen_terms[index]
        peer.durable.meta = SnapshotMeta(index, term, peer.member.membership_at(index))
        peer.durable.content = msgspec.msgpack.encode(peer.applied)
        peer.durable.entries = [e for e in peer.durable.entries if e.index > index]
        peer.member.snapshot_taken(index, keep=self.random.choice((0, 2)))
        self.saw("compact")

    def propose(self, name: str) -> None:
        """A client's write, if this member leads."""
        member = self.peers[name].member
        if member is None or member.role != "leader" or member.state.transfer_to:
            return
        self.counter += 1
        member.propose(b"%d" % self.counter)
        self.saw("propose")

    def ask_read(self, name: str) -> None:
        """A linearizable read: remember what is chosen at the time of asking."""
        member = self.peers[name].member
        if member is None:
            return
        self.counter += 1
        try:
            member.read_index(self.counter)
        except NotLeader:
            return
        self.reads[(name, self.counter)] = len(self.chosen)

    def change(self, name: str) -> None:
        """An operator changes the members, if this one leads and lets it."""
        member, rng = self.peers[name].member, self.random
        if member is None or member.role != "leader":
            return
        present = member.membership
        # Mostly what makes the cluster larger: else it would be a single member most of the time.
        actions = ("add-learner", "promote", "promote", "replace", "replace")
        shrinks = len(present.voters) > 2 and rng.random() < 0.3
        action = "remove" if shrinks else rng.choice(actions)
        strangers = [other for other in self.names if other not in names_of(present)]
        voters = [v for v in (*present.voters, *present.learners) if rng.random() < 0.6]
        among = {"add-learner": strangers, "promote": present.learners}.get(action, self.names)
        if not among:
            return
        other = rng.choice(among)
        if action == "add-learner" and rng.random() < 0.5:
            self.wipe(other)
        try:
            member.change_membership(action, other, voters)
        except (NotLeader, StoreError):
            return
        self.saw(action)

    def wipe(self, name: str) -> None:
        """Whoever surely is no member any more may get an empty disk before it comes in again."""
        peer = self.peers[name]
        if name in names_of(self.committed) or not peer.durable.hard_state.term:
            return
        self.crash(name)
        peer.durable = Durable()
        peer.life += 1
        # Its connections are new, too. (What it said before may still be on its way.)
        self.network = [payload for payload in self.network if decode(payload).to != name]
        self.held = [payload for payload in self.held if decode(payload).to != name]
        self.start(name)
        self.saw("wipe")

    # -- checkers -------------------------------------------------------------------------------

    def check_ready(self, peer: Peer, ready: Ready) -> None:
        """Reads are not stale; one leader per term, and it holds everything chosen."""
        for read in ready.reads:
            asked = self.reads.pop((peer.name, read.context))
            if read.index is not None:
                assert read.index >= asked, "stale read"
                self.saw("read")
            else:
                self.saw("read aborted")
        if ready.standing is not None and ready.standing.role == "leader":
            holder = self.leaders.setdefault(ready.standing.term, peer.name)
            assert holder == peer.name, f"two leaders in term {ready.standing.term}"
            assert peer.member is not None
            log = peer.member.log
            for index in range(log.base_index + 1, len(self.chosen) + 1):
                assert index <= log.last_index, f"leader lacks chosen entry {index}"
                assert log.entries[index - log.base_index - 1].data == self.chosen[index - 1]
            self.saw("leader")

    def check_vote(self, message: RaftRpc) -> None:
        """A member votes for one candidate in a term, whatever crashes."""
        if isinstance(message, VoteResponse) and message.granted and not message.pre:
            life = self.peers[message.sender].life
            first = self.votes.setdefault((message.term, message.sender, life), message.to)
            assert first == message.to, f"{message.sender} voted twice in term {message.term}"

    def check_member(self, peer: Peer) -> None:
        """Log matching over all logs ever seen, and monotonic commit."""
        member = peer.member
        if member is None:
            return
        log = member.log
        assert log.base_index <= log.snapshot_index <= log.commit <= log.last_index
        assert log.commit >= peer.last_commit
        peer.last_commit = log.commit
        previous = log.base_term
        for entry in log.entries[-6:]:
            prior = log.term_at(entry.index - 1)
            known = self.entry_of.setdefault((entry.index, entry.term), (entry.data, prior or 0))
            assert known == (entry.data, prior or 0), "logs match where they should not"
        assert previous >= 0
        for progress in member.state.progress.values():
            assert progress.match <= log.last_index and progress.next > progress.match

    # -- driving --------------------------------------------------------------------------------

    def step(self) -> None:
        """One random event."""
        rng = self.random
        name = rng.choice(self.names)
        peer = self.peers[name]
        if rng.random() < self.fault_rate:
            self.fault(name)
        elif rng.random() < self.time_rate:
            self.pass_time()
        if rng.random() < self.change_rate:
            for leader in self.names:
                self.change(leader)
        dice = rng.random()
        if dice < 0.48:
            if self.network:
                reorder = rng.random() < self.reorder_rate
                keep = rng.random() < 0.03
                self.deliver(rng.randrange(len(self.network)) if reorder else 0, keep)
        elif dice < 0.68:
            self.take(name)
        elif dice < 0.88:
            if peer.member is not None:
                self.sync(name)
        elif dice < 0.96:
            self.propose(name)
        else:
            self.ask_read(name)
        self.check_member(peer)

    def pass_time(self) -> None:
        """To the next timer of anybody, or a little."""
        live = [peer for peer in self.peers.values() if peer.member is not None]
        if not live:
            return
        due = min(peer.member.next_deadline() / peer.rate for peer in live if peer.member)
        self.now = max(self.now, due) if self.random.random() < 0.5 else self.now + 0.02
        for peer in live:
            if peer.member is not None:
                peer.member.tick(self.clock(peer) + 1e-9)

    def clock(self, peer: Peer) -> float:
        """What a member's clock shows."""
        return self.now * peer.rate

    def fault(self, name: str) -> None:
        """One fault, of the kinds that this seed has."""
        rng = self.random
        peer = self.peers[name]
        other = rng.choice(self.names)
        kind = rng.choice(self.fault_kinds)
        if peer.member is None:
            self.start(name)
        elif kind == "blink":
            # Gone and back before anybody notices.
            self.crash(name, torn=rng.random() < 0.5)
            self.start(name)
        elif kind == "crash":
            self.crash(name, torn=rng.random() < 0.5)
            for survivor in self.peers.values():
                if survivor.member is not None:
                    survivor.member.peer_lost(name, self.clock(survivor))
        elif kind == "drop" and self.network:
            self.network.pop(rng.randrange(len(self.network)))
        elif kind == "hold":
            self.hold_or_release()
        elif kind == "cut" and name != other:
            self.cut ^= {frozenset((name, other))}
        elif kind == "compact":
            self.compact(name)
        elif kind == "lost":
            peer.member.peer_lost(other, self.clock(peer))
        elif kind == "transfer":
            self.transfer(peer, other)

    def transfer(self, peer: Peer, to: str) -> None:
        """Hand leadership over, if this one leads and may."""
        assert peer.member is not None
        try:
            peer.member.transfer(to, self.clock(peer))
        except NotLeader:
            return
        self.saw("transfer")

    def hold_or_release(self) -> None:
        """Delay a message by whole terms, or let an old one arrive at last."""
        rng = self.random
        votes = [n for n, payload in enumerate(self.network) if b"voted" in payload[:8]]
        electing = any(p.member and "candidate" in p.member.role for p in self.peers.values())
        if self.held and rng.random() < (0.7 if electing else 0.3):
            self.network.insert(0, self.held.pop(rng.randrange(len(self.held))))
            self.saw("late message")
        elif votes:
            self.held.append(self.network.pop(rng.choice(votes)))
        elif self.network:
            self.held.append(self.network.pop(rng.randrange(len(self.network))))

    def heal(self, rounds: int = 400) -> None:
        """No more faults: the cluster must choose new entries and agree."""
        self.cut.clear()
        self.network.extend(self.held)
        self.held.clear()
        for name, peer in self.peers.items():
            if peer.member is None:
                self.start(name)
        target = len(self.chosen) + 3
        for _ in range(rounds):
            self.settle()
            for name in self.names:
                self.propose(name)
            self.settle()
            applied = {name: len(self.peers[name].applied) for name in names_of(self.committed)}
            if all(count >= target for count in applied.values()):
                return
            self.pass_time()
        raise AssertionError(f"not live: {applied}, {target} wanted")

    def settle(self, rounds: int = 200) -> None:
        """Run readies, disks and network until nothing moves."""
        for _ in range(rounds):
            moved = False
            for name, peer in self.peers.items():
                while self.take(name):
                    moved = True
                if peer.unsynced:
                    self.sync(name)
                    moved = True
            if self.network:
                batch, self.network = self.network, []
                for payload in batch:
                    self.network.append(payload)
                    self.deliver(len(self.network) - 1)
                moved = True
            for peer in self.peers.values():
                self.check_member(peer)
            if not moved:
                return
