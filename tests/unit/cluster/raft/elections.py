"""An election in virtual time: members that heard a leader which then falls silent.

Job: delays of messages and disks, links that are cut in one direction, timers; how long until
somebody leads, and who stood on the way. Messages between two members stay in order, as on a
connection. Must not know: how members decide.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cluster.raft.member import Member
from cluster.raft.member_state import Config
from cluster.raft.messages import (
    AppendRequest,
    HardState,
    Membership,
    RaftRpc,
    SnapshotMeta,
    VoteRequest,
    VoteResponse,
)
from cluster.raft.ready import Ready
from cluster.settings import TimingSettings
from tests.unit.cluster.raft.paper import log_of

Delay = Callable[[], float]

TIMING = TimingSettings()


@dataclass(slots=True)
class Peer:
    """``unsynced``: Readys that the disk is at work on, in order; ``free``: when it is done."""

    member: Member
    alive: bool = True
    free: float = 0.0
    unsynced: list[Ready] = field(default_factory=list)


class Election:
    """``voters``, of whom ``leader`` has just spoken for the last time, at 0.

    Times are the cluster's defaults. ``chance``: of the member named, in [0, 1). ``travel``,
    ``disk``: seconds of a message, a sync. ``heard``: seconds after 0 at which each heard the
    leader last (0 if not named). ``logs``: terms of the entries of who has other ones than (1,).
    ``cut``: (from, to) that nothing passes.
    """

    def __init__(
        self,
        voters: Sequence[str],
        leader: str,
        chance: Callable[[str], float],
        travel: Delay,
        disk: Delay,
        heard: dict[str, float] | None = None,
        logs: dict[str, tuple[int, ...]] | None = None,
        cut: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.now = 0.0
        self.leader, self.travel, self.disk, self.cut = leader, travel, disk, set(cut)
        self.peers: dict[str, Peer] = {}
        self.stood: list[tuple[int, str]] = []  # (term, candidate) of every real candidacy
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._last: dict[tuple[str, str], float] = {}
        meta = SnapshotMeta(0, 0, Membership(tuple(voters)))
        for name in voters:
            if name == leader:
                continue
            config = Config(name, TIMING.heartbeat, TIMING.election_min, TIMING.election_max)
            entries = log_of(*(logs or {}).get(name, (1,)))
            hard = HardState(max(entry.term for entry in entries), leader)
            draw = _of(chance, name)
            at = (heard or {}).get(name, 0.0)
            member = Member(config, draw, at, hard, entries, meta)
            last = entries[-1]
            member.step(AppendRequest(leader, name, hard.term, last.index, last.term, (), 0), at)
            self.peers[name] = Peer(member)
            self._drain(name)

    # -- what happens ---------------------------------------------------------------------------

    def stop(self, name: str, when: float) -> None:
        """It falls silent."""

        def fall() -> None:
            self.peers[name].alive = False

        self._at(when, fall)

    def lose(self, name: str, when: float) -> None:
        """It is told that the connection to the leader broke."""

        def tell() -> None:
            self.peers[name].member.peer_lost(self.leader, self.now)
            self._drain(name)

        self._at(when, tell)

    def run(self, seconds: float) -> float | None:
        """Until somebody alive leads: when, in seconds; None if nobody does after ``seconds``."""
        while True:
            if any(p.alive and p.member.role == "leader" for p in self.peers.values()):
                return self.now
            due, name = min((p.member.next_deadline(), n) for n, p in self._live())
            if self._events and self._events[0][0] <= due:
                self.now, _, what = heapq.heappop(self._events)
                if self.now > seconds:
                    return None
                what()
                continue
            if due > seconds:
                return None
            self.now = max(self.now, due)
            self.peers[name].member.tick(self.now)
            self._drain(name)

    def _at(self, when: float, what: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (when, self._count, what))

    def _live(self) -> list[tuple[str, Peer]]:
        return [(name, peer) for name, peer in self.peers.items() if peer.alive]

    def _drain(self, name: str) -> None:
        peer = self.peers[name]
        while (ready := peer.member.ready()) is not None:
            self._send(ready.send_now)
            if not ready.must_persist and not peer.unsynced:
                self._send(ready.send_after_persist)
                peer.member.advance(ready)
                continue
            peer.unsynced.append(ready)
            peer.free = max(peer.free, self.now) + self.disk()
            self._at(peer.free, lambda: self._synced(name))

    def _synced(self, name: str) -> None:
        peer = self.peers[name]
        ready = peer.unsynced.pop(0)
        if peer.alive:
            self._send(ready.send_after_persist)
            peer.member.advance(ready)
            self._drain(name)

    def _send(self, messages: Sequence[RaftRpc]) -> None:
        for message in messages:
            link = (message.sender, message.to)
            if isinstance(message, VoteRequest) and not message.pre:
                candidacy = (message.term, message.sender)
                if candidacy not in self.stood:
                    self.stood.append(candidacy)
            elif not isinstance(message, VoteRequest | VoteResponse):
                continue
            arrives = max(self.now + self.travel(), self._last.get(link, 0.0))
            self._last[link] = arrives
            self._at(arrives, _with(self._arrive, message))

    def _arrive(self, message: RaftRpc) -> None:
        peer = self.peers.get(message.to)
        if peer is None or not peer.alive or (message.sender, message.to) in self.cut:
            return
        peer.member.step(message, self.now)
        self._drain(message.to)


def _of(chance: Callable[[str], float], name: str) -> Callable[[], float]:
    return lambda: chance(name)


def _with(what: Callable[[RaftRpc], None], message: RaftRpc) -> Callable[[], None]:
    return lambda: what(message)
