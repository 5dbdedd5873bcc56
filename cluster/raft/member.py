"""One Raft member: the face of the core. Sans-IO: time and randomness are arguments.

Job: dispatch by message and role, terms, timers, and the Ready record. Sources: Ongaro and
Ousterhout, "In Search of an Understandable Consensus Algorithm" (extended), Figures 2 and 13;
Ongaro's thesis for pre-vote (9.6), check-quorum and lease (6.2, 4.2.3), ReadIndex (6.4), transfer
(3.10). Must not know: sockets, files, clocks, what entries mean.

Role transitions::

    follower ──timer, lost leader──▶ pre-candidate ──majority──▶ candidate ──majority──▶ leader
        ▲──── higher term, the term's leader speaks, majority refuses, no quorum heard ────┘
"""

from collections.abc import Callable, Iterable

from cluster.errors import NotLeader
from cluster.raft import candidate, follower, leader
from cluster.raft.log import RaftLog
from cluster.raft.member_state import Config, MemberState
from cluster.raft.messages import (
    BLANK,
    AppendRequest,
    AppendResponse,
    Entry,
    HardState,
    RaftRpc,
    SnapshotRequest,
    SnapshotResponse,
    TimeoutNow,
    VoteRequest,
    VoteResponse,
)
from cluster.raft.ready import Ready, Role, Standing


