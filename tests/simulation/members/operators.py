"""What people do to a cluster: change who takes part, wipe and replace machines.

Job: ask for changes at random, and follow up. Must not know: what is right.
"""

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.simulation.members.asks import ChangeAsk, Failed, TransferAsk
from tests.simulation.members.host import Host

if TYPE_CHECKING:
    from tests.simulation.members.simulation import Simulation


class Operator:
    """``wiping``: machines being taken out, to be wiped."""

    def __init__(self, sim: "Simulation", rng: random.Random) -> None:
        self.sim = sim
        self.rng = rng
        self.wiping: dict[str, None] = {}
        self.stopped = False

    def transfer(self, leader: Host) -> None:
        """Make another voter leader."""
        others = [name for name in leader.membership.voters if name != leader.name]
        if others:
            leader.gate(leader.ask, TransferAsk(self.rng.choice(others)), lambda answer: None)

    def change(self) -> str:
        """One change, as makes sense in the present membership; what it was."""
        leader = self.sim.leader()
        if leader is None:
            return "nobody leads"
        asks = self._possible(leader)
        return self._ask(leader, self.rng.choice(asks)) if asks else "nothing to do"

    def _possible(self, leader: Host) -> list[ChangeAsk]:
        rng, membership = self.rng, leader.membership
        voters, learners = membership.voters, membership.learners
        # Who is about to be wiped is not taken in again before.
        known = {*voters, *membership.outgoing, *learners, *self.wiping}
        asks = [ChangeAsk("add-learner", name) for name in self.sim.names if name not in known]
        asks += [ChangeAsk("promote", name) for name in learners] * 3
        if len(voters) > 2 or learners:
            asks.append(ChangeAsk("remove", rng.choice(sorted(known))))
        candidates = sorted({*voters, *learners})
        if len(candidates) > 2:
            wanted = rng.sample(candidates, rng.randrange(2, len(candidates) + 1))
            asks.append(ChangeAsk("replace", voters=tuple(sorted(wanted))))
        return asks

    def _ask(self, leader: Host, ask: ChangeAsk) -> str:
        def answered(answer: Any) -> None:
            if not isinstance(answer, Failed):
                self.sim.seen.saw(f"membership: {ask.action}")
                self.sim.tell(f"-- membership changed: {ask}")
            else:
                self.sim.tell(f"-- membership not changed: {ask}: {answer.text}")

        leader.gate(leader.ask, ask, self._later(answered))
        return f"{ask.action} {ask.member or ','.join(ask.voters)}"

    def _later(self, answered: Callable[[Any], None]) -> Callable[[Any], None]:
        """Answers come over the network, not from within a host's step."""
        return lambda answer: self.sim.to_client(answered, answer)

    # -- wiping ---------------------------------------------------------------------------------

    def may_lose(self, host: Host) -> bool:
        """True if the cluster bears that this disk goes, beside those that are gone."""
        gone = [other.name for other in self.sim.hosts.values() if other.damaged]
        return self.sim.can_spare([*gone, *self.wiping, host.name])

    def begin_wipe(self) -> str:
        """Remove a member; once that is committed and known everywhere, wipe it."""
        leader = self.sim.leader()
        if leader is None or self.wiping:
            return "not now"
        membership = leader.membership
        others = [
            name
            for name in (*membership.voters, *membership.learners)
            if name != leader.name and self.may_lose(self.sim.hosts[name])
        ]
        if len(membership.voters) < 3 or membership.outgoing or not others:
            return "not now"
        name = self.rng.choice(others)
        self.wiping[name] = None

        def answered(answer: Any) -> None:
            if isinstance(answer, Failed):
                self.wiping.pop(name, None)
            else:
                self._wipe(name)

        # No answer, no wipe: it may still be a member.
        self.sim.timeline.after(3.0, self.wiping.pop, name, None)
        leader.gate(leader.ask, ChangeAsk("remove", name), self._later(answered))
        return name

    def replace_disk(self, host: Host) -> None:
        """A damaged disk: put back as it was, or taken out of the cluster, wiped and added anew."""
        if self.rng.random() < 0.5 or self.wiping:
            for path, offset, bit in host.flips:
                if path in host.disk.files:
                    host.disk.flip(path, offset, bit)
            host.flips.clear()
            host.damaged = ""
            host.start()
            return
        leader = self.sim.leader()
        again = 0.5 + self.rng.random()
        if leader is None:
            self.sim.timeline.after(again, self.replace_disk, host)
            return

        def answered(answer: Any) -> None:
            if isinstance(answer, Failed):
                self.sim.timeline.after(again, self.replace_disk, host)
            else:
                self._wipe(host.name)

        known = {*leader.membership.voters, *leader.membership.learners}
        if host.name in known:
            leader.gate(leader.ask, ChangeAsk("remove", host.name), self._later(answered))
            self.sim.timeline.after(3.0, self._insist, host, host.damaged)
        elif not leader.membership.outgoing:
            self._wipe(host.name)
        else:
            self.sim.timeline.after(again, self.replace_disk, host)

    def _insist(self, host: Host, damage: str) -> None:
        if damage and host.damaged == damage:
            self.replace_disk(host)

    def _wipe(self, name: str) -> None:
        """Its removal is committed: its disk is emptied, it may join again."""
        host = self.sim.hosts[name]
        self.wiping.pop(name, None)
        if host.up:
            host.die(False, "taken out")
        host.wipe()
        self.sim.seen.saw("wiped after removal")
        self.sim.tell(f"-- {name} wiped")
        self.sim.timeline.after(0.1 + self.rng.random(), self._come_back, name, 6)

    def _come_back(self, name: str, tries: int) -> None:
        """Add it anew, then make it a voter; what it said in its earlier life may arrive again."""
        leader = self.sim.leader()
        if not tries or self.stopped:
            return
        if leader is not None and name not in self.wiping:
            membership = leader.membership
            if name in membership.voters or name in membership.outgoing:
                self.sim.seen.saw("voter again after a wipe")
                return
            action = "promote" if name in membership.learners else "add-learner"
            self._ask(leader, ChangeAsk(action, name))
            self.sim.network.replay(4)
        self.sim.timeline.after(0.3 + self.rng.random() * 0.4, self._come_back, name, tries - 1)

    def split_change(self) -> str:
        """New voters are asked for, and at once the network falls into halves around the leader."""
        leader = self.sim.leader()
        if leader is None:
            return "nobody leads"
        membership = leader.membership
        candidates = sorted({*membership.voters, *membership.learners} - {leader.name})
        fresh = [name for name in membership.learners if name in candidates]
        if not fresh or membership.outgoing:
            return self.change()
        kept = self.rng.sample(candidates, min(len(candidates), 2))
        wanted = tuple(sorted({leader.name, *fresh, *kept[: self.rng.randrange(2)]}))
        told = self._ask(leader, ChangeAsk("replace", voters=wanted))
        rest = [name for name in self.sim.names if name not in wanted]
        links = [(a, b) for a in wanted for b in rest] + [(b, a) for a in wanted for b in rest]
        for link in links:
            self.sim.network.cut[link] = None
        return told

    def rot_place(self, host: Host) -> tuple[str, int] | None:
        """A byte that damage to which must be noticed: (path, offset)."""
        return host.rot_place(self.rng)
