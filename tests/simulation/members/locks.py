"""Clients that hold a lock by a lease, and write under its fence.

Job: grant, create the lock with the lease, keep alive, write guarded by the lock's revision, let go
or vanish. Must not know: what is right.
"""

from typing import TYPE_CHECKING

from cluster.messages.store import Compare, Delete, LeaseStatus, Put
from tests.simulation.members.asks import LeaseAsk
from tests.simulation.members.checkers.leases import Hold, Term
from tests.simulation.members.clients import TRY_SECONDS, Client
from tests.simulation.members.scripts import Call, Script

if TYPE_CHECKING:
    from tests.simulation.members.simulation import Simulation

LOCK, GUARDED = "lock", "guarded"


class LockClient(Client):
    """``terms``: when it was sure of which lease. ``holds``: when it held the lock, as it knows.
    ``rate``: of its own clock, by which it judges when its lease may be over."""

    def __init__(self, sim: "Simulation", number: int) -> None:
        super().__init__(sim, number)
        drift = sim.knobs.drift
        self.rate = 1 + drift * (2 * self.rng.random() - 1)
        self.terms: list[Term] = []
        self.holds: list[Hold] = []
        self._leases = 0
        self._number = number

    def work(self) -> Script:
        """Try for the lock again and again."""
        while not self.stopping:
            yield from self._round()
            yield self.rng.random() * 0.8

    def _round(self) -> Script:
        ttl = self.rng.choice((1, 1, 2))
        self._leases += 1
        lease = self._number * 1000 + self._leases
        until = yield from self._confirm(LeaseAsk("grant", lease, ttl), ttl)
        if not until:
            return
        op = yield from self.write(
            (Compare(LOCK, "create", 0),), (Put(LOCK, self.name.encode(), lease=lease),), 3
        )
        if op.succeeded:
            yield from self._hold(lease, ttl, until, op.revision)
        elif self.rng.random() < 0.5:
            yield Call(self.host(), LeaseAsk("revoke", lease), TRY_SECONDS)

    def _confirm(self, ask: LeaseAsk, ttl: int) -> Script:
        """Until when the lease surely lasts; 0: not known to."""
        begin = self.sim.timeline.now
        answer = yield Call(self.host(), ask, TRY_SECONDS)
        if not isinstance(answer, LeaseStatus):
            self.move()
            return 0.0
        self.terms.append(Term(self.name, ask.id, begin, float(ttl)))
        drift = self.sim.knobs.drift
        # By its own clock, with the bound on drift between it and the leader's.
        return begin + ttl / (1 + drift) * (1 - drift)

    def _hold(self, lease: int, ttl: int, until: float, fence: int) -> Script:
        sim = self.sim
        start = sim.timeline.now
        sim.seen.saw("lock held")
        for _ in range(self.rng.randrange(1, 12)):
            if sim.timeline.now >= until or self.stopping:
                break
            if self.rng.random() < 0.5:
                until = max(until, (yield from self._confirm(LeaseAsk("keepalive", lease), ttl)))
            else:
                compare = (Compare(LOCK, "create", fence),)
                done = yield from self.write(compare, (Put(GUARDED, self.name.encode()),), 2)
                if done.end < float("inf") and not done.succeeded:
                    sim.seen.saw("guarded write fenced off")
                    break
            yield self.rng.random() * 0.3
        if start < until:
            self.holds.append(Hold(self.name, start, min(until, sim.timeline.now)))
        if self.rng.random() < 0.4:
            yield from self.write((Compare(LOCK, "create", fence),), (Delete(LOCK),), 3)