class Member:
    """``random`` gives floats in [0, 1). ``now`` is seconds of any clock that never goes back.

    ``hard_state``, the snapshot's (index, term) and ``entries`` are what is durable at the start;
    the shell has applied the snapshot already. Every method is a plain function call: after any of
    them take ``ready()`` until it is None.
    """

    def __init__(
        self,
        config: Config,
        random: Callable[[], float],
        now: float,
        hard_state: HardState = BLANK,
        entries: Iterable[Entry] = (),
        snapshot_index: int = 0,
        snapshot_term: int = 0,
    ) -> None:
        log = RaftLog(entries, snapshot_index, snapshot_term)
        if log.last_term > hard_state.term:
            raise ValueError(f"log is of term {log.last_term}, hard state of {hard_state.term}")
        self.state = MemberState(
            config=config,
            random=random,
            log=log,
            term=hard_state.term,
            vote=hard_state.vote,
            now=now,
            durable=hard_state,
            handed_hard=hard_state,
            applied=snapshot_index,
        )
        # The first pre-vote comes early: it disturbs no live leader, and a cold start is quick.
        low = config.election_min
        self.state.arm(low / 10, low / 2) if config.peers else self.state.arm(0, 0)

    @property
    def term(self) -> int:
        """The present term."""
        return self.state.term

    @property
    def role(self) -> Role:
        """The present role."""
        return self.state.role

    @property
    def leader(self) -> str:
        """The leader of the present term, '' if unknown."""
        return self.state.leader

    @property
    def commit(self) -> int:
        """Index up to which entries are known committed."""
        return self.state.log.commit

    @property
    def log(self) -> RaftLog:
        """The log, to look at."""
        return self.state.log

    @property
    def sending_snapshot(self) -> bool:
        """True while a peer is being sent a snapshot (so a newer one should wait)."""
        return any(item.state == "snapshot" for item in self.state.progress.values())

    def next_deadline(self) -> float:
        """When ``tick`` is due next, on the clock of ``now``."""
        return self.state.deadline

    def tick(self, now: float) -> None:
        """Time passed. Does nothing before ``next_deadline()``."""
        state = self.state
        state.now = max(state.now, now)
        if state.now < state.deadline:
            return
        if state.role == "leader":
            leader.heartbeat(state)
        else:
            self._campaign()

    def _campaign(self) -> None:
        candidate.ask_pre_votes(self.state)
        if not self.state.config.peers:
            candidate.ask_votes(self.state)

    def step(self, message: RaftRpc, now: float) -> None:
        """A message arrived. Strangers' and misdirected messages are ignored."""
        state = self.state
        state.now = max(state.now, now)
        if message.to != state.config.member or message.sender not in state.config.peers:
            return
        if isinstance(message, VoteRequest):
            candidate.on_vote_request(state, message)
        elif isinstance(message, VoteResponse):
            self._on_vote_response(message)
        elif self._same_term(message):
            self._dispatch(message)

    def _on_vote_response(self, message: VoteResponse) -> None:
        state = self.state
        if not message.granted and message.term > state.term:
            state.enter_term(message.term)
            return
        if not candidate.on_vote_response(state, message):
            return
        if state.role == "pre-candidate":
            candidate.ask_votes(state)
        else:
            leader.become_leader(state)

    def _same_term(self, message: RaftRpc) -> bool:
        """Settle terms (Figure 2, rules for all servers). False if the message is of an old one."""
        state = self.state
        if message.term > state.term:
            state.enter_term(message.term)
        if message.term == state.term:
            return True
        # An old leader must learn that it is over; old answers and hand-overs are just noise.
        if isinstance(message, AppendRequest):
            follower.refuse(state, message)
        elif isinstance(message, SnapshotRequest):
            state.answer(AppendResponse(message.to, message.sender, state.term, False, 0))
        return False

    def _dispatch(self, message: RaftRpc) -> None:
        state = self.state
        if isinstance(message, AppendRequest):
            follower.on_append(state, message)
        elif isinstance(message, SnapshotRequest):
            follower.on_snapshot(state, message)
        elif isinstance(message, AppendResponse) and state.role == "leader":
            leader.on_append_response(state, message)
        elif isinstance(message, SnapshotResponse) and state.role == "leader":
            leader.on_snapshot_response(state, message)
        elif isinstance(message, TimeoutNow) and message.sender == state.leader:
            candidate.ask_votes(state, transfer=True)

    def peer_lost(self, peer: str, now: float) -> None:
        """The connection to a member broke. If it led, do not wait for the election timer.

        Followers start in the order of their names, a stagger apart, so that they do not split the
        vote; a leader that is alive after all is protected by the others' leases.
        """
        state = self.state
        state.now = max(state.now, now)
        if state.role == "leader":
            if peer in state.progress:
                state.progress[peer].probe()
        elif peer == state.leader:
            state.leader = ""
            state.incoming = None
            others = sorted(name for name in state.config.members if name != peer)
            rank = others.index(state.config.member)
            delay = state.config.stagger * (rank + state.random() / 10)
            state.deadline = min(state.deadline, state.now + delay)

    def propose(self, data: bytes) -> tuple[int, int]:
        """Append an entry; returns its (term, index): the proposal's name until it is committed.

        Raises NotLeader if this member does not lead or is handing over.
        """
        state = self.state
        assert data, "an empty entry is a leader's no-op"
        if state.role != "leader" or state.transfer_to:
            raise NotLeader(f"{state.config.member} does not lead (leader: {state.leader or '?'})")
        entry = Entry(state.log.last_index + 1, state.term, data)
        state.log.append(entry)
        return entry.term, entry.index

    def read_index(self, context: int) -> None:
        """Ask for a linearizable read; the answer comes as a ReadState in a Ready.

        ``context`` must be fresh for each ask and each retry. Raises NotLeader.
        """
        if self.state.role != "leader":
            raise NotLeader(f"{self.state.config.member} does not lead")
        self.state.reads.ask(context)

    def transfer(self, to: str, now: float) -> None:
        """Hand leadership over. Raises NotLeader if there is none to hand over."""
        self.state.now = max(self.state.now, now)
        if self.state.role != "leader" or to not in self.state.progress:
            raise NotLeader(f"{self.state.config.member} does not lead {to}")
        leader.transfer(self.state, to)

    def most_advanced_peer(self) -> str:
        """Leader: the peer that holds most of the log ('' if none)."""
        peers = self.state.progress
        return max(sorted(peers), key=lambda name: peers[name].match, default="")

    def snapshot_taken(self, index: int, keep: int) -> None:
        """The shell made a durable snapshot of the state after ``index``: entries more than
        ``keep`` older are dropped. Transfers of an older snapshot start anew with this one."""
        log = self.state.log
        log.snapshot_taken(index, keep)
        for progress in self.state.progress.values():
            if progress.state == "snapshot" and progress.snapshot_index < log.snapshot_index:
                progress.start_snapshot(log.snapshot_index, log.snapshot_term)

    def ready(self) -> Ready | None:
        """Everything the shell has to do since the last call; None if nothing."""
        state = self.state
        if state.role == "leader":
            leader.flush(state)
        if not self._has_news():
            return None
        hard_state = state.hard_state if state.hard_state != state.handed_hard else None
        standing = Standing(state.role, state.leader, state.term)
        ready = Ready(
            hard_state=hard_state,
            entries=state.log.take_unhanded(),
            snapshot=state.installed,
            send_now=tuple(state.send_now),
            send_after_persist=tuple(state.send_after),
            committed=self._take_committed(),
            reads=tuple(state.read_states),
            standing=standing if standing != state.told_standing else None,
            epoch=state.log.epoch,
        )
        state.handed_hard = state.hard_state
        state.told_standing = standing
        state.installed = None
        state.send_now.clear()
        state.send_after.clear()
        state.read_states.clear()
        return ready

    def _has_news(self) -> bool:
        """Asked after every step, so without making anything."""
        state = self.state
        log, told, handed = state.log, state.told_standing, state.handed_hard
        return bool(
            state.send_now
            or state.send_after
            or state.read_states
            or state.installed is not None
            or log.handed < log.last_index
            or state.applied < min(log.commit, log.persisted)
            or (state.term, state.vote) != (handed.term, handed.vote)
            or told is None
            or (state.role, state.leader, state.term) != (told.role, told.leader, told.term)
        )

    def _take_committed(self) -> tuple[Entry, ...]:
        """Committed entries to apply: only those durable here, too."""
        state = self.state
        end = min(state.log.commit, state.log.persisted)
        if end <= state.applied:
            return ()
        count = min(end - state.applied, state.config.apply_max)
        entries = state.log.slice(state.applied + 1, count, state.config.bytes_max)
        state.applied += len(entries)
        return entries

    def advance(self, ready: Ready) -> None:
        """What ``ready`` asked to persist is durable. Call in the order the Readys were taken."""
        state = self.state
        if ready.hard_state is not None:
            state.durable = ready.hard_state
        if ready.entries:
            state.log.mark_persisted(ready.entries[-1].index, ready.epoch)
        elif ready.snapshot is not None:
            state.log.mark_persisted(ready.snapshot.index, ready.epoch)
        own_vote = HardState(state.term, state.config.member)
        if state.role == "candidate" and ready.hard_state == own_vote:
            if candidate.record_vote(state, state.config.member, granted=True):
                leader.become_leader(state)
        elif state.role == "leader":
            leader.maybe_commit(state)
