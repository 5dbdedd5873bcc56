"""Faults: what breaks, when, and how it mends. Each kind is a method; a seed has some of them.

Job: break at random times within what the cluster must bear: any number down at once, any messages
lost, but never the disks of a majority. Must not know: what is right.
"""

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.simulation.members.host import Host
from tests.simulation.members.operators import Operator

if TYPE_CHECKING:
    from tests.simulation.members.simulation import Simulation


class Nemesis:
    """``stopped``: no new faults; those under way mend by themselves."""

    def __init__(self, sim: "Simulation") -> None:
        self.sim = sim
        self.rng = random.Random(f"{sim.seed}/nemesis")
        self.operator = Operator(sim, self.rng)
        self.stopped = False
        self.on_rift: Callable[[str], None] = lambda name: None
        self._kinds = {
            kind: getattr(self, "_" + kind.replace("-", "_")) for kind in sim.knobs.faults
        }
        sim.on_death = self.died
        sim.on_election = self.elected
        network, knobs = sim.network, sim.knobs
        network.loss, network.doubling = knobs.loss, knobs.doubling
        network.straggling = knobs.straggling
        sim.timeline.after(self._gap(), self._next)

    def _gap(self) -> float:
        return 0.05 + self.rng.random() * 2 * self.sim.knobs.fault_gap

    def _next(self) -> None:
        if self.stopped:
            return
        kind = self.rng.choice(self.sim.knobs.faults)
        self._kinds[kind]()
        self.sim.timeline.after(self._gap(), self._next)

    def did(self, kind: str, what: str = "") -> None:
        """Count it, and tell it."""
        self.sim.seen.saw(f"fault: {kind}")
        self.sim.tell(f"-- {kind} {what}")

    def _rift(self, name: str) -> None:
        """Who asks at ``name`` from now on asks where news may not come."""
        self.on_rift(name)

    def _running(self) -> list[Host]:
        return [host for host in self.sim.hosts.values() if host.up]

    def _any(self) -> Host | None:
        running = self._running()
        return self.rng.choice(running) if running else None

    def _mend_later(self, low: float, high: float, mend: object, *args: object) -> None:
        seconds = low + self.rng.random() * (high - low)
        self.sim.timeline.after(seconds, mend, *args)  # type: ignore[arg-type]  # all are callables

    def elected(self, name: str) -> None:
        """Void promises made to it before come to a new leader first of all."""
        if "replay" in self._kinds and not self.stopped:
            self.sim.network.replay_to(name)

    # -- processes ------------------------------------------------------------------------------

    def died(self, host: Host) -> None:
        """It is started again soon; those connected to it mostly learn that it is gone."""
        rng, sim = self.rng, self.sim
        if rng.random() < 0.6:
            for other in sim.hosts.values():
                if other is not host:
                    sim.timeline.after(
                        0.001 + rng.random() * 0.01, other.gate, other.peer_lost, host.name
                    )
        if host.damaged:
            sim.seen.saw("damaged disk refused")
            self._mend_later(0.5, 2.0, self.operator.replace_disk, host)
        elif sim.restarts:
            again = 0.002 if rng.random() < 0.3 else rng.choice((0.1, 0.5, 2.0)) * rng.random()
            sim.timeline.after(again, host.start)

    def _crash(self) -> None:
        host = self._any()
        if host is not None:
            self.did("crash", host.name)
            host.die(False, "killed")

    def _power(self) -> None:
        host = self._any()
        if host is not None:
            self.did("power", host.name)
            host.die(True, "power lost")

    def _boundary(self) -> None:
        """Death at one of the next boundaries, wherever that is."""
        host = self._any()
        if host is not None and not host.countdown:
            self.did("boundary", host.name)
            host.countdown = self.rng.choice((3, 10, 40)) * self.rng.randrange(1, 4) - 2
            host.armed_power = self.rng.random() < 0.6

    def _crash_leader(self) -> None:
        leader = self.sim.leader()
        if leader is not None:
            self.did("crash-leader", leader.name)
            if leader.membership.outgoing:
                self.sim.seen.saw("leader crashed in a joint membership")
            leader.die(self.rng.random() < 0.5, "killed as leader")

    def _all_down(self) -> None:
        self.did("all-down")
        for host in self._running():
            host.die(True, "power lost everywhere")

    def _pause(self) -> None:
        host = self.sim.leader() if self.rng.random() < 0.4 else self._any()
        if host is not None and not host.paused:
            self.did("pause", host.name)
            host.pause()
            self._rift(host.name)
            self._mend_later(0.05, 2.5, host.resume)

    # -- network --------------------------------------------------------------------------------

    def _heal_network(self) -> None:
        if self.sim.network.cut or self.sim.network.clogged:
            self.sim.network.mend()
            self.sim.tell("-- links mended")

    def _cut_all(self, links: list[tuple[str, str]]) -> None:
        for link in links:
            self.sim.network.cut[link] = None
        self._mend_later(0.3, 3.0, self._heal_network)

    def _halves(self) -> None:
        names = self.rng.sample(self.sim.names, len(self.sim.names))
        cut = self.rng.randrange(1, len(names) + 1)
        one, other = names[:cut], names[cut:]
        self.did("halves", f"{one} | {other}")
        leader = self.sim.leader()
        if leader is not None:
            self._rift(leader.name)
        self._cut_all([link for a in one for b in other for link in ((a, b), (b, a))])

    def _isolate(self) -> None:
        leader = self.sim.leader()
        name = (
            leader.name if leader and self.rng.random() < 0.7 else self.rng.choice(self.sim.names)
        )
        self.did("isolate", name)
        self._rift(name)
        self.sim.network.isolate(name, self.sim.names)
        self._mend_later(0.3, 3.0, self._heal_network)

    def _one_way(self) -> None:
        leader = self.sim.leader()
        name = (
            leader.name if leader and self.rng.random() < 0.5 else self.rng.choice(self.sim.names)
        )
        into = self.rng.random() < 0.5
        self.did("one-way", f"{name} {'hears nothing' if into else 'is not heard'}")
        self._rift(name)
        self.sim.network.isolate(name, self.sim.names, into=into, out=not into)
        self._mend_later(0.3, 3.0, self._heal_network)

    def _bridge(self) -> None:
        """Two halves that only one member can reach, both of them."""
        names = self.rng.sample(self.sim.names, len(self.sim.names))
        middle, rest = names[0], names[1:]
        one, other = rest[::2], rest[1::2]
        self.did("bridge", f"{one} {middle} {other}")
        self._cut_all([link for a in one for b in other for link in ((a, b), (b, a))])

    def _partial(self) -> None:
        if len(self.sim.names) > 1:
            a, b = self.rng.sample(self.sim.names, 2)
            self.did("partial", f"{a} | {b}")
            self._cut_all([(a, b), (b, a)])

    def _swizzle(self) -> None:
        """Links clog one by one and come back in another order."""
        names = self.sim.names
        links = [(a, b) for a in names for b in names if a != b]
        links = self.rng.sample(links, (len(links) + 1) // 2)
        self.did("swizzle", f"{len(links)} links")
        network, timeline = self.sim.network, self.sim.timeline

        def clog(link: tuple[str, str]) -> None:
            network.clogged.setdefault(link, [])

        for link in links:
            timeline.after(self.rng.random(), clog, link)
            timeline.after(1.0 + self.rng.random() * 1.5, network.unclog, link)

    def _burst(self, kind: str, value: float) -> None:
        setattr(self.sim.network, kind, value)
        self._mend_later(0.3, 2.0, self._as_usual, kind)

    def _as_usual(self, kind: str) -> None:
        usual = 0.0 if self.stopped else getattr(self.sim.knobs, kind)
        setattr(self.sim.network, kind, usual)

    def _loss(self) -> None:
        self.did("loss")
        self._burst("loss", self.rng.choice((0.3, 0.6)))

    def _doubling(self) -> None:
        self.did("doubling")
        self._burst("doubling", 0.6)

    def _straggling(self) -> None:
        self.did("straggling")
        self._burst("straggling", 0.4)

    def _replay(self) -> None:
        if self.sim.network.replay(self.rng.randrange(1, 16)):
            self.did("replay")

    def _peer_lost(self) -> None:
        """A host is told, wrongly, that the connection to another broke."""
        host = self._any()
        if host is not None:
            peer = self.rng.choice(self.sim.names)
            self.did("peer-lost", f"{host.name} of {peer}")
            host.gate(host.peer_lost, peer)

    # -- disks and clocks -----------------------------------------------------------------------

    def _slow_disk(self) -> None:
        host = self._any()
        if host is not None:
            self.did("slow-disk", host.name)
            host.slow_until = self.sim.timeline.now + 0.3 + self.rng.random() * 2

    def _sync_error(self) -> None:
        host = self._any()
        if host is not None:
            self.did("sync-error", host.name)
            host.disk.fail_syncs = 1

    def _disk_full(self) -> None:
        host = self._any()
        if host is not None and not host.disk.full:
            self.did("disk-full", host.name)
            host.disk.full = True
            self._mend_later(0.2, 2.0, setattr, host.disk, "full", False)

    def _flip(self) -> None:
        """A bit rots in what is surely durable, while the process is down."""
        host = self._any()
        if host is not None and self.operator.may_lose(host):
            place = self.operator.rot_place(host)
            if place is None:
                return
            path, offset = place
            self.did("flip", f"{host.name} {path} at {offset}")
            host.die(False, "killed before a flip")
            bit = self.rng.randrange(8)
            host.flips.append((path, offset, bit))
            host.disk.flip(path, offset, bit)

    def _clock(self) -> None:
        host = self._any()
        drift = self.sim.knobs.drift
        if host is not None and drift:
            rate = 1 + drift * (2 * self.rng.random() - 1)
            self.did("clock", f"{host.name} runs at {rate:.3f}")
            host.set_rate(rate)

    # -- operators ------------------------------------------------------------------------------

    def _transfer(self) -> None:
        leader = self.sim.leader()
        if leader is not None:
            self.did("transfer")
            self.operator.transfer(leader)

    def _membership(self) -> None:
        self.did("membership", self.operator.change())

    def _split_change(self) -> None:
        leader = self.sim.leader()
        self.did("split-change", self.operator.split_change())
        if leader is not None and self.rng.random() < 0.4:
            self._mend_later(0.001, 0.05, self._crash_changing, leader)
        self._mend_later(0.5, 3.0, self._heal_network)

    def _crash_changing(self, leader: Host) -> None:
        if leader.up:
            if leader.membership.outgoing:
                self.sim.seen.saw("leader crashed in a joint membership")
            leader.die(self.rng.random() < 0.5, "killed in the middle of a change")

    def _wipe(self) -> None:
        self.did("wipe", self.operator.begin_wipe())
