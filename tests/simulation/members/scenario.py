"""One seed from beginning to end: faults, then a healed core that must converge, then the checks.

Must not know: how anything works inside.
"""

import asyncio
from typing import Any

from cluster.messages.store import Put
from tests.simulation.members import knobs as drawn
from tests.simulation.members.checkers import history, leases, watches
from tests.simulation.members.checkers.raft import Violation
from tests.simulation.members.clients import Client
from tests.simulation.members.host import Host
from tests.simulation.members.locks import LockClient
from tests.simulation.members.nemesis import Nemesis
from tests.simulation.members.scripts import Runner, Script
from tests.simulation.members.simulation import Outcome, Simulation
from tests.simulation.members.watchers import Watcher

FAULTS_SECONDS = 15.0
# From healing until everybody must agree: elections, snapshots, clients' own patience.
CONVERGE_SECONDS = 20.0
SECONDS_AT_LEAST = 20.0
# Of a seed: how many times clients insist on reading where the nemesis has just cut somebody off.
RIFTS_MAX = 2


class Run:
    """One run of one seed."""

    def __init__(self, seed: int, story: bool, knobs: drawn.Knobs | None) -> None:
        self.sim = sim = Simulation(seed, story, knobs)
        self.rng = sim.rng
        self.clients = [Client(sim, number) for number in range(sim.knobs.clients)]
        self.lockers = [LockClient(sim, number) for number in (91, 92)]
        self.watchers = [Watcher(sim, number) for number in range(2)]
        self.nemesis = Nemesis(sim)
        self.probe = Client(sim, 99)
        self.rift_clients: list[Client] = []
        self.nemesis.on_rift = self._rift
        self.probed = False
        self.healed_at = 0.0
        self.look_at = 0.0
        self.core: list[Host] = []

    def outcome(self) -> Outcome:
        """Run it all."""
        sim = self.sim
        converged = 0.0
        asyncio._set_running_loop(sim.loop)  # type: ignore[arg-type]  # all that is asked of one
        try:
            converged = self._live()
        except Violation as violation:
            sim.problem(str(violation))
        finally:
            asyncio._set_running_loop(None)
        if not sim.problems:
            self._check()
        everybody = self._everybody()
        done = sum(op.end < float("inf") for client in everybody for op in client.ops)
        told = "".join(f"{op!r}" for client in everybody for op in client.ops)
        outcome = Outcome(
            sim.seed,
            sim.problems,
            sim.digest(told),
            done,
            sim.timeline.now,
            sim.seen,
            sim.story or [],
            sim.timeline.count,
            converged,
        )
        for host in sim.hosts.values():
            host.end()
        return outcome

    def _live(self) -> float:
        sim = self.sim
        for name in sim.names:
            sim.hosts[name].start()
        for client in [*self.clients, *self.lockers]:
            Runner(sim, client.work())
        sim.timeline.run(FAULTS_SECONDS, self._failed)
        if not sim.problems:
            self._heal()
            end = self.healed_at + CONVERGE_SECONDS
            sim.timeline.run(end, self._settled)
            if not sim.problems and self._differs():
                sim.problem(f"not converged {CONVERGE_SECONDS} s after healing: {self._differs()}")
        converged = sim.timeline.now - self.healed_at
        if not sim.problems:
            sim.timeline.run(SECONDS_AT_LEAST, self._failed)
        return converged

    def _everybody(self) -> list[Client]:
        return [*self.clients, *self.lockers, self.probe, *self.rift_clients]

    def _rift(self, name: str) -> None:
        """Reads where news may not come, and writes elsewhere at the same time."""
        if len(self.rift_clients) < 3 * RIFTS_MAX:
            number = 200 + len(self.rift_clients)
            reader, writer, stuffer = (Client(self.sim, number + n) for n in range(3))
            self.rift_clients += [reader, writer, stuffer]
            Runner(self.sim, stuffer.stuff(name, 8))
            Runner(self.sim, reader.insist_on_reading(name, 20, 0.06))
            Runner(self.sim, writer.insist_on_writing(name, 8, 0.15))

    def _failed(self) -> bool:
        return bool(self.sim.problems)

    # -- liveness -------------------------------------------------------------------------------

    def _heal(self) -> None:
        """No new faults. All disks work, all links; in some seeds a minority stays broken."""
        sim = self.sim
        self.nemesis.stopped = self.nemesis.operator.stopped = True
        self.healed_at = sim.timeline.now
        sim.tell("-- healing")
        network = sim.network
        network.mend()
        network.loss = network.doubling = network.straggling = 0.0
        for host in sim.hosts.values():
            host.disk.full = False
            host.disk.fail_syncs = 0
            host.slow_until = 0.0
            host.countdown = 0
            host.resume()
            if not host.up and not host.damaged:
                host.start()
        sim.timeline.after(0.5, self._choose_core)
        for client in [*self.clients, *self.lockers]:
            client.stopping = True

    def _choose_core(self) -> None:
        """Some hosts stay broken for ever, as many as the cluster bears."""
        sim, rng = self.sim, self.rng
        sim.network.mend()
        broken = [host.name for host in sim.hosts.values() if host.damaged]
        fate = rng.choice(("well", "dead", "deaf", "mute"))
        if fate != "well":
            for name in rng.sample(sim.names, len(sim.names)):
                if name not in broken and sim.can_spare([*broken, name]) and rng.random() < 0.7:
                    broken.append(name)
                    self._break(sim.hosts[name], fate)
        self.core = [host for host in sim.hosts.values() if host.name not in broken]
        sim.tell(f"-- the core is {[host.name for host in self.core]}, others are {fate}")
        sim.seen.saw(f"healed with others {fate if len(self.core) < len(sim.names) else 'well'}")
        Runner(sim, self._probe())

    def _break(self, host: Host, fate: str) -> None:
        sim = self.sim
        if fate == "dead":
            sim.restarts = False
            if host.up:
                host.die(False, "for ever")
            sim.restarts = True
            host.damaged = "for ever"
        else:
            sim.network.isolate(host.name, sim.names, into=fate == "deaf", out=fate == "mute")

    def _probe(self) -> Script:
        """A write through every core member must be answered."""
        while not self._members():
            yield 0.05
        for host in self.core:
            if host.name not in self._members():
                continue
            op: Any = None
            while op is None or op.end == float("inf"):
                self.probe.home = host.name
                op = yield from self.probe.write((), (Put("k0", b"probe"),), 30)
        members = self._members()
        for watcher in self.watchers:
            near = [host.name for host in self.core if host.name in members]
            watcher.settle(self.rng.choice(near or self.sim.names))
        self.probed = True

    def _members(self) -> list[str]:
        leader = self.sim.leader()
        if leader is None:
            return []
        membership = leader.membership
        return [*membership.voters, *membership.outgoing, *membership.learners]

    def _settled(self) -> bool:
        if self.sim.problems:
            return True
        if not self.probed or self.sim.timeline.now < self.look_at:
            return False
        self.look_at = self.sim.timeline.now + 0.02
        return not self._differs()

    def _differs(self) -> str:
        """'' if the core's members agree and all watchers have heard everything."""
        sim = self.sim
        leader = sim.leader()
        if leader is None:
            return "nobody leads"
        if not self.probed:
            return "a probe was not answered"
        members = self._members()
        if leader.membership.outgoing:
            return "the membership is still joint"
        for host in self.core:
            if host.name in members:
                if host.member is None:
                    return f"{host.name} does not run"
                if host.machine.applied != leader.member.log.last_index:  # type: ignore[union-attr]  # it leads
                    return f"{host.name} is at {host.machine.applied}"
        if len(leader.machine.leases):
            return "a lease does not end"
        for watcher in self.watchers:
            for step in sim.witness.truth[max(0, watcher.position - 1) :]:
                if any(watcher.wants(event.item.key) for event in step.events):
                    return f"a watch stands at {watcher.position}, due is {step.revision}"
        return ""

    # -- checks ---------------------------------------------------------------------------------

    def _check(self) -> None:
        sim = self.sim
        members = self._members()
        states: dict[int, bytes] = {}
        for host in self.core:
            if host.member is not None and host.name in members:
                state = host.state_bytes()
                if states.setdefault(host.machine.applied, state) != state:
                    sim.problem(f"{host.name} differs at {host.machine.applied}")
        everybody = self._everybody()
        ops = [op for client in everybody for op in client.ops]
        slack = 1 + sim.knobs.drift
        found = history.check(ops, sim.witness.truth)
        found += watches.check([w.segments for w in self.watchers], sim.witness.truth)
        terms = [term for client in self.lockers for term in client.terms]
        found += leases.ended_early(terms, sim.witness.lease_ends, slack)
        found += leases.overlapping([hold for client in self.lockers for hold in client.holds])
        for text in found[:10]:
            sim.problem(text)


def run(seed: int, story: bool = False, knobs: drawn.Knobs | None = None) -> Outcome:
    """One seed."""
    return Run(seed, story, knobs).outcome()
