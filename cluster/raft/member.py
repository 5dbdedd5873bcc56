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

from cluster.errors import NotLeader, Overloaded, TooLarge
from cluster.raft import (
    candidate,
    changes,
    follower,
    installing,
    leader,
    outbox,
    replication,
    status,
)
from cluster.raft.log import RaftLog
from cluster.raft.member_state import Config, Incoming, MemberState
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
    SnapshotResponse,
    TimeoutNow,
    VoteRequest,
    VoteResponse,
)
from cluster.raft.ready import PeerStatus, Ready, Role

# Reads that wait for a round at most: far above what a replica's clients ask within a round trip.
READS_MAX = 100_000


class Member:
    """``random`` gives floats in [0, 1). ``now`` is seconds of any clock that never goes back.

    ``hard_state``, ``meta`` (of the snapshot that the shell has applied already; index 0: the
    founding membership, empty for a member that joins), ``entries`` and ``spooled`` (a snapshot
    received in part, and its bytes so far) are what is durable at the start. Every method is a
    plain function call: after any of them take ``ready()`` until it is None.
    """

    def __init__(
        self,
        config: Config,
        random: Callable[[], float],
        now: float,
        hard_state: HardState = BLANK,
        entries: Iterable[Entry] = (),
        meta: SnapshotMeta = FOUNDING,
        spooled: tuple[SnapshotMeta, int] | None = None,
    ) -> None:
        log = RaftLog(entries, meta)
        if log.last_term > hard_state.term:
            raise ValueError(f"log is of term {log.last_term}, hard state of {hard_state.term}")
        state = self.state = MemberState(
            config=config,
            random=random,
            log=log,
            term=hard_state.term,
            vote=hard_state.vote,
            tenure=hard_state.tenure,
            told=hard_state.told,
            now=now,
            durable=hard_state,
            handed_hard=hard_state,
            applied=meta.index,
        )
        state.adopt_membership()
        if spooled is not None and spooled[0].index > log.commit:
            state.incoming = Incoming(*spooled)
        self._arm_first()

    def _arm_first(self) -> None:
        """The first pre-vote comes early: it disturbs no live leader, and a cold start is quick.
        But what was promised to a leader before a crash is not known any more: keep it."""
        state = self.state
        low = state.config.election_min
        if state.quorum.names == (state.config.member,):
            state.arm(0, 0)
            return
        state.arm(low / 10, low / 2)
        if state.config.lease_reads:
            state.promised = state.now + low
            state.deadline += low

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
        """True while a living peer is being sent a snapshot (so a newer one should wait)."""
        return any(
            progress.state == "snapshot" and replication.is_alive(self.state, progress)
            for progress in self.state.progress.values()
        )

    @property
    def wants_snapshot(self) -> bool:
        """True if a peer can only be helped by a newer snapshot than there is."""
        return self.state.role == "leader" and replication.wants_snapshot(self.state)

    def next_deadline(self) -> float:
        """When ``tick`` is due next, on the clock of ``now``."""
        return self.state.deadline

    def tick(self, now: float) -> None:
        """Time passed. Does nothing before ``next_deadline()``."""
        state = self.state
        self._look_at_clock(now)
        if state.now < state.deadline:
            return
        if state.role == "leader":
            leader.heartbeat(state)
        elif not state.starved and state.now - state.deadline > state.config.election_min / 2:
            # This process slept: a leader's messages may wait unread.
            state.starved = True
            state.deadline = state.now + state.config.heartbeat
        elif not state.may_campaign:
            state.become_follower("")
        else:
            state.starved = False
            candidate.campaign(state)

    def _look_at_clock(self, now: float) -> None:
        state = self.state
        if now > state.now:
            state.now = now
        state.reads.clock_read = True

    def step(self, message: RaftRpc, now: float) -> None:
        """A message arrived. It may come from somebody outside this member's membership, which may
        be the older one (thesis 4.1). Misdirected messages are ignored."""
        state = self.state
        self._look_at_clock(now)
        if message.to != state.config.member or message.sender == state.config.member:
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
        if (
            isinstance(message, AppendRequest | SnapshotRequest)
            and not message.tenure
            and state.is_blank
        ):
            # Meant for a founder, of whom this blank member has at most the name.
            return False
        if message.term > state.term:
            state.enter_term(message.term)
        if message.term == state.term:
            return True
        # An old leader must learn that it is over; old answers and hand-overs are just noise.
        if isinstance(message, AppendRequest):
            follower.refuse(state, message)
        elif isinstance(message, SnapshotRequest):
            answer = AppendResponse(
                message.to, message.sender, state.term, False, 0, tenure=message.tenure
            )
            state.answer(answer)
        return False

    def _dispatch(self, message: RaftRpc) -> None:
        state = self.state
        if isinstance(message, AppendRequest):
            follower.on_append(state, message)
        elif isinstance(message, SnapshotRequest):
            installing.on_snapshot(state, message)
        elif isinstance(message, AppendResponse) and state.role == "leader":
            leader.on_append_response(state, message)
        elif isinstance(message, SnapshotResponse) and state.role == "leader":
            leader.on_snapshot_response(state, message)
        elif (
            isinstance(message, TimeoutNow)
            and message.sender == state.leader
            and state.may_campaign
        ):
            candidate.ask_votes(state, transfer=True)

    def peer_lost(self, peer: str, now: float) -> None:
        """The connection to a member broke. If it led, do not wait for the election timer.

        Followers start in the order of their names, a stagger apart, so that they do not split the
        vote; a leader that is alive after all is protected by the others' freshness. With lease
        reads what was promised to the leader is kept: nobody starts before that has passed.
        """
        state = self.state
        self._look_at_clock(now)
        if state.role == "leader":
            if peer in state.progress:
                state.progress[peer].lost()
            if peer in state.reads.quick:
                state.reads.quick = frozenset()
        elif peer == state.leader:
            state.leader = ""
            state.lost_at = state.now
            if state.may_campaign:
                candidate.hurry(state, peer)
            candidate.hear_again(state)

    def propose(self, data: bytes) -> tuple[int, int]:
        """Append an entry; returns its (term, index): the proposal's name until it is committed.

        Raises NotLeader if this member does not lead or is handing over, Overloaded if too much
        waits for a quorum, TooLarge if the entry is too large for any log.
        """
        state, config = self.state, self.state.config
        assert data, "an empty entry is a leader's no-op"
        self._check_taking()
        log = state.log
        if len(data) > config.proposal_bytes_max:
            limit = config.proposal_bytes_max
            raise TooLarge(f"{len(data)} bytes at once: at most {limit}, split it")
        if log.last_index - log.commit >= config.uncommitted_max or (
            state.uncommitted_bytes
            and state.uncommitted_bytes + len(data) > config.uncommitted_bytes_max
        ):
            raise Overloaded("too much waits for a quorum")
        entry = Entry(log.last_index + 1, state.term, data)
        log.append(entry)
        state.uncommitted_bytes += len(data)
        return entry.term, entry.index

    def _check_taking(self) -> None:
        state = self.state
        if state.role != "leader":
            raise NotLeader(f"{state.config.member} does not lead (leader: {state.leader or '?'})")
        if state.transfer_to:
            raise NotLeader(f"{state.config.member} is handing over to {state.transfer_to}")

    def change_membership(
        self, action: str, member: str = "", voters: Iterable[str] = ()
    ) -> tuple[int, int]:
        """Begin a change: add-learner, promote or remove a ``member``, or replace the ``voters``.
        Returns the (term, index) of its entry; ``replace`` is done by one that follows by itself.

        Raises StoreError saying what to do instead; NotLeader if this member does not lead, hands
        over, or has not committed anything in its term yet.
        """
        self._check_taking()
        return changes.change(self.state, action, member, tuple(voters))

    def read_index(self, context: int) -> None:
        """Ask for a linearizable read; the answer comes as a ReadState in a Ready.

        ``context`` must be fresh for each ask and each retry. Raises NotLeader, Overloaded.
        """
        if self.state.role != "leader":
            raise NotLeader(f"{self.state.config.member} does not lead")
        if len(self.state.reads.asked) >= READS_MAX:
            raise Overloaded("too many reads wait for a quorum")
        self.state.reads.ask(context)

    def transfer(self, to: str, now: float) -> None:
        """Hand leadership over to a voter. Raises NotLeader if there is none to hand over."""
        self._look_at_clock(now)
        state = self.state
        if state.role != "leader":
            raise NotLeader(f"{state.config.member} does not lead")
        if to not in state.progress or to not in state.membership.voters:
            raise NotLeader(f"{state.config.member} cannot hand over to {to}: no other voter")
        leader.transfer(state, to)

    @property
    def transferring(self) -> bool:
        """Leader: a transfer is under way, and no proposal is taken."""
        return bool(self.state.transfer_to)

    def most_advanced_peer(self) -> str:
        """Leader: the voter that holds most of the log ('' if none but this)."""
        return leader.most_advanced(self.state)

    @property
    def membership(self) -> Membership:
        """The membership in force: the last in the log, committed or not."""
        return self.state.membership

    def membership_at(self, index: int) -> Membership:
        """The membership as of entry ``index``, for a snapshot of the state there. Without voters
        if a joining member does not know it yet: no snapshot must be taken there."""
        return self.state.log.memberships.at(index)

    def peers_status(self) -> tuple[PeerStatus, ...]:
        """Every member, this one too; what is known of their logs, if this one leads."""
        return status.of_peers(self.state)

    def snapshot_taken(self, index: int, keep: int) -> None:
        """The shell made a durable snapshot of the state after ``index``: what is more than
        ``keep`` entries older leaves memory, but for what living peers lack. Transfers of an older
        snapshot start anew with this one."""
        log = self.state.log
        log.snapshot_taken(index, self._held(index, keep))
        for progress in self.state.progress.values():
            if progress.state == "snapshot" and progress.snapshot.index < log.snapshot_index:
                progress.start_snapshot(log.snapshot)

    def forget(self, index: int, keep: int) -> None:
        """The same without a snapshot, of what is applied. Not while one is being made: what
        follows it must be there when it is done."""
        assert index <= self.state.applied, "what is not applied is needed"
        self.state.log.forget(index - self._held(index, keep))

    def _held(self, index: int, keep: int) -> int:
        """How many entries up to ``index`` stay."""
        state = self.state
        if state.role == "leader":
            lacked = index - replication.needed_after(state)
            if lacked > keep:
                keep = max(keep, state.log.count_within(index, lacked, state.config.hold_bytes_max))
        return keep

    @property
    def has_news(self) -> bool:
        """False: ``ready()`` would give nothing. (True: it may.)"""
        state = self.state
        return outbox.has_news(state) or (state.role == "leader" and leader.has_work(state))

    def ready(self) -> Ready | None:
        """Everything the shell has to do since the last call; None if nothing."""
        state = self.state
        if state.role == "leader" and leader.has_work(state):
            leader.flush(state)
        return outbox.take(state) if outbox.has_news(state) else None

    def advance(self, ready: Ready) -> None:
        """What ``ready`` asked to persist is durable. Call in the order the Readys were taken."""
        state = self.state
        if ready.hard_state is not None:
            state.durable = ready.hard_state
        if ready.snapshot is not None and ready.snapshot.index == state.installing:
            state.installing = 0
        if ready.entries:
            state.log.mark_persisted(ready.entries[-1].index, ready.epoch)
        elif ready.snapshot is not None:
            state.log.mark_persisted(ready.snapshot.index, ready.epoch)
        if state.role == "leader":
            if ready.entries:
                leader.maybe_commit(state)
        elif (
            state.role == "candidate"
            and ready.hard_state
            == HardState(state.term, state.config.member, state.tenure, state.told)
            # The vote for oneself counts now that it is durable.
            and candidate.record_vote(state, state.config.member, granted=True)
        ):
            leader.become_leader(state)
