"""One seed: hosts, network, clients and nemesis on one timeline, first under faults, then healed.

Job: make the parts from the seed, know who lives, collect what went wrong. Must not know: how
members decide, what checkers check.
"""

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cluster.raft.messages import Membership, SnapshotMeta
from tests.simulation.members import knobs as drawn
from tests.simulation.members.asks import Forward
from tests.simulation.members.checkers.raft import RaftChecker
from tests.simulation.members.coverage import Seen
from tests.simulation.members.host import Host
from tests.simulation.members.network import Network
from tests.simulation.members.timeline import FutureLoop, Timeline
from tests.simulation.members.witness import Witness

# Client's link to a host: seconds each way.
CLIENT_DELAY = 0.001


@dataclass
class Outcome:
    """What one seed gave. ``story`` is empty unless it was asked for."""

    seed: int
    problems: list[str]
    digest: str
    operations: int
    virtual_seconds: float
    seen: Seen
    story: list[str] = field(default_factory=list)
    events: int = 0
    converged_in: float = 0.0


class Simulation:
    """``open_leases``: leases granted and not known gone, with the index from which they are."""

    def __init__(self, seed: int, story: bool = False, knobs: drawn.Knobs | None = None) -> None:
        self.seed = seed
        self.rng = random.Random(f"{seed}/simulation")
        self.knobs = knobs or drawn.draw(random.Random(f"{seed}/knobs"))
        self.timeline = Timeline()
        self.loop = FutureLoop(self.timeline)
        self.seen = Seen()
        self.story: list[str] | None = [] if story else None
        self.problems: list[str] = []
        self.raft = RaftChecker()
        self.witness = Witness(self)
        self.open_leases: dict[int, int] = {}
        self.network = Network(self.timeline, random.Random(f"{seed}/network"), self._deliver)
        names = [f"m{number}" for number in range(1, self.knobs.size + self.knobs.spares + 1)]
        founders = tuple(names[: self.knobs.size])
        founding = SnapshotMeta(0, 0, Membership(voters=founders))
        self.hosts = {name: Host(self, name, founding) for name in founders}
        for name in names[self.knobs.size :]:
            self.hosts[name] = Host(self, name, SnapshotMeta())
        self.names = names
        self.restarts = True
        self.on_election: Callable[[str], None] = lambda name: None
        self.on_death: Callable[[Host], None] = lambda host: None

    # -- for the parts --------------------------------------------------------------------------

    def tell(self, line: str) -> None:
        """For the story."""
        if self.story is not None:
            self.story.append(f"{self.timeline.now:9.4f} {line}")

    def problem(self, text: str) -> None:
        """Something is wrong; the run ends soon."""
        self.problems.append(f"{self.timeline.now:.4f} {text}")
        self.tell(f"PROBLEM {text}")

    def to_client(self, call: Callable[..., None], *args: Any) -> None:
        """From a host to a client, in order."""
        self.timeline.after(CLIENT_DELAY, call, *args)

    def to_host(self, name: str, call: Callable[..., None], *args: Any) -> None:
        """From a client to a host; nothing happens if it is down then."""
        self.timeline.after(CLIENT_DELAY, self.hosts[name].gate, call, *args)

    def host_died(self, host: Host) -> None:
        """Its process is gone: whoever was connected may be told."""
        self.on_death(host)

    def _deliver(self, to: str, payload: Any) -> None:
        host = self.hosts[to]
        if isinstance(payload, Forward):
            host.gate(host.forwarded, payload)
        else:
            host.gate(host.raft, payload)

    # -- who is who -----------------------------------------------------------------------------

    def leader(self) -> Host | None:
        """The running member that leads in the highest term."""
        leaders = [
            host
            for host in self.hosts.values()
            if host.member is not None and host.member.role == "leader"
        ]
        return max(leaders, key=lambda host: host.member.term, default=None)  # type: ignore[union-attr]  # looked at above

    def memberships(self) -> list[Membership]:
        """Every membership that some member may decide by."""
        found: dict[Membership, None] = {}
        for host in self.hosts.values():
            membership = host.membership if host.member is not None else host.last_membership
            if membership.voters:
                found[membership] = None
        return list(found)

    def can_spare(self, lost: list[str]) -> bool:
        """True if every membership has its majorities without these."""
        for membership in self.memberships():
            for group in (membership.voters, membership.outgoing):
                left = [name for name in group if name not in lost]
                if group and len(left) * 2 <= len(group):
                    return False
        return True

    # -- the run --------------------------------------------------------------------------------

    def digest(self, extra: str = "") -> str:
        """Equal for runs that were equal in everything."""
        told = hashlib.blake2b(digest_size=8)
        told.update(f"{self.timeline.now!r} {self.timeline.count} {self.network.sent}".encode())
        told.update(repr(sorted(self.seen.items())).encode())
        told.update(repr(self.raft.marks).encode())
        told.update(repr(self.problems).encode())
        told.update(repr([host.rng.random() for host in self.hosts.values()]).encode())
        told.update(repr(self.rng.random()).encode())
        told.update(extra.encode())
        return told.hexdigest()
